//! The calls into Python, and those that come back meanwhile.

use std::cell::RefCell;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rbuildout_parser::python::str_repr;
use rustix::process::Signal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::channel::{Channel, Received};
use super::download::{Download, Said};
use super::errors::Kept;
use super::process::{Launch, Line, Process, died, standard_input, stop_group};
use super::protocol::{EnvironmentChanges, ErrorObject, Message, PROTOCOL};
use super::recipe::delete_created;
use super::serve::{Answers, read};
use super::shim;
use super::trace::{Exchange, Traces};
use crate::api::Mode;
use crate::eggs::Active;
use crate::error::{CommandStatus, RecipeError};
use crate::live::{LiveBuildout, WithLive};
use crate::run::{Environment, PartLog};

/// What does not change during a run.
pub struct PythonSettings {
    pub mode: Mode,
    /// The version that `zc.buildout` has for recipes.
    pub version: String,
    /// The command line: `sys.argv` of the recipes.
    pub arguments: Vec<String>,
    /// Where the Python side is kept for later runs, if there is such a place.
    pub cache_directory: Option<PathBuf>,
    /// Called before the process is started.
    pub before_start: Box<dyn Fn() -> std::io::Result<()> + Send + Sync>,
    pub environment: Arc<Environment>,
    /// Set once the run is to stop.
    pub interrupted: Arc<AtomicBool>,
    /// The distributions of the run.
    pub eggs: Arc<Active>,
    /// Where initialisations are kept from run to run.
    pub traces: Option<PathBuf>,
}

/// All Python recipes of a run. No process is started before one is needed.
pub struct PythonHost {
    settings: PythonSettings,
    log_level: AtomicI64,
    process: Mutex<Option<Arc<Process>>>,
    kept: Kept,
    /// The buildout directory.
    directory: OnceLock<PathBuf>,
    pub(super) traces: Traces,
}

/// Where a call goes and what it is about.
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) args: Value,
    /// For errors: `while part was ...`.
    pub(super) doing: String,
    /// The log of the part at work.
    pub(super) log: Option<&'a dyn PartLog>,
    /// What came back meanwhile is kept here.
    pub(super) dialogue: Option<&'a RefCell<Vec<Exchange>>>,
    /// Records are not told: they have been already.
    pub(super) quiet: bool,
}

impl<'a> Call<'a> {
    pub(super) fn new(name: &'a str, args: Value, doing: impl Into<String>) -> Self {
        Self { name, args, doing: doing.into(), log: None, dialogue: None, quiet: false }
    }
}

/// Python's `logging.WARNING`.
const WARNING: i64 = 30;

/// How a fork ended.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Waited {
    Status(i32),
    Signal(i32),
}

impl PythonHost {
    pub fn new(settings: PythonSettings) -> Self {
        let traces = Traces::new(settings.traces.clone());
        Self {
            settings,
            log_level: AtomicI64::new(20),
            process: Mutex::default(),
            kept: Kept::default(),
            directory: OnceLock::new(),
            traces,
        }
    }

    /// Keeps what recipes did while they were initialised. `whole`: all parts of the profile were.
    pub fn save_traces(&self, whole: bool) -> std::io::Result<()> {
        self.traces.save(whole)
    }

    /// Records below this level are not sent by Python.
    pub fn set_log_level(&self, level: i64) {
        self.log_level.store(level, Ordering::Relaxed);
    }

    pub fn environment(&self) -> &Arc<Environment> {
        &self.settings.environment
    }

    pub(super) fn mode(&self) -> Mode {
        self.settings.mode
    }

    /// True if a process is there.
    pub fn is_running(&self) -> bool {
        self.process.lock().expect("no panic while locked").is_some()
    }

    /// The process, which is started if there is none.
    fn process(&self, live: &mut dyn LiveBuildout) -> Result<Arc<Process>, RecipeError> {
        if let Some(process) = &*self.process.lock().expect("no panic while locked") {
            return Ok(process.clone());
        }
        let process = Arc::new(self.start(live)?);
        // Kept before the greeting: what the process asks meanwhile may need it.
        *self.process.lock().expect("no panic while locked") = Some(process.clone());
        match self.greet(&process, live) {
            Ok(()) => Ok(process),
            Err(error) => {
                process.signal(Signal::KILL);
                *self.process.lock().expect("no panic while locked") = None;
                Err(error)
            }
        }
    }

    fn start(&self, live: &mut dyn LiveBuildout) -> Result<Process, RecipeError> {
        (self.settings.before_start)()?;
        let executable = live.option("buildout", "executable")?.filter(|executable| !executable.is_empty());
        let Some(executable) = executable else {
            return Err(RecipeError::user_with_hint(
                "A recipe in Python is needed, but no Python interpreter was found on the path.",
                "Install python3, or name an interpreter with `buildout:executable=/path/to/python`.",
            ));
        };
        let directory = live.settings().directory.clone();
        let _ = self.directory.set(directory.clone());
        let shim = shim::place(self.settings.cache_directory.as_deref(), &live.settings().state_directory)?;
        let upstream = self.settings.mode == Mode::Upstream;
        Process::start(&Launch {
            executable: Path::new(&executable),
            shim: &shim,
            directory: &directory,
            environment: self.settings.environment.snapshot(),
            output_to_error: !upstream,
            own_group: !(upstream && rustix::termios::isatty(rustix::stdio::stdin())),
        })
    }

    fn greet(&self, process: &Process, live: &mut dyn LiveBuildout) -> Result<(), RecipeError> {
        let args = json!({
            "protocol": PROTOCOL,
            "mode": match self.settings.mode { Mode::Slapos => "slapos", Mode::Upstream => "upstream" },
            "version": self.settings.version,
            "argv0": self.settings.arguments.first(),
            "argv": self.settings.arguments.get(1..).unwrap_or_default(),
            "log_level": self.log_level.load(Ordering::Relaxed),
            "settings": attributes(live)?,
            "sys_path": Vec::<String>::new(),
        });
        let stdin = standard_input()?;
        let call = Call::new("hello", args, "while it was started");
        let answer = self.converse(&process.line, &mut with(live), call, &[stdin.as_fd()])?;
        let spoken = answer.get("protocol").and_then(Value::as_u64);
        if spoken != Some(PROTOCOL.into()) {
            return Err(RecipeError::user("The Python side of the recipe host speaks another protocol."));
        }
        Ok(())
    }

    /// Calls the main process. The live buildout is held by the caller, so that nobody else calls it meanwhile.
    pub(super) fn call(&self, live: &mut dyn LiveBuildout, call: Call<'_>) -> Result<Value, RecipeError> {
        let process = self.process(live)?;
        self.converse(&process.line, &mut with(live), call, &[])
    }

    /// Calls the main process without holding the live buildout: it is taken for each request that comes back. Only for
    /// runs in which one part after the other is installed.
    pub(super) fn call_alone(&self, with_live: &mut WithLive<'_>, call: Call<'_>) -> Result<Value, RecipeError> {
        let process = held(with_live, &mut |live| self.process(live))?;
        self.converse(&process.line, with_live, call, &[])
    }

    /// Makes a call in a fork of the main process, whose output goes to the part's log.
    pub(super) fn call_forked(
        &self,
        section: &str,
        with_live: &mut WithLive<'_>,
        log: &dyn PartLog,
        group: &dyn Fn(u32, bool),
        call: Call<'_>,
    ) -> Result<Value, RecipeError> {
        let file = log.file()?;
        let line = held(with_live, &mut |live| {
            let process = self.process(live)?;
            let (channel, other) = Channel::pair()?;
            let doing = format!("while a process for {section} was started");
            let call = Call::new("fork", json!({ "section": section }), doing);
            let descriptors = [other.as_fd(), file.as_fd()];
            let pid: u32 = read(self.converse(&process.line, &mut with(live), call, &descriptors)?)?;
            Ok(process.line.forked(channel, pid))
        })?;
        group(line.group, true);
        let result = self.converse(&line, with_live, call, &[]);
        group(line.group, false);
        result
    }

    /// Sends a request and serves what comes back until its answer is there.
    fn converse(
        &self,
        line: &Line,
        with_live: &mut WithLive<'_>,
        call: Call<'_>,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<Value, RecipeError> {
        let Call { name, args, doing, log, dialogue, quiet } = call;
        let channel = &line.channel;
        let env = line.news(&self.settings.environment.snapshot());
        if channel.send(&Message::request(channel.next_id(), name, args, env), descriptors).is_err() {
            return Err(self.lost(line, with_live, &doing, log));
        }
        loop {
            let message = match channel.receive() {
                Ok(Received::Message(message)) => *message,
                Ok(Received::Nothing) if self.settings.interrupted.load(Ordering::Relaxed) => {
                    stop_group(line.group, || !matches!(channel.receive(), Ok(Received::Nothing)));
                    return Err(RecipeError::Interrupted);
                }
                Ok(Received::Nothing) => continue,
                Ok(Received::End) => return Err(self.lost(line, with_live, &doing, log)),
                Err(error) => return Err(RecipeError::user(format!("The Python process can't be used: {error}."))),
            };
            if !message.env.is_empty() {
                line.changed(&message.env);
                self.settings.environment.apply(message.env);
            }
            let Some(wanted) = message.call else {
                return match message.error {
                    Some(error) => {
                        self.clean_up(with_live, log, &error.created);
                        Err(self.failed(error, &doing))
                    }
                    None => Ok(message.result.unwrap_or_default()),
                };
            };
            let kept = dialogue.map(|_| message.args.clone());
            let outcome = match wanted.as_str() {
                "log" if quiet => Ok(Value::Null),
                _ => self.answer(with_live, line, log, &wanted, message.args),
            };
            if let (Some(dialogue), Some(args)) = (dialogue, kept) {
                dialogue.borrow_mut().push(Exchange::new(&wanted, args, &outcome));
            }
            let answer = Message::answer(message.id, outcome.map_err(|error| self.kept.send(error)));
            if channel.send(&answer, &[]).is_err() {
                return Err(self.lost(line, with_live, &doing, log));
            }
        }
    }

    /// What to say when the other side has gone away.
    fn lost(&self, line: &Line, with_live: &mut WithLive<'_>, doing: &str, log: Option<&dyn PartLog>) -> RecipeError {
        let status = match line.fork {
            None => self.process.lock().expect("no panic while locked").clone().and_then(|main| main.end().ok()),
            Some(pid) => {
                let call = || Call::new("wait", json!({ "pid": pid }), doing);
                let waited = held(with_live, &mut |live| read::<Waited>(self.call(live, call())?));
                waited.ok().map(|waited| match waited {
                    Waited::Status(code) => CommandStatus::Exited(code),
                    Waited::Signal(signal) => CommandStatus::Signalled(signal),
                })
            }
        };
        if self.settings.interrupted.load(Ordering::Relaxed) {
            return RecipeError::Interrupted;
        }
        match (status, self.settings.mode, log) {
            // What a recipe of zc.buildout does to its process, it does to the run.
            (Some(CommandStatus::Exited(code)), Mode::Upstream, Some(_)) => RecipeError::Ended(code),
            (status, ..) => died(status, doing, log.map(PartLog::path)),
        }
    }

    /// Deletes what a part had made when it failed.
    fn clean_up(&self, with_live: &mut WithLive<'_>, log: Option<&dyn PartLog>, created: &[String]) {
        let Some(directory) = self.directory.get() else { return };
        for path in delete_created(directory, created) {
            let text = format!("Couldn't clean up {}.", str_repr(path));
            // The error itself is what matters.
            let _ = held(with_live, &mut |live| {
                Answers { log }.record(live, "zc.buildout", WARNING, &text);
                Ok(())
            });
        }
    }

    fn failed(&self, error: ErrorObject, doing: &str) -> RecipeError {
        if self.settings.interrupted.load(Ordering::Relaxed) {
            return RecipeError::Interrupted;
        }
        self.kept.receive(error, doing)
    }

    fn answer(
        &self,
        with_live: &mut WithLive<'_>,
        line: &Line,
        log: Option<&dyn PartLog>,
        wanted: &str,
        args: Value,
    ) -> Result<Value, RecipeError> {
        let answers = Answers { log };
        if wanted.starts_with("eggs.") {
            held(with_live, &mut |live| self.settings.eggs.prepare(live))?;
            return self.settings.eggs.answer(wanted, args, log, line.environment());
        }
        if wanted != "download" {
            let mut args = Some(args);
            return held(with_live, &mut |live| answers.answer(live, wanted, args.take().unwrap_or_default()));
        }
        // Others go on meanwhile.
        let download: Download = read(args)?;
        let downloader = held(with_live, &mut |live| Ok(live.downloader().clone()))?;
        let said = Said::default();
        let fetched = download.fetch(&downloader, &said);
        let logger = download.logger();
        held(with_live, &mut |live| {
            for (level, text) in said.take() {
                answers.record(live, logger, level, &text);
            }
            Ok(())
        })?;
        fetched
    }
}

impl Drop for PythonHost {
    fn drop(&mut self) {
        let Some(process) = self.process.lock().expect("no panic while locked").take() else { return };
        let quit = Message::request(process.line.channel.next_id(), "quit", Value::Null, EnvironmentChanges::new());
        if process.line.channel.send(&quit, &[]).is_err() || self.settings.interrupted.load(Ordering::Relaxed) {
            process.signal(Signal::KILL);
        }
        // It runs what was registered for the end of the interpreter, and is killed if that takes too long.
        let _ = process.end();
    }
}

/// What buildout objects have as attributes, and do not ask for.
fn attributes(live: &mut dyn LiveBuildout) -> Result<Value, RecipeError> {
    let mut option = |key: &str| live.option("buildout", key).map(Option::unwrap_or_default);
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines = |text: String| text.lines().map(|line| line.trim().to_owned()).filter(|l| !l.is_empty()).collect();
    let links: Vec<String> = words(option("find-links")?);
    let hosts: Vec<String> = lines(option("allow-hosts")?);
    let mut settings = json!({
        "links": links,
        "allow_hosts": hosts,
        "versions_section": option("versions")?,
        "executable": option("executable")?,
        "dry_run": option("dry-run")? == "true",
        "show_picked_versions": option("show-picked-versions")? == "true",
        "update_versions_file": option("update-versions-file")?,
    });
    let known = live.settings();
    let path = |path: &Path| Value::from(path.to_string_lossy());
    settings["directory"] = path(&known.directory);
    settings["bin_directory"] = path(&known.bin_directory);
    settings["parts_directory"] = path(&known.parts_directory);
    settings["eggs_directory"] = path(&known.eggs_directory);
    settings["develop_eggs_directory"] = path(&known.develop_eggs_directory);
    settings["_state_directory"] = path(&known.state_directory);
    settings["offline"] = known.offline.into();
    settings["newest"] = known.newest.into();
    Ok(settings)
}

/// What is done with a buildout.
type Act<'a> = &'a mut dyn FnMut(&mut dyn LiveBuildout);

/// Access to a buildout that is held already.
fn with(live: &mut dyn LiveBuildout) -> impl FnMut(Act<'_>) + '_ {
    move |act| act(live)
}

/// Calls a function with the live buildout and returns its result.
fn held<T>(
    with_live: &mut WithLive<'_>,
    act: &mut dyn FnMut(&mut dyn LiveBuildout) -> Result<T, RecipeError>,
) -> Result<T, RecipeError> {
    let mut result = None;
    with_live(&mut |live| result = Some(act(live)));
    result.unwrap_or_else(|| Err(RecipeError::user("Python recipes need a buildout that is alive.")))
}
