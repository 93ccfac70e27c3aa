//! The context of one part's install or update.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rbuildout_cache::Downloader;

use super::environment::Variables;
use crate::api::Settings;
use crate::eggs::Active;
use crate::live::LiveBuildout;

/// Severity of a log record, as Python's `logging` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

/// Where a part's records and its commands' output go. The engine implements it.
pub trait PartLog: Send + Sync {
    /// A record of the part's own logger (shown as `part: message`).
    fn record(&self, level: Level, message: &str);
    /// A record of any logger, with Python's numeric level.
    fn record_of(&self, logger: &str, level: i64, message: &str);
    /// A line that the Python original prints or logs without a logger name.
    fn print(&self, line: &str);
    /// Short word for what the part is doing now (`download`, `unpack`, `configure`, `make`, ...).
    fn phase(&self, phase: &str);
    /// The part's log file, opened for appending: commands write to it directly.
    fn file(&self) -> std::io::Result<File>;
    /// Path of that file, for messages.
    fn path(&self) -> &Path;
    /// True if command output is to be shown as well as logged: the runner then copies it to `output`.
    fn echoes(&self) -> bool;
    /// A chunk of command output, already in the log file.
    fn output(&self, bytes: &[u8]);
    /// Progress of a download.
    fn progress(&self) -> &dyn rbuildout_cache::Progress;
}

/// Services of the run that all parts share. The engine implements it.
pub trait RunServices: Send + Sync {
    fn settings(&self) -> &Settings;
    fn downloader(&self) -> &Arc<Downloader>;
    /// The distributions of the run.
    fn eggs(&self) -> &Active;
    /// The environment of the run: that of the process with the changes of Python recipes, plus the jobserver's
    /// variables.
    fn environment(&self) -> Arc<Variables>;
    /// True once the run is to stop: commands are then killed and no new one starts.
    fn interrupted(&self) -> bool;
    /// A command's process group exists now (`started`) or has ended; the engine kills groups on interruption and
    /// finds those that a killed run left behind.
    fn group_started(&self, pgid: u32);
    fn group_ended(&self, pgid: u32);
    /// Calls a function with the live buildout, once. Nobody else uses it meanwhile.
    fn with_live(&self, _act: &mut dyn FnMut(&mut dyn LiveBuildout)) {}
}

/// All that a part may use while it is installed or updated.
pub struct RunContext<'a> {
    /// Name of the part.
    pub part: &'a str,
    pub services: &'a dyn RunServices,
    pub log: &'a dyn PartLog,
}

impl RunContext<'_> {
    pub fn settings(&self) -> &Settings {
        self.services.settings()
    }

    pub fn info(&self, message: &str) {
        self.log.record(Level::Info, message);
    }

    pub fn warning(&self, message: &str) {
        self.log.record(Level::Warning, message);
    }

    pub fn error(&self, message: &str) {
        self.log.record(Level::Error, message);
    }
}
