//! Checksums of files that were computed in this run: a file is hashed again only when it has changed.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::hash::{Algorithm, Digests, hash_file};

/// A content of a file, as far as that shows from outside. The change time is left out: a new hard link changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// Digests by file.
#[derive(Default)]
pub(super) struct Memo {
    known: Mutex<HashMap<Identity, Digests>>,
}

impl Memo {
    /// The digests of the file at `path`, at least those asked for.
    pub(super) fn digests(&self, path: &Path, algorithms: &[Algorithm]) -> io::Result<Digests> {
        let identity = identity(path)?;
        let known =
            self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&identity).cloned().unwrap_or_default();
        let missing: Vec<Algorithm> =
            algorithms.iter().copied().filter(|&algorithm| known.get(algorithm).is_none()).collect();
        if missing.is_empty() {
            return Ok(known);
        }
        let mut digests = hash_file(path, &missing)?;
        digests.merge(known);
        if self::identity(path)? == identity && is_settled(path)? {
            self.insert(identity, &digests);
        }
        Ok(digests)
    }

    /// Takes over digests that were computed while `path` was written.
    pub(super) fn note(&self, path: &Path, digests: &Digests) -> io::Result<()> {
        self.insert(identity(path)?, digests);
        Ok(())
    }

    fn insert(&self, identity: Identity, digests: &Digests) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(identity, digests.clone());
    }
}

/// Whether the next change of the file will show in its time, which the kernel takes from a clock that ticks.
fn is_settled(path: &Path) -> io::Result<bool> {
    let age = fs_err::metadata(path)?.modified()?.elapsed().unwrap_or_default();
    Ok(age > Duration::from_millis(50))
}

fn identity(path: &Path) -> io::Result<Identity> {
    let metadata = fs_err::metadata(path)?;
    Ok(Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::md5_hex;

    #[test]
    fn changed_files_are_hashed_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let memo = Memo::default();
        fs_err::write(&path, "a").unwrap();
        memo.note(&path, &Digests { md5: Some("noted".into()), ..Digests::default() }).unwrap();
        let md5 = || memo.digests(&path, &[Algorithm::Md5]).unwrap().md5.unwrap();
        assert_eq!(md5(), "noted");
        fs_err::write(&path, "bc").unwrap();
        assert_eq!(md5(), md5_hex("bc"));
        // Too new to be sure of.
        assert!(memo.digests(&path, &[Algorithm::Sha256]).unwrap().md5.is_none());
        filetime::set_file_mtime(&path, filetime::FileTime::from_unix_time(1, 0)).unwrap();
        assert_eq!(md5(), md5_hex("bc"));
        assert!(memo.digests(&path, &[Algorithm::Sha256]).unwrap().md5.is_some());
        assert!(memo.digests(&dir.path().join("missing"), &[]).is_err());
    }
}
