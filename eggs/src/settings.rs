//! What a run, and what one call, says about eggs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::pins::Pins;
use crate::working_set::WorkingSet;

/// Which reference is followed where the two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Slapos,
    Upstream,
}

/// What holds for a whole run, from `[buildout]` and `[versions]`.
#[derive(Debug, Clone)]
pub struct Settings {
    pub mode: Mode,
    /// `[versions]`. Recipes may replace it during the run: [`Eggs::set_pins`](crate::Eggs::set_pins).
    pub pins: Pins,
    /// Directories where a bootstrap may have left links to zc.buildout and its tools. They count for what the interpreter has
    /// not.
    pub bootstrapped: Vec<PathBuf>,
    /// What outlives builds (facts about interpreters, unpacked wheels); `None` keeps nothing.
    pub cache_directory: Option<PathBuf>,
    /// Where downloaded distributions are kept: `dist` in `download-cache`. It exists.
    pub download_cache: Option<PathBuf>,
    pub install_from_cache: bool,
    pub prefer_final: bool,
    pub use_dependency_links: bool,
    pub allow_picked_versions: bool,
    /// Remember who required what, for the report of picked versions.
    pub store_required_by: bool,
    /// Projects and versions that the program itself stands in for: taken where nothing else can be had.
    pub builtins: Vec<(String, String)>,
    /// Where build tools that the interpreter lacks come from; `None` installs none. slapos mode only.
    pub tools: Option<ToolSource>,
}

/// From where, and into which directory, build tools are installed.
#[derive(Debug, Clone)]
pub struct ToolSource {
    pub directory: PathBuf,
    /// As in [`Install`].
    pub links: Vec<String>,
    pub index: Option<String>,
    pub allow_hosts: Vec<String>,
}

impl Settings {
    /// The reference's defaults.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            pins: Pins::default(),
            bootstrapped: Vec::new(),
            cache_directory: None,
            download_cache: None,
            install_from_cache: false,
            prefer_final: true,
            use_dependency_links: true,
            allow_picked_versions: true,
            store_required_by: false,
            builtins: Vec::new(),
            tools: None,
        }
    }
}

/// One request for a working set.
#[derive(Debug, Clone)]
pub struct Install {
    /// Requirements as a profile has them.
    pub requirements: Vec<String>,
    /// Where eggs are installed; `None` when nothing may be (the reference's offline mode).
    pub eggs_directory: Option<PathBuf>,
    /// Further directories with distributions: develop-eggs, and the eggs directory when nothing may be installed.
    pub path: Vec<PathBuf>,
    /// `find-links`.
    pub links: Vec<String>,
    /// `index`; `None` is that of pip.
    pub index: Option<String>,
    pub newest: bool,
    /// Patterns of hosts.
    pub allow_hosts: Vec<String>,
    pub allow_unknown_extras: bool,
    /// Overrides the pins of the run.
    pub pins: Option<Pins>,
    pub use_dependency_links: Option<bool>,
    /// Whether versions without a pin are noted (and refused if the settings say so).
    pub check_picked: bool,
    /// What is active already, and is added to: that of the process, for recipes and extensions.
    pub working_set: Option<WorkingSet>,
    /// By project as requirements spell it. slapos mode only.
    pub patches: BTreeMap<String, Patches>,
    /// Further variables for builds (`PYTHONEXTRAPATH`, the `environment` of a part).
    pub environment: BTreeMap<OsString, OsString>,
}

impl Install {
    /// A request with the reference's defaults.
    pub fn new(requirements: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            requirements: requirements.into_iter().map(Into::into).collect(),
            eggs_directory: None,
            path: Vec::new(),
            links: Vec::new(),
            index: None,
            newest: true,
            allow_hosts: vec!["*".to_owned()],
            allow_unknown_extras: false,
            pins: None,
            use_dependency_links: None,
            check_picked: true,
            working_set: None,
            patches: BTreeMap::new(),
            environment: BTreeMap::new(),
        }
    }
}

/// Patches for a source distribution: `<egg>-patches` and its companions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patches {
    /// `url` or `url#md5`, in order.
    pub urls: Vec<String>,
    /// Arguments of the patch program.
    pub options: Vec<String>,
    pub binary: String,
    /// NNN of `+SlapOSPatchedNNN`.
    pub revision: u32,
}

/// What scripts are to be generated.
#[derive(Debug, Clone, Default)]
pub struct Scripts {
    /// In order; requirements give all their scripts.
    pub requirements: Vec<ScriptSource>,
    /// Where they go.
    pub directory: PathBuf,
    /// Only these, as (name, name of the file); `None` is all.
    pub names: Option<Vec<(String, String)>>,
    /// Directories after those of the working set.
    pub extra_paths: Vec<PathBuf>,
    /// Python text of the arguments of the function.
    pub arguments: String,
    /// Name of an interpreter script.
    pub interpreter: Option<String>,
    /// Python text before the import.
    pub initialization: String,
    /// Paths below this directory are written relative to the script.
    pub relative_paths: Option<PathBuf>,
}

/// Where a script comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptSource {
    /// All scripts of a distribution of the working set.
    Requirement(String),
    /// `name = module:attributes`.
    Entry { name: String, module: String, attributes: String },
}

/// Options of `[build_ext]` in a `setup.cfg`, in order.
pub type BuildExt = Vec<(String, String)>;
