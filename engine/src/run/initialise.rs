//! Options of `[buildout]` that govern the run.

use std::path::PathBuf;
use std::sync::Arc;

use rbuildout_parser::{Diagnostic, Failure, Mode, Profile};
use rbuildout_recipes::{LiveBuildout as _, Settings};

use super::rebootstrap::REBOOTSTRAP;
use crate::buildout::{Buildout, View};
use crate::session::Session;
use crate::ui::LogSettings;

/// Initialises `[buildout]`, and no part.
pub fn begin(session: &Session, profile: &Profile) -> Result<Initialised, Failure> {
    let directory = profile.raw("buildout", "directory").map_or("/", |directory| directory);
    let state = session.state_directory(directory);
    let surroundings = session.surroundings(profile, &state, Arc::default(), Box::new(|| Ok(())))?;
    let mut buildout = Buildout::new(profile, surroundings);
    initialise(&mut buildout).map_err(|mut error| {
        error.doing = std::iter::once("Initializing.".to_owned()).chain(buildout.doing()).collect();
        error.into()
    })
}

/// What `[buildout]` says about the run.
pub struct Initialised {
    pub settings: Arc<Settings>,
    pub(super) installed: Arc<str>,
    pub(super) ignore_signature: bool,
    pub log: LogSettings,
    /// Directories to create before anything else, in order: those that outlive the buildout, and the eggs directory.
    pub caches: Vec<PathBuf>,
    /// Those to create after them.
    pub directories: Vec<PathBuf>,
    pub(super) mark_shared: bool,
    /// The release builds the Python that it runs with.
    pub(super) rebootstrap: bool,
    /// Extensions in Python.
    pub(super) extensions: Vec<String>,
}

/// Reads the options of `[buildout]` that govern the run, in the reference's order.
pub(super) fn initialise(buildout: &mut Buildout<'_>) -> Result<Initialised, Box<Diagnostic>> {
    buildout.section("buildout")?;
    let log = log_settings(buildout)?;
    for option in BOOLEANS {
        buildout.boolean(option)?;
    }
    let settings = buildout.ensure_settings()?;
    if settings.offline && buildout.boolean("install-from-cache")? {
        let message = "install-from-cache can't be used with offline mode.\nNothing is installed, even from cache, in \
                       offline\nmode, which might better be called 'no-install mode'.\n";
        return Err(Box::new(Diagnostic::user(message)));
    }
    let mut caches = Vec::new();
    for option in ["download-cache", "extends-cache"] {
        let value = buildout.option("buildout", option)?.filter(|value| !value.is_empty());
        caches.extend(value.map(|value| settings.directory.join(&*value)));
    }
    caches.push(settings.eggs_directory.clone());
    let directories =
        vec![settings.bin_directory.clone(), settings.parts_directory.clone(), settings.develop_eggs_directory.clone()];
    let extensions = buildout.option("buildout", "extensions")?.unwrap_or_else(|| "".into());
    let mut names: Vec<String> = extensions.split_whitespace().map(str::to_owned).collect();
    let mut take = |extension: &str| {
        let asked = names.len();
        names.retain(|name| name != extension);
        names.len() < asked
    };
    let mark_shared =
        take(SHARED_EXTENSION) && buildout.option("buildout", "shared-parts")?.is_some_and(|value| !value.is_empty());
    // In upstream mode the original says why it can't be used.
    let rebootstrap = buildout.config().mode == Mode::Slapos && take(REBOOTSTRAP);
    let installed = buildout.option("buildout", "installed")?.filter(|installed| !installed.is_empty());
    if let Some(installed) = &installed {
        let place = settings.directory.join(&**installed);
        View::new(buildout)?.set("buildout", "installed", &place.to_string_lossy());
    }
    if let Some(versions) = buildout.option("buildout", "versions")?.filter(|versions| !versions.is_empty()) {
        buildout.section(&versions)?;
    }
    Ok(Initialised {
        installed: installed.unwrap_or_else(|| "".into()),
        ignore_signature: buildout.option("buildout", "check-signature")?.as_deref() == Some("false"),
        settings,
        log,
        caches,
        directories,
        mark_shared,
        rebootstrap,
        extensions: names,
    })
}

/// An extension that is built in.
const SHARED_EXTENSION: &str = "slapos.extension.shared";

const BOOLEANS: [&str; 10] = [
    "offline",
    "newest",
    "prefer-final",
    "use-dependency-links",
    "allow-picked-versions",
    "show-picked-versions",
    "install-from-cache",
    "abi-tag-eggs",
    "relative-paths",
    "allow-unknown-extras",
];

fn log_settings(buildout: &mut Buildout<'_>) -> Result<LogSettings, Box<Diagnostic>> {
    let level = buildout.option("buildout", "log-level")?.unwrap_or_else(|| "INFO".into());
    let number = match &*level {
        "DEBUG" => 10,
        "INFO" => 20,
        "WARNING" | "WARN" => 30,
        "ERROR" => 40,
        "CRITICAL" | "FATAL" => 50,
        other => other.trim().parse::<i64>().map_err(|_| {
            Box::new(
                Diagnostic::user(format!("Invalid logging level {other}"))
                    .with_hint("Use DEBUG, INFO, WARNING, ERROR or CRITICAL."),
            )
        })?,
    };
    let verbosity = buildout.option("buildout", "verbosity")?.unwrap_or_else(|| "0".into());
    let verbosity: i64 =
        verbosity.trim().parse().map_err(|_| Box::new(Diagnostic::user(format!("Invalid verbosity {verbosity}"))))?;
    let format = buildout.option("buildout", "log-format")?.filter(|format| !format.is_empty());
    let threshold = number - verbosity;
    Ok(LogSettings { threshold, format: format.map(|format| format.to_string()), echo: threshold <= 10 })
}
