//! Unpacked wheels, kept for all buildouts of a user: `eggs/<sha256>-<python>/` in the cache directory.
//!
//! Eggs made from one entry share its files through hard links. Somebody who edits an egg in place changes the entry as
//! well; therefore an entry knows the size, time and mode of its files, and is made anew when they changed.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_cache::tree;
use serde::{Deserialize, Serialize};

const MANIFEST: &str = "manifest.json";

/// What an entry holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    /// Name of the egg.
    egg: String,
    /// Path, size, time, nanoseconds and mode of all files, sorted.
    files: Vec<(PathBuf, u64, i64, i64, u32)>,
}

/// The place of one wheel's egg.
pub(super) struct Entry {
    directory: PathBuf,
}

impl Entry {
    /// `key` tells apart whatever makes a different egg.
    pub(super) fn new(cache: &Path, key: &str) -> Self {
        Self { directory: cache.join("eggs").join(key) }
    }

    /// The egg, if it is there and as it was made.
    pub(super) fn get(&self) -> Option<PathBuf> {
        let manifest: Manifest = serde_json::from_slice(&fs::read(self.directory.join(MANIFEST)).ok()?).ok()?;
        let egg = self.directory.join(&manifest.egg);
        let now = Manifest::of(&egg).ok()?;
        if now == manifest {
            return Some(egg);
        }
        // A run that is at work with it keeps its own links.
        let _ = tree::remove(&self.directory);
        None
    }

    /// A directory to make the egg in, on the same file system.
    pub(super) fn work_directory(&self) -> std::io::Result<tempfile::TempDir> {
        let parent = self.directory.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent)?;
        tempfile::Builder::new().prefix(".new-").tempdir_in(parent)
    }

    /// Keeps the egg that was made in `work`. Returns its place, or that of the same one which another run has kept.
    pub(super) fn keep(&self, work: tempfile::TempDir, egg: &Path) -> std::io::Result<PathBuf> {
        let manifest = Manifest::of(egg)?;
        let mut file = fs::File::create(work.path().join(MANIFEST))?;
        file.write_all(&serde_json::to_vec(&manifest)?)?;
        let kept = self.directory.join(&manifest.egg);
        match fs::rename(work.path(), &self.directory) {
            Ok(()) => {
                // It has moved.
                let _ = work.keep();
                Ok(kept)
            }
            Err(error) => self.get().ok_or(error),
        }
    }
}

impl Manifest {
    fn of(egg: &Path) -> std::io::Result<Self> {
        let mut files = Vec::new();
        walk(egg, Path::new(""), &mut files)?;
        files.sort();
        let name = egg.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { egg: name, files })
    }
}

fn walk(root: &Path, below: &Path, files: &mut Vec<(PathBuf, u64, i64, i64, u32)>) -> std::io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            walk(root, &path, files)?;
        } else {
            files.push((path, metadata.len(), metadata.mtime(), metadata.mtime_nsec(), metadata.mode()));
        }
    }
    Ok(())
}
