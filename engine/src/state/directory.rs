//! The run's own directory, `.rbuildout`, and the lock in it.

use std::io;
use std::path::{Path, PathBuf};

use rbuildout_cache::FileLock;

/// Paths below `.rbuildout`.
#[derive(Debug, Clone)]
pub struct StateDirectory {
    root: PathBuf,
}

impl StateDirectory {
    pub fn new(buildout_directory: &Path) -> Self {
        Self { root: buildout_directory.join(".rbuildout") }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn journal(&self, installed: &Path) -> PathBuf {
        let name = installed.file_name().unwrap_or_default().to_string_lossy();
        self.root.join(format!("journal-{name}"))
    }

    pub fn children(&self) -> PathBuf {
        self.root.join("children")
    }

    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    pub fn spool(&self) -> PathBuf {
        self.root.join("spool")
    }

    /// Log file of a part. Section names may hold any character but blanks and brackets.
    pub fn log(&self, part: &str) -> PathBuf {
        let name: String = part
            .chars()
            .map(|c| match c {
                '/' => "%2F".to_owned(),
                '%' => "%25".to_owned(),
                c => c.to_string(),
            })
            .collect();
        self.root.join("log").join(format!("{name}.log"))
    }

    /// Creates the directory and takes the lock of the run. With `wait`, `waiting` is called before a wait begins;
    /// without, `None` means that another run holds it.
    pub fn lock(&self, wait: bool, waiting: impl FnOnce()) -> io::Result<Option<FileLock>> {
        if !self.root.is_dir() {
            fs_err::create_dir_all(&self.root)?;
        }
        let path = self.root.join("lock");
        if wait { FileLock::lock(path, waiting).map(Some) } else { FileLock::try_lock(path) }
    }
}
