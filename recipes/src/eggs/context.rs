//! Records and programs of what is done with eggs outside of a part's installation.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command as Program, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rbuildout_cache::Progress;
use rbuildout_eggs::{Command, Context, LOGGER, Level, Status};

use super::active::Active;
use crate::api::Mode;
use crate::error::{CommandStatus, RecipeError};
use crate::run::command::wait_or_interrupt;
use crate::run::{PartLog, Variables};

/// Records go to the part at work, else to whoever listens to the active working set. In slapos mode the output of programs
/// goes to the part's log, else to standard error.
pub(crate) struct RunEggContext<'a> {
    active: &'a Active,
    /// The log of the part at work, if one is.
    log: Option<&'a dyn PartLog>,
    /// The environment of who asks, if that is not the run's.
    environment: Option<Arc<Variables>>,
}

impl<'a> RunEggContext<'a> {
    pub(super) fn new(active: &'a Active) -> Self {
        Self::of(active, None)
    }

    pub(super) fn of(active: &'a Active, log: Option<&'a dyn PartLog>) -> Self {
        Self { active, log, environment: None }
    }

    /// The same for somebody with an environment of his own.
    pub(super) fn with(self, environment: Arc<Variables>) -> Self {
        Self { environment: Some(environment), ..self }
    }
}

impl Context for RunEggContext<'_> {
    fn record(&self, level: Level, logger: &str, message: &str) {
        match (self.log, self.active.say.get()) {
            (Some(log), _) => log.record_of(logger, level.number(), message),
            (None, Some(say)) => say(logger, level.number(), message),
            (None, None) => {}
        }
    }

    fn threshold(&self) -> i64 {
        self.active.log_level.load(Ordering::Relaxed)
    }

    fn run(&self, command: &Command) -> io::Result<Status> {
        let mut program = Program::new(&command.program);
        program.args(&command.arguments).env_clear().envs(&command.environment);
        program.stdin(Stdio::null()).process_group(0);
        if self.active.settings.mode == Mode::Slapos {
            match self.log {
                Some(log) => {
                    let file = log.file()?;
                    program.stdout(file.try_clone()?).stderr(file);
                }
                None => {
                    program.stdout(Stdio::from(rustix::stdio::stderr().try_clone_to_owned()?));
                }
            }
        }
        if let Some(directory) = &command.directory {
            program.current_dir(directory);
        }
        let child = program.spawn()?;
        match wait_or_interrupt(child, || self.interrupted()) {
            Ok(CommandStatus::Exited(code)) => Ok(Status::Exited(code)),
            Ok(CommandStatus::Signalled(signal)) => Ok(Status::Signalled(signal)),
            Err(RecipeError::Interrupted) => Err(io::ErrorKind::Interrupted.into()),
            Err(error) => Err(io::Error::other(error.to_string())),
        }
    }

    fn environment(&self) -> BTreeMap<OsString, OsString> {
        match &self.environment {
            Some(own) => (**own).clone(),
            None => (*self.active.settings.environment.snapshot()).clone(),
        }
    }

    fn progress(&self) -> &dyn Progress {
        self
    }

    fn interrupted(&self) -> bool {
        self.active.settings.interrupted.load(Ordering::Relaxed)
    }
}

impl Progress for RunEggContext<'_> {
    fn downloading(&self, url: &str) {
        self.record(Level::Info, LOGGER, &format!("Downloading {url}"));
    }
}
