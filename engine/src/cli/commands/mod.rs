//! The commands.

mod bootstrap;
mod install;
mod look;
mod plan;
mod resolve;
mod setup;

use rbuildout_parser::Failure;

use crate::cli::Invocation;
use crate::run::PartFailure;
use crate::session::Session;

/// Why a command did not succeed.
pub(super) enum Problem {
    /// A message without more to it.
    Message(String),
    /// Nothing was begun.
    Failure(Failure),
    /// Parts failed.
    Parts(Vec<PartFailure>),
    Interrupted,
    /// A recipe ended the run with this status, without a word.
    Ended(i32),
}

impl<T: Into<Failure>> From<T> for Problem {
    fn from(error: T) -> Self {
        Self::Failure(error.into())
    }
}

pub(super) fn run(invocation: Invocation) -> Result<(), Problem> {
    let Invocation { options, command, arguments } = invocation;
    if command == "query" && arguments.len() != 1 {
        return Err(Problem::Message("The query command requires a single argument.".to_owned()));
    }
    let session = Session::new(options)?;
    match command.as_str() {
        "install" => install::install(&session, &arguments),
        "bootstrap" => bootstrap::bootstrap(&session),
        "init" => bootstrap::init(&session, &arguments),
        "annotate" => look::annotate(&session, &arguments),
        "query" => look::query(&session, &arguments[0]),
        "plan" => plan::plan(&session, &arguments),
        "why" => plan::why(&session, &arguments),
        "graph" => plan::graph(&session, &arguments),
        "resolve" => resolve::resolve(&session, &arguments),
        // `setup` and `runsetup`: no other command gets past the command line.
        _ => setup::setup(&session, &arguments),
    }
}

/// Writes data to standard output.
fn output(text: &str) -> Result<(), Problem> {
    use std::io::Write as _;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Problem::Message(format!("standard output can't be written: {error}")))
        }
        _ => Ok(()),
    }
}
