//! Helpers of the tests.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use rbuildout_cache::{Progress, Silent};

use crate::context::{Command, Context, LOGGER, Level};
use crate::error::Status;
use crate::interpreter::Interpreter;

/// Keeps records, and runs programs with their output on ours.
#[derive(Default)]
pub(crate) struct Log(Mutex<Vec<String>>);

impl Log {
    /// What was recorded until now: `LOGGER: TEXT`, without the logger for the reference's.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Context for Log {
    fn record(&self, _: Level, logger: &str, message: &str) {
        let text = if logger == LOGGER { message.to_owned() } else { format!("{logger}: {message}") };
        self.0.lock().unwrap().push(text);
    }

    fn threshold(&self) -> i64 {
        Level::Info.number()
    }

    fn run(&self, command: &Command) -> io::Result<Status> {
        let mut process = std::process::Command::new(&command.program);
        process.args(&command.arguments).env_clear().envs(&command.environment);
        if let Some(directory) = &command.directory {
            process.current_dir(directory);
        }
        Ok(Status::Exited(process.status()?.code().unwrap_or(-1)))
    }

    fn environment(&self) -> BTreeMap<OsString, OsString> {
        std::env::vars_os().collect()
    }

    fn progress(&self) -> &dyn Progress {
        &Silent
    }
}

/// The Python of this machine.
pub(crate) fn interpreter() -> Arc<Interpreter> {
    static KNOWN: OnceLock<Arc<Interpreter>> = OnceLock::new();
    let ask = || {
        let environment = std::env::vars_os().collect();
        let python = std::env::var_os("RBUILDOUT_TEST_PYTHON");
        let python = python.as_deref().map_or(Path::new("/usr/bin/python3"), Path::new);
        Arc::new(Interpreter::ask(python, &environment, None).unwrap())
    };
    Arc::clone(KNOWN.get_or_init(ask))
}
