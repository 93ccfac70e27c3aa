//! Commands of git, and how their failures read.

use std::path::Path;

use rbuildout_parser::python::{Value, repr};

use crate::error::{CommandStatus, RecipeError};
use crate::native::common::environment::Variables;
use crate::run::{CommandSpec, RunContext};
use rbuildout_cache::download::redact;

/// The environment for git: it must fail instead of asking for a password, as nobody answers.
pub(super) fn environment(base: &Variables) -> Variables {
    let mut variables = base.clone();
    variables.entry("GIT_TERMINAL_PROMPT".into()).or_insert_with(|| "0".into());
    variables
}

/// A command of git in a directory.
pub(super) fn command(git: &str, arguments: &[&str], directory: &Path, run: &RunContext) -> CommandSpec {
    CommandSpec::new(git, directory).arguments(arguments).environment(&environment(&run.services.environment()))
}

/// Python's words for a command that failed.
pub(super) fn failure_text(git: &str, arguments: &[&str], status: CommandStatus) -> String {
    let words = std::iter::once(git).chain(arguments.iter().copied()).map(|word| Value::from(redact(word))).collect();
    let words = repr(&Value::List(words));
    match status {
        CommandStatus::Exited(code) => format!("Command '{words}' returned non-zero exit status {code}."),
        CommandStatus::Signalled(signal) => format!("Command '{words}' died with signal {signal}."),
    }
}

/// Runs git, which must succeed.
pub(super) fn run(git: &str, arguments: &[&str], directory: &Path, run: &RunContext) -> Result<(), RecipeError> {
    let spec = command(git, arguments, directory, run);
    let status = run.run(&spec)?;
    if status.success() {
        return Ok(());
    }
    Err(RecipeError::command(failure_text(git, arguments, status), spec.failure(status)))
}
