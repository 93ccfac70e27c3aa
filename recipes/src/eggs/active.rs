//! The active working set, and how requests for eggs are made from `[buildout]`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rbuildout_cache::Downloader;
use rbuildout_eggs::{
    Cause, Context as _, Distribution, EggError, Eggs, Install, Interpreter, LOGGER, Level, Pins,
    Settings as EggSettings, ToolSource, WorkingSet,
};
use rbuildout_parser::Diagnostic;
use rbuildout_parser::python::str_repr;

use super::context::RunEggContext;
use super::work::Known;
use crate::api::Mode;
use crate::error::RecipeError;
use crate::live::LiveBuildout;
use crate::native::find;
use crate::run::Environment;

/// What does not change during a run.
pub struct ActiveSettings {
    pub mode: Mode,
    /// The version that zc.buildout has for recipes.
    pub version: String,
    pub cache_directory: Option<PathBuf>,
    pub downloader: Arc<Downloader>,
    pub environment: Arc<Environment>,
    /// Set once the run is to stop.
    pub interrupted: Arc<AtomicBool>,
}

/// Who hears what is done with eggs: logger, level and text of a record.
pub type Say = Box<dyn Fn(&str, i64, &str) + Send + Sync>;

/// The distributions of a run. Nothing is touched before the first request.
pub struct Active {
    pub(super) settings: ActiveSettings,
    pub(super) log_level: AtomicI64,
    pub(super) say: OnceLock<Say>,
    eggs: OnceLock<Eggs>,
    /// What is active.
    set: Mutex<WorkingSet>,
    pub(super) known: Known,
}

impl Active {
    pub fn new(settings: ActiveSettings) -> Self {
        let (eggs, set, say) = (OnceLock::new(), Mutex::default(), OnceLock::new());
        Self { settings, log_level: AtomicI64::new(20), say, eggs, set, known: Known::default() }
    }

    /// From now on records from `level` on go to `say`.
    pub fn tell(&self, level: i64, say: Say) {
        self.log_level.store(level, Ordering::Relaxed);
        // Who was first keeps it.
        let _ = self.say.set(say);
    }

    /// All that can be done with eggs.
    pub fn eggs(&self, live: &mut dyn LiveBuildout) -> Result<&Eggs, RecipeError> {
        if let Some(eggs) = self.eggs.get() {
            return Ok(eggs);
        }
        let eggs = self.make(live)?;
        let mut set = eggs.installed();
        // What the interpreter has of zc.buildout is not what runs here.
        let version = stand_in(&self.settings.version, eggs.pins().get(BUILDOUT));
        let own = Distribution::builtin(BUILDOUT, &version, eggs.interpreter().facts());
        set.add(Arc::new(own), true);
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = set;
        Ok(self.eggs.get_or_init(|| eggs))
    }

    fn make(&self, live: &mut dyn LiveBuildout) -> Result<Eggs, RecipeError> {
        let mut option = |key: &str| live.option("buildout", key).map(Option::unwrap_or_default);
        let executable = option("executable")?;
        let directory = option("directory")?;
        let mut settings = EggSettings::new(match self.settings.mode {
            Mode::Slapos => rbuildout_eggs::Mode::Slapos,
            Mode::Upstream => rbuildout_eggs::Mode::Upstream,
        });
        settings.prefer_final = option("prefer-final")? != "false";
        settings.use_dependency_links = option("use-dependency-links")? != "false";
        settings.allow_picked_versions = option("allow-picked-versions")? != "false";
        settings.install_from_cache = option("install-from-cache")? == "true";
        settings.store_required_by =
            option("show-picked-versions")? == "true" || !option("update-versions-file")?.is_empty();
        let download_cache = option("download-cache")?;
        if !download_cache.is_empty() {
            let files = PathBuf::from(directory).join(download_cache).join("dist");
            fs_err::create_dir_all(&files)?;
            settings.download_cache = Some(files);
        }
        let known = live.settings();
        settings.bootstrapped = vec![known.develop_eggs_directory.clone(), known.eggs_directory.clone()];
        settings.cache_directory.clone_from(&self.settings.cache_directory);
        settings.pins = Pins::new(live.versions()?);
        if self.settings.mode == Mode::Slapos {
            let egg_recipe = find(EGG_RECIPE).map(|recipe| (EGG_RECIPE, recipe.distribution().version));
            let builtins = [(BUILDOUT, self.settings.version.as_str())].into_iter().chain(egg_recipe);
            let versioned =
                |(project, version): (&str, &str)| (project.to_owned(), stand_in(version, settings.pins.get(project)));
            settings.builtins = builtins.map(versioned).collect();
            let defaults = request(live, &[])?;
            settings.tools = defaults.eggs_directory.map(|directory| ToolSource {
                directory,
                links: defaults.links,
                index: defaults.index,
                allow_hosts: defaults.allow_hosts,
            });
        }
        let interpreter = self.interpreter(&executable)?;
        Ok(Eggs::new(Arc::new(interpreter), (*self.settings.downloader).clone(), settings))
    }

    fn interpreter(&self, executable: &str) -> Result<Interpreter, RecipeError> {
        let cache = self.settings.cache_directory.as_deref();
        let environment = self.settings.environment.snapshot();
        Interpreter::ask(executable.as_ref(), &environment, cache).map_err(to_error)
    }

    /// The tag for the binary interface of the interpreter at `executable`, for `abi-tag-eggs`.
    ///
    /// # Errors
    /// It is no Python that works.
    pub fn abi_tag(&self, executable: &str) -> Result<String, RecipeError> {
        Ok(self.interpreter(executable)?.abi_tag().to_owned())
    }

    /// The same, if it was asked for before.
    pub(super) fn ready(&self) -> Option<&Eggs> {
        self.eggs.get()
    }

    /// The report of versions that no pin chose; nothing if there are none.
    pub fn picked(&self) -> Vec<String> {
        let picked = self.ready().map(Eggs::picked).filter(|picked| !picked.is_empty());
        picked.map(|picked| picked.lines()).unwrap_or_default()
    }

    /// The same, to be appended to a file; with the time if that has something already.
    pub fn picked_for_file(&self, added: Option<&str>) -> String {
        self.ready().map(|eggs| eggs.picked().file_text(added)).unwrap_or_default()
    }

    /// Says what there is of the tools that zc.buildout looks for upgrades of at each run (records of `-v`). Nothing is
    /// upgraded here: this program is not one of them, and the rest is the interpreter's. Silent without a Python.
    pub fn tell_tools(&self, live: &mut dyn LiveBuildout) {
        if self.eggs(live).is_err() {
            return;
        }
        let context = RunEggContext::new(self);
        let quoted = TOOLS.map(str_repr).join(", ");
        context.record(Level::Debug, LOGGER, &format!("Installing {quoted}."));
        let set = self.set();
        for tool in TOOLS {
            let Some(found) = set.iter().find(|found| found.project() == tool) else {
                continue;
            };
            let text = if found.is_develop() {
                format!("We have a develop egg: {found}")
            } else {
                format!("We have the best distribution that satisfies {}.", str_repr(tool))
            };
            context.record(Level::Debug, LOGGER, &text);
        }
    }

    /// What is active now.
    pub fn set(&self) -> WorkingSet {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds what these requirements stand for to the active working set, and installs what is missing of it.
    pub fn activate(&self, live: &mut dyn LiveBuildout, requirements: &[String]) -> Result<WorkingSet, RecipeError> {
        // The first call makes what is active.
        let eggs = self.eggs(live)?;
        let mut request = request(live, requirements)?;
        request.working_set = Some(self.set());
        let context = RunEggContext::new(self);
        let set = eggs.install(&request, &context).map_err(to_error)?;
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = set.clone();
        Ok(set)
    }
}

/// Distributions that recipes in Python require and that are built in.
const BUILDOUT: &str = "zc.buildout";
const EGG_RECIPE: &str = "zc.recipe.egg";

/// The version of what is built in: that of a pin which differs in the number of the fork's revision only.
fn stand_in(version: &str, pin: Option<&str>) -> String {
    let base = |version: &str| version.split_once("+slapos").map(|(base, _)| base.to_owned());
    let pin = pin.map(|pin| pin.trim_start_matches("=="));
    match pin.filter(|pin| base(pin).is_some() && base(pin) == base(version)) {
        Some(pin) => pin.to_owned(),
        None => version.to_owned(),
    }
}

/// What zc.buildout consists of.
const TOOLS: [&str; 4] = ["zc.buildout", "setuptools", "pip", "wheel"];

/// A request for eggs as the options of `[buildout]` make it.
fn request(live: &mut dyn LiveBuildout, requirements: &[String]) -> Result<Install, RecipeError> {
    let mut option = |key: &str| live.option("buildout", key).map(Option::unwrap_or_default);
    let mut request = Install::new(requirements);
    request.links = option("find-links")?.split_whitespace().map(str::to_owned).collect();
    let hosts = option("allow-hosts")?;
    request.allow_hosts = hosts.lines().map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect();
    request.index = Some(option("index")?).filter(|index| !index.is_empty());
    request.allow_unknown_extras = option("allow-unknown-extras")? == "true";
    let settings = live.settings();
    request.newest = settings.newest;
    request.path = vec![settings.develop_eggs_directory.clone()];
    if settings.offline {
        request.path.push(settings.eggs_directory.clone());
    } else {
        request.eggs_directory = Some(settings.eggs_directory.clone());
    }
    Ok(request)
}

/// An error of the crate for eggs as the engine reports it.
pub(crate) fn to_error(error: EggError) -> RecipeError {
    let mut diagnostic = match error.cause() {
        Cause::Internal { class, message } => Diagnostic::internal(class, message.clone()),
        Cause::Interrupted => return RecipeError::Interrupted,
        other => Diagnostic::user(other.to_string()),
    };
    diagnostic.doing = error.doing().to_vec();
    diagnostic.hint = error.hint();
    RecipeError::Host(Box::new(diagnostic))
}
