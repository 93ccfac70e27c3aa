//! The run's own directory and the lock in it: `.rbuildout`, in upstream mode one outside of the buildout.

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rbuildout_cache::FileLock;
use rbuildout_cache::hash::md5_hex;

/// Paths below `.rbuildout`.
#[derive(Debug, Clone)]
pub struct StateDirectory {
    root: PathBuf,
    /// A directory around it that only the user may use, in a place that is everybody's.
    private: Option<PathBuf>,
}

impl StateDirectory {
    /// `.rbuildout` in the buildout directory.
    pub fn new(buildout_directory: &Path) -> Self {
        Self { root: buildout_directory.join(".rbuildout"), private: None }
    }

    /// A directory elsewhere, so that the buildout directory has nothing but what zc.buildout would make: below the
    /// cache directory, or below one of the user's own among the temporary files.
    pub fn aside(buildout_directory: &Path, cache: Option<&Path>) -> Self {
        let name = md5_hex(buildout_directory.as_os_str().as_encoded_bytes());
        let (base, private) = match cache {
            Some(cache) => (cache.join("runs"), None),
            None => {
                let user = rustix::process::geteuid().as_raw();
                let base = std::env::temp_dir().join(format!("rbuildout-{user}"));
                (base.clone(), Some(base))
            }
        };
        Self { root: base.join(name), private }
    }

    /// That of a run in the same directory, started by a run that is at work there.
    pub fn nested(self) -> Self {
        Self { root: self.root.join("nested"), ..self }
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

    /// Names the Python that the release has built for itself.
    pub fn python(&self) -> PathBuf {
        self.root.join("python")
    }

    pub fn spool(&self) -> PathBuf {
        self.root.join("spool")
    }

    /// Log file of a part. Section names may hold any character but blanks and brackets.
    ///
    /// Names that would be too long for a file are cut and end in their md5.
    pub fn log(&self, part: &str) -> PathBuf {
        const LIMIT: usize = 200;
        let mut name: String = part
            .chars()
            .map(|c| match c {
                '/' => "%2F".to_owned(),
                '%' => "%25".to_owned(),
                c => c.to_string(),
            })
            .collect();
        if name.len() > LIMIT {
            let mut end = LIMIT;
            while !name.is_char_boundary(end) {
                end -= 1;
            }
            name.truncate(end);
            name.push('-');
            name.push_str(&md5_hex(part));
        }
        self.root.join("log").join(format!("{name}.log"))
    }

    /// Creates the directory and takes the lock of the run. With `wait`, `waiting` is called before a wait begins;
    /// without, `None` means that another run holds it.
    pub fn lock(&self, wait: bool, waiting: impl FnOnce()) -> io::Result<Option<FileLock>> {
        // The directory may come with a tree that somebody else made: nothing in it may lead elsewhere.
        for directory in
            ["log", "runs", "spool", "lock"].map(|name| self.root.join(name)).into_iter().chain([self.root.clone()])
        {
            let wanted = if directory.ends_with("lock") { "file" } else { "directory" };
            match fs_err::symlink_metadata(&directory) {
                Ok(found) if found.is_dir() == (wanted == "directory") && !found.is_symlink() => {}
                Ok(_) => {
                    let directory = directory.display();
                    return Err(io::Error::other(format!("{directory} is not a {wanted}: remove it and run again.")));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(private) = &self.private {
            make_private(private)?;
        }
        if !self.root.is_dir() {
            fs_err::create_dir_all(&self.root)?;
        }
        let path = self.root.join("lock");
        if wait { FileLock::lock(path, waiting).map(Some) } else { FileLock::try_lock(path) }
    }
}

/// Creates a directory for this user alone, or makes sure that it is one.
fn make_private(directory: &Path) -> io::Result<()> {
    match std::fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs_err::symlink_metadata(directory)?;
    if found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!("{} is not a directory of this user alone: remove it.", directory.display())))
}
