//! Facts about the Python that the buildout uses: asked once, then remembered.
//!
//! Conditions of section headers are about an interpreter, and rbuildout has none of its own. The interpreter is
//! `buildout:executable` where the command line names one, else `python3` on the path. It is run once with a small
//! program that prints its facts; they are kept in the cache directory under the file's identity (path, size, time), so
//! that later runs start no process. Files in the cache directory: `python/<md5 of the identity>.json`.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

use rbuildout_cache::hash::md5_hex;
use rbuildout_parser::python::{ConditionError, FACTS_PROBE, Facts, World, eval_condition};
use rbuildout_parser::{Conditions, Diagnostic};
use rustc_hash::FxHashMap;

/// The target interpreter of a run.
pub struct Interpreter {
    executable: Option<PathBuf>,
    cache: Option<PathBuf>,
    slapos: bool,
    facts: OnceLock<Result<Facts, Diagnostic>>,
    known: Mutex<FxHashMap<String, bool>>,
}

impl Interpreter {
    /// `executable` overrides the search on the path; `cache` is the directory for what outlives a build.
    pub fn new(executable: Option<PathBuf>, cache: Option<PathBuf>, slapos: bool) -> Self {
        let executable = executable.or_else(|| find_on_path(&["python3", "python"]));
        Self { executable, cache, slapos, facts: OnceLock::new(), known: Mutex::default() }
    }

    /// Path of the interpreter, for `${buildout:executable}`.
    pub fn executable(&self) -> Option<&Path> {
        self.executable.as_deref()
    }

    fn facts(&self) -> Result<&Facts, Diagnostic> {
        self.facts.get_or_init(|| self.learn()).as_ref().map_err(Clone::clone)
    }

    fn learn(&self) -> Result<Facts, Diagnostic> {
        let Some(executable) = &self.executable else {
            return Err(Diagnostic::user(
                "A section has a condition, but no Python interpreter was found on the path.",
            )
            .with_hint("Install python3, or name an interpreter with `buildout:executable=/path/to/python`."));
        };
        let remembered = self.cache_file(executable);
        if let Some(facts) = remembered.as_deref().and_then(read_facts) {
            return Ok(facts);
        }
        let facts = probe(executable)?;
        if let Some(path) = remembered {
            // Only a convenience: a cache that can't be written costs the next run a process.
            let _ = write_facts(&path, &facts);
        }
        Ok(facts)
    }

    fn cache_file(&self, executable: &Path) -> Option<PathBuf> {
        let metadata = fs_err::metadata(executable).ok()?;
        let identity = format!(
            "{}\n{}\n{}.{}\n{}",
            executable.display(),
            metadata.len(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            env!("CARGO_PKG_VERSION"),
        );
        Some(self.cache.as_ref()?.join("python").join(format!("{}.json", md5_hex(identity))))
    }
}

fn read_facts(path: &Path) -> Option<Facts> {
    serde_json::from_slice(&fs_err::read(path).ok()?).ok()
}

fn write_facts(path: &Path, facts: &Facts) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    fs_err::create_dir_all(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(&serde_json::to_vec(facts)?)?;
    file.persist(path)?;
    Ok(())
}

fn probe(executable: &Path) -> Result<Facts, Diagnostic> {
    let problem = |what: String| {
        Diagnostic::user(format!("The Python interpreter {} did not tell its version: {what}.", executable.display()))
            .with_hint("Name a working interpreter with `buildout:executable=/path/to/python`.")
    };
    let output = Command::new(executable)
        .args(["-S", "-c", FACTS_PROBE])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| problem(error.to_string()))?;
    if !output.status.success() {
        let last = String::from_utf8_lossy(&output.stderr).trim().lines().last().unwrap_or_default().to_owned();
        return Err(problem(format!("{} ({last})", output.status)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| problem(error.to_string()))
}

/// First of the named programs that is an executable file in a directory of `PATH`.
pub fn find_on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let candidates = names.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
    candidates.into_iter().find(|candidate| {
        candidate.is_absolute()
            && candidate.is_file()
            && rustix::fs::access(candidate, rustix::fs::Access::EXEC_OK).is_ok()
    })
}

/// How much of a file a condition can read, in bytes.
const MAX_CONDITION_FILE: u64 = 1 << 20;

struct Machine;

impl World for Machine {
    fn is_dir(&self, path: &str) -> bool {
        Path::new(path).is_dir()
    }

    fn is_file(&self, path: &str) -> bool {
        Path::new(path).is_file()
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn access(&self, path: &str, mode: u32) -> bool {
        let access = rustix::fs::Access::from_bits_truncate(mode);
        rustix::fs::access(path, access).is_ok()
    }

    fn read(&self, path: &str) -> std::io::Result<String> {
        // A device or a pipe would never end; what conditions look at are small files of /proc and /etc.
        if !fs_err::metadata(path)?.is_file() {
            return Err(std::io::Error::other(format!("{path} is not a regular file")));
        }
        let mut bytes = Vec::new();
        fs_err::File::open(path)?.take(MAX_CONDITION_FILE).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Conditions for Interpreter {
    fn holds(&self, expression: &str) -> Result<bool, Diagnostic> {
        if let Some(known) = self.known.lock().expect("no panic while locked").get(expression) {
            return Ok(*known);
        }
        let value = eval_condition(expression, self.facts()?, self.slapos, &Machine).map_err(explain)?;
        self.known.lock().expect("no panic while locked").insert(expression.to_owned(), value);
        Ok(value)
    }
}

fn explain(error: ConditionError) -> Diagnostic {
    match error {
        ConditionError::Raised(error) if error.class != "NameError" => {
            Diagnostic::internal(&error.class, error.message)
        }
        ConditionError::Raised(error) => Diagnostic::internal(&error.class, error.message).with_hint(
            "A condition is a PEP 508 marker, or a Python expression over sys, os, platform, re and names such as \
             python3, linux, bits64; the two can't be mixed.",
        ),
        ConditionError::Unsupported(_) => Diagnostic::user(error.to_string())
            .with_hint("Conditions are evaluated without running Python: write it with simpler expressions."),
    }
}
