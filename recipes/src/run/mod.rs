//! What a part gets while it is installed or updated: its log, its commands, the run's services.

pub(crate) mod command;
mod context;
mod environment;

pub use command::{CommandSpec, Input};
pub use context::{Level, PartLog, RunContext, RunServices};
pub use environment::{Environment, Variables};
