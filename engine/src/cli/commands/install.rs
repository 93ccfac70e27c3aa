//! `install`: the default command.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rbuildout_parser::{Diagnostic, Failure, Mode};
use rbuildout_recipes::run::Level;

use super::Problem;
use crate::run::{Finished, Purpose, Signals, install as run_install, prepare};
use crate::session::Session;
use crate::state::StateDirectory;
use crate::ui::{LogSettings, Reporter};

pub(super) fn install(session: &Session, parts: &[String]) -> Result<(), Problem> {
    let mut profile = session.load()?;
    // The lock is taken before what is installed is read. A dry run reads only, and needs none.
    let _lock = match profile.raw("buildout", "directory").filter(|_| !session.options.dry_run) {
        Some(directory) => Some(lock(session, &session.state_directory(directory))?),
        None => None,
    };
    let signals = signals()?;
    let reporter = |log: &LogSettings| {
        let quiet = log.threshold > 20 || log.echo;
        let live = session.mode == Mode::Slapos && !quiet && std::io::stderr().is_terminal();
        Reporter::new(log.clone(), live)
    };
    let finished = loop {
        let purpose = Purpose::Install { reporter: &reporter, interrupted: &signals.interrupted };
        let prepared = prepare(session, profile, parts, purpose).map_err(|failure| {
            if signals.interrupted.load(Ordering::Relaxed) { Problem::Interrupted } else { failure.into() }
        })?;
        let (python, state) = (prepared.other_python.clone(), prepared.state.clone());
        let finished = run_install(session, profile, prepared, &signals)?;
        match python.filter(|_| finished.succeeded() && !session.options.dry_run) {
            Some(python) => {
                session.switch(&python, &state)?;
                profile = session.load()?;
            }
            None => break finished,
        }
    };
    let Finished { failures, interrupted, ended } = finished;
    if let Some(status) = ended {
        return Err(Problem::Ended(status));
    }
    if interrupted {
        return Err(Problem::Interrupted);
    }
    if failures.is_empty() { Ok(()) } else { Err(Problem::Parts(failures)) }
}

/// From here on signals are noted instead of ending the process.
fn signals() -> Result<Signals, Failure> {
    let signals = Signals::default();
    let failed = |error| Diagnostic::user(format!("Signals can't be handled: {error}"));
    // A file that may not grow any more is an error of the write then, as for Python. Commands get the signal as ever.
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default()).map_err(failed)?;
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        // Should a run that was told twice still hang, the third signal ends the process at once.
        signal_hook::flag::register_conditional_shutdown(signal, 130, signals.killed.clone())
            .and_then(|_| signal_hook::flag::register(signal, signals.interrupted.clone()))
            .and_then(|_| signal_hook::flag::register(signal, signals.again.clone()))
            .map_err(failed)?;
    }
    Ok(signals)
}

fn lock(session: &Session, state: &StateDirectory) -> Result<rbuildout_cache::FileLock, Failure> {
    let failed = |error: std::io::Error| Failure::from(Diagnostic::user(error.to_string()));
    let waiting = || {
        let reporter = Reporter::new(crate::ui::LogSettings::default(), false);
        reporter.record(Level::Info, "Another run is at work in this directory; waiting for it to end.");
    };
    let locked = state.lock(!session.options.no_wait, waiting).map_err(failed)?;
    locked.ok_or_else(|| {
        Diagnostic::user("Another run is at work in this directory.")
            .with_hint("Wait for it to end, or leave out --no-wait.")
            .into()
    })
}
