//! Using a project where it is: `setup.py develop`, and what it leaves.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_cache::tree;
use rbuildout_parser::python::str_repr;

use crate::context::{Command, Context, Level, Logging as _};
use crate::eggs::Eggs;
use crate::error::{Cause, EggError};
use crate::install::edit_setup_cfg;
use crate::name::canonical_name;
use crate::settings::{BuildExt, Mode};
use crate::version::Version;

/// What is to be developed.
#[derive(Debug, Clone, Default)]
pub struct Develop {
    /// A `setup.py`, or its directory.
    pub setup: PathBuf,
    /// Where the `.egg-link` goes.
    pub directory: PathBuf,
    pub build_ext: BuildExt,
    /// Further variables for the setup script.
    pub environment: BTreeMap<OsString, OsString>,
}

/// What a script of setuptools for a developed one says.
const MARKER: &str = "EASY-INSTALL-DEV-SCRIPT";
/// Stands in for the setup script of a project that has none (slapos mode).
const NO_SCRIPT: &str = "from setuptools import setup\nsetup()\n";
/// What `develop` did before it became a call of pip.
const LINK: &str = include_str!("develop.py");
/// The first setuptools whose `develop` leaves no `.egg-link`.
const WITHOUT_LINK: &str = "80";

impl Eggs {
    /// Makes a project usable where it is. Returns the path of the `.egg-link`.
    ///
    /// # Errors
    /// The setup script failed.
    pub fn develop(&self, develop: &Develop, context: &dyn Context) -> Result<PathBuf, EggError> {
        let (root, setup) = if develop.setup.is_dir() {
            (develop.setup.clone(), develop.setup.join("setup.py"))
        } else {
            (develop.setup.parent().unwrap_or(Path::new("/")).to_owned(), develop.setup.clone())
        };
        let _restored = match develop.build_ext.as_slice() {
            [] => None,
            options => Some(SetupCfg::aside(&root.join("setup.cfg"), options)?),
        };
        let source = if !setup.exists() && root.join("pyproject.toml").exists() && self.settings().mode == Mode::Slapos
        {
            Source::Text(NO_SCRIPT)
        } else {
            Source::File
        };
        let built = tempfile::Builder::new().prefix(".develop-").tempdir_in(&develop.directory)?;
        let by_hand = self.setuptools_version().is_some_and(|version| *version >= Version::new(WITHOUT_LINK));
        let mut program = self.setup_program(&root, &setup, &source);
        if by_hand {
            program.push_str(&format!("\nTARGET = {}\n{LINK}", str_repr(&built.path().to_string_lossy())));
        }
        let mut script = tempfile::NamedTempFile::new()?;
        script.write_all(program.as_bytes())?;
        let mut arguments: Vec<OsString> = vec![script.path().into()];
        let quiet = match self.settings().mode {
            Mode::Slapos => !context.enabled(Level::Debug),
            // The reference means to have the setup script talk from `-vv` on, and misses it for more.
            Mode::Upstream => context.threshold() != 0,
        };
        if quiet {
            arguments.push("-q".into());
        }
        if by_hand {
            arguments.extend(["egg_info", "build_ext", "--inplace"].map(OsString::from));
        } else {
            arguments.extend(["develop", "-mN", "-d"].map(OsString::from));
            arguments.push(built.path().into());
        }
        let program = self.interpreter.executable().to_owned();
        let environment = self.build_environment(&develop.environment, context)?;
        let command = Command { program, arguments, directory: None, environment };
        if self.settings().mode == Mode::Upstream && context.threshold() < Level::Debug.number() {
            let words = std::iter::once(command.program.as_os_str());
            let words = words.chain(command.arguments.iter().map(OsString::as_os_str)).map(OsStr::to_string_lossy);
            let words: Vec<_> = words.collect();
            context.debug(|| format!("in: {}\n{}", str_repr(&root.to_string_lossy()), words.join(" ")));
        }
        let status = context.run(&command)?;
        if !status.success() {
            let words: Vec<String> = std::iter::once(command.program.as_os_str())
                .chain(command.arguments.iter().map(OsString::as_os_str))
                .map(|word| str_repr(&word.to_string_lossy()))
                .collect();
            let message = format!("Failed to run command:\n{}", words.join(", "));
            let shown = format!("{} {} develop", command.program.display(), setup.display());
            return Err(EggError::new(Cause::Command { message, command: shown, status }));
        }
        self.note_scripts(built.path())?;
        let link = only_link(built.path())?;
        let target = develop.directory.join(link.file_name().unwrap_or_default());
        if target.is_dir() {
            tree::remove(&target)?;
        }
        fs::rename(&link, &target)?;
        Ok(target)
    }

    /// Whether [`develop`](Self::develop) found old-style scripts of the project of an `.egg-link` in this run. They are not
    /// remembered longer.
    pub fn has_developed_scripts(&self, link: &Path) -> bool {
        let project = link.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let developed = self.developed_scripts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        developed.get(&canonical_name(project)).is_some_and(|scripts| !scripts.is_empty())
    }

    /// The program that runs a setup script with setuptools on the path.
    pub fn setup_script_program(&self, setup: &Path) -> String {
        self.setup_program(setup.parent().unwrap_or(Path::new("/")), setup, &Source::File)
    }

    fn setup_program(&self, root: &Path, setup: &Path, source: &Source) -> String {
        let (root, setup) = (str_repr(&root.to_string_lossy()), str_repr(&setup.to_string_lossy()));
        let tools: Vec<String> = self.pip_path().iter().map(|path| str_repr(&path.to_string_lossy())).collect();
        let run = match source {
            Source::File => {
                format!("with open({setup}) as f:\n    exec(compile(f.read(), {setup}, 'exec'))\n")
            }
            Source::Text(text) => (*text).to_owned(),
        };
        format!(
            "\nimport sys\nsys.path.insert(0, {root})\nsys.path[0:0] = [{}]\n\nimport os, setuptools\n\n\
             __file__ = {setup}\n\nos.chdir({root})\nsys.argv[0] = {setup}\n\n{run}",
            tools.join(", ")
        )
    }

    /// Remembers the old-style scripts of what was developed in `built`: its metadata don't have them.
    fn note_scripts(&self, built: &Path) -> Result<(), EggError> {
        let link = only_link(built)?;
        let project = link.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let mut found = Vec::new();
        for entry in fs::read_dir(built)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.strip_suffix(".exe").is_some() || !entry.file_type()?.is_file() {
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            if !text.contains(MARKER) {
                continue;
            }
            let original = text
                .lines()
                .rev()
                .find_map(|line| line.split_once("__file__ = '").and_then(|(_, rest)| rest.strip_suffix('\'')));
            if let Some(original) = original {
                found.push((name, fs::read_to_string(original)?));
            }
        }
        found.sort();
        let mut developed = self.developed_scripts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        developed.insert(canonical_name(project), found);
        Ok(())
    }
}

enum Source {
    File,
    Text(&'static str),
}

fn only_link(directory: &Path) -> Result<PathBuf, EggError> {
    let mut links = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "egg-link") {
            links.push(path);
        }
    }
    links.pop().filter(|_| links.is_empty()).ok_or_else(|| {
        EggError::internal("AssertionError", "[]").with_hint(
            "The setup script ended well, but left no single `.egg-link`: does its setuptools have `develop`?",
        )
    })
}

/// A `setup.cfg` with more options, as long as this lives; then the old one is back.
struct SetupCfg {
    path: PathBuf,
    aside: Option<PathBuf>,
}

impl SetupCfg {
    /// As the reference does, the options stand alone: the project's own ones are put aside.
    fn aside(path: &Path, options: &[(String, String)]) -> Result<Self, EggError> {
        let mut name = path.as_os_str().to_owned();
        name.push("-develop-aside");
        let aside = PathBuf::from(name);
        let existed = path.exists();
        if existed {
            fs::rename(path, &aside)?;
        }
        let this = Self { path: path.to_owned(), aside: existed.then_some(aside) };
        edit_setup_cfg(path, "build_ext", options)?;
        Ok(this)
    }
}

impl Drop for SetupCfg {
    fn drop(&mut self) {
        // Nobody is left to be told; the file beside it shows what happened.
        let _ = fs::remove_file(&self.path);
        if let Some(aside) = &self.aside {
            let _ = fs::rename(aside, &self.path);
        }
    }
}
