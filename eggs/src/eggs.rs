//! The front door: one value for a run.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use rbuildout_cache::Downloader;

use crate::context::Context;
use crate::distribution::Distribution;
use crate::environment::{Environment, Scanner};
use crate::error::EggError;
use crate::index::{Index, PipConfig};
use crate::interpreter::Interpreter;
use crate::picked::Picked;
use crate::pins::Pins;
use crate::resolve::Resolver;
use crate::settings::{BuildExt, Install, Settings};
use crate::tools::Tools;
use crate::working_set::WorkingSet;

/// Index, links and hosts of an [`Index`].
type IndexKey = (Option<String>, Vec<String>, Vec<String>);

/// All that can be done with eggs in one run. Shared by threads.
pub struct Eggs {
    pub(crate) interpreter: Arc<Interpreter>,
    pub(crate) downloader: Downloader,
    settings: RwLock<Arc<Settings>>,
    pub(crate) scanner: Scanner,
    /// Old-style scripts of what is developed, by project key: its metadata don't have them.
    pub(crate) developed_scripts: Mutex<HashMap<String, Vec<(String, String)>>>,
    pins: RwLock<Arc<Pins>>,
    picked: Mutex<Picked>,
    indexes: Mutex<HashMap<IndexKey, Arc<Index>>>,
    locks: Mutex<HashMap<String, Arc<Mutex<()>>>>,
    /// Everything that this run has installed, in order.
    installations: Mutex<Vec<Arc<Distribution>>>,
    /// What the interpreter has on its own path.
    own: OnceLock<Environment>,
    pub(crate) tools: OnceLock<Tools>,
    /// Places of tools that this run has installed, once it has.
    pub(crate) provided: Mutex<Option<Vec<PathBuf>>>,
    /// What the program itself stands in for.
    builtins: Vec<Arc<Distribution>>,
}

impl Eggs {
    /// Nothing is touched before the first call.
    pub fn new(interpreter: Arc<Interpreter>, downloader: Downloader, settings: Settings) -> Self {
        let pins = RwLock::new(Arc::new(settings.pins.clone()));
        let scanner = Scanner::new(Arc::clone(interpreter.facts()));
        let builtin = |(project, version): &(String, String)| {
            Arc::new(Distribution::builtin(project, version, interpreter.facts()))
        };
        let builtins = settings.builtins.iter().map(builtin).collect();
        Self {
            interpreter,
            downloader,
            settings: RwLock::new(Arc::new(settings)),
            builtins,
            scanner,
            developed_scripts: Mutex::default(),
            pins,
            picked: Mutex::default(),
            indexes: Mutex::default(),
            locks: Mutex::default(),
            installations: Mutex::default(),
            own: OnceLock::new(),
            tools: OnceLock::new(),
            provided: Mutex::default(),
        }
    }

    /// The interpreter that eggs are for.
    pub fn interpreter(&self) -> &Arc<Interpreter> {
        &self.interpreter
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes settings for the requests to come (`prefer_final(False)`). Pins have a setter of their own.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut settings));
    }

    /// Distributions that the program itself stands in for.
    pub fn builtins(&self) -> &[Arc<Distribution>] {
        &self.builtins
    }

    /// The pins of the run (`default_versions()`).
    pub fn pins(&self) -> Arc<Pins> {
        Arc::clone(&self.pins.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the pins of the run (`default_versions(versions)`).
    pub fn set_pins(&self, pins: Pins) {
        *self.pins.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pins);
    }

    /// What was picked until now.
    pub fn picked(&self) -> Picked {
        self.picked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The working set of `request`; what is missing is installed, if there is an eggs directory.
    ///
    /// # Errors
    /// The reference's errors: nothing fits, versions conflict, a build failed.
    pub fn install(&self, request: &Install, context: &dyn Context) -> Result<WorkingSet, EggError> {
        Resolver::new(self, request, context).resolve()
    }

    /// Whether [`install`](Self::install) would meet `request` with what is there, without asking an index.
    pub fn is_all_there(&self, request: &Install, context: &dyn Context) -> bool {
        Resolver::new(self, request, context).is_all_there()
    }

    /// Whether [`build`](Self::build) would find the distribution of `request` there, without asking an index.
    pub fn is_built(&self, request: &Install, context: &dyn Context) -> bool {
        Resolver::new(self, request, context).is_built()
    }

    /// Builds a source distribution with options of `build_ext` into `request.eggs_directory` (develop-eggs, for
    /// `zc.recipe.egg:custom`). The first requirement counts. Returns where it is.
    ///
    /// # Errors
    /// There is no source distribution, or it can't be built.
    pub fn build(
        &self,
        request: &Install,
        build_ext: &BuildExt,
        context: &dyn Context,
    ) -> Result<Vec<PathBuf>, EggError> {
        Resolver::new(self, request, context).build(build_ext)
    }

    /// `working_set` in the order of recipes: what is developed (as the `.egg-link` files of `develop_eggs` say), what is
    /// in `eggs`, everything else.
    pub fn sorted(&self, working_set: &WorkingSet, eggs: &Path, develop_eggs: &Path) -> WorkingSet {
        let developed: Vec<PathBuf> =
            links(develop_eggs).filter_map(|link| crate::environment::link_target(&link)).collect();
        let rank = |path: &Path| match path {
            path if developed.iter().any(|one| one == path) => 0,
            path if path.starts_with(eggs) => 1,
            _ => 2,
        };
        let mut paths: Vec<PathBuf> = working_set.iter().map(|one| one.location().to_owned()).collect();
        paths.sort_by_key(|path| rank(path));
        self.working_set_of(&paths)
    }

    /// The working set of everything at `paths` (`pkg_resources.WorkingSet(paths)`).
    pub fn working_set_of(&self, paths: &[PathBuf]) -> WorkingSet {
        let mut set = WorkingSet::default();
        for path in paths {
            set.add_entry(path, self.scanner.find(path, true));
        }
        set
    }

    /// The distributions on the interpreter's own path: what is active in a process of it.
    pub fn installed(&self) -> WorkingSet {
        self.working_set_of(self.interpreter.sys_path())
    }

    /// The distributions on the interpreter's own path.
    pub(crate) fn own(&self) -> &Environment {
        self.own.get_or_init(|| {
            let mut environment = Environment::new(&self.interpreter);
            for path in self.interpreter.sys_path() {
                environment.extend(self.scanner.find(path, false));
            }
            environment
        })
    }

    /// The index for these places; `None` is pip's, unless a test names another one.
    pub(crate) fn index(
        &self,
        index: Option<&str>,
        links: &[String],
        allow_hosts: &[String],
        context: &dyn Context,
    ) -> Arc<Index> {
        let settings = self.settings();
        let kept = settings.download_cache.as_ref().filter(|_| settings.install_from_cache);
        let index = kept.map(|path| path.display().to_string()).or_else(|| index.map(str::to_owned));
        let key = (index.clone(), links.to_vec(), allow_hosts.to_vec());
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        let found = indexes.entry(key).or_insert_with(|| {
            let environment = context.environment();
            let testing = environment.get(std::ffi::OsStr::new("buildout_testing_index_url"));
            let named = index.or_else(|| testing.and_then(|url| url.to_str()).map(str::to_owned));
            let (places, more) = match named {
                Some(index) => (vec![index], Vec::new()),
                None => {
                    let interpreter = &self.interpreter;
                    let prefix = Path::new(&interpreter.facts().prefix);
                    let pip = PipConfig::find(&environment, prefix, interpreter.default_index());
                    let mut places: Vec<String> = pip.index.into_iter().collect();
                    places.extend(pip.extra_indexes);
                    (places, pip.links)
                }
            };
            Arc::new(Index::new(&places, links.to_vec(), more, allow_hosts))
        });
        Arc::clone(found)
    }

    /// Forgets what was read of indexes, as after the versions of recipes were chosen.
    pub fn forget_indexes(&self) {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Notes that a distribution was installed.
    pub(crate) fn note_installed(&self, installed: Arc<Distribution>) {
        self.installations.lock().unwrap_or_else(PoisonError::into_inner).push(installed);
    }

    /// What was installed after the first `count` distributions of the run.
    pub(crate) fn installed_since(&self, count: usize) -> Vec<Arc<Distribution>> {
        let all = self.installations.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(count..).unwrap_or_default().to_vec()
    }

    /// Held by who installs a distribution of the project `key`.
    pub(crate) fn project_lock(&self, key: &str) -> Arc<Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(key.to_owned()).or_default())
    }

    pub(crate) fn note_picked(&self, project: &str, version: &str) {
        let mut picked = self.picked.lock().unwrap_or_else(PoisonError::into_inner);
        picked.versions.insert(project.to_owned(), version.to_owned());
    }

    pub(crate) fn note_required(&self, requirement: &str, by: &str) {
        let mut picked = self.picked.lock().unwrap_or_else(PoisonError::into_inner);
        picked.required_by.entry(requirement.to_owned()).or_default().insert(by.to_owned());
    }
}

/// The `.egg-link` files in a directory.
pub(crate) fn links(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs_err::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "egg-link"))
}
