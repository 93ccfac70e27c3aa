//! What a download said, for all who want the same file.
//!
//! Who fetches a file first is chance: a part, another part or a prefetch. All of them are told the same, so that
//! neither the log of a part nor the screen depends on it. A file that another part brought into the cache in this run
//! counts as well, unless the settings say otherwise.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};

use super::progress::Progress;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Downloading(String),
    Note(String),
}

impl Event {
    pub(super) fn tell(&self, progress: &dyn Progress) {
        match self {
            Self::Downloading(url) => progress.downloading(url),
            Self::Note(text) => progress.note(text),
        }
    }
}

/// Passes on all that it is told, and keeps the events.
pub(super) struct Recorder<'a> {
    listener: &'a dyn Progress,
    /// Gets each event at once.
    share: &'a (dyn Fn(Event) + Send + Sync),
    events: Mutex<Vec<Event>>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(listener: &'a dyn Progress, share: &'a (dyn Fn(Event) + Send + Sync)) -> Self {
        Self { listener, share, events: Mutex::default() }
    }

    /// Tells an event and keeps it.
    pub(super) fn event(&self, event: Event) {
        event.tell(self.listener);
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
        (self.share)(event);
    }

    /// All events so far.
    pub(super) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Progress for Recorder<'_> {
    fn downloading(&self, url: &str) {
        self.event(Event::Downloading(url.to_owned()));
    }

    fn started(&self, url: &str, total: Option<u64>) {
        self.listener.started(url, total);
    }

    fn advanced(&self, url: &str, bytes: u64) {
        self.listener.advanced(url, bytes);
    }

    fn finished(&self, url: &str) {
        self.listener.finished(url);
    }

    fn note(&self, text: &str) {
        self.event(Event::Note(text.to_owned()));
    }

    fn debug(&self, text: &str) {
        self.listener.debug(text);
    }
}

/// The files that are being written, and what was said of those that this run has written.
#[derive(Default)]
pub(super) struct Targets {
    state: Mutex<TargetState>,
    left: Condvar,
}

#[derive(Default)]
struct TargetState {
    busy: HashSet<PathBuf>,
    told: HashMap<PathBuf, Vec<Event>>,
}

impl Targets {
    /// Waits until no other thread works on `path`, which is then the caller's until it drops the result. Threads that
    /// want the same file with other checksums so wait here, in silence, and not for the lock between processes.
    pub(super) fn enter<'a>(&'a self, path: &'a Path) -> Target<'a> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.busy.contains(path) {
            state = self.left.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.busy.insert(path.to_owned());
        Target { targets: self, path }
    }
}

/// One file, for one thread at a time.
pub(super) struct Target<'a> {
    targets: &'a Targets,
    path: &'a Path,
}

impl Target<'_> {
    /// What was said when this run wrote the file; nothing if it did not.
    pub(super) fn told(&self) -> Vec<Event> {
        let state = self.targets.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.told.get(self.path).cloned().unwrap_or_default()
    }

    /// Keeps what was said while the file was written.
    pub(super) fn wrote(&self, events: Vec<Event>) {
        let mut state = self.targets.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.told.insert(self.path.to_owned(), events);
    }
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        self.targets.state.lock().unwrap_or_else(PoisonError::into_inner).busy.remove(self.path);
        self.targets.left.notify_all();
    }
}
