//! A copy of a tree by hard links.
//!
//! The kernel makes some 155,000 links a second on one core, so the work around each has to stay small: directories
//! are opened once, names are linked by descriptor, nothing is looked up twice. Directories are handed to a few
//! threads; each is finished (mode, time) by the one that linked its last entry, as a directory that is finished
//! early would get a new time from the next entry, and a read-only one could not be filled.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rustix::fs::{AtFlags, FileType, Stat};
use rustix::io::Errno;

use super::copy::{self, Place};
use super::walk;

/// More threads than this only wait for the locks of the file system's journal.
const MAX_THREADS: usize = 4;

/// Makes `dst` a copy of the tree `src` whose files are hard links to the originals, or copies where a link is not
/// possible (another file system, too many links, another owner). Directories get the original's mode and time.
///
/// Directories that exist at `dst` are merged into; an existing file is replaced.
///
/// # Errors
/// Something can't be read, linked or written; the error names it. What was made until then stays.
pub fn clone_by_links(src: &Path, dst: &Path) -> io::Result<()> {
    let stat = rustix::fs::lstat(src).map_err(|errno| walk::error("stat", src, errno))?;
    let (from, from_name) = copy::open_parent(src)?;
    let (to, to_name) = copy::open_parent(dst)?;
    let from = Place { fd: from.as_fd(), name: from_name, path: src };
    let to = Place { fd: to.as_fd(), name: to_name, path: dst };
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return link(&from, &to);
    }
    let (source, target) = copy::enter(&from, &to)?;
    let root = Directory {
        source,
        target,
        stat,
        source_path: src.to_owned(),
        target_path: dst.to_owned(),
        pending: AtomicUsize::new(1),
        parent: None,
    };
    let queue = Queue::new(Task::Root(root));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| queue.work());
        }
        queue.work();
    });
    queue.outcome()
}

struct Directory {
    source: OwnedFd,
    target: OwnedFd,
    stat: Stat,
    source_path: PathBuf,
    target_path: PathBuf,
    /// Its own entries (one) and the directories in it that are not finished.
    pending: AtomicUsize,
    parent: Option<Arc<Directory>>,
}

/// A directory to fill. It is opened when its turn comes, so that a wide directory needs no descriptor per child.
enum Task {
    Root(Directory),
    Child { parent: Arc<Directory>, name: OsString },
}

impl Task {
    /// Does it; returns the tasks that it leads to.
    fn run(self) -> io::Result<Vec<Self>> {
        let directory = Arc::new(match self {
            Self::Root(directory) => directory,
            Self::Child { parent, name } => Directory::open(parent, &name)?,
        });
        let tasks = directory.fill()?;
        directory.done()?;
        Ok(tasks)
    }
}

impl Directory {
    fn open(parent: Arc<Self>, name: &OsStr) -> io::Result<Self> {
        let (source, target) = parent.with_places(name, copy::enter)?;
        let source_path = parent.source_path.join(name);
        let stat = rustix::fs::fstat(&source).map_err(|errno| walk::error("stat", &source_path, errno))?;
        let target_path = parent.target_path.join(name);
        Ok(Self { source, target, stat, source_path, target_path, pending: AtomicUsize::new(1), parent: Some(parent) })
    }

    /// Links the files; returns the directories.
    fn fill(self: &Arc<Self>) -> io::Result<Vec<Task>> {
        let mut tasks = Vec::new();
        let entries =
            walk::entries(&self.source).map_err(|errno| walk::error("read directory", &self.source_path, errno))?;
        for entry in entries {
            let name = entry.name.as_os_str();
            if entry.kind == FileType::Directory {
                self.pending.fetch_add(1, Ordering::Relaxed);
                tasks.push(Task::Child { parent: Arc::clone(self), name: entry.name });
            } else if rustix::fs::linkat(&self.source, name, &self.target, name, AtFlags::empty()).is_err() {
                self.with_places(name, link)?;
            }
        }
        Ok(tasks)
    }

    fn with_places<T>(&self, name: &OsStr, act: impl FnOnce(&Place<'_>, &Place<'_>) -> io::Result<T>) -> io::Result<T> {
        act(
            &Place { fd: self.source.as_fd(), name, path: &self.source_path.join(name) },
            &Place { fd: self.target.as_fd(), name, path: &self.target_path.join(name) },
        )
    }

    /// Counts one thing in the directory as done; the last one finishes it, and so on upwards.
    fn done(&self) -> io::Result<()> {
        let mut directory = self;
        while directory.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            let place = Place { fd: directory.target.as_fd(), name: OsStr::new("."), path: &directory.target_path };
            copy::finish_directory(&directory.target, &directory.stat, &place)?;
            let Some(parent) = directory.parent.as_deref() else {
                break;
            };
            directory = parent;
        }
        Ok(())
    }
}

/// Links one file or symbolic link, with all fallbacks.
fn link(from: &Place<'_>, to: &Place<'_>) -> io::Result<()> {
    let attempt = || rustix::fs::linkat(from.fd, from.name, to.fd, to.name, AtFlags::empty());
    let outcome = match attempt() {
        Err(Errno::EXIST) => {
            let same = |place: &Place<'_>| {
                rustix::fs::statat(place.fd, place.name, AtFlags::SYMLINK_NOFOLLOW)
                    .map(|stat| (stat.st_dev, stat.st_ino))
            };
            if same(from) == same(to) {
                return Ok(());
            }
            rustix::fs::unlinkat(to.fd, to.name, AtFlags::empty()).map_err(|errno| to.error("replace", errno))?;
            attempt()
        }
        other => other,
    };
    match outcome {
        Ok(()) => Ok(()),
        Err(Errno::XDEV | Errno::MLINK | Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP | Errno::ACCESS) => {
            copy::copy_entry(from, to)
        }
        Err(errno) => Err(to.error("link", errno)),
    }
}

/// Directories to fill. Depth first, so that few descriptors are open at a time.
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    ready: Vec<Task>,
    busy: usize,
    error: Option<io::Error>,
}

impl Queue {
    fn new(root: Task) -> Self {
        Self { state: Mutex::new(State { ready: vec![root], busy: 0, error: None }), changed: Condvar::new() }
    }

    fn work(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.error.is_some() || (state.ready.is_empty() && state.busy == 0) {
                self.changed.notify_all();
                return;
            }
            let Some(task) = state.ready.pop() else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.busy += 1;
            drop(state);
            let outcome = task.run();
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.busy -= 1;
            match outcome {
                Ok(tasks) if tasks.is_empty() => {}
                Ok(tasks) => {
                    state.ready.extend(tasks);
                    self.changed.notify_all();
                }
                Err(error) => state.error = Some(error),
            }
        }
    }

    fn outcome(self) -> io::Result<()> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.error.map_or(Ok(()), Err)
    }
}
