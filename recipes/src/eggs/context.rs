//! Records and programs of what is done with eggs outside of a part's installation.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command as Program, Stdio};
use std::sync::atomic::Ordering;

use rbuildout_cache::Progress;
use rbuildout_eggs::{Command, Context, LOGGER, Level, Status};

use super::active::Active;
use crate::api::Mode;
use crate::error::{CommandStatus, RecipeError};
use crate::run::command::wait_or_interrupt;

/// Records go to whoever listens to the active working set; output of programs where the engine's goes.
pub(super) struct RunEggContext<'a> {
    active: &'a Active,
}

impl<'a> RunEggContext<'a> {
    pub(super) fn new(active: &'a Active) -> Self {
        Self { active }
    }
}

fn number(level: Level) -> i64 {
    match level {
        Level::Debug => 10,
        Level::Info => 20,
        Level::Warning => 30,
        Level::Error => 40,
    }
}

impl Context for RunEggContext<'_> {
    fn record(&self, level: Level, logger: &str, message: &str) {
        if let Some(say) = self.active.say.get() {
            say(logger, number(level), message);
        }
    }

    fn enabled(&self, level: Level) -> bool {
        number(level) >= self.active.log_level.load(Ordering::Relaxed)
    }

    fn run(&self, command: &Command) -> io::Result<Status> {
        let mut program = Program::new(&command.program);
        program.args(&command.arguments).env_clear().envs(&command.environment);
        program.stdin(Stdio::null()).process_group(0);
        if self.active.settings.mode == Mode::Slapos {
            let error = rustix::stdio::stderr().try_clone_to_owned()?;
            program.stdout(Stdio::from(error));
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
        (*self.active.settings.environment.snapshot()).clone()
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
