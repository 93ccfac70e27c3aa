//! What a part gets while it is installed or updated: its log, its commands, the run's services.

pub(crate) mod command;
mod context;

pub use command::{CommandSpec, Input};
pub use context::{Level, PartLog, RunContext, RunServices};
