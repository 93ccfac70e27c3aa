//! Preparation: initialise the wanted parts and compare them with what is installed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rbuildout_cache::Downloader;
use rbuildout_parser::installed::{SIGNATURE_OPTION, SavedOptions};
use rbuildout_parser::{Diagnostic, Failure, Mode, PART_DEPENDENCIES, Profile, mistakes};
use rbuildout_recipes::{Settings, find, why_not_native};
use rustc_hash::FxHashSet;

use crate::buildout::{Buildout, InitialisedPart, Message, Unused};
use crate::plan::{Candidate, Plan, Rules, make};
use crate::session::Session;
use crate::state::{PendingRemoval, StateDirectory, Store};
use crate::ui::{LogSettings, Reporter};

use super::install::{create_directories, io_error};

/// What the parts are prepared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// They will be installed. In upstream mode directories are created and the run is noted in what is installed before
    /// any part is initialised, as zc.buildout does; in slapos mode nothing is written before the plan stands.
    Install,
    /// Only a look: nothing is written.
    Look,
}

/// A part with all that is needed to install it.
pub struct PreparedPart {
    pub initialised: InitialisedPart,
    /// Options as they are saved, with the signature.
    pub options: SavedOptions,
    pub unused: Option<Unused>,
}

/// Everything that a run needs.
pub struct Prepared {
    pub settings: Arc<Settings>,
    pub downloader: Arc<Downloader>,
    pub state: StateDirectory,
    pub store: Store,
    pub pending: Vec<PendingRemoval>,
    pub parts: Vec<PreparedPart>,
    pub plan: Plan,
    pub log: LogSettings,
    pub unused: Option<Unused>,
    /// Directories that are still to be created, in order.
    pub directories: Vec<PathBuf>,
    /// What recipes said while they were initialised.
    pub messages: Vec<Message>,
    /// All parts are meant, not only some that the command line names.
    pub whole_list: bool,
    /// `shared-parts` is set and slapos.extension.shared is asked for.
    pub mark_shared: bool,
}

/// Initialises the wanted parts and makes the plan. `wanted` are parts named on the command line.
pub fn prepare(session: &Session, profile: &Profile, wanted: &[String], purpose: Purpose) -> Result<Prepared, Failure> {
    let directory = profile.raw("buildout", "directory").cloned().ok_or_else(|| {
        let error = Diagnostic::user("Missing option: buildout:directory");
        let mut error = error.with_hint("A profile read from a URL has no directory: give `buildout:directory=/path`.");
        error.doing = vec!["Initializing.".to_owned()];
        error
    })?;
    // A directory with references is only known later; it is checked to be absolute there.
    let state = StateDirectory::new(Path::new(&*directory));
    let downloader = session.downloader(profile, &state)?;
    let mut buildout = Buildout::new(profile, downloader.clone(), state.root().to_owned());
    let fail = |mut error: Box<Diagnostic>, buildout: &Buildout<'_>, outer: &str| {
        let mut doing = vec![outer.to_owned()];
        doing.extend(buildout.doing());
        doing.append(&mut error.doing);
        error.doing = doing;
        let others = if session.mode == Mode::Slapos { all_mistakes(profile) } else { Vec::new() };
        Failure { error, others }
    };

    let initialised = initialise(&mut buildout);
    let initialised = initialised.map_err(|error| fail(error, &buildout, "Initializing."))?;
    let installing = |error, buildout: &Buildout<'_>| fail(error, buildout, "Installing.");

    let mut directories = if purpose == Purpose::Install { initialised.directories } else { Vec::new() };
    let installs_now = session.mode == Mode::Upstream && purpose == Purpose::Install;
    if installs_now {
        create_directories(&std::mem::take(&mut directories), &Reporter::new(initialised.log.clone(), false))?;
    }
    let installed =
        (!initialised.installed.is_empty()).then(|| initialised.settings.directory.join(&*initialised.installed));
    let (mut store, pending) = Store::open(installed, &state, session.mode)?;
    // What a killed run left is removed first: the journal that names it continues the file as it is.
    if installs_now && pending.is_empty() {
        store.begin().map_err(io_error)?;
    }

    let list = request(&mut buildout, wanted).map_err(|error| installing(error, &buildout))?;
    let mut options = Vec::with_capacity(list.len());
    for name in &list {
        let saved = saved_options(&mut buildout, name).map_err(|error| installing(error, &buildout))?;
        options.push(saved);
    }
    let in_list: FxHashSet<&str> = list.iter().map(|name| &**name).collect();
    let needs: Vec<Vec<Arc<str>>> = list.iter().map(|name| needs(&buildout, name, &in_list)).collect();
    let unused: Vec<Option<Unused>> = list.iter().map(|name| buildout.unused(name)).collect();
    let buildout_unused = buildout.unused("buildout");

    let messages = buildout.take_messages();
    let mut initialised_parts = buildout.into_parts();
    let mut parts = Vec::with_capacity(list.len());
    for ((name, options), unused) in list.iter().zip(options).zip(unused) {
        let Some(part) = initialised_parts.swap_remove(name) else { continue };
        parts.push(PreparedPart { initialised: part, options, unused });
    }
    let candidates: Vec<Candidate<'_>> = parts
        .iter()
        .zip(needs)
        .map(|(part, needs)| Candidate {
            name: part.initialised.name.clone(),
            recipe: part.initialised.recipe.clone(),
            part: &*part.initialised.part,
            options: &part.options,
            needs,
        })
        .collect();
    let rules = Rules {
        directory: &initialised.settings.directory,
        ignore_signature: initialised.ignore_signature,
        remove_unwanted: wanted.is_empty(),
        half_removed: &pending.iter().map(|removal| &*removal.part).collect::<Vec<_>>(),
    };
    let plan = make(&candidates, store.state(), rules);
    Ok(Prepared {
        directories,
        settings: initialised.settings,
        downloader,
        state,
        store,
        pending,
        parts,
        plan,
        log: initialised.log,
        unused: buildout_unused,
        messages,
        whole_list: wanted.is_empty(),
        mark_shared: initialised.mark_shared,
    })
}

/// The settings of a buildout and the directories that it needs, without initialising any part.
pub fn settings(session: &Session, profile: &Profile) -> Result<(Arc<Settings>, Vec<PathBuf>), Failure> {
    let directory = profile.raw("buildout", "directory").map_or("/", |directory| directory);
    let state = StateDirectory::new(Path::new(directory));
    let downloader = session.downloader(profile, &state)?;
    let mut buildout = Buildout::new(profile, downloader, state.root().to_owned());
    let initialised = initialise(&mut buildout).map_err(|mut error| {
        error.doing = std::iter::once("Initializing.".to_owned()).chain(buildout.doing()).collect();
        error
    })?;
    Ok((initialised.settings, initialised.directories))
}

/// Every mistake that can be found without running a recipe.
fn all_mistakes(profile: &Profile) -> Vec<Diagnostic> {
    let published = |recipe: &str, option: &str| find(recipe).map(|native| native.publishes().contains(&option));
    let problem = |recipe: &str| find(recipe).is_none().then(|| why_not_native(recipe));
    mistakes(profile, &published, &problem)
}

struct Initialised {
    settings: Arc<Settings>,
    installed: Arc<str>,
    ignore_signature: bool,
    log: LogSettings,
    directories: Vec<PathBuf>,
    mark_shared: bool,
}

/// Reads the options of `[buildout]` that govern the run, in the reference's order.
fn initialise(buildout: &mut Buildout<'_>) -> Result<Initialised, Box<Diagnostic>> {
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
    let mut directories = Vec::new();
    for option in ["download-cache", "extends-cache"] {
        let value = buildout.option("buildout", option)?.filter(|value| !value.is_empty());
        directories.extend(value.map(|value| settings.directory.join(&*value)));
    }
    directories.extend([
        settings.eggs_directory.clone(),
        settings.bin_directory.clone(),
        settings.parts_directory.clone(),
        settings.develop_eggs_directory.clone(),
    ]);
    let extensions = buildout.option("buildout", "extensions")?.unwrap_or_else(|| "".into());
    let mut mark_shared = false;
    for extension in extensions.split_whitespace() {
        match extension {
            "slapos.extension.shared" => {
                mark_shared = buildout.option("buildout", "shared-parts")?.is_some_and(|value| !value.is_empty());
            }
            other => {
                let message = format!("The extension '{other}' can't be loaded");
                let hint = "Extensions other than slapos.extension.shared need the Python recipe host, which this \
                            version does not have.";
                return Err(Box::new(Diagnostic::user(message).with_hint(hint)));
            }
        }
    }
    Ok(Initialised {
        installed: buildout.option("buildout", "installed")?.unwrap_or_else(|| "".into()),
        ignore_signature: buildout.option("buildout", "check-signature")?.as_deref() == Some("false"),
        settings,
        log,
        directories,
        mark_shared,
    })
}

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

/// Initialises the requested parts and returns the install list.
fn request(buildout: &mut Buildout<'_>, wanted: &[String]) -> Result<Vec<Arc<str>>, Box<Diagnostic>> {
    let parts = buildout.required("buildout", "parts")?;
    let names: Vec<Arc<str>> = if wanted.is_empty() {
        parts.split_whitespace().map(Arc::from).collect()
    } else {
        wanted.iter().map(|name| Arc::from(name.as_str())).collect()
    };
    for name in &names {
        let got = buildout.section(name).and_then(|()| buildout.required(name, "recipe"));
        got.map_err(|error| buildout.explain_part(error, name, wanted.is_empty()))?;
    }
    if wanted.is_empty() {
        return Ok(buildout.parts().keys().cloned().collect());
    }
    let mut seen = FxHashSet::default();
    Ok(names.into_iter().filter(|name| buildout.parts().contains_key(name) && seen.insert(name.clone())).collect())
}

fn saved_options(buildout: &mut Buildout<'_>, name: &Arc<str>) -> Result<SavedOptions, Box<Diagnostic>> {
    let signature = buildout.signature(name)?;
    let mut options = buildout.saved(name)?;
    options.insert(SIGNATURE_OPTION.into(), signature);
    Ok(options)
}

/// Parts of the list that a part reads, directly or through sections that are not in the list.
fn needs(buildout: &Buildout<'_>, name: &Arc<str>, in_list: &FxHashSet<&str>) -> Vec<Arc<str>> {
    let mut needs: Vec<Arc<str>> = Vec::new();
    let mut seen: FxHashSet<Arc<str>> = FxHashSet::default();
    let mut queue: Vec<Arc<str>> = direct(buildout, name);
    while let Some(next) = queue.pop() {
        if !seen.insert(next.clone()) || next == *name {
            continue;
        }
        if in_list.contains(&*next) {
            needs.push(next);
        } else {
            queue.extend(direct(buildout, &next));
        }
    }
    needs.sort_unstable();
    needs
}

fn direct(buildout: &Buildout<'_>, name: &str) -> Vec<Arc<str>> {
    let explicit = buildout.raw_value(name, PART_DEPENDENCIES);
    let explicit = explicit.iter().flat_map(|text| text.split_whitespace()).map(Arc::from);
    buildout.depends(name).cloned().chain(explicit).collect()
}
