//! The contract between the engine and a recipe.
//!
//! A recipe is a [`Recipe`]: a stateless value that, for each section that names it, is *initialised* once (it reads
//! and publishes options through a [`Host`], and may read other sections) and leaves a [`Part`]. A part owns all that
//! it needs: it is installed, updated or left alone later, on any thread, with a [`RunContext`](crate::run::RunContext).
//!
//! What a recipe reads through its host is recorded by the engine: that record is the dependency graph, so a recipe
//! never keeps a way to read options after its initialisation.
//!
//! The order of calls is the reference's: `init` for every part first (depth first, on demand), then `install` or
//! `update`. Options that `init` sets are saved in `.installed.cfg` and compared on the next run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use rbuildout_cache::{Downloader, Request};
use rbuildout_parser::python::{Value, to_str};

use crate::eggs::Active;
use crate::error::RecipeError;
use crate::live::LiveBuildout;
use crate::run::{Level, RunContext, Variables};

/// Which reference the engine follows where the two differ (spec: SlapOS fork or zc.buildout 3.0.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Slapos,
    Upstream,
}

/// What holds for a whole run and comes from the `[buildout]` section.
#[derive(Debug, Clone)]
pub struct Settings {
    pub mode: Mode,
    pub directory: PathBuf,
    pub bin_directory: PathBuf,
    pub parts_directory: PathBuf,
    pub eggs_directory: PathBuf,
    pub develop_eggs_directory: PathBuf,
    pub offline: bool,
    pub newest: bool,
    /// `shared-part-list`: directories for parts with `shared = true`, in order of preference, without trailing `/`.
    pub shared_part_list: Vec<PathBuf>,
    /// `keep-compile-dir` of `[buildout]`, as written (its dialect is the recipe's business).
    pub keep_compile_dir: Option<String>,
    /// Where the run keeps its own files (part logs, journal, spooled downloads).
    pub state_directory: PathBuf,
}

/// The engine as a recipe sees it while its section is initialised.
///
/// Every method that names another section initialises that section first (running its recipe's `init`) and records
/// it as a dependency of the caller, except `buildout` and the caller's own section.
pub trait Host {
    /// Name of the section being initialised.
    fn name(&self) -> &str;
    fn settings(&self) -> &Settings;
    fn downloader(&self) -> &Arc<Downloader>;

    /// Own option after substitution (`$${` unescaped in slapos mode, `!py!` values deserialised), or `None` if absent.
    /// Marks the option as used.
    fn get(&mut self, key: &str) -> Result<Option<Value>, RecipeError>;
    /// As [`get`](Host::get), without marking the option as used: for what the original reads late, or through a copy of
    /// its options, which the warning of unused options doesn't see.
    fn peek(&mut self, key: &str) -> Result<Option<Value>, RecipeError>;
    /// Publishes an option: visible as `${part:key}` and saved.
    fn set(&mut self, key: &str, value: Value) -> Result<(), RecipeError>;
    /// Removes an option from all layers.
    fn remove(&mut self, key: &str);
    /// Own option names: those of the profile in their order, then published ones.
    fn keys(&mut self) -> Vec<String>;

    /// Initialises `section` and records the dependency; error if it does not exist.
    fn touch(&mut self, section: &str) -> Result<(), RecipeError>;
    /// Option of another section (an empty `section` means the own one); `None` if the option is absent.
    fn get_from(&mut self, section: &str, key: &str) -> Result<Option<Value>, RecipeError>;
    /// All options of another section, in order.
    fn section(&mut self, section: &str) -> Result<IndexMap<String, Value>, RecipeError>;

    /// Substitutes `${section:option}` in a free text in the context of this section; `$$` pieces are left as they are.
    fn substitute(&mut self, text: &str) -> Result<String, RecipeError>;

    /// A record of the part's own logger (shown as `part: message`).
    fn record(&self, _level: Level, _message: &str) {}
    /// A line that the Python original prints while it is initialised.
    fn print(&self, _line: &str) {}
    /// The environment for commands that only ask something (`git ls-remote`).
    fn environment(&self) -> Arc<Variables> {
        Arc::new(std::env::vars_os().collect())
    }
    /// True once the run is to stop.
    fn interrupted(&self) -> bool {
        false
    }

    /// `__buildout_signature__`, computed now and frozen: later dependencies are an error. `None` in upstream mode.
    fn signature(&mut self) -> Result<Option<String>, RecipeError>;
}

/// Own option as text. Typed values give their Python `str()`.
pub fn text(host: &mut dyn Host, key: &str) -> Result<Option<String>, RecipeError> {
    Ok(host.get(key)?.map(|value| to_str(&value)))
}

/// Own option as text; an absent one is the reference's `Missing option: part:key`.
pub fn required(host: &mut dyn Host, key: &str) -> Result<String, RecipeError> {
    match text(host, key)? {
        Some(value) => Ok(value),
        None => Err(RecipeError::missing_option(host.name(), key)),
    }
}

/// A native recipe.
pub trait Recipe: Send + Sync {
    /// Distribution that the Python original comes in, and the version whose behaviour is reproduced here.
    fn distribution(&self) -> Distribution;

    /// The same in upstream mode, where it may be another one.
    fn upstream_distribution(&self) -> Distribution {
        self.distribution()
    }

    /// Options that `init` sets although the profile need not, for the static check of `${part:option}` references.
    fn publishes(&self) -> &'static [&'static str] {
        &[]
    }

    /// Reads and publishes options. Must have no effect on the file system but reading.
    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError>;

    /// Called before the recorded paths of a part are deleted. May return the paths to delete instead.
    fn uninstall(
        &self,
        _part: &str,
        _saved: &IndexMap<String, String>,
        _run: &RunContext,
    ) -> Result<Option<Vec<String>>, RecipeError> {
        Ok(None)
    }

    /// True if the original registers an uninstall entry point (its log line is `Running uninstall recipe.`).
    fn has_uninstall(&self) -> bool {
        false
    }
}

/// Name and version of a Python distribution; both go into part signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distribution {
    pub project: &'static str,
    pub version: &'static str,
}

/// What a part touches, which decides how it may be scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effects {
    /// Only its own location and outputs: may run beside any part that it neither references nor is referenced by.
    Hermetic,
    /// The same, but for eggs: it keeps its place in the list among other parts that do something with developed ones.
    Eggs(DevelopEggs),
    /// Anything: runs alone, after all parts before it in the list and before all after it.
    Ordered,
}

/// What a part has to do with the directory of develop eggs. Who reads it comes after all that wrote to it before, and
/// who writes to it after all that read it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevelopEggs {
    pub reads: bool,
    pub writes: bool,
}

/// An initialised part.
pub trait Part: Send + Sync {
    fn effects(&self) -> Effects;

    /// What will be downloaded if this part is installed, for the prefetch. May be incomplete.
    fn sources(&self) -> Vec<Request> {
        Vec::new()
    }

    /// Directory or file that holds the result, if there is one: the plan shows it.
    fn location(&self) -> Option<&Path> {
        None
    }

    /// True if `update` would do nothing: the scheduler then does not call it.
    fn update_is_noop(&self) -> bool;

    /// True if `update` would change nothing and say nothing, as far as a look at the machine tells: without a process
    /// and without the network. The part is then kept. Asked when the plan is made, if nothing else is to be done.
    fn is_current(&self, _eggs: &Active, _live: &mut dyn LiveBuildout) -> bool {
        false
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError>;

    /// Whether the recipe is an object in the Python process. One that is not there yet is brought there.
    fn in_python(&self, _live: &mut dyn LiveBuildout) -> Result<bool, RecipeError> {
        Ok(false)
    }

    /// Options to save instead of those that the engine knows.
    fn saved(&self, _live: &mut dyn LiveBuildout) -> Result<Option<IndexMap<String, String>>, RecipeError> {
        Ok(None)
    }

    /// Brings an installed, unchanged part up to date.
    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError>;
}

/// What `install` or `update` returned: the paths to remember and to delete at uninstall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// Python's `None`: after an install a warning and nothing recorded, after an update nothing changes.
    None,
    /// Paths, absolute or relative to the buildout directory.
    Paths(Vec<String>),
}
