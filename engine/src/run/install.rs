//! A run: directories, removals, then all parts side by side as the scheduler allows.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rbuildout_cache::Progress;
use rbuildout_parser::installed::{INSTALLED_OPTION, SavedOptions};
use rbuildout_parser::{Diagnostic, Mode, Profile};
use rbuildout_recipes::eggs::Group;
use rbuildout_recipes::run::{Level, RunContext};
use rbuildout_recipes::{CommandFailure, Installed, RecipeError};
use rustc_hash::{FxHashMap, FxHashSet};
use rustix::process::Signal;

use super::jobserver::Jobserver;
use super::prepare::{Prepared, PreparedPart, call_extensions, saved_options};
use super::remove::{delete_paths, uninstall};
use super::schedule::{Limits, Observer, Task, run as schedule};
use super::services::Services;
use crate::buildout::Unused;
use crate::plan::{Action, Graph, Step};
use crate::session::Session;
use crate::state::{Durations, Outcome, PartRecord, RunRecord, Store, record_run};
use crate::ui::{PartLogger, Reporter};

/// How a run ended.
#[derive(Debug, Default)]
pub struct Finished {
    pub failures: Vec<PartFailure>,
    pub interrupted: bool,
    /// upstream mode: a recipe ended the run with this status.
    pub ended: Option<i32>,
}

impl Finished {
    /// All parts are installed.
    pub fn succeeded(&self) -> bool {
        self.failures.is_empty() && !self.interrupted && self.ended.is_none()
    }
}

/// A part that failed.
#[derive(Debug)]
pub struct PartFailure {
    pub diagnostic: Box<Diagnostic>,
    pub command: Option<CommandFailure>,
    pub log: Option<PathBuf>,
}

/// What signals have said.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    /// The run is to stop.
    pub interrupted: Arc<AtomicBool>,
    /// Set by every signal; the run clears it when it has acted on the first one.
    pub again: Arc<AtomicBool>,
    /// The commands were killed.
    pub killed: Arc<AtomicBool>,
}

/// How many files are downloaded ahead at the same time.
const PREFETCH: usize = 4;

/// How long a finished part may stay without being on the disk, if nothing needs it.
const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// Installs what was prepared.
pub fn install(
    session: &Session,
    profile: &Profile,
    prepared: Prepared<'_>,
    signals: &Signals,
) -> Result<Finished, Box<Diagnostic>> {
    let dry = session.options.dry_run;
    prepared.directories.create()?;
    let jobs = jobs(session);
    let idle = prepared.plan.is_idle() && prepared.pending.is_empty();
    let tokens = (jobs > 1 && !idle && !dry).then(|| Jobserver::new(jobs)).transpose().map_err(io_error)?;
    let Prepared {
        settings,
        downloader,
        state,
        mut store,
        pending,
        parts,
        plan,
        unused,
        mark_shared,
        whole_list,
        mut buildout,
        environment,
        children,
        reporter,
        extensions,
        other_python,
        ..
    } = prepared;
    let Some(reporter) = &reporter else { return Ok(Finished::default()) };
    buildout.begin_installing();
    let services = Services {
        settings: settings.clone(),
        downloader,
        eggs: buildout.python().eggs.clone(),
        environment,
        makeflags: tokens.as_ref().map(|tokens| tokens.makeflags().into()),
        merged: Mutex::default(),
        interrupted: signals.interrupted.clone(),
        children,
        live: Mutex::new(buildout),
    };
    let started = Instant::now();
    let logs: Vec<PartLogger> = parts
        .iter()
        .enumerate()
        .map(|(index, part)| {
            let name = &part.initialised.name;
            reporter.part(index, name, state.log(name))
        })
        .collect();

    if !dry {
        if !idle {
            services.children.prepare().map_err(io_error)?;
        }
        for removal in &pending {
            reporter.record(Level::Info, &format!("Removing what an interrupted run left of {}.", removal.part));
            delete_paths(&settings.directory, &removal.paths).map_err(io_error)?;
            store.removed(&removal.part).map_err(io_error)?;
        }
    }
    for removal in &plan.removals {
        if dry {
            reporter.record(Level::Info, &format!("Uninstalling {}.", removal.part));
            continue;
        }
        let log = reporter.part(0, &removal.part, state.log(&removal.part));
        uninstall(&removal.part, &mut store, &services, reporter, &log)?;
    }
    if let Some(unused) = &unused {
        reporter.record(Level::Warning, &unused.message());
    }
    if dry {
        for step in &plan.steps {
            let installs = matches!(step.action, Action::Install | Action::Reinstall);
            let verb = if installs { "Installing" } else { "Updating" };
            reporter.record(Level::Info, &format!("{verb} {}.", step.part));
        }
        return Ok(Finished::default());
    }

    let mut durations = Durations::load(session.cache_directory.as_deref());
    let tasks = tasks(&plan.steps, &plan, &durations, session.mode);
    reporter.begin(plan.steps.len(), tasks.iter().filter(|task| !task.done).count());
    let quiet_keeps = session.mode == Mode::Slapos;
    for (index, (step, task)) in plan.steps.iter().zip(&tasks).enumerate() {
        if task.done {
            let level = if quiet_keeps { Level::Debug } else { Level::Info };
            reporter.part_record(index, level, &format!("Updating {}.", step.part));
            reporter.ended(index, false);
        }
    }
    prefetch(&plan.steps, &parts, &services, reporter);
    let work = |index: usize| {
        let begun = Instant::now();
        let perform = || perform(&plan.steps[index], &parts[index], &services, reporter, &logs[index], index);
        // A defect in one recipe must not leave the run waiting for that part for ever.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(perform)).unwrap_or_else(|_| {
            let hint = "This is a defect of rbuildout: report it with the lines above and the part's section.";
            Err(RecipeError::user_with_hint("The recipe failed in a way that it should not.", hint))
        });
        (result, begun.elapsed().as_secs_f64())
    };
    let mut run = Run {
        session,
        profile,
        steps: &plan.steps,
        parts: &parts,
        services: &services,
        reporter,
        logs: &logs,
        store: &mut store,
        durations: &mut durations,
        owners: FxHashMap::default(),
        records: Vec::new(),
        finished: Finished::default(),
        unsynced: FxHashSet::default(),
        synced: Instant::now(),
        signals,
        said_stopping: Cell::new(false),
        python: services.live().python().host.is_running(),
        fresh: FxHashMap::default(),
    };
    run.learn_owners();
    let limits = Limits { jobs, keep_going: session.options.keep_going, tokens };
    schedule(&tasks, &limits, &work, &mut run);
    let (mut finished, mut records) = (run.finished, run.records);
    reporter.finish();
    finished.interrupted = services.interrupted.load(Ordering::Relaxed);
    if finished.interrupted {
        services.children.kill_all();
    }
    services.children.finish();
    let order: Vec<Arc<str>> = plan.steps.iter().map(|step| step.part.clone()).collect();
    let succeeded = finished.succeeded();
    store.finish(whole_list.then_some(&*order), succeeded).map_err(io_error)?;
    if !idle {
        for step in plan.steps.iter().filter(|step| !matches!(step.action, Action::Keep | Action::Update)) {
            if !records.iter().any(|record: &PartRecord| record.part == *step.part) {
                records.push(record(step, Outcome::NotReached, 0.0));
            }
        }
        for removal in plan.removals.iter().filter(|removal| !removal.reinstalled) {
            records.push(PartRecord {
                part: removal.part.to_string(),
                action: Action::Remove,
                reasons: removal.reasons.clone(),
                outcome: Outcome::Done,
                seconds: 0.0,
            });
        }
        let began = SystemTime::now().checked_sub(started.elapsed()).unwrap_or(UNIX_EPOCH);
        let started = began.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let history = RunRecord { version: 1, started, parts: records };
        if !history.parts.is_empty() {
            record_run(&state.runs(), &history).map_err(io_error)?;
        }
        durations.save();
    }
    if let (true, Some(python)) = (succeeded, &other_python) {
        if python.is_file() {
            reporter.record(Level::Info, &format!("The run goes on with {}.", python.display()));
        }
    } else if succeeded {
        super::picked::report(&services, reporter)?;
        if !extensions.is_empty() {
            let called = call_extensions(&mut services.live(), &extensions, "unload", Group::UnloadExtension);
            called.map_err(|mut error| {
                error.doing.splice(0..0, ["Installing.".to_owned(), "Unloading extensions.".to_owned()]);
                error
            })?;
        }
        if mark_shared {
            fs_err::write(settings.directory.join(".shared"), "").map_err(io_error)?;
        }
        if idle && quiet_keeps && session.options.dry_run == dry {
            let count = plan.steps.len();
            let parts = if count == 1 { "part is" } else { "parts are" };
            reporter.record(Level::Info, &format!("Nothing to do: {count} {parts} up to date."));
        }
    }
    Ok(finished)
}

/// How many parts may run side by side.
fn jobs(session: &Session) -> usize {
    session.options.jobs.unwrap_or_else(|| match session.mode {
        Mode::Upstream => 1,
        Mode::Slapos => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    })
}

pub(super) fn io_error(error: std::io::Error) -> Box<Diagnostic> {
    let mut diagnostic = Diagnostic::user(error.to_string());
    if error.kind() == std::io::ErrorKind::StorageFull {
        diagnostic.hint = Some("Free some room and run again: finished parts are kept.".to_owned());
    }
    diagnostic.doing = vec!["Installing.".to_owned()];
    Box::new(diagnostic)
}

/// Creates directories that are not there yet, and says so.
pub fn create_directories(directories: &[PathBuf], reporter: &Reporter) -> Result<(), Box<Diagnostic>> {
    for directory in directories.iter().filter(|directory| !directory.is_dir()) {
        let shown = rbuildout_parser::python::str_repr(&directory.to_string_lossy());
        reporter.record(Level::Info, &format!("Creating directory {shown}."));
        fs_err::create_dir_all(directory).map_err(io_error)?;
    }
    Ok(())
}

fn tasks(steps: &[Step], plan: &crate::plan::Plan, durations: &Durations, mode: Mode) -> Vec<Task> {
    // zc.buildout works strictly in list order, and its users' recipes may rely on it. It also notes every update.
    let strict = mode == Mode::Upstream;
    let busy = |step: &Step| strict || step.action != Action::Keep;
    let priorities = if steps.iter().any(busy) {
        Graph::new(plan, &|part, recipe| durations.expect(part, recipe)).priorities()
    } else {
        vec![0.0; steps.len()]
    };
    let task = |(step, priority): (&Step, f64)| Task {
        needs: step.needs.clone(),
        ordered: step.ordered || strict,
        priority,
        done: !busy(step),
    };
    steps.iter().zip(priorities).map(task).collect()
}

fn prefetch(steps: &[Step], parts: &[PreparedPart], services: &Services<'_>, reporter: &Arc<Reporter>) {
    let wanted = steps.iter().zip(parts).filter(|(step, _)| matches!(step.action, Action::Install | Action::Reinstall));
    let requests: Vec<_> = wanted.flat_map(|(_, part)| part.initialised.part.sources()).collect();
    if !requests.is_empty() {
        let progress: Arc<dyn Progress> = reporter.clone();
        services.downloader.prefetch(requests, PREFETCH, progress);
    }
}

type Work = (Result<Installed, RecipeError>, f64);

/// Installs or updates one part, on a worker thread.
fn perform(
    step: &Step,
    part: &PreparedPart,
    services: &Services<'_>,
    reporter: &Arc<Reporter>,
    log: &PartLogger,
    index: usize,
) -> Result<Installed, RecipeError> {
    let context = RunContext { part: &step.part, services, log };
    reporter.started(index, &step.part);
    if is_update(step) {
        reporter.part_record(index, Level::Info, &format!("Updating {}.", step.part));
        part.initialised.part.update(&context)
    } else {
        reporter.part_record(index, Level::Info, &format!("Installing {}.", step.part));
        match part.initialised.part.install(&context) {
            Err(RecipeError::NeedsOriginal(reason)) => {
                context.log.record(Level::Debug, &format!("{reason} The recipe in Python installs it."));
                let original = services.live().original(&step.part).map_err(|mut error| {
                    error.hint = error.hint.take().or(Some(reason));
                    RecipeError::Host(error)
                })?;
                original.install(&context)
            }
            done => done,
        }
    }
}

/// True if the part is there and stays: its recipe's update runs, if it has one.
fn is_update(step: &Step) -> bool {
    matches!(step.action, Action::Update | Action::Keep)
}

fn record(step: &Step, outcome: Outcome, seconds: f64) -> PartRecord {
    let seconds = (seconds * 1000.0).round() / 1000.0;
    PartRecord { part: step.part.to_string(), action: step.action, reasons: step.reasons.clone(), outcome, seconds }
}

/// The bookkeeping of a run, on the coordinating thread.
struct Run<'a, 'p> {
    session: &'a Session,
    profile: &'a Profile,
    steps: &'a [Step],
    parts: &'a [PreparedPart],
    services: &'a Services<'p>,
    reporter: &'a Arc<Reporter>,
    logs: &'a [PartLogger],
    store: &'a mut Store,
    durations: &'a mut Durations,
    /// Which part has a path.
    owners: FxHashMap<PathBuf, Arc<str>>,
    records: Vec<PartRecord>,
    finished: Finished,
    /// Parts whose record is written but may not be on the disk yet.
    unsynced: FxHashSet<usize>,
    synced: Instant,
    signals: &'a Signals,
    /// The commands were told to stop.
    said_stopping: Cell<bool>,
    /// Recipes in Python are at work.
    python: bool,
    /// Options of parts that are at work, where they may have changed since the plan was made.
    fresh: FxHashMap<usize, SavedOptions>,
}

impl Run<'_, '_> {
    fn directory(&self) -> &Path {
        &self.services.settings.directory
    }

    fn sync(&mut self) {
        if self.unsynced.is_empty() {
            return;
        }
        if let Err(error) = self.store.sync() {
            self.finished.failures.push(PartFailure { diagnostic: io_error(error), command: None, log: None });
        }
        self.unsynced.clear();
        self.synced = Instant::now();
    }

    fn learn_owners(&mut self) {
        let names: Vec<Arc<str>> = self.store.state().parts.keys().cloned().collect();
        for name in names {
            for path in self.store.paths(&name) {
                self.owners.insert(self.directory().join(path), name.clone());
            }
        }
    }

    /// slapos mode: paths that other parts have installed already.
    fn conflicts(&self, name: &Arc<str>, paths: &[String]) -> Option<Box<Diagnostic>> {
        if self.session.mode == Mode::Upstream {
            return None;
        }
        let repr = rbuildout_parser::python::str_repr;
        let taken: Vec<String> = paths
            .iter()
            .map(|path| self.directory().join(path))
            .filter_map(|path| {
                let owner = self.owners.get(&path).filter(|owner| *owner != name)?;
                Some(format!("{}: {}", repr(&path.to_string_lossy()), repr(owner)))
            })
            .collect();
        (!taken.is_empty()).then(|| {
            let message =
                format!("The following paths are already installed by other sections: {{{}}}", taken.join(", "));
            Box::new(Diagnostic::user(message).with_hint("Give one of the parts another location or output."))
        })
    }

    /// What to record of a part that succeeded, or why its result can't be accepted.
    fn accept(&mut self, index: usize, result: Installed) -> Result<Option<SavedOptions>, Box<Diagnostic>> {
        let (step, part) = (&self.steps[index], &self.parts[index]);
        let update = is_update(step);
        let paths = match result {
            Installed::None if update => return Ok(None),
            Installed::None => {
                let message = format!(
                    "The {} install returned None.  A path or iterable os paths should be returned.",
                    step.part
                );
                self.reporter.part_record(index, Level::Warning, &message);
                Vec::new()
            }
            Installed::Paths(paths) => paths,
        };
        if let Some(conflict) = self.conflicts(&step.part, &paths) {
            return Err(conflict);
        }
        for path in &paths {
            self.owners.insert(self.directory().join(path), step.part.clone());
        }
        let recorded = if update {
            let old = self.store.paths(&step.part);
            let new = paths.iter().any(|path| !old.contains(path));
            if !new {
                return Ok(None);
            }
            match self.session.mode {
                Mode::Slapos => {
                    let mut all: Vec<String> = old.into_iter().chain(paths).collect();
                    all.sort();
                    all.dedup();
                    all
                }
                Mode::Upstream => {
                    let added: Vec<String> = paths.into_iter().filter(|path| !old.contains(path)).collect();
                    old.into_iter().chain(added).collect()
                }
            }
        } else {
            paths
        };
        let mut options = self.fresh.remove(&index).unwrap_or_else(|| part.options.clone());
        options.insert(INSTALLED_OPTION.into(), recorded.join("\n").into());
        Ok(Some(options))
    }

    fn succeed(&mut self, index: usize, seconds: f64) {
        let step = &self.steps[index];
        // zc.buildout reads all options of a part that was there before, to compare them with what it saved.
        let warns = match self.session.mode {
            Mode::Upstream => step.action == Action::Install,
            Mode::Slapos => !is_update(step),
        };
        // A recipe in Python may have read options while it worked.
        let unused = if self.python {
            self.services.live().unused(&step.part).map(|unused| unused.message())
        } else {
            self.parts[index].unused.as_ref().map(Unused::message)
        };
        if let (true, Some(message)) = (warns, unused) {
            self.reporter.part_record(index, Level::Warning, &message);
        }
        if !is_update(step) {
            self.durations.remember(&step.part, seconds);
            self.records.push(record(step, Outcome::Done, seconds));
        }
    }

    fn fail(&mut self, index: usize, mut diagnostic: Box<Diagnostic>, command: Option<CommandFailure>, seconds: f64) {
        let step = &self.steps[index];
        let verb = if is_update(step) { "Updating" } else { "Installing" };
        diagnostic.doing.insert(0, format!("{verb} {}.", step.part));
        if is_update(step) {
            let paths = self.store.paths(&step.part);
            let removed = self
                .store
                .removing(&step.part, &paths)
                .and_then(|()| delete_paths(&self.services.settings.directory, &paths))
                .and_then(|()| self.store.removed(&step.part));
            if let Err(error) = removed {
                diagnostic.message.push_str(&format!("\n{error}"));
            }
        }
        self.records.push(record(step, Outcome::Failed { error: diagnostic.message.clone() }, seconds));
        let log =
            self.logs[index].exists().then(|| rbuildout_recipes::run::PartLog::path(&self.logs[index]).to_owned());
        let diagnostic = crate::buildout::place(&self.profile.config, &step.part, diagnostic);
        self.finished.failures.push(PartFailure { diagnostic, command, log });
    }
}

impl Observer<Work> for Run<'_, '_> {
    fn ended(&mut self, outcomes: Vec<(usize, Work)>) -> Vec<bool> {
        let mut accepted = Vec::with_capacity(outcomes.len());
        let mut records = Vec::new();
        for (index, (result, seconds)) in outcomes {
            let outcome = match result {
                Ok(installed) => self.accept(index, installed).map_err(|diagnostic| (diagnostic, None)),
                Err(RecipeError::Interrupted) => {
                    self.reporter.ended(index, true);
                    accepted.push(false);
                    continue;
                }
                Err(RecipeError::Ended(status)) => {
                    // Nothing is put right, as nobody is there any more to do that.
                    self.finished.ended = Some(status);
                    self.reporter.ended(index, true);
                    accepted.push(false);
                    continue;
                }
                Err(RecipeError::User { message, command, hint }) => {
                    let mut diagnostic = Diagnostic::user(message);
                    diagnostic.hint = hint;
                    Err((Box::new(diagnostic), command.map(|command| *command)))
                }
                Err(error) => {
                    Err((crate::buildout::to_diagnostic(error, &self.profile.config, &self.steps[index].part), None))
                }
            };
            accepted.push(match outcome {
                Ok(options) => {
                    self.succeed(index, seconds);
                    match options {
                        Some(options) => {
                            records.push((self.steps[index].part.clone(), options));
                            self.unsynced.insert(index);
                        }
                        None => {
                            if let Err(error) = self.store.updated(&self.steps[index].part) {
                                self.fail(index, io_error(error), None, seconds);
                            }
                        }
                    }
                    true
                }
                Err((diagnostic, command)) => {
                    self.fail(index, diagnostic, command, seconds);
                    false
                }
            });
            self.reporter.ended(index, true);
        }
        if !records.is_empty()
            && let Err(error) = self.store.installed(records)
        {
            self.finished.failures.push(PartFailure { diagnostic: io_error(error), command: None, log: None });
            accepted.fill(false);
        }
        if self.python {
            self.services.live().set_installed(self.store.shared_state());
        }
        if self.synced.elapsed() > SYNC_INTERVAL {
            self.sync();
        }
        accepted
    }

    fn starting(&mut self, index: usize) {
        // zc.buildout saves a part's options as they are now: parts before it may have changed them.
        if self.python && self.session.mode == Mode::Upstream {
            let name = &self.parts[index].initialised.name;
            if let Ok(options) = saved_options(&mut self.services.live(), name) {
                self.fresh.insert(index, options);
            }
        }
        // What a part needs is durable before it starts; one sync serves all that ended meanwhile.
        if self.steps[index].needs.iter().any(|need| self.unsynced.contains(need)) {
            self.sync();
        }
    }

    fn skipped(&mut self, index: usize) {
        self.reporter.ended(index, true);
    }

    fn stopping(&self) -> bool {
        let stopping = self.services.interrupted.load(Ordering::Relaxed);
        if stopping && self.signals.again.swap(false, Ordering::Relaxed) {
            if self.said_stopping.replace(true) {
                self.services.children.kill_all();
                self.signals.killed.store(true, Ordering::Relaxed);
            } else {
                self.services.children.signal(Signal::TERM);
            }
        }
        stopping
    }
}
