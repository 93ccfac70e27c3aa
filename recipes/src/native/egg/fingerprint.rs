//! What a developed project was like when its setup script ran: it need not run again while that holds (slapos mode).
//!
//! One line in `developed/MD5` of the run's own directory, MD5 being that of the path of the setup script: the digest over
//! the interpreter and all files of the project, by name, size and time of change. Of version control only the revision
//! counts. What the setup script made in the project counts as well, so that it is made again if it is gone.

use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_cache::hash::md5_hex;
use rbuildout_eggs::Interpreter;
use rbuildout_parser::python::str_repr;

/// Directories without code.
const NOT_CODE: [&str; 5] = [".svn", "CVS", "__pycache__", ".git", ".hg"];
/// What says which revision is checked out.
const REVISION: [&str; 4] = [".git/HEAD", ".git/packed-refs", ".git/refs/heads", ".git/refs/tags"];

/// The fingerprint of one project.
pub(super) struct Fingerprint {
    file: PathBuf,
    project: PathBuf,
}

impl Fingerprint {
    /// Of the project of a setup script (or directory), in the run's own directory.
    pub(super) fn new(setup: &Path, state_directory: &Path) -> Self {
        let file = state_directory.join("developed").join(md5_hex(setup.as_os_str().as_encoded_bytes()));
        let directory = if setup.is_dir() { Some(setup) } else { setup.parent() };
        Self { file, project: directory.unwrap_or(setup).to_owned() }
    }

    /// True if the project is as it was.
    pub(super) fn holds(&self, interpreter: &Interpreter) -> bool {
        let kept = fs::read_to_string(&self.file).unwrap_or_default();
        !kept.is_empty() && self.digest(interpreter).is_ok_and(|now| now == kept)
    }

    /// Remembers what the project is like.
    pub(super) fn keep(&self, interpreter: &Interpreter) -> io::Result<()> {
        let digest = self.digest(interpreter)?;
        if let Some(directory) = self.file.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(&self.file, digest)
    }

    fn digest(&self, interpreter: &Interpreter) -> io::Result<String> {
        let mut text = format!("{} {}\n", interpreter.executable().display(), interpreter.version());
        walk(&self.project, &mut text)?;
        for name in REVISION {
            let path = self.project.join(name);
            if path.is_dir() {
                walk(&path, &mut text)?;
            } else if let Ok(content) = fs::read_to_string(&path) {
                text.push_str(&content);
            }
        }
        Ok(md5_hex(text))
    }
}

fn walk(directory: &Path, text: &mut String) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if NOT_CODE.iter().any(|not| name == *not) {
            continue;
        }
        let metadata = entry.metadata()?;
        let path = entry.path();
        // Writing to a string can't fail.
        let _ = write!(text, "{}", str_repr(&path.to_string_lossy()));
        // The time of a directory changes with what doesn't count.
        if metadata.is_dir() {
            text.push('\n');
            walk(&path, text)?;
        } else {
            let _ = writeln!(text, " {} {} {}", metadata.len(), metadata.mtime(), metadata.mtime_nsec());
        }
    }
    Ok(())
}
