//! The front door: one value for a run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rbuildout_cache::Downloader;

use crate::context::Context;
use crate::error::EggError;
use crate::interpreter::Interpreter;
use crate::picked::Picked;
use crate::pins::Pins;
use crate::settings::{BuildExt, Install, Scripts, Settings};
use crate::working_set::WorkingSet;

/// All that can be done with eggs in one run. Shared by threads.
pub struct Eggs {
    pub(crate) interpreter: Arc<Interpreter>,
    pub(crate) downloader: Downloader,
    pub(crate) settings: Settings,
    pins: RwLock<Arc<Pins>>,
    picked: Mutex<Picked>,
}

impl Eggs {
    /// Nothing is touched before the first call.
    pub fn new(interpreter: Arc<Interpreter>, downloader: Downloader, settings: Settings) -> Self {
        let pins = RwLock::new(Arc::new(settings.pins.clone()));
        Self { interpreter, downloader, settings, pins, picked: Mutex::default() }
    }

    /// The interpreter that eggs are for.
    pub fn interpreter(&self) -> &Arc<Interpreter> {
        &self.interpreter
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
        let _ = (request, context);
        todo!()
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
        let _ = (request, build_ext, context);
        todo!()
    }

    /// Makes the project of `setup` (a `setup.py` or its directory) usable where it is: an `.egg-link` in `directory`.
    /// Returns its path.
    ///
    /// # Errors
    /// The setup script failed.
    pub fn develop(
        &self,
        setup: &Path,
        directory: &Path,
        build_ext: &BuildExt,
        context: &dyn Context,
    ) -> Result<PathBuf, EggError> {
        let _ = (setup, directory, build_ext, context);
        todo!()
    }

    /// Generates scripts for `working_set`. Returns the paths of all, written or unchanged.
    ///
    /// # Errors
    /// A requirement is not in the working set, or a file can't be written.
    pub fn scripts(
        &self,
        scripts: &Scripts,
        working_set: &WorkingSet,
        context: &dyn Context,
    ) -> Result<Vec<PathBuf>, EggError> {
        let _ = (scripts, working_set, context);
        todo!()
    }

    /// `working_set` in the order of recipes: what is developed (as the `.egg-link` files of `develop_eggs` say), what is
    /// in `eggs`, everything else.
    pub fn sorted(&self, working_set: &WorkingSet, eggs: &Path, develop_eggs: &Path) -> WorkingSet {
        let _ = (working_set, eggs, develop_eggs);
        todo!()
    }

    /// The working set of everything at `paths` (`pkg_resources.WorkingSet(paths)`).
    pub fn working_set_of(&self, paths: &[PathBuf]) -> WorkingSet {
        let _ = paths;
        todo!()
    }
}
