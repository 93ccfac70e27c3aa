//! The process groups of a run's commands, so that nothing outlives the run.
//!
//! Every command leads a process group and inherits an open descriptor of `.rbuildout/children` with a shared lock on
//! it. While a run may have commands the file says `running`. If a run is killed, the next one finds that word and the
//! lock held: it kills the groups of all processes that have the file open and waits until the lock is free. Only then
//! can it be sure that nobody writes into the parts any more. The file is emptied when a run ends, so a daemon that a
//! part left on purpose is not touched.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, getpgid, getpgrp, kill_process, kill_process_group};

/// The groups of this run.
pub struct Children {
    path: PathBuf,
    running: Mutex<Groups>,
}

#[derive(Default)]
struct Groups {
    alive: BTreeSet<u32>,
    /// Opened and locked before the first command.
    file: Option<fs_err::File>,
}

impl Children {
    pub fn new(path: PathBuf) -> Self {
        Self { path, running: Mutex::default() }
    }

    /// Ends what a killed run left behind. Returns how many processes were found.
    pub fn reap_orphans(path: &Path) -> io::Result<usize> {
        let found = match fs_err::symlink_metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        if !found.is_file() || found.nlink() != 1 || found.uid() != rustix::process::geteuid().as_raw() {
            return Err(super::journal::not_a_file(path));
        }
        if found.len() == 0 {
            return Ok(0);
        }
        let file = fs_err::OpenOptions::new().read(true).write(true).open(path)?;
        let mut found = 0;
        let deadline = Instant::now() + Duration::from_secs(30);
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            found = kill_holders(path).max(found);
            if Instant::now() > deadline {
                return Err(io::Error::other(format!(
                    "Commands of an earlier, killed run are still at work here: end the processes that have {} open \
                     and try again.",
                    path.display()
                )));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        file.set_len(0)?;
        Ok(found)
    }

    /// Opens the file before the first command, so that commands inherit it.
    pub fn prepare(&self) -> io::Result<()> {
        let mut groups = self.running.lock().expect("no panic while locked");
        if groups.file.is_none() {
            // A new file for each run: a daemon that an earlier run left on purpose holds another one.
            match fs_err::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = fs_err::OpenOptions::new().create_new(true).append(true).read(true).open(&self.path)?;
            flock(&file, FlockOperation::LockShared)?;
            rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())?;
            writeln!(file, "running")?;
            groups.file = Some(file);
        }
        Ok(())
    }

    pub fn started(&self, group: u32) {
        self.running.lock().expect("no panic while locked").alive.insert(group);
    }

    pub fn ended(&self, group: u32) {
        self.running.lock().expect("no panic while locked").alive.remove(&group);
    }

    /// Sends a signal to every group of this run.
    pub fn signal(&self, signal: Signal) {
        for group in &self.running.lock().expect("no panic while locked").alive {
            if let Some(group) = i32::try_from(*group).ok().and_then(Pid::from_raw) {
                let _ = kill_process_group(group, signal);
            }
        }
    }

    /// Kills all that commands of this run have started and that is still there, in whatever group.
    pub fn kill_all(&self) {
        self.signal(Signal::KILL);
        if self.running.lock().expect("no panic while locked").file.is_some() {
            kill_holders(&self.path);
        }
    }

    /// Empties the file: the run has waited for its commands.
    pub fn finish(&self) {
        if let Some(file) = &self.running.lock().expect("no panic while locked").file {
            let _ = file.set_len(0);
        }
    }
}

/// Kills the process groups of all processes that have the file open, this one excepted. Returns how many they are.
fn kill_holders(path: &Path) -> usize {
    let Ok(path) = fs_err::canonicalize(path) else { return 0 };
    let own = rustix::process::getpid();
    let Ok(processes) = fs_err::read_dir("/proc") else { return 0 };
    let pids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let mut found = 0;
    for pid in pids.filter_map(Pid::from_raw).filter(|pid| *pid != own) {
        // Processes of other users can't be looked at, and are not ours.
        let Ok(descriptors) = fs_err::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())) else { continue };
        let holds = descriptors
            .filter_map(Result::ok)
            .any(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target == path));
        if holds {
            found += 1;
            match getpgid(Some(pid)) {
                Ok(group) if group != getpgrp() => drop(kill_process_group(group, Signal::KILL)),
                _ => drop(kill_process(pid, Signal::KILL)),
            }
        }
    }
    found
}
