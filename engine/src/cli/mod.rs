//! The command line: arguments, commands, exit codes.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | an error, told on standard error |
//! | 130 | interrupted by a signal |
//! | other | upstream mode: a recipe ended its process with that status |

mod args;
mod commands;
mod usage;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use rbuildout_parser::{BUILDOUT_VERSION, Mode};

pub use args::{COMMANDS, Color, Invocation, Options, Parsed, parse};
use commands::Problem;
pub use usage::USAGE;

use crate::ui::Renderer;

/// Name by which the program follows zc.buildout unless told otherwise.
const UPSTREAM_NAME: &str = "buildout";

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    let program = arguments.next().unwrap_or_default();
    let upstream = program.rsplit('/').next() == Some(UPSTREAM_NAME);
    let arguments: Vec<String> = arguments.collect();
    let invocation = match parse(&arguments, upstream) {
        Ok(Parsed::Help) => return print(USAGE),
        Ok(Parsed::Version { upstream: true }) => return print(&format!("buildout version {BUILDOUT_VERSION}\n")),
        Ok(Parsed::Version { upstream: false }) => {
            return print(&format!("rbuildout {} (buildout {BUILDOUT_VERSION})\n", env!("CARGO_PKG_VERSION")));
        }
        Ok(Parsed::Run(invocation)) => *invocation,
        Err(message) => {
            complain(&format!("Error: {message}\n"));
            return ExitCode::FAILURE;
        }
    };
    let color = match invocation.options.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    };
    let mode = if invocation.options.upstream { Mode::Upstream } else { Mode::Slapos };
    let renderer = Renderer::new(mode, color);
    match commands::run(invocation) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Problem::Message(message)) => {
            complain(&format!("Error: {message}\n"));
            ExitCode::FAILURE
        }
        Err(Problem::Failure(failure)) => {
            complain(&renderer.errors(&failure.error, &failure.others));
            ExitCode::FAILURE
        }
        Err(Problem::Parts(failures)) => {
            for (at, failure) in failures.iter().enumerate() {
                let mut text = if at > 0 { "\n".to_owned() } else { String::new() };
                text.push_str(&renderer.error(&failure.diagnostic));
                if mode == Mode::Slapos {
                    text.push_str(&crate::ui::render_failure(failure.command.as_ref(), failure.log.as_deref()));
                }
                complain(&text);
            }
            ExitCode::FAILURE
        }
        Err(Problem::Ended(status)) => ExitCode::from(u8::try_from(status).unwrap_or(1)),
        Err(Problem::Interrupted) => {
            complain("Interrupted. What was finished is recorded; run again to go on.\n");
            ExitCode::from(130)
        }
    }
}

/// Writes data to standard output. A reader that has gone away (`| head`) is no error.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("Error: standard output can't be written: {error}\n"));
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn complain(text: &str) {
    // Nowhere is left to say that standard error is gone.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
