//! One GNU jobserver for the whole run: parts and the make processes in them share N tokens.
//!
//! The jobserver is a pipe with one byte for each token. A part takes a token before it starts; the makes that it runs
//! find the pipe through `MAKEFLAGS` and take further tokens for what they run beside their first job. The pipe style is
//! the one that GNU make 4.3 knows. It is written here, and not taken from a crate, because the commands of parts are
//! spawned elsewhere: the descriptors have to be inheritable by all of them.
//!
//! A make that is killed keeps its tokens for ever. The scheduler therefore runs a part without a token whenever no
//! other part runs.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::{FdFlags, fcntl_setfd, retry_on_intr};
use rustix::pipe::pipe;

/// The tokens of a run.
pub(super) struct Jobserver {
    read: OwnedFd,
    write: OwnedFd,
    /// The read end once more, as an open file of its own: not blocking here leaves the makes' descriptor alone.
    poll: OwnedFd,
    tokens: usize,
}

impl Jobserver {
    pub(super) fn new(tokens: usize) -> io::Result<Self> {
        let (read, write) = pipe()?;
        for end in [&read, &write] {
            fcntl_setfd(end, FdFlags::empty())?;
        }
        let path = format!("/proc/self/fd/{}", read.as_raw_fd());
        let poll = rustix::fs::open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
        let server = Self { read, write, poll, tokens };
        for _ in 0..tokens {
            server.release();
        }
        Ok(server)
    }

    /// Takes a token if one is free.
    pub(super) fn try_acquire(&self) -> bool {
        let mut byte = [0];
        matches!(retry_on_intr(|| rustix::io::read(&self.poll, &mut byte)), Ok(1))
    }

    /// Gives a token back.
    pub(super) fn release(&self) {
        // A pipe holds far more bytes than there are tokens: this can't block, and can't fail while both ends are open.
        let _ = retry_on_intr(|| rustix::io::write(&self.write, b"+"));
    }

    /// What `MAKEFLAGS` has to say.
    pub(super) fn makeflags(&self) -> String {
        format!(" -j{} --jobserver-auth={},{}", self.tokens, self.read.as_raw_fd(), self.write.as_raw_fd())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted() {
        let server = Jobserver::new(2).unwrap();
        assert!(server.try_acquire());
        assert!(server.try_acquire());
        assert!(!server.try_acquire());
        server.release();
        assert!(server.try_acquire());
    }

    #[test]
    fn make_uses_the_pipe() {
        let server = Jobserver::new(3).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let makefile = "all: a b c\na b c:\n\t@sleep 0.1; echo $@\n";
        fs_err::write(directory.path().join("Makefile"), makefile).unwrap();
        let output = std::process::Command::new("make")
            .current_dir(directory.path())
            .env("MAKEFLAGS", server.makeflags())
            .output()
            .unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!((0..3).all(|_| server.try_acquire()), "all tokens are back");
    }
}
