//! Preparation: initialise the wanted parts and compare them with what is installed.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use rbuildout_cache::Downloader;
use rbuildout_parser::installed::{SIGNATURE_OPTION, SavedOptions};
use rbuildout_parser::{Diagnostic, Failure, Mode, PART_DEPENDENCIES, Profile, mistakes};
use rbuildout_recipes::eggs::Group;
use rbuildout_recipes::run::{Environment, Level};
use rbuildout_recipes::{Part, Settings, find};
use rustc_hash::{FxHashMap, FxHashSet};

use super::initialise::{Initialised, initialise};
use super::install::create_directories;
use super::rebootstrap;
use super::remove::delete_paths;
use crate::buildout::{Buildout, InitialisedPart, Surroundings, Unused, View, to_diagnostic};
use crate::plan::{Candidate, Plan, Rules, make};
use crate::session::Session;
use crate::state::{Children, PendingRemoval, StateDirectory, Store};
use crate::ui::{LogSettings, Reporter};

/// What the parts are prepared for.
#[derive(Clone, Copy)]
pub enum Purpose<'a> {
    /// They will be installed. The function makes the reporter of the run, once it is known what to show. In upstream mode
    /// directories are created and the run is noted in what is installed before any part is initialised, as zc.buildout
    /// does; in slapos mode nothing is written before the plan stands or a recipe in Python works.
    Install { reporter: &'a dyn Fn(&LogSettings) -> Arc<Reporter>, interrupted: &'a Arc<AtomicBool> },
    /// Only a look: nothing is installed.
    Look,
}

/// A part with all that is needed to install it.
pub struct PreparedPart {
    pub initialised: InitialisedPart,
    /// Options as they are saved, with the signature.
    pub options: SavedOptions,
    pub unused: Option<Unused>,
}

/// Directories to create before anything is done in the buildout.
#[derive(Default)]
pub struct NewDirectories {
    waiting: Mutex<Option<(Vec<PathBuf>, Arc<Reporter>)>>,
}

impl NewDirectories {
    fn set(&self, directories: Vec<PathBuf>, reporter: Arc<Reporter>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some((directories, reporter));
    }

    /// Creates them, at the first call.
    pub fn create(&self) -> Result<(), Box<Diagnostic>> {
        match self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some((directories, reporter)) => create_directories(&directories, &reporter),
            None => Ok(()),
        }
    }
}

/// Everything that a run needs.
pub struct Prepared<'p> {
    pub settings: Arc<Settings>,
    pub downloader: Arc<Downloader>,
    pub state: StateDirectory,
    pub store: Store,
    pub pending: Vec<PendingRemoval>,
    pub parts: Vec<PreparedPart>,
    pub plan: Plan,
    pub unused: Option<Unused>,
    pub directories: Arc<NewDirectories>,
    /// All sections, alive.
    pub buildout: Buildout<'p>,
    pub environment: Arc<Environment>,
    /// The processes of the run.
    pub children: Arc<Children>,
    pub reporter: Option<Arc<Reporter>>,
    /// Extensions in Python.
    pub extensions: Vec<String>,
    /// All parts are meant, not only some that the command line names.
    pub whole_list: bool,
    /// The Python that the profile builds and wants, if the run has another one.
    pub other_python: Option<PathBuf>,
    /// `shared-parts` is set and slapos.extension.shared is asked for.
    pub mark_shared: bool,
}

/// Initialises the wanted parts and makes the plan. `wanted` are parts named on the command line.
pub fn prepare<'p>(
    session: &'p Session,
    profile: &'p Profile,
    wanted: &[String],
    purpose: Purpose<'_>,
) -> Result<Prepared<'p>, Failure> {
    let directory = profile.raw("buildout", "directory").cloned().ok_or_else(|| {
        let error = Diagnostic::user("Missing option: buildout:directory");
        let mut error = error.with_hint("A profile read from a URL has no directory: give `buildout:directory=/path`.");
        error.doing = vec!["Initializing.".to_owned()];
        error
    })?;
    // A directory with references is only known later; it is checked to be absolute there.
    let state = session.state_directory(&directory);
    let children = Arc::new(Children::new(state.children()));
    let installs = matches!(purpose, Purpose::Install { .. }) && !session.options.dry_run;
    let interrupted = match purpose {
        Purpose::Install { interrupted, .. } => interrupted.clone(),
        Purpose::Look => Arc::default(),
    };
    let orphans = if installs { Children::reap_orphans(&state.children()).map_err(io_failure)? } else { 0 };
    let of_python = children.clone();
    let directories = Arc::new(NewDirectories::default());
    let of_start = directories.clone();
    let before_start = move || {
        of_start.create().map_err(|error| std::io::Error::other(error.message))?;
        if installs { of_python.prepare() } else { Ok(()) }
    };
    let surroundings = session.surroundings(profile, &state, interrupted.clone(), Box::new(before_start))?;
    let Surroundings { downloader, python, .. } = &surroundings;
    let (downloader, environment) = (downloader.clone(), python.host.environment().clone());
    let mut buildout = Buildout::new(profile, surroundings);
    let fail = |mut error: Box<Diagnostic>, buildout: &Buildout<'_>, outer: &str| {
        let mut doing = vec![outer.to_owned()];
        doing.extend(buildout.doing());
        doing.append(&mut error.doing);
        error.doing = doing;
        let others = if session.mode == Mode::Slapos { all_mistakes(profile) } else { Vec::new() };
        Failure { error, others }
    };

    let initialised = initialise(&mut buildout);
    let initialised = initialised.map_err(|error| fail(error, &buildout, "Initializing."))?;
    let installing = |error, buildout: &Buildout<'_>| fail(error, buildout, "Installing.");
    buildout.python().host.set_log_level(initialised.log.threshold);
    let listened = initialised.log.threshold;
    let reporter = match purpose {
        Purpose::Install { reporter, .. } => Some(reporter(&initialised.log)),
        Purpose::Look => None,
    };
    if let Some(reporter) = &reporter {
        let told = reporter.clone();
        buildout.tell(Box::new(move |message| told.message(message)));
        let told = reporter.clone();
        let say = move |logger: &str, level: i64, text: &str| told.foreign(logger, level, text);
        buildout.python().eggs.tell(listened, Box::new(say));
        if orphans > 0 {
            let message = format!("Ended {orphans} processes that a killed run had left behind.");
            reporter.record(Level::Info, &message);
        }
    }
    if let (Some(reporter), true) = (&reporter, installs) {
        let all = initialised.caches.iter().chain(&initialised.directories);
        directories.set(all.cloned().collect(), reporter.clone());
    }
    if let Some(reporter) = &reporter {
        tell_timeout(&mut buildout, reporter).map_err(|error| fail(error, &buildout, "Initializing."))?;
    }
    extensions(&mut buildout, &initialised, "load", Group::Extension)
        .map_err(|error| installing(with_doing(error, "Loading extensions."), &buildout))?;
    let mut other_python = None;
    if initialised.rebootstrap {
        // Its sections are alive before all others, also once the run has it.
        let wanted = rebootstrap::wanted(&mut buildout)
            .map_err(|error| installing(with_doing(error, "Loading extensions."), &buildout))?;
        other_python = wanted.filter(|_| !session.has_switched());
    }
    // Only what that Python needs is installed now.
    let only_python = other_python.is_some() && installs;
    let installed =
        (!initialised.installed.is_empty()).then(|| initialised.settings.directory.join(&*initialised.installed));
    let (mut store, pending) = Store::open(installed, &state, session.mode)?;
    buildout.set_installed(store.shared_state());
    // Recipes in Python may use the directories; zc.buildout makes them before it knows of any recipe.
    if session.mode == Mode::Upstream {
        directories.create()?;
        if installs {
            check_upgrades(&mut buildout, &environment, listened)
                .map_err(|error| installing(with_doing(error, "Checking for upgrades."), &buildout))?;
        }
    }
    if installs {
        let developed = develop(&mut buildout, &mut store, &directories);
        developed.map_err(|error| installing(error, &buildout))?;
        // What a killed run left is removed first: the journal that names it continues the file as it is.
        if session.mode == Mode::Upstream && pending.is_empty() {
            store.begin().map_err(io_failure)?;
        }
    }

    let list = if only_python {
        buildout.parts().keys().cloned().collect()
    } else {
        request(&mut buildout, wanted).map_err(|error| installing(error, &buildout))?
    };
    let whole_list = wanted.is_empty() && !only_python;
    if let Some(reporter) = reporter.as_ref().filter(|_| initialised.log.threshold < 10) {
        let dump = buildout.dump().map_err(|error| installing(error, &buildout))?;
        reporter.print(&dump);
    }
    let mut options = Vec::with_capacity(list.len());
    for name in &list {
        let saved = saved_options(&mut buildout, name).map_err(|error| installing(error, &buildout))?;
        options.push(saved);
    }
    if installs {
        // A help for the next run: a full disk must not stop this one.
        let _ = buildout.python().host.save_traces(whole_list);
    }
    let places: FxHashMap<&str, usize> = list.iter().enumerate().map(|(place, name)| (&**name, place)).collect();
    let needs: Vec<Vec<Arc<str>>> = list.iter().map(|name| needs(&buildout, name, &places)).collect();
    let unused: Vec<Option<Unused>> = list.iter().map(|name| buildout.unused(name)).collect();
    let buildout_unused = buildout.unused("buildout");

    let mut parts = Vec::with_capacity(list.len());
    for ((name, options), unused) in list.iter().zip(options).zip(unused) {
        let Some(part) = buildout.parts().get(name).cloned() else { continue };
        parts.push(PreparedPart { initialised: part, options, unused });
    }
    let candidates: Vec<Candidate<'_>> = parts
        .iter()
        .zip(needs)
        .map(|(part, needs)| Candidate {
            name: part.initialised.name.clone(),
            recipe: part.initialised.recipe.clone(),
            part: &*part.initialised.part,
            options: &part.options,
            needs,
        })
        .collect();
    let rules = Rules {
        directory: &initialised.settings.directory,
        ignore_signature: initialised.ignore_signature,
        remove_unwanted: whole_list,
        half_removed: &pending.iter().map(|removal| &*removal.part).collect::<Vec<_>>(),
    };
    let eggs = buildout.python().eggs.clone();
    let mut is_current =
        |part: &dyn Part| View::new(&mut buildout).is_ok_and(|mut live| part.is_current(&eggs, &mut live));
    let plan = make(&candidates, store.state(), rules, &mut is_current);
    Ok(Prepared {
        directories,
        settings: initialised.settings,
        downloader,
        state,
        store,
        pending,
        parts,
        plan,
        unused: buildout_unused,
        buildout,
        environment,
        children,
        reporter,
        extensions: if only_python { Vec::new() } else { initialised.extensions },
        whole_list,
        mark_shared: initialised.mark_shared && !only_python,
        other_python,
    })
}

/// Every mistake that can be found without running a recipe.
fn all_mistakes(profile: &Profile) -> Vec<Diagnostic> {
    let published = |recipe: &str, option: &str| find(recipe).map(|native| native.publishes().contains(&option));
    mistakes(profile, &published)
}

/// Says what becomes of `socket-timeout`.
fn tell_timeout(buildout: &mut Buildout<'_>, reporter: &Reporter) -> Result<(), Box<Diagnostic>> {
    let timeout = buildout.option("buildout", "socket-timeout")?.filter(|timeout| !timeout.is_empty());
    let Some(timeout) = timeout else { return Ok(()) };
    match timeout.trim().parse::<i64>() {
        Ok(seconds) => reporter.record(Level::Info, &format!("Setting socket time out to {seconds} seconds.")),
        Err(_) => reporter.record(
            Level::Warning,
            &format!("Default socket timeout is used !\nValue in configuration is not numeric: [{timeout}].\n"),
        ),
    }
    Ok(())
}

/// What is left of zc.buildout's search for upgrades of itself: nothing is upgraded, but what it would stop at or say.
fn check_upgrades(
    buildout: &mut Buildout<'_>,
    environment: &Environment,
    threshold: i64,
) -> Result<(), Box<Diagnostic>> {
    let restarted = environment.snapshot().contains_key(OsStr::new("BUILDOUT_RESTART_AFTER_UPGRADE"));
    if restarted || !buildout.ensure_settings()?.newest {
        return Ok(());
    }
    let cache = buildout.option("buildout", "download-cache")?;
    if buildout.boolean("install-from-cache")? && cache.is_none_or(|cache| cache.is_empty()) {
        let message = "install_from_cache set to true with no download cache";
        let error = Diagnostic::internal("ValueError", message);
        return Err(Box::new(error.with_hint("Name the directory of the files with `download-cache`.")));
    }
    if threshold <= 10 {
        buildout.python().eggs.clone().tell_tools(&mut View::new(buildout)?);
    }
    Ok(())
}

/// Does what `buildout:develop` says, after removing what it said in the last run.
fn develop(
    buildout: &mut Buildout<'_>,
    store: &mut Store,
    directories: &NewDirectories,
) -> Result<(), Box<Diagnostic>> {
    let wanted = buildout.option("buildout", "develop")?.is_some_and(|wanted| !wanted.trim().is_empty());
    let old: Vec<String> = store.state().develop_eggs.lines().map(str::to_owned).collect();
    if !wanted && old.is_empty() {
        return Ok(());
    }
    directories.create()?;
    let settings = buildout.ensure_settings()?;
    delete_paths(&settings.directory, &old).map_err(|error| Box::new(Diagnostic::user(error.to_string())))?;
    let eggs = buildout.python().eggs.clone();
    let made = eggs.develop(&mut View::new(buildout)?);
    let made = made.map_err(|error| to_diagnostic(error, buildout.config(), "buildout"))?;
    let made: Vec<_> = made.iter().map(|path| path.to_string_lossy()).collect();
    store.set_develop_eggs(&made.join("\n"));
    Ok(())
}

fn io_failure(error: std::io::Error) -> Failure {
    Diagnostic::user(error.to_string()).into()
}

fn with_doing(mut error: Box<Diagnostic>, doing: &str) -> Box<Diagnostic> {
    error.doing.insert(0, doing.to_owned());
    error
}

/// Calls the extensions in Python, in order.
fn extensions(
    buildout: &mut Buildout<'_>,
    initialised: &Initialised,
    kind: &str,
    group: Group,
) -> Result<(), Box<Diagnostic>> {
    if initialised.extensions.is_empty() {
        return Ok(());
    }
    if initialised.extensions.iter().any(|name| name == "buildout-versions" || name == "buildout.dumppickedversions") {
        return Err(Box::new(Diagnostic::user(
            "Buildout now includes 'buildout-versions' (and part of the older 'buildout.dumppickedversions').\nRemove \
             the extension from your configuration and look at the 'show-picked-versions' option in buildout's \
             documentation.",
        )));
    }
    call_extensions(buildout, &initialised.extensions, kind, group)
}

/// Calls the functions that extensions have registered for a moment of the run.
pub(super) fn call_extensions(
    buildout: &mut Buildout<'_>,
    names: &[String],
    kind: &str,
    group: Group,
) -> Result<(), Box<Diagnostic>> {
    let python = buildout.python().clone();
    let loaded = python.eggs.load_all(&mut View::new(buildout)?, names, group);
    let loaded = loaded.map_err(|error| to_diagnostic(error, buildout.config(), "buildout"))?;
    for extension in loaded {
        let called = rbuildout_recipes::python::extension(&python.host, &mut View::new(buildout)?, kind, &extension);
        called.map_err(|error| to_diagnostic(error, buildout.config(), "buildout"))?;
    }
    Ok(())
}

/// Initialises the requested parts and returns the install list.
fn request(buildout: &mut Buildout<'_>, wanted: &[String]) -> Result<Vec<Arc<str>>, Box<Diagnostic>> {
    let parts = buildout.required("buildout", "parts")?;
    let names: Vec<Arc<str>> = if wanted.is_empty() {
        parts.split_whitespace().map(Arc::from).collect()
    } else {
        wanted.iter().map(|name| Arc::from(name.as_str())).collect()
    };
    for name in &names {
        let got = buildout.section(name).and_then(|()| buildout.required(name, "recipe"));
        got.map_err(|error| buildout.explain_part(error, name, wanted.is_empty()))?;
    }
    if wanted.is_empty() {
        return Ok(buildout.parts().keys().cloned().collect());
    }
    let mut seen = FxHashSet::default();
    Ok(names.into_iter().filter(|name| buildout.parts().contains_key(name) && seen.insert(name.clone())).collect())
}

/// The options of a part as they are saved, with its signature.
pub(super) fn saved_options(buildout: &mut Buildout<'_>, name: &Arc<str>) -> Result<SavedOptions, Box<Diagnostic>> {
    let signature = buildout.signature(name)?;
    let part = buildout.parts().get(name).map(|initialised| initialised.part.clone());
    let own = match part {
        Some(part) => {
            let saved = part.saved(&mut View::new(buildout)?);
            saved.map_err(|error| to_diagnostic(error, buildout.config(), name))?
        }
        None => None,
    };
    let mut options = match own {
        Some(own) => own.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
        None => buildout.saved(name)?,
    };
    options.insert(SIGNATURE_OPTION.into(), signature);
    Ok(options)
}

/// Parts earlier in the list that a part reads, directly or through sections that are not in the list, or stand later in it:
/// two parts that read each other's options form a loop, and the earlier one needs what the later one reads.
fn needs(buildout: &Buildout<'_>, name: &Arc<str>, places: &FxHashMap<&str, usize>) -> Vec<Arc<str>> {
    let own = places.get(&**name);
    let mut needs: Vec<Arc<str>> = Vec::new();
    let mut seen: FxHashSet<Arc<str>> = FxHashSet::default();
    let mut queue: Vec<Arc<str>> = direct(buildout, name);
    while let Some(next) = queue.pop() {
        if !seen.insert(next.clone()) || next == *name {
            continue;
        }
        if places.get(&*next).is_some_and(|place| Some(place) < own) {
            needs.push(next);
        } else {
            queue.extend(direct(buildout, &next));
        }
    }
    needs.sort_unstable();
    needs
}

fn direct(buildout: &Buildout<'_>, name: &str) -> Vec<Arc<str>> {
    let explicit = buildout.raw_value(name, PART_DEPENDENCIES);
    let explicit = explicit.iter().flat_map(|text| text.split_whitespace()).map(Arc::from);
    buildout.depends(name).cloned().chain(explicit).collect()
}
