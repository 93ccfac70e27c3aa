//! The Python that eggs are for: asked once, then remembered.
//!
//! One small program prints all facts. They are kept in the cache directory (`python/eggs-<md5 of the identity>.json`) with
//! the times of the directories on `sys.path` and of the `.pth` files in them, so that an installation into the
//! interpreter is noticed without starting it.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rbuildout_cache::hash::md5_hex;
use rbuildout_parser::python::{FACTS_PROBE, Facts};
use serde::{Deserialize, Serialize};

use crate::error::EggError;

const PROBE: &str = include_str!("probe.py");

/// An interpreter and what it has.
#[derive(Debug, Clone)]
pub struct Interpreter {
    executable: PathBuf,
    facts: Arc<Facts>,
    platform: String,
    sys_path: Vec<PathBuf>,
    wheel_tags: Arc<HashSet<String>>,
    index: Option<String>,
    abi: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    platform: String,
    sys_path: Vec<PathBuf>,
    wheel_tags: Vec<String>,
    /// The index that its pip asks when nobody names another one.
    index: Option<String>,
    /// The ABI tag of its extension modules, `cp311`; empty if it has none.
    abi: String,
}

/// What is remembered.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    facts: Facts,
    answer: Answer,
    /// Times of what decides about `sys.path`, in seconds and nanoseconds.
    seen: BTreeMap<PathBuf, (i64, i64)>,
}

impl Interpreter {
    /// Asks the program at `executable`, or the file in `cache` that remembers its answer. `environment` is that of
    /// the run: `PYTHONPATH` and its like change the answer.
    ///
    /// # Errors
    /// It can't be run, or is no Python that works.
    pub fn ask(
        executable: &Path,
        environment: &BTreeMap<OsString, OsString>,
        cache: Option<&Path>,
    ) -> Result<Self, EggError> {
        let file = cache.and_then(|cache| remembering_file(executable, environment, cache));
        if let Some(known) = file.as_deref().and_then(recall) {
            return Ok(Self::of(executable, known));
        }
        let (facts, answer) = probe(executable, environment)?;
        let seen = see(&answer.sys_path);
        let remembered = Remembered { facts, answer, seen };
        if let Some(file) = file {
            // Only a convenience: a cache that can't be written costs the next run a process.
            let _ = remember(&file, &remembered);
        }
        Ok(Self::of(executable, remembered))
    }

    fn of(executable: &Path, known: Remembered) -> Self {
        Self {
            executable: executable.to_owned(),
            facts: Arc::new(known.facts),
            platform: known.answer.platform,
            sys_path: known.answer.sys_path,
            index: known.answer.index,
            abi: known.answer.abi,
            wheel_tags: Arc::new(known.answer.wheel_tags.into_iter().collect()),
        }
    }

    /// The path that it was asked by, as scripts name it.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Values of environment markers, and more.
    pub fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }

    /// Its version, `3.11.7`.
    pub fn version(&self) -> &str {
        let facts: &Facts = &self.facts;
        facts.python_version.as_str()
    }

    /// `X.Y`, as in `-pyX.Y.egg`.
    pub fn python(&self) -> String {
        format!("{}.{}", self.facts.version_info.major, self.facts.version_info.minor)
    }

    /// The platform in the names of eggs, `linux-x86_64`.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// The tag for the binary interface of its extension modules, `cp311`; empty if it has none.
    pub fn abi_tag(&self) -> &str {
        &self.abi
    }

    /// The directories of `sys.path` that exist, with links resolved; that of the script is not among them.
    pub fn sys_path(&self) -> &[PathBuf] {
        &self.sys_path
    }

    /// The index that its pip asks when nobody names another one.
    pub(crate) fn default_index(&self) -> Option<&str> {
        self.index.as_deref()
    }

    /// Whether a wheel with one of these tags (`PYTHON-ABI-PLATFORM`) can be used.
    pub fn accepts_tag<'a>(&self, mut tags: impl Iterator<Item = &'a str>) -> bool {
        tags.any(|tag| self.wheel_tags.contains(tag))
    }
}

fn remembering_file(executable: &Path, environment: &BTreeMap<OsString, OsString>, cache: &Path) -> Option<PathBuf> {
    let metadata = fs_err::metadata(executable).ok()?;
    let variables: Vec<_> =
        environment.iter().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PYTHON")).collect();
    let identity = format!(
        "{}\n{}\n{}.{}\n{variables:?}\n{}",
        executable.display(),
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        env!("CARGO_PKG_VERSION"),
    );
    Some(cache.join("python").join(format!("eggs-{}.json", md5_hex(identity))))
}

/// The directories of `paths` and the `.pth` files in them, with their times.
fn see(paths: &[PathBuf]) -> BTreeMap<PathBuf, (i64, i64)> {
    let mut seen = BTreeMap::new();
    for path in paths {
        let entries = fs_err::read_dir(path).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
        let pth = entries.filter(|entry| entry.extension().is_some_and(|extension| extension == "pth"));
        for path in pth.chain([path.clone()]) {
            if let Ok(metadata) = fs_err::metadata(&path) {
                seen.insert(path, (metadata.mtime(), metadata.mtime_nsec()));
            }
        }
    }
    seen
}

fn recall(file: &Path) -> Option<Remembered> {
    let known: Remembered = serde_json::from_slice(&fs_err::read(file).ok()?).ok()?;
    let unchanged = |(path, time): (&PathBuf, &(i64, i64))| {
        fs_err::metadata(path).is_ok_and(|now| (now.mtime(), now.mtime_nsec()) == *time)
    };
    known.seen.iter().all(unchanged).then_some(known)
}

fn remember(file: &Path, known: &Remembered) -> std::io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("/"));
    fs_err::create_dir_all(directory)?;
    let mut new = tempfile::NamedTempFile::new_in(directory)?;
    new.write_all(&serde_json::to_vec(known)?)?;
    new.persist(file)?;
    Ok(())
}

fn probe(executable: &Path, environment: &BTreeMap<OsString, OsString>) -> Result<(Facts, Answer), EggError> {
    let problem = |what: String| {
        EggError::user(format!("The Python interpreter {} did not tell what it has: {what}.", executable.display()))
            .with_hint("Name a working interpreter with `buildout:executable=/path/to/python`.")
    };
    let output = Command::new(executable)
        .arg("-c")
        .arg(format!("{FACTS_PROBE}{PROBE}"))
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| problem(error.to_string()))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(problem(format!("{} ({})", output.status, stderr.trim().lines().last().unwrap_or_default())));
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    // What a sitecustomize prints comes first.
    let mut lines = stdout.lines().rev();
    let answer = lines.next().and_then(|line| serde_json::from_str(line).ok());
    let facts = lines.next().and_then(|line| serde_json::from_str(line).ok());
    facts.zip(answer).ok_or_else(|| problem(format!("it said `{}`", stdout.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> BTreeMap<OsString, OsString> {
        std::env::vars_os().collect()
    }

    #[test]
    fn remembered_until_the_path_changes() {
        let dir = tempfile::tempdir().unwrap();
        let extra = dir.path().join("extra");
        fs_err::create_dir(&extra).unwrap();
        let mut environment = environment();
        environment.insert("PYTHONPATH".into(), extra.clone().into());
        let cache = dir.path().join("cache");
        let python = Path::new("/usr/bin/python3");
        let first = Interpreter::ask(python, &environment, Some(&cache)).unwrap();
        assert!(first.accepts_tag(["py3-none-any"].into_iter()));
        assert!(first.sys_path().contains(&extra.canonicalize().unwrap()));
        assert_eq!(first.abi_tag(), format!("cp{}", first.python().replace('.', "")));
        assert!(first.platform().starts_with("linux-"), "{}", first.platform());
        let file = remembering_file(python, &environment, &cache).unwrap();
        assert!(recall(&file).is_some());
        fs_err::write(extra.join("x.pth"), "").unwrap();
        assert!(recall(&file).is_none());
    }

    #[test]
    fn no_python() {
        let error = Interpreter::ask(Path::new("/bin/false"), &environment(), None).unwrap_err();
        assert!(error.to_string().contains("did not tell what it has"), "{error}");
    }
}
