//! A download that is not complete yet.
//!
//! Files on disk, beside the target `NAME`: `.NAME.part` holds the bytes that have come, `.NAME.part.json` what is known
//! of the file they belong to ([`Origin`]). Whoever writes holds a lock on the first one, so that processes that share
//! a cache do not mix their bytes; both stay after a failure or a kill, to go on from. Completion renames the part to
//! its target while the lock is held.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::hash::{Algorithm, Digests, Hasher};
use crate::lock::FileLock;

/// Where the bytes of a part are from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    /// md5 of the URL, which itself may hold a password.
    pub(super) url_md5: String,
    /// What the server calls this version of the file: a strong `ETag`, else `Last-Modified`.
    pub(super) validator: Option<String>,
}

/// A partial file that is locked for this process.
pub(super) struct Part {
    lock: FileLock,
    target: PathBuf,
    algorithms: Vec<Algorithm>,
    length: u64,
    /// Has seen exactly the first `length` bytes; `None` until someone wants to know.
    hasher: Option<Hasher>,
    origin: Option<Origin>,
    /// Of exactly the bytes that are there.
    digests: Option<Digests>,
}

impl Part {
    /// Locks the part of `target`, calling `waiting` if another process has it.
    pub(super) fn open(target: &Path, algorithms: Vec<Algorithm>, waiting: impl FnOnce()) -> io::Result<Self> {
        let lock = FileLock::lock(beside(target, "part"), waiting)?;
        let length = lock.file().metadata()?.len();
        let origin = fs::read(beside(target, "part.json")).ok().and_then(|text| serde_json::from_slice(&text).ok());
        Ok(Self { lock, target: target.to_owned(), algorithms, length, hasher: None, origin, digests: None })
    }

    /// Bytes that are there.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Where they are from, if that is known.
    pub(super) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Forgets all bytes.
    pub(super) fn reset(&mut self) -> io::Result<()> {
        if self.length > 0 {
            self.lock.file().set_len(0)?;
        }
        self.length = 0;
        self.hasher = None;
        self.digests = None;
        Ok(())
    }

    /// Notes where the bytes that follow are from, and gets ready for them.
    pub(super) fn begin(&mut self, origin: Origin, expected: Option<u64>) -> io::Result<()> {
        if self.origin.as_ref() != Some(&origin) {
            let text = serde_json::to_vec(&origin).map_err(io::Error::other)?;
            fs::write(beside(&self.target, "part.json"), text)?;
            self.origin = Some(origin);
        }
        let mut file = self.lock.file();
        if self.hasher.is_none() {
            let mut hasher = Hasher::new(&self.algorithms, expected);
            file.seek(SeekFrom::Start(0))?;
            hasher.read_all(file.take(self.length))?;
            self.hasher = Some(hasher);
        }
        file.seek(SeekFrom::Start(self.length))?;
        Ok(())
    }

    /// Appends `bytes`, after [`Part::begin`].
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.lock.file();
        file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        self.digests = None;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        Ok(())
    }

    /// The checksums of all bytes; they are read again only if this process has not seen them all.
    pub(super) fn digests(&mut self) -> io::Result<Digests> {
        let digests = match (self.digests.take(), self.hasher.take()) {
            (Some(known), _) => known,
            (None, Some(hasher)) => hasher.finish(),
            (None, None) => crate::hash::hash_file(self.lock.path(), &self.algorithms)?,
        };
        self.digests = Some(digests.clone());
        Ok(digests)
    }

    /// Makes the part `target`. With `durable` it survives a crash of the machine from then on.
    pub(super) fn complete(self, durable: bool) -> io::Result<()> {
        if durable {
            self.lock.file().sync_data()?;
        }
        fs::rename(self.lock.path(), &self.target)?;
        self.forget_origin()?;
        if durable {
            sync_parent(&self.target)?;
        }
        Ok(())
    }

    /// Removes the part: the target came from elsewhere.
    pub(super) fn discard(self) -> io::Result<()> {
        fs::remove_file(self.lock.path())?;
        self.forget_origin()
    }

    /// Keeps what came for the next run, but no empty file.
    pub(super) fn keep(self) -> io::Result<()> {
        if self.length == 0 { self.discard() } else { Ok(()) }
    }

    fn forget_origin(&self) -> io::Result<()> {
        match fs::remove_file(beside(&self.target, "part.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// `.NAME.suffix` beside `target`.
pub(super) fn beside(target: &Path, suffix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    name.push(suffix);
    target.with_file_name(name)
}

/// Makes a rename in the directory of `path` survive a crash.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::md5_hex;

    #[test]
    fn goes_on_where_it_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("file");
        let origin = Origin { url_md5: "x".into(), validator: Some("\"tag\"".into()) };
        let mut part = Part::open(&target, vec![Algorithm::Md5], || ()).unwrap();
        part.begin(origin.clone(), None).unwrap();
        part.write(b"hello ").unwrap();
        part.keep().unwrap();

        let mut part = Part::open(&target, vec![Algorithm::Md5], || ()).unwrap();
        assert_eq!((part.length(), part.origin()), (6, Some(&origin)));
        part.begin(origin, None).unwrap();
        part.write(b"world").unwrap();
        assert_eq!(part.digests().unwrap().md5, Some(md5_hex("hello world")));
        assert_eq!(part.digests().unwrap().md5, Some(md5_hex("hello world")));
        part.complete(true).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"hello world");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_left_of_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("file");
        let mut part = Part::open(&target, vec![], || ()).unwrap();
        part.begin(Origin::default(), Some(3)).unwrap();
        part.write(b"abc").unwrap();
        part.reset().unwrap();
        part.keep().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
