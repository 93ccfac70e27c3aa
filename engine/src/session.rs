//! From the command line to a loaded profile.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rbuildout_cache::{CacheSettings, DownloadSettings, Downloader, Mirror};
use rbuildout_parser::{
    Assignment, BUILDOUT_VERSION, Diagnostic, Failure, Library, Mode, Profile, Request, Resolved, Resolver, is_url,
    join, normalise,
};
use rbuildout_recipes::eggs::{Active, ActiveSettings};
use rbuildout_recipes::python::{PythonHost, PythonSettings};
use rbuildout_recipes::run::Environment;
use rbuildout_recipes::{NATIVES_VARIABLE, Natives};

use crate::buildout::{Python, Surroundings};
use crate::cli::Options;
use crate::files::FileLoader;
use crate::interpreter::Interpreter;
use crate::run::REBOOTSTRAP;
use crate::state::StateDirectory;

/// Environment variable with mirrors, one a line or separated by blanks, asked before those of the profile.
pub const MIRRORS_VARIABLE: &str = "RBUILDOUT_MIRRORS";

/// Environment variable with the state directories of runs that have started this one through a recipe.
const OUTER_VARIABLE: &str = "RBUILDOUT_OUTER_RUNS";

/// The version of zc.buildout that recipes see in slapos mode.
const SLAPOS_VERSION: &str = "3.0.1+slapos010";

/// What a command line and an environment fix before any profile is read.
pub struct Session {
    pub mode: Mode,
    pub options: Options,
    pub working_directory: String,
    pub cache_directory: Option<PathBuf>,
    home: Option<String>,
    natives: Natives,
    /// The interpreter that the run began with.
    seed: Interpreter,
    /// The one that the release has built for itself.
    built: Mutex<Option<&'static Interpreter>>,
    /// The run has changed to it.
    switched: AtomicBool,
    loader: FileLoader,
}

impl Session {
    pub fn new(options: Options) -> Result<Self, Diagnostic> {
        let mode = if options.upstream { Mode::Upstream } else { Mode::Slapos };
        let working_directory = std::env::current_dir()
            .map_err(|error| Diagnostic::user(format!("The working directory can't be found: {error}")))?;
        let mut options = options;
        for assignment in options.assignments.iter_mut().filter(|a| a.section == "buildout" && a.option == "directory")
        {
            if assignment.value.is_empty() {
                return Err(Diagnostic::user("The option buildout:directory is empty.")
                    .with_hint("Name a directory, or leave the assignment out: the profile's own is then used."));
            }
            if !assignment.value.contains("${") {
                assignment.value = absolute(&working_directory.to_string_lossy(), &assignment.value);
            }
        }
        let home = std::env::var("HOME").ok().filter(|home| !home.is_empty());
        let cache_directory = options.cache_directory.clone().or_else(|| cache_directory(home.as_deref()));
        let assigned = |option: &str| {
            options.assignments.iter().find(|a| a.section == "buildout" && a.option == option).map(|a| a.value.clone())
        };
        let executable = assigned("executable").map(PathBuf::from);
        let timeout = assigned("socket-timeout").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let spool = std::env::temp_dir();
        Ok(Self {
            mode,
            seed: Interpreter::new(executable, cache_directory.clone(), mode == Mode::Slapos),
            built: Mutex::default(),
            switched: AtomicBool::default(),
            natives: Natives::parse(&std::env::var(NATIVES_VARIABLE).unwrap_or_default()),
            loader: FileLoader { mode, spool, timeout },
            working_directory: working_directory.to_string_lossy().into_owned(),
            cache_directory,
            home,
            options,
        })
    }

    /// The interpreter of buildouts that name none.
    pub fn executable(&self) -> Option<PathBuf> {
        self.interpreter().executable().map(Path::to_owned)
    }

    /// Files parsed in this session; profiles loaded through one library share them.
    pub fn library(&self) -> Library<'_> {
        Library::new(&self.loader, self.interpreter())
    }

    /// What to load for a configuration file named as on the command line.
    pub fn request(&self, config: &str) -> Request {
        let main = if is_url(config) { config.to_owned() } else { absolute(&self.working_directory, config) };
        let directory = (!is_url(config))
            .then(|| Path::new(&main).parent().map_or("/".into(), |p| p.to_string_lossy().into_owned()));
        let user_defaults = self.options.user_defaults.then(|| self.user_defaults()).flatten();
        Request {
            mode: self.mode,
            main: Some(main),
            defaults: self.defaults(),
            directory,
            user_defaults,
            assignments: self.assignments(),
            working_directory: self.working_directory.clone(),
            home: self.home.clone(),
        }
    }

    /// Loads the profile of the command line.
    ///
    /// It stays until the process ends: to free the tens of thousands of texts of a large one takes longer than many a
    /// command has to do with them.
    ///
    /// A release that has built the Python it runs with in an earlier run is loaded with that one.
    pub fn load(&self) -> Result<&'static Profile, Failure> {
        let load = || self.library().load(&self.request(&self.options.config));
        let mut profile = load()?;
        if self.remember_python(&profile) {
            profile = load()?;
        }
        Ok(Box::leak(Box::new(profile)))
    }

    /// Takes the Python of an earlier run, if the profile wants its own one and nobody names another. False if nothing
    /// changes.
    fn remember_python(&self, profile: &Profile) -> bool {
        let extends = |text: &str| text.split_whitespace().any(|extension| extension == REBOOTSTRAP);
        let named = self.options.assignments.iter().any(|a| a.section == "buildout" && a.option == "executable");
        let wants = self.mode == Mode::Slapos
            && !named
            && profile.raw("buildout", "extensions").is_some_and(|text| extends(text));
        let Some(directory) = profile.raw("buildout", "directory").filter(|_| wants && self.built().is_none()) else {
            return false;
        };
        let remembered = fs_err::read_to_string(self.state_directory(directory).python());
        let python = remembered.ok().map(|path| PathBuf::from(path.trim_end())).filter(|path| path.is_file());
        python.is_some_and(|python| {
            self.use_python(python);
            true
        })
    }

    /// Goes on with the Python that the release has built, and remembers it.
    ///
    /// # Errors
    /// It is not there, or can't be remembered.
    pub fn switch(&self, python: &Path, state: &StateDirectory) -> Result<(), Diagnostic> {
        if !python.is_file() {
            let message = format!("The Python that the release builds for itself is not there: {}", python.display());
            return Err(Diagnostic::user(message)
                .with_hint("Correct `executable` of the section that the option `python` of [buildout] names."));
        }
        fs_err::write(state.python(), format!("{}\n", python.display()))
            .map_err(|error| Diagnostic::user(error.to_string()))?;
        self.use_python(python.to_owned());
        self.switched.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether this run has changed its Python: it does so once.
    pub fn has_switched(&self) -> bool {
        self.switched.load(Ordering::Relaxed)
    }

    fn use_python(&self, python: PathBuf) {
        let interpreter = Interpreter::new(Some(python), self.cache_directory.clone(), self.mode == Mode::Slapos);
        // Profiles that were loaded with it stay until the process ends.
        *self.built.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::leak(Box::new(interpreter)));
    }

    fn built(&self) -> Option<&'static Interpreter> {
        *self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interpreter(&self) -> &Interpreter {
        self.built().unwrap_or(&self.seed)
    }

    /// Those of the command line; which Python the run began with is no matter any more once it has changed.
    fn assignments(&self) -> Vec<Assignment> {
        let mut all = self.options.assignments.clone();
        all.retain(|one| self.built().is_none() || one.section != "buildout" || one.option != "executable");
        all
    }

    fn user_defaults(&self) -> Option<String> {
        match std::env::var("BUILDOUT_HOME") {
            Ok(directory) if !directory.is_empty() => Some(format!("{directory}/default.cfg")),
            _ => self.home.as_ref().map(|home| format!("{home}/.buildout/default.cfg")),
        }
    }

    fn defaults(&self) -> Vec<(&'static str, String)> {
        let executable = self.interpreter().executable().map_or(String::new(), |p| p.to_string_lossy().into_owned());
        let fixed: [(&'static str, &str); 20] = [
            ("allow-hosts", "*"),
            ("allow-picked-versions", "true"),
            ("allow-unknown-extras", "false"),
            ("bin-directory", "bin"),
            ("develop-eggs-directory", "develop-eggs"),
            ("eggs-directory", "eggs"),
            ("find-links", ""),
            ("install-from-cache", "false"),
            ("installed", ".installed.cfg"),
            ("log-format", ""),
            ("log-level", "INFO"),
            ("newest", "true"),
            ("offline", "false"),
            ("parts-directory", "parts"),
            ("prefer-final", "true"),
            ("python", "buildout"),
            ("show-picked-versions", "false"),
            ("socket-timeout", ""),
            ("update-versions-file", ""),
            ("use-dependency-links", "true"),
        ];
        let mut defaults: Vec<_> = fixed.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        defaults.push(("executable", executable));
        if self.mode == Mode::Slapos {
            defaults.push(("dry-run", "false".to_owned()));
            defaults.push(("check-signature", "true".to_owned()));
        }
        defaults
    }

    /// Where runs in a buildout directory keep their own files.
    pub fn state_directory(&self, buildout_directory: &str) -> StateDirectory {
        let directory = Path::new(buildout_directory);
        let mut state = match self.mode {
            Mode::Slapos => StateDirectory::new(directory),
            Mode::Upstream => StateDirectory::aside(directory, self.cache_directory.as_deref()),
        };
        // A run at work there waits for this one, so it can't be waited for; its files are its own.
        let outer = std::env::var_os(OUTER_VARIABLE).unwrap_or_default();
        while std::env::split_paths(&outer).any(|root| root == state.root()) {
            state = state.nested();
        }
        state
    }

    /// What a buildout of the profile needs. `before_start` is called before a Python process is started.
    pub fn surroundings<'p>(
        &'p self,
        profile: &Profile,
        state: &StateDirectory,
        interrupted: Arc<AtomicBool>,
        before_start: Box<dyn Fn() -> std::io::Result<()> + Send + Sync>,
    ) -> Result<Surroundings<'p>, Box<Diagnostic>> {
        let (mode, version) = match self.mode {
            Mode::Slapos => (rbuildout_recipes::Mode::Slapos, SLAPOS_VERSION),
            Mode::Upstream => (rbuildout_recipes::Mode::Upstream, BUILDOUT_VERSION),
        };
        let environment = Arc::new(Environment::new(std::env::vars_os().collect()));
        let downloader = self.downloader(profile, state)?;
        let eggs = Arc::new(Active::new(ActiveSettings {
            mode,
            version: version.to_owned(),
            cache_directory: self.cache_directory.clone(),
            downloader: downloader.clone(),
            environment: environment.clone(),
            interrupted: interrupted.clone(),
        }));
        let host = PythonHost::new(PythonSettings {
            mode,
            version: version.to_owned(),
            arguments: std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect(),
            cache_directory: self.cache_directory.clone(),
            before_start,
            environment,
            interrupted: interrupted.clone(),
            eggs: eggs.clone(),
            traces: Some(state.root().join("python-init.json")),
        });
        let python = Python { host: Arc::new(host), eggs };
        Ok(Surroundings {
            downloader,
            state_directory: state.root().to_owned(),
            python: Arc::new(python),
            natives: self.natives.clone(),
            conditions: self.interpreter(),
            interrupted,
        })
    }

    /// The downloader for a profile's parts. Its options are read without running a recipe.
    pub fn downloader(&self, profile: &Profile, state: &StateDirectory) -> Result<Arc<Downloader>, Box<Diagnostic>> {
        let mut resolver = Resolver::new(profile);
        let mut option = |name: &str| {
            let exists = profile.raw("buildout", name).is_some();
            match exists.then(|| resolver.option(&"buildout".into(), &name.into())) {
                Some(Resolved::Value(value)) => value.to_string(),
                _ => String::new(),
            }
        };
        let mut settings = DownloadSettings::new(state.spool());
        settings.tell_all = self.mode == Mode::Slapos;
        settings.offline = option("offline") == "true" || option("install-from-cache") == "true";
        settings.newest = option("newest") == "true" && !settings.offline;
        if let Ok(seconds) = option("socket-timeout").trim().parse() {
            settings.timeout = Duration::from_secs(seconds);
        }
        let cache = option("download-cache");
        if !cache.is_empty() {
            let directory = option("directory");
            settings.cache = Some(CacheSettings::new(join(&directory, &cache), "download-cache"));
        }
        let environment = std::env::var(MIRRORS_VARIABLE).unwrap_or_default();
        let from_profile = option("mirrors");
        for text in environment.split_whitespace().chain(from_profile.lines().map(str::trim).filter(|l| !l.is_empty()))
        {
            let mirror = Mirror::parse(text).map_err(|error| {
                let mut diagnostic = Diagnostic::user(error.to_string());
                if let Some(entry) = profile.config.sections.get("buildout").and_then(|s| s.options.get("mirrors")) {
                    diagnostic.snippets.extend(profile.config.snippet(entry, text, "not a mirror"));
                }
                Box::new(diagnostic)
            })?;
            if !settings.mirrors.contains(&mirror) {
                settings.mirrors.push(mirror);
            }
        }
        Ok(Arc::new(Downloader::new(settings)))
    }
}

fn absolute(base: &str, name: &str) -> String {
    // The reference's `abspath` removes `.` and `..` from the name of the main file.
    normalise(&join(base, name))
}

/// `$XDG_CACHE_HOME/rbuildout`, or `.cache/rbuildout` in a home that exists.
fn cache_directory(home: Option<&str>) -> Option<PathBuf> {
    match std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(cache) => Some(PathBuf::from(cache).join("rbuildout")),
        None => home.map(Path::new).filter(|home| home.is_dir()).map(|home| home.join(".cache/rbuildout")),
    }
}
