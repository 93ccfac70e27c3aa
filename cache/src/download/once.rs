//! Work that is done once, however many threads want its result.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Results by key, while they are in the making or wait to be fetched.
pub(super) struct OnceMap<K, T> {
    state: Mutex<State<K, T>>,
}

struct State<K, T> {
    slots: HashMap<K, Arc<Slot<T>>>,
    /// Every key that was ever worked on: nobody needs to do it ahead any more.
    seen: HashSet<K>,
}

struct Slot<T> {
    result: Mutex<Progress<T>>,
    changed: Condvar,
}

enum Progress<T> {
    Working,
    Done(T),
    /// Whoever worked has panicked.
    Abandoned,
}

impl<K: Clone + Eq + Hash, T: Clone> OnceMap<K, T> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { slots: HashMap::new(), seen: HashSet::new() }) }
    }

    /// The result for `key`: of the work that is under way, or of work done ahead (which is then forgotten), or of
    /// `work`. The second value tells that it was someone else's work.
    pub(super) fn get(&self, key: &K, work: impl FnOnce() -> T) -> (T, bool) {
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(slot) = state.slots.get(key).map(Arc::clone) else {
                let slot = state.add(key);
                drop(state);
                return (self.lead(key, &slot, false, work), false);
            };
            drop(state);
            let mut result = slot.result.lock().unwrap_or_else(PoisonError::into_inner);
            while matches!(*result, Progress::Working) {
                result = slot.changed.wait(result).unwrap_or_else(PoisonError::into_inner);
            }
            let found = if let Progress::Done(value) = &*result { Some(value.clone()) } else { None };
            drop(result);
            self.remove(key, &slot);
            if let Some(value) = found {
                return (value, true);
            }
        }
    }

    /// Does `work` and keeps the result for the next one who asks; nothing if anyone has asked before.
    pub(super) fn ahead(&self, key: &K, work: impl FnOnce() -> T) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.seen.contains(key) {
            return;
        }
        let slot = state.add(key);
        drop(state);
        self.lead(key, &slot, true, work);
    }

    fn lead(&self, key: &K, slot: &Arc<Slot<T>>, keep: bool, work: impl FnOnce() -> T) -> T {
        let guard = Guard { map: self, key, slot };
        let value = work();
        std::mem::forget(guard);
        if !keep {
            self.remove(key, slot);
        }
        slot.set(Progress::Done(value.clone()));
        value
    }

    fn remove(&self, key: &K, slot: &Arc<Slot<T>>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.slots.get(key).is_some_and(|there| Arc::ptr_eq(there, slot)) {
            state.slots.remove(key);
        }
    }
}

impl<K: Clone + Eq + Hash, T> State<K, T> {
    fn add(&mut self, key: &K) -> Arc<Slot<T>> {
        let slot = Arc::new(Slot { result: Mutex::new(Progress::Working), changed: Condvar::new() });
        self.slots.insert(key.clone(), Arc::clone(&slot));
        self.seen.insert(key.clone());
        slot
    }
}

impl<T> Slot<T> {
    fn set(&self, progress: Progress<T>) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = progress;
        self.changed.notify_all();
    }
}

/// Frees those who wait when the work panics.
struct Guard<'a, K: Clone + Eq + Hash, T: Clone> {
    map: &'a OnceMap<K, T>,
    key: &'a K,
    slot: &'a Arc<Slot<T>>,
}

impl<K: Clone + Eq + Hash, T: Clone> Drop for Guard<'_, K, T> {
    fn drop(&mut self) {
        self.map.remove(self.key, self.slot);
        self.slot.set(Progress::Abandoned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[test]
    fn one_works_and_all_get() {
        let map: OnceMap<u8, u32> = OnceMap::new();
        let count = AtomicU32::new(0);
        let work = || {
            std::thread::sleep(Duration::from_millis(100));
            count.fetch_add(1, Ordering::SeqCst) + 1
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(map.get(&1, work).0, 1));
            }
        });
        assert_eq!(map.get(&1, work).0, 2);
    }

    #[test]
    fn ahead_is_kept_once() {
        let map: OnceMap<u8, u32> = OnceMap::new();
        map.ahead(&1, || 7);
        map.ahead(&1, || unreachable!());
        assert_eq!(map.get(&1, || 8), (7, true));
        assert_eq!(map.get(&1, || 8), (8, false));
        map.ahead(&1, || unreachable!());
    }

    #[test]
    fn a_panic_hands_over() {
        let map: Arc<OnceMap<u8, u32>> = Arc::new(OnceMap::new());
        let (start, started) = std::sync::mpsc::channel();
        let other = Arc::clone(&map);
        let thread = std::thread::spawn(move || {
            other.get(&1, || {
                start.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(50));
                panic!("on purpose")
            })
        });
        started.recv().unwrap();
        assert_eq!(map.get(&1, || 3).0, 3);
        assert!(thread.join().is_err());
    }
}
