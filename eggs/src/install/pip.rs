//! Building by pip, and making eggs of what it leaves (upstream mode).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::Installer;
use super::wheel::is_dotted_name;
use crate::context::{Command, Context, Level, Logging};
use crate::eggs::Eggs;
use crate::error::{Cause, EggError};

/// What makes a directory an index without anything: nothing is fetched behind our back.
const NOWHERE: &str = "file:///dev/null";

impl Eggs {
    /// The environment of builds: that of the run, further variables, and pip and setuptools on the path.
    ///
    /// # Errors
    /// The interpreter lacks one of them, and it can't be installed.
    pub(crate) fn build_environment(
        &self,
        more: &BTreeMap<OsString, OsString>,
        context: &dyn Context,
    ) -> Result<BTreeMap<OsString, OsString>, EggError> {
        let mut environment = context.environment();
        environment.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        let given = |name: &str| environment.get(OsStr::new(name)).cloned().unwrap_or_default();
        let (extra, path) = (given("PYTHONEXTRAPATH"), given("PYTHONPATH"));
        let filled = |path: &PathBuf| !path.as_os_str().is_empty();
        let mut all: Vec<PathBuf> = std::env::split_paths(&extra).filter(filled).collect();
        all.extend(self.provided_tools(context)?);
        all.extend(self.pip_path().iter().cloned());
        all.extend(std::env::split_paths(&path).filter(filled));
        if let Ok(joined) = std::env::join_paths(all) {
            environment.insert("PYTHONPATH".into(), joined);
        }
        Ok(environment)
    }
}

impl Installer<'_> {
    pub(super) fn build_environment(&self) -> Result<BTreeMap<OsString, OsString>, EggError> {
        self.eggs.build_environment(self.environment, self.context)
    }

    fn run_pip(
        &self,
        arguments: Vec<OsString>,
        environment: BTreeMap<OsString, OsString>,
        spec: &Path,
    ) -> Result<(), EggError> {
        let program = self.eggs.interpreter.executable().to_owned();
        let mut all: Vec<OsString> = vec!["-m".into(), "pip".into()];
        all.extend(arguments);
        let command = Command { program, arguments: all, directory: None, environment };
        let shown = || {
            let words: Vec<_> = command.arguments.iter().map(|word| word.to_string_lossy()).collect();
            format!("{} {}", command.program.display(), words.join(" "))
        };
        self.context.debug(|| format!("Running pip:\n{}", shown()));
        let status = self.context.run(&command)?;
        if status.success() {
            return Ok(());
        }
        let message = format!(
            "An error occurred when trying to install {}. Look above this message for any errors that were output by pip \
             install.",
            spec.display()
        );
        self.context.error(&message);
        Err(EggError::new(Cause::Command { message, command: shown(), status }))
    }

    fn verbosity(&self) -> &'static str {
        if self.context.enabled(Level::Debug) { "-v" } else { "-q" }
    }

    /// `pip wheel`, without anything that the build could fetch; returns the wheel, which is in `into`.
    pub(super) fn pip_wheel(&self, source: &Path, into: &Path) -> Result<PathBuf, EggError> {
        let mut arguments: Vec<OsString> = vec!["wheel".into(), "-w".into(), into.into()];
        let options = ["--no-deps", "--no-index", "--no-build-isolation", "--no-cache-dir", self.verbosity()];
        arguments.extend(options.map(OsString::from));
        arguments.push(source.into());
        let mut environment = self.build_environment()?;
        environment.extend([
            ("PIP_NO_INDEX".into(), "1".into()),
            ("PIP_INDEX_URL".into(), NOWHERE.into()),
            ("PIP_DISABLE_PIP_VERSION_CHECK".into(), "1".into()),
        ]);
        self.run_pip(arguments, environment, source)?;
        let mut wheels = Vec::new();
        for entry in fs::read_dir(into)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "whl") {
                wheels.push(path);
            }
        }
        wheels
            .pop()
            .filter(|_| wheels.is_empty())
            .ok_or_else(|| EggError::user(format!("No wheel after successful pip wheel of {}", source.display())))
    }

    /// `pip install -t`, as the reference does; the result becomes an egg in `work`.
    pub(super) fn pip_install(&self, source: &Path, work: &Path) -> Result<PathBuf, EggError> {
        let target = work.join("pip");
        fs::create_dir(&target)?;
        let mut arguments: Vec<OsString> = vec!["install".into(), "--no-deps".into(), "-t".into()];
        arguments.push(target.clone().into());
        arguments.extend([self.verbosity().into(), source.into()]);
        self.run_pip(arguments, self.build_environment()?, source)?;
        let egg = self.egg_of(&target).map_err(|error| {
            error.with_hint(format!("Look at what `pip install -t` makes of {}.", source.display()))
        })?;
        let made = work.join(egg.file_name().unwrap_or_default());
        fs::rename(&egg, &made)?;
        Ok(made)
    }

    /// Makes an egg of what pip has installed into `target`.
    fn egg_of(&self, target: &Path) -> Result<PathBuf, EggError> {
        let missing = || EggError::user("No .dist-info directory after successful pip install");
        let is_dist_info = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "dist-info");
        let mut entries = fs::read_dir(target)?.filter_map(Result::ok).map(|entry| entry.path());
        let dist_info = entries.find(is_dist_info).ok_or_else(missing)?;
        let lines = |name: &str| fs::read_to_string(dist_info.join(name)).unwrap_or_default();
        for package in lines("namespace_packages.txt").lines().map(str::trim).filter(|name| is_dotted_name(name)) {
            let directory = target.join(package.replace('.', "/"));
            if directory.is_dir() {
                fs::write(directory.join("__init__.py"), "__import__('pkg_resources').declare_namespace(__name__)")?;
            }
        }
        let entry_points = lines("entry_points.txt");
        let bin = target.join("bin");
        if (entry_points.contains("console_scripts") || entry_points.contains("gui_scripts")) && bin.exists() {
            rbuildout_cache::tree::remove(&bin)?;
        }
        let top_level = lines("top_level.txt");
        let record = lines("RECORD");
        let found = self.eggs.scanner.find(target, true);
        let distribution = found.first().ok_or_else(missing)?;
        let interpreter = &self.eggs.interpreter;
        let base = format!("{}-{}", distribution.egg_name(&interpreter.python()), interpreter.platform());
        let egg = target.join(format!("{base}.egg"));
        fs::create_dir(&egg)?;
        fs::rename(&dist_info, egg.join(format!("{base}.dist-info")))?;
        for name in top_level.lines().map(str::trim).filter(|name| is_plain(name)) {
            for name in [name.to_owned(), format!("{name}.py"), format!("{name}.pyc")] {
                let from = target.join(&name);
                if from.exists() {
                    fs::rename(from, egg.join(&name))?;
                    if name.strip_suffix(".py").is_none() {
                        break;
                    }
                }
            }
        }
        // Extension modules, data, and all that no top-level name covers.
        for path in record.lines().filter_map(first_field).filter(|path| is_inside(path)) {
            let (from, to) = (target.join(&path), egg.join(&path));
            if path.strip_suffix(".pyc").or(path.strip_suffix(".pyo")).is_some() || !from.exists() || to.exists() {
                continue;
            }
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::rename(from, to)?;
        }
        Ok(egg)
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && name != "." && name != ".."
}

fn is_inside(path: &str) -> bool {
    !path.starts_with('/') && path.split('/').all(|part| part != ".." && !part.is_empty())
}

/// The first field of a line of comma-separated values.
fn first_field(line: &str) -> Option<String> {
    match line.strip_prefix('"') {
        None => line.split(',').next().map(str::to_owned),
        Some(rest) => {
            let mut field = String::new();
            let mut rest = rest;
            loop {
                let (part, after) = rest.split_once('"')?;
                field.push_str(part);
                match after.strip_prefix('"') {
                    Some(_) => field.push('"'),
                    None => return Some(field),
                }
                rest = &after[1..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        assert_eq!(first_field("a/b.py,sha256=x,1").as_deref(), Some("a/b.py"));
        assert_eq!(first_field("\"a,\"\"b\"\".py\",,").as_deref(), Some("a,\"b\".py"));
        assert_eq!(first_field("\"a"), None);
        assert!(!is_inside("../../bin/x") && !is_inside("/x") && is_inside("a/b"));
    }
}
