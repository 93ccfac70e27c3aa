//! An advisory lock on a file, held as long as the value lives (or, when made inheritable, as long as any child that
//! inherited it).
//!
//! The lock is `flock`: it belongs to the open file, ends with the process however that ends, and never goes stale. A
//! holder may remove the file; whoever waited then notices that its lock is on a file nobody can find, and starts over.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::fs::FlockOperation;
use rustix::io::{Errno, FdFlags};

/// A held lock.
#[derive(Debug)]
pub struct FileLock {
    file: fs::File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock if it is free; `None` if someone else holds it. The file is created when missing.
    ///
    /// # Errors
    /// The file cannot be opened or created, or its file system has no locks.
    pub fn try_lock(path: impl Into<PathBuf>) -> io::Result<Option<Self>> {
        let path = path.into();
        loop {
            let file = open(&path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if is_current(&file, &path)? => return Ok(Some(Self { file, path })),
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(errno) => return Err(error(&path, errno)),
            }
        }
    }

    /// Takes the lock, waiting for it; `waiting` is called once, before the wait, if there is one.
    ///
    /// # Errors
    /// As [`FileLock::try_lock`].
    pub fn lock(path: impl Into<PathBuf>, waiting: impl FnOnce()) -> io::Result<Self> {
        let path = path.into();
        if let Some(lock) = Self::try_lock(&path)? {
            return Ok(lock);
        }
        waiting();
        loop {
            let file = open(&path)?;
            flock(&file, FlockOperation::LockExclusive).map_err(|errno| error(&path, errno))?;
            if is_current(&file, &path)? {
                return Ok(Self { file, path });
            }
        }
    }

    /// The file that is locked.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The locked file, for instance to note the holder in it.
    pub fn file(&self) -> &fs::File {
        &self.file
    }

    /// Whether a program started from now on inherits the descriptor and so shares the lock until it ends.
    ///
    /// # Errors
    /// The descriptor's flags cannot be set.
    pub fn set_inheritable(&self, inheritable: bool) -> io::Result<()> {
        let flags = if inheritable { FdFlags::empty() } else { FdFlags::CLOEXEC };
        rustix::io::fcntl_setfd(&self.file, flags).map_err(|errno| error(&self.path, errno))
    }
}

impl AsFd for FileLock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn open(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

fn flock(file: &fs::File, operation: FlockOperation) -> rustix::io::Result<()> {
    rustix::io::retry_on_intr(|| rustix::fs::flock(file, operation))
}

/// Whether `path` still names the file that was locked.
fn is_current(file: &fs::File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn error(path: &Path, errno: Errno) -> io::Error {
    let error = io::Error::from(errno);
    io::Error::new(error.kind(), format!("failed to lock file `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn second_taker_waits() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = FileLock::try_lock(&path).unwrap().unwrap();
        assert!(FileLock::try_lock(&path).unwrap().is_none());
        let (told, tell) = mpsc::channel();
        let other = path.clone();
        let thread = std::thread::spawn(move || FileLock::lock(other, || told.send(()).unwrap()).unwrap());
        tell.recv_timeout(Duration::from_secs(10)).unwrap();
        drop(held);
        let held = thread.join().unwrap();
        assert!(FileLock::try_lock(&path).unwrap().is_none());
        drop(held);
        assert!(FileLock::try_lock(&path).unwrap().is_some());
    }

    #[test]
    fn removed_by_its_holder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = FileLock::try_lock(&path).unwrap().unwrap();
        fs::remove_file(&path).unwrap();
        let again = FileLock::try_lock(&path).unwrap().unwrap();
        drop(held);
        assert!(FileLock::try_lock(&path).unwrap().is_none());
        drop(again);
    }

    #[test]
    fn inherited_by_a_child() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = FileLock::try_lock(&path).unwrap().unwrap();
        held.set_inheritable(true).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        held.set_inheritable(false).unwrap();
        drop(held);
        assert!(FileLock::try_lock(&path).unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(FileLock::try_lock(&path).unwrap().is_some());
    }
}
