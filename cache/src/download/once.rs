//! Work that is done once, however many threads want its result.
//!
//! The events of the work are told to all of them: to those who wait at once, to one who comes later from the beginning.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Results by key, while they are in the making or wait to be fetched.
pub(super) struct OnceMap<K, T, E> {
    state: Mutex<State<K, T, E>>,
}

struct State<K, T, E> {
    slots: HashMap<K, Arc<Slot<T, E>>>,
    /// Every key that was ever worked on: nobody needs to do it ahead any more.
    seen: HashSet<K>,
}

/// A piece of work.
pub(super) struct Slot<T, E> {
    work: Mutex<Work<T, E>>,
    changed: Condvar,
}

struct Work<T, E> {
    events: Vec<E>,
    progress: Progress<T>,
}

enum Progress<T> {
    Working,
    Done(T),
    /// Whoever worked has panicked.
    Abandoned,
}

impl<K: Clone + Eq + Hash, T: Clone, E: Clone> OnceMap<K, T, E> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { slots: HashMap::new(), seen: HashSet::new() }) }
    }

    /// The result for `key`: of the work that is under way, or of work done ahead (which is then forgotten), or of
    /// `work`, which shares its events through [`Slot::share`]. `tell` gets those of work that is someone else's.
    pub(super) fn get(&self, key: &K, tell: impl Fn(&E), work: impl FnOnce(&Slot<T, E>) -> T) -> T {
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(slot) = state.slots.get(key).map(Arc::clone) else {
                let slot = state.add(key);
                drop(state);
                return self.lead(key, &slot, false, work);
            };
            drop(state);
            let found = slot.follow(&tell);
            self.remove(key, &slot);
            if let Some(value) = found {
                return value;
            }
        }
    }

    /// Does `work` and keeps the result for the next one who asks; nothing if anyone has asked before.
    pub(super) fn ahead(&self, key: &K, work: impl FnOnce(&Slot<T, E>) -> T) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.seen.contains(key) {
            return;
        }
        let slot = state.add(key);
        drop(state);
        self.lead(key, &slot, true, work);
    }

    fn lead(&self, key: &K, slot: &Arc<Slot<T, E>>, keep: bool, work: impl FnOnce(&Slot<T, E>) -> T) -> T {
        let guard = Guard { map: self, key, slot };
        let value = work(slot);
        std::mem::forget(guard);
        if !keep {
            self.remove(key, slot);
        }
        slot.set(Progress::Done(value.clone()));
        value
    }

    fn remove(&self, key: &K, slot: &Arc<Slot<T, E>>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.slots.get(key).is_some_and(|there| Arc::ptr_eq(there, slot)) {
            state.slots.remove(key);
        }
    }
}

impl<K: Clone + Eq + Hash, T, E> State<K, T, E> {
    fn add(&mut self, key: &K) -> Arc<Slot<T, E>> {
        let work = Mutex::new(Work { events: Vec::new(), progress: Progress::Working });
        let slot = Arc::new(Slot { work, changed: Condvar::new() });
        self.slots.insert(key.clone(), Arc::clone(&slot));
        self.seen.insert(key.clone());
        slot
    }
}

impl<T, E> Slot<T, E> {
    /// Lets all who wait know of an event.
    pub(super) fn share(&self, event: E) {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).events.push(event);
        self.changed.notify_all();
    }

    fn set(&self, progress: Progress<T>) {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).progress = progress;
        self.changed.notify_all();
    }
}

impl<T: Clone, E: Clone> Slot<T, E> {
    /// Tells all events as they come. `None` if the work was abandoned.
    fn follow(&self, tell: impl Fn(&E)) -> Option<T> {
        let mut told = 0;
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if work.events.len() > told {
                let new = work.events[told..].to_vec();
                told = work.events.len();
                drop(work);
                new.iter().for_each(&tell);
                work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            match &work.progress {
                Progress::Working => work = self.changed.wait(work).unwrap_or_else(PoisonError::into_inner),
                Progress::Done(value) => return Some(value.clone()),
                Progress::Abandoned => return None,
            }
        }
    }
}

/// Frees those who wait when the work panics.
struct Guard<'a, K: Clone + Eq + Hash, T: Clone, E: Clone> {
    map: &'a OnceMap<K, T, E>,
    key: &'a K,
    slot: &'a Arc<Slot<T, E>>,
}

impl<K: Clone + Eq + Hash, T: Clone, E: Clone> Drop for Guard<'_, K, T, E> {
    fn drop(&mut self) {
        self.map.remove(self.key, self.slot);
        self.slot.set(Progress::Abandoned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    type Map = OnceMap<u8, u32, &'static str>;

    #[test]
    fn one_works_and_all_get() {
        let map = Map::new();
        let count = AtomicU32::new(0);
        let work = |slot: &Slot<u32, &'static str>| {
            slot.share("begun");
            std::thread::sleep(Duration::from_millis(100));
            count.fetch_add(1, Ordering::SeqCst) + 1
        };
        let told = AtomicU32::new(0);
        let tell = |_: &&str| _ = told.fetch_add(1, Ordering::SeqCst);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(map.get(&1, tell, work), 1));
            }
        });
        assert_eq!(told.load(Ordering::SeqCst), 7);
        assert_eq!(map.get(&1, |_| unreachable!(), work), 2);
    }

    #[test]
    fn ahead_is_kept_once() {
        let map = Map::new();
        map.ahead(&1, |slot| {
            slot.share("a");
            slot.share("b");
            7
        });
        map.ahead(&1, |_| unreachable!());
        let told = Mutex::new(Vec::new());
        assert_eq!(map.get(&1, |event| told.lock().unwrap().push(*event), |_| unreachable!()), 7);
        assert_eq!(*told.lock().unwrap(), ["a", "b"]);
        assert_eq!(map.get(&1, |_| unreachable!(), |_| 8), 8);
        map.ahead(&1, |_| unreachable!());
    }

    #[test]
    fn events_do_not_wait_for_the_end() {
        let map = &Map::new();
        let (hear, heard) = mpsc::channel();
        let (start, started) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                map.ahead(&1, |slot| {
                    start.send(()).unwrap();
                    slot.share("a");
                    // The work does not end before its event was told.
                    heard.recv().unwrap();
                    7
                });
            });
            started.recv().unwrap();
            assert_eq!(map.get(&1, |event| hear.send(*event).unwrap(), |_| unreachable!()), 7);
        });
    }

    #[test]
    fn a_panic_hands_over() {
        let map = Arc::new(Map::new());
        let (start, started) = mpsc::channel();
        let other = Arc::clone(&map);
        let thread = std::thread::spawn(move || {
            other.get(
                &1,
                |_| (),
                |_| {
                    start.send(()).unwrap();
                    std::thread::sleep(Duration::from_millis(50));
                    panic!("on purpose")
                },
            )
        });
        started.recv().unwrap();
        assert_eq!(map.get(&1, |_| (), |_| 3), 3);
        assert!(thread.join().is_err());
    }
}
