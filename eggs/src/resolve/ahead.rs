//! Working ahead: pages are read, and eggs of pinned versions fetched and made, before their turn comes.
//!
//! The order of the reference needs the metadata of one distribution before it looks at the next. What a pin decides is
//! known earlier: other threads make those eggs in hidden directories, look at what they require, and go on with that.
//! The resolver takes what is ready; what failed ahead it does again itself, so that errors and records come in order.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::base::Base;
use crate::context::{Collector, Records};
use crate::index::{Candidate, Index};
use crate::install::Made;
use crate::requirement::Requirement;

/// The most threads at work.
const MAX_THREADS: usize = 8;

/// An egg that waits for its turn.
pub(super) struct Ready {
    pub(super) made: Made,
    pub(super) records: Records,
}

enum Slot {
    /// Somebody is at it.
    Working,
    /// `None`: it failed, or was taken.
    Done(Option<Box<Ready>>),
}

/// The work ahead of one request.
pub(super) struct Ahead<'a> {
    base: Base<'a>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    jobs: VecDeque<(Requirement, Arc<Index>)>,
    seen: HashSet<Requirement>,
    slots: HashMap<String, Slot>,
    stopped: bool,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(base: Base<'a>) -> Self {
        let state = State { jobs: VecDeque::new(), seen: HashSet::new(), slots: HashMap::new(), stopped: false };
        Self { base: Base { in_front: false, ..base }, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// How many threads are worth it.
    pub(super) fn threads() -> usize {
        // Much of the work is waiting for the network.
        std::thread::available_parallelism().map_or(2, |count| count.get() * 2).min(MAX_THREADS)
    }

    /// Adds a constrained requirement that [is worth it](Base::is_worth_preparing).
    pub(super) fn add(&self, requirement: Requirement, index: &Arc<Index>) {
        let mut state = self.lock();
        if state.seen.insert(requirement.clone()) {
            state.jobs.push_back((requirement, Arc::clone(index)));
            self.changed.notify_one();
        }
    }

    /// The egg of `candidate`, if it was made ahead; waits for one that is being made.
    pub(super) fn take(&self, candidate: &Candidate) -> Option<Ready> {
        let mut state = self.lock();
        loop {
            match state.slots.get_mut(&candidate.location) {
                // From now on it is the resolver's.
                None => {
                    state.slots.insert(candidate.location.clone(), Slot::Done(None));
                    return None;
                }
                Some(Slot::Done(ready)) => return ready.take().map(|ready| *ready),
                Some(Slot::Working) => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Lets the threads end after what they are at.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// What a thread does until it is stopped.
    pub(super) fn work(&self) {
        loop {
            let mut state = self.lock();
            let (requirement, index) = loop {
                if state.stopped || self.base.context.interrupted() {
                    return;
                }
                match state.jobs.pop_front() {
                    Some(job) => break job,
                    None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                }
            };
            drop(state);
            self.prepare(&requirement, &index);
        }
    }

    fn prepare(&self, requirement: &Requirement, index: &Arc<Index>) {
        let Ok(Some(candidate)) = self.base.obtain(index, requirement, false) else {
            return;
        };
        // Without a pin another requirement may choose another version.
        if requirement.specifiers.exact().is_none() {
            return;
        }
        {
            let mut state = self.lock();
            if state.stopped || state.slots.contains_key(&candidate.location) {
                return;
            }
            state.slots.insert(candidate.location.clone(), Slot::Working);
        }
        // Set even if making it panics: the resolver may wait.
        let mut outcome = Outcome { ahead: self, location: candidate.location.clone(), ready: None };
        if let Some(ready) = self.make(requirement, &candidate) {
            for next in self.requirements(&ready, requirement) {
                self.add(next, index);
            }
            outcome.ready = Some(Box::new(ready));
        }
    }

    fn make(&self, requirement: &Requirement, candidate: &Candidate) -> Option<Ready> {
        let directory = self.base.eggs_directory.clone()?;
        let collector = Collector::new(self.base.context);
        let base = Base { context: &collector, ..self.base.clone() };
        let made = base.fetch_and_make(requirement, candidate, &directory).ok()?;
        Some(Ready { made, records: collector.into_records() })
    }

    /// What the egg requires, as far as pins decide about it and nothing that is there can be it.
    fn requirements(&self, ready: &Ready, requirement: &Requirement) -> Vec<Requirement> {
        let found = self.base.eggs.scanner.find(ready.made.path(), false);
        let required = found.first().and_then(|found| found.requires(&requirement.extras).ok());
        let constrained = |one: Requirement| self.base.pins.constrain(&one, self.base.mode()).ok();
        let worth = |one: &Requirement| self.base.is_worth_preparing(one);
        required.unwrap_or_default().into_iter().filter_map(constrained).filter(worth).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whoever waits that an egg is made, or never will be.
struct Outcome<'a, 'b> {
    ahead: &'a Ahead<'b>,
    location: String,
    ready: Option<Box<Ready>>,
}

impl Drop for Outcome<'_, '_> {
    fn drop(&mut self) {
        let ready = self.ready.take();
        self.ahead.lock().slots.insert(std::mem::take(&mut self.location), Slot::Done(ready));
        self.ahead.changed.notify_all();
    }
}
