//! Files that no cache keeps.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fs_err as fs;

use crate::hash::md5_hex;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A downloaded file in the spool directory. It is removed when nobody holds it any more.
#[derive(Debug)]
pub(super) struct SpoolFile {
    path: PathBuf,
}

impl SpoolFile {
    /// Takes over the file at `path`.
    pub(super) fn adopt(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Hands out a path that the caller owns: the file itself, or a link if others hold it too.
    pub(super) fn claim(this: Arc<Self>) -> io::Result<PathBuf> {
        match Arc::try_unwrap(this) {
            Ok(mut file) => Ok(std::mem::take(&mut file.path)),
            Err(shared) => {
                let path = fresh(shared.path.parent().unwrap_or(Path::new(".")));
                crate::tree::link_or_copy(&shared.path, &path)?;
                Ok(path)
            }
        }
    }
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // The caller may have moved it away.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A name in `dir` that no other thread or process uses.
pub(super) fn fresh(dir: &Path) -> PathBuf {
    dir.join(format!("buildout-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)))
}

/// Where the partial file of `url` is: the same place in every run, so that it can be resumed.
pub(super) fn resumable(dir: &Path, url: &str) -> PathBuf {
    dir.join(md5_hex(url))
}

/// Puts the file `source` at `dest`, by a link or a copy, in one step: `dest` never holds half of it.
pub(super) fn place(source: &Path, dest: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(source)?;
    if metadata.is_dir() {
        return crate::tree::link_or_copy(source, dest);
    }
    if let Ok(there) = fs::symlink_metadata(dest) {
        if there.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                format!("failed to replace `{}`: it is a directory", dest.display()),
            ));
        }
        if (there.dev(), there.ino()) == (metadata.dev(), metadata.ino()) {
            return Ok(());
        }
    }
    let aside =
        super::part::beside(dest, &format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)));
    crate::tree::link_or_copy(source, &aside).and_then(|()| fs::rename(&aside, dest)).inspect_err(|_| {
        // The error to report is the first one.
        let _ = fs::remove_file(&aside);
    })
}
