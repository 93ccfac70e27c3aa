//! What this crate needs from the run that uses it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rbuildout_cache::Progress;

use crate::error::Status;

/// Severity of a record, as Python's `logging` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

impl Level {
    /// What Python's `logging` has for it.
    pub fn number(self) -> i64 {
        match self {
            Self::Debug => 10,
            Self::Info => 20,
            Self::Warning => 30,
            Self::Error => 40,
        }
    }
}

/// The reference's logger for everything about eggs. Records of loggers below `zc.buildout` show their text only.
pub const LOGGER: &str = "zc.buildout.easy_install";

/// A program to run.
#[derive(Debug, Clone)]
pub struct Command {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub directory: Option<PathBuf>,
    /// The whole environment of the program.
    pub environment: BTreeMap<OsString, OsString>,
}

/// The run: where records go and how programs are started. Shared by threads.
pub trait Context: Sync {
    /// Writes a record of `logger`.
    fn record(&self, level: Level, logger: &str, message: &str);

    /// The level from which on records are shown, as a number of Python's `logging`. `-vv` and more go below
    /// [`Level::Debug`].
    fn threshold(&self) -> i64;

    /// Whether records of this level are shown: some of them are costly to make.
    fn enabled(&self, level: Level) -> bool {
        level.number() >= self.threshold()
    }

    /// Runs a program to its end, with its output wherever that of programs goes.
    ///
    /// # Errors
    /// The program can't be started; or [`io::ErrorKind::Interrupted`]: the run is to stop and the program was ended.
    fn run(&self, command: &Command) -> io::Result<Status>;

    /// The environment of the run, which programs get.
    fn environment(&self) -> BTreeMap<OsString, OsString>;

    /// Is told of downloads.
    fn progress(&self) -> &dyn Progress;

    /// Whether the run is to stop.
    fn interrupted(&self) -> bool {
        false
    }
}

/// Records of [`LOGGER`].
pub(crate) trait Logging {
    fn debug(&self, message: impl FnOnce() -> String);
    fn info(&self, message: &str);
    fn warning(&self, message: &str);
    fn error(&self, message: &str);
}

impl Logging for dyn Context + '_ {
    fn debug(&self, message: impl FnOnce() -> String) {
        if self.enabled(Level::Debug) {
            self.record(Level::Debug, LOGGER, &message());
        }
    }

    fn info(&self, message: &str) {
        self.record(Level::Info, LOGGER, message);
    }

    fn warning(&self, message: &str) {
        self.record(Level::Warning, LOGGER, message);
    }

    fn error(&self, message: &str) {
        self.record(Level::Error, LOGGER, message);
    }
}

/// Keeps records until somebody is ready for them; all else goes to the context that it stands for.
pub(crate) struct Collector<'a> {
    inner: &'a dyn Context,
    records: Mutex<Records>,
}

/// Records with their levels and loggers.
pub(crate) type Records = Vec<(Level, String, String)>;

impl<'a> Collector<'a> {
    pub(crate) fn new(inner: &'a dyn Context) -> Self {
        Self { inner, records: Mutex::default() }
    }

    pub(crate) fn into_records(self) -> Records {
        self.records.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes `records` in their order.
pub(crate) fn replay(records: &Records, context: &dyn Context) {
    for (level, logger, message) in records {
        context.record(*level, logger, message);
    }
}

impl Context for Collector<'_> {
    fn record(&self, level: Level, logger: &str, message: &str) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.push((level, logger.to_owned(), message.to_owned()));
    }

    fn threshold(&self) -> i64 {
        self.inner.threshold()
    }

    fn run(&self, command: &Command) -> io::Result<Status> {
        self.inner.run(command)
    }

    fn environment(&self) -> BTreeMap<OsString, OsString> {
        self.inner.environment()
    }

    fn progress(&self) -> &dyn Progress {
        self.inner.progress()
    }

    fn interrupted(&self) -> bool {
        self.inner.interrupted()
    }
}
