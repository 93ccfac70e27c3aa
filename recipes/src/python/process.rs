//! A child Python: how it is started, stopped, and what is told when it dies.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::channel::Channel;
use super::protocol::EnvironmentChanges;
use crate::error::{CommandStatus, RecipeError};
use crate::run::Variables;

/// How long a process may take to end when it was told to.
const GRACE: Duration = Duration::from_secs(5);

/// Adds the directory of the shim to the path and hands over to it. The interpreter's own options are left alone.
const BOOT: &str = "import sys; sys.path.insert(0, sys.argv[1]); import rbuildout_host; rbuildout_host.main()";

/// What a process is started with.
pub(super) struct Launch<'a> {
    pub(super) executable: &'a Path,
    /// Where the Python side is.
    pub(super) shim: &'a Path,
    pub(super) directory: &'a Path,
    pub(super) environment: Arc<Variables>,
    /// Its output goes where the engine's standard error goes.
    pub(super) output_to_error: bool,
    /// A process group of its own, out of reach of the terminal's signals.
    pub(super) own_group: bool,
}

/// A way to talk to a process.
pub(super) struct Line {
    pub(super) channel: Channel,
    /// The process group.
    pub(super) group: u32,
    /// Number of the process if it is a fork of the main one.
    pub(super) fork: Option<u32>,
    /// The environment as the process knows it.
    known: Mutex<Arc<Variables>>,
}

impl Line {
    /// The line to a process that the one of this line has just forked.
    pub(super) fn forked(&self, channel: Channel, pid: u32) -> Self {
        let known = self.known.lock().expect("no panic while locked").clone();
        Self { channel, group: pid, fork: Some(pid), known: Mutex::new(known) }
    }

    /// What changed in the environment since the process heard of it.
    pub(super) fn news(&self, now: &Arc<Variables>) -> EnvironmentChanges {
        let mut known = self.known.lock().expect("no panic while locked");
        if Arc::ptr_eq(&known, now) {
            return EnvironmentChanges::new();
        }
        let text = |name: &OsString| name.to_string_lossy().into_owned();
        let gone = known.keys().filter(|name| !now.contains_key(*name)).map(|name| (text(name), None));
        let set = now.iter().filter(|(name, value)| known.get(*name) != Some(value));
        let changes = gone.chain(set.map(|(name, value)| (text(name), Some(text(value))))).collect();
        *known = now.clone();
        changes
    }

    /// Notes what the process itself has changed. What others have is still news to it.
    pub(super) fn changed(&self, changes: &EnvironmentChanges) {
        let mut known = self.known.lock().expect("no panic while locked");
        let variables = Arc::make_mut(&mut *known);
        for (name, value) in changes {
            match value {
                Some(value) => variables.insert(name.into(), value.into()),
                None => variables.remove(std::ffi::OsStr::new(name)),
            };
        }
    }

    /// The environment as the process has it.
    pub(super) fn environment(&self) -> Arc<Variables> {
        self.known.lock().expect("no panic while locked").clone()
    }
}

/// The main process: all recipes live in it.
pub(super) struct Process {
    pub(super) line: Line,
    child: Mutex<Child>,
    own_group: bool,
}

impl Process {
    /// Starts the interpreter. The first message on its channel has to be `hello`.
    pub(super) fn start(launch: &Launch<'_>) -> Result<Self, RecipeError> {
        let (channel, other) = Channel::pair()?;
        let mut command = Command::new(launch.executable);
        command.arg("-c").arg(BOOT).arg(launch.shim);
        // A plan may be made for a directory that is not there yet.
        if launch.directory.is_dir() {
            command.current_dir(launch.directory);
        }
        command.env_clear().envs(&*launch.environment).stdin(Stdio::from(OwnedFd::from(other)));
        if launch.output_to_error {
            let error = rustix::stdio::stderr().try_clone_to_owned()?;
            command.stdout(Stdio::from(error.try_clone()?)).stderr(Stdio::from(error));
        }
        if launch.own_group {
            command.process_group(0);
        }
        let child = command.spawn().map_err(|error| {
            let message = format!("The Python interpreter {} can't be started: {error}", launch.executable.display());
            RecipeError::user_with_hint(message, "Name a working interpreter with `buildout:executable`.")
        })?;
        let line = Line { channel, group: child.id(), fork: None, known: Mutex::new(launch.environment.clone()) };
        Ok(Self { line, child: Mutex::new(child), own_group: launch.own_group })
    }

    /// Sends a signal to the process and all that it has started in its group.
    pub(super) fn signal(&self, signal: Signal) {
        let child = self.child.lock().expect("no panic while locked");
        let pid = Pid::from_child(&child);
        // A process that is gone needs no signal.
        let _ =
            if self.own_group { kill_process_group(pid, signal) } else { rustix::process::kill_process(pid, signal) };
    }

    /// How the process ended, once it has closed its channel.
    pub(super) fn end(&self) -> io::Result<CommandStatus> {
        let deadline = Instant::now() + GRACE;
        loop {
            if let Some(status) = self.child.lock().expect("no panic while locked").try_wait()? {
                return Ok(status.into());
            }
            if Instant::now() > deadline {
                self.signal(Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Ends a process group: politely, and after the grace period for good. `ended` tells whether it is gone.
pub(super) fn stop_group(group: u32, mut ended: impl FnMut() -> bool) {
    let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) else { return };
    let _ = kill_process_group(group, Signal::INT);
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline {
        if ended() {
            return;
        }
    }
    let _ = kill_process_group(group, Signal::KILL);
}

/// What to say of a process that ended in the middle of a call.
pub(super) fn died(status: Option<CommandStatus>, doing: &str, log: Option<&Path>) -> RecipeError {
    let (how, hint) = match status {
        Some(CommandStatus::Exited(code)) => (
            format!("exited with status {code}"),
            "The recipe, or a library that it uses, ended the interpreter itself (os._exit).",
        ),
        Some(CommandStatus::Signalled(signal)) => (
            format!("was ended by signal {signal}{}", signal_name(signal)),
            "The recipe, or a library that it uses, has brought the interpreter down.",
        ),
        None => ("ended".to_owned(), "The recipe, or a library that it uses, has brought the interpreter down."),
    };
    let hint = match log {
        Some(log) => format!("{hint} Its output is in {}.", log.display()),
        None => hint.to_owned(),
    };
    RecipeError::user_with_hint(format!("The Python process {how} {doing}."), hint)
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

/// Standard input of the engine, for the recipes.
pub(super) fn standard_input() -> io::Result<OwnedFd> {
    match rustix::stdio::stdin().try_clone_to_owned() {
        Ok(stdin) => Ok(stdin),
        // It may be closed.
        Err(_) => Ok(fs_err::File::open("/dev/null")?.into_file().into()),
    }
}
