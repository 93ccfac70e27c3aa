//! The scheduler: which task starts when.
//!
//! Inputs are the tasks in list order with what each needs. A hermetic task is ready when all that it needs is done; an
//! ordered one is a fence: it starts when everything before it in the list has ended, and nothing after it starts before
//! it has ended. Of the ready tasks the one with the longest remaining path starts first. Never more than `jobs` run,
//! and each holds a token of the jobserver, so that tasks and the makes in them share the machine; a task that is alone
//! needs no token.
//!
//! References may form loops (two parts that read each other's configured options): a need of a task that stands later
//! in the list is ignored, as the reference builds in list order.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::jobserver::Jobserver;

/// A unit of work.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// Indices of tasks that must have succeeded.
    pub(super) needs: Vec<usize>,
    pub(super) ordered: bool,
    /// Seconds of the longest path from here to the end.
    pub(super) priority: f64,
    /// Already done: never started.
    pub(super) done: bool,
}

/// What the scheduler is told to do with the outcome of tasks.
pub(super) trait Observer<T> {
    /// Outcomes that arrived together. Returns for each whether the task succeeded.
    fn ended(&mut self, outcomes: Vec<(usize, T)>) -> Vec<bool>;
    /// A task is about to start.
    fn starting(&mut self, index: usize);
    /// A task will not be started, because one that it needs failed.
    fn skipped(&mut self, index: usize);
    /// True if nothing new may start.
    fn stopping(&self) -> bool;
}

pub(super) struct Limits {
    pub(super) jobs: usize,
    pub(super) keep_going: bool,
    pub(super) tokens: Option<Jobserver>,
}

/// How often an interruption and a missing token are looked at.
const TICK: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Done,
    Failed,
}

struct Scheduler<'a> {
    tasks: &'a [Task],
    states: Vec<State>,
    /// Needs that are not done yet.
    missing: Vec<usize>,
    /// Tasks that wait for this one: those that need it.
    dependents: Vec<Vec<usize>>,
    /// Tasks that have ended or will never start, in list order: everything before is behind the fences.
    ended_before: usize,
    running: usize,
    failed: bool,
    holds_token: Vec<bool>,
}

/// Runs all tasks. `work` is called on worker threads.
pub(super) fn run<T: Send>(
    tasks: &[Task],
    limits: &Limits,
    work: &(dyn Fn(usize) -> T + Sync),
    observer: &mut dyn Observer<T>,
) {
    let mut scheduler = Scheduler::new(tasks);
    if tasks.iter().all(|task| task.done) {
        return;
    }
    std::thread::scope(|scope| {
        let (to_workers, jobs) = channel::<usize>();
        let jobs = Arc::new(Mutex::new(jobs));
        let (results, outcomes) = channel::<(usize, T)>();
        let mut workers = 0;
        let spawn = |running: usize, workers: &mut usize| {
            if running > *workers {
                *workers += 1;
                let (jobs, results) = (jobs.clone(), results.clone());
                scope.spawn(move || worker(&jobs, &results, work));
            }
        };
        loop {
            let mut short_of_tokens = false;
            // Asked in every round: it acts on signals.
            let stopping = observer.stopping();
            while scheduler.running < limits.jobs && !stopping && (limits.keep_going || !scheduler.failed) {
                let Some(next) = scheduler.next() else { break };
                let tokenless = scheduler.running == 0;
                let has_token = limits.tokens.as_ref().is_none_or(Jobserver::try_acquire);
                if !has_token && !tokenless {
                    short_of_tokens = true;
                    break;
                }
                observer.starting(next);
                scheduler.states[next] = State::Running;
                scheduler.running += 1;
                scheduler.holds_token[next] = has_token;
                spawn(scheduler.running, &mut workers);
                // A worker lives as long as this loop: its end of the channel is open.
                let _ = to_workers.send(next);
            }
            if scheduler.running == 0 {
                break;
            }
            let mut batch = Vec::new();
            match if short_of_tokens { outcomes.recv_timeout(TICK) } else { outcomes.recv_timeout(TICK * 5) } {
                Ok(outcome) => batch.push(outcome),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            batch.extend(outcomes.try_iter());
            scheduler.finish(batch, limits, observer);
        }
        drop(to_workers);
    });
}

fn worker<T: Send>(jobs: &Mutex<Receiver<usize>>, results: &Sender<(usize, T)>, work: &(dyn Fn(usize) -> T + Sync)) {
    loop {
        let next = jobs.lock().map(|jobs| jobs.recv());
        let Ok(Ok(index)) = next else { return };
        if results.send((index, work(index))).is_err() {
            return;
        }
    }
}

impl<'a> Scheduler<'a> {
    fn new(tasks: &'a [Task]) -> Self {
        let mut missing = vec![0; tasks.len()];
        let mut dependents = vec![Vec::new(); tasks.len()];
        for (index, task) in tasks.iter().enumerate() {
            for &need in task.needs.iter().filter(|need| **need < index && !tasks[**need].done) {
                missing[index] += 1;
                dependents[need].push(index);
            }
        }
        let states = tasks.iter().map(|task| if task.done { State::Done } else { State::Waiting }).collect();
        let holds_token = vec![false; tasks.len()];
        let mut scheduler =
            Self { tasks, states, missing, dependents, ended_before: 0, running: 0, failed: false, holds_token };
        scheduler.advance();
        scheduler
    }

    fn advance(&mut self) {
        while self.states.get(self.ended_before).is_some_and(|state| matches!(state, State::Done | State::Failed)) {
            self.ended_before += 1;
        }
    }

    /// The ready task with the longest remaining path.
    fn next(&self) -> Option<usize> {
        let mut best: Option<usize> = None;
        for index in self.ended_before..self.tasks.len() {
            let task = &self.tasks[index];
            let open = matches!(self.states[index], State::Waiting | State::Running);
            if self.states[index] == State::Waiting
                && self.missing[index] == 0
                && (!task.ordered || index == self.ended_before)
                && best.is_none_or(|best| task.priority > self.tasks[best].priority)
            {
                best = Some(index);
            }
            if task.ordered && open {
                break;
            }
        }
        best
    }

    fn finish<T>(&mut self, batch: Vec<(usize, T)>, limits: &Limits, observer: &mut dyn Observer<T>) {
        let indices: Vec<usize> = batch.iter().map(|(index, _)| *index).collect();
        let succeeded = observer.ended(batch);
        for (index, success) in indices.into_iter().zip(succeeded) {
            self.running -= 1;
            if let (true, Some(tokens)) = (self.holds_token[index], &limits.tokens) {
                tokens.release();
            }
            if success {
                self.states[index] = State::Done;
                for dependent in std::mem::take(&mut self.dependents[index]) {
                    self.missing[dependent] -= 1;
                }
            } else {
                self.failed = true;
                self.fail(index, observer);
            }
        }
        self.advance();
    }

    /// Marks a task as failed, and all that need it as never to be started.
    fn fail<T>(&mut self, index: usize, observer: &mut dyn Observer<T>) {
        self.states[index] = State::Failed;
        for dependent in std::mem::take(&mut self.dependents[index]) {
            if self.states[dependent] == State::Waiting {
                observer.skipped(dependent);
                self.fail(dependent, observer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(needs: &[usize], ordered: bool, priority: f64) -> Task {
        Task { needs: needs.to_vec(), ordered, priority, done: false }
    }

    /// Collects the order of ends; tasks in `failing` fail.
    struct Log {
        ended: Vec<usize>,
        skipped: Vec<usize>,
        failing: Vec<usize>,
    }

    impl Observer<()> for Log {
        fn ended(&mut self, outcomes: Vec<(usize, ())>) -> Vec<bool> {
            outcomes
                .into_iter()
                .map(|(index, ())| {
                    self.ended.push(index);
                    !self.failing.contains(&index)
                })
                .collect()
        }

        fn starting(&mut self, _: usize) {}

        fn skipped(&mut self, index: usize) {
            self.skipped.push(index);
        }

        fn stopping(&self) -> bool {
            false
        }
    }

    fn run_all(tasks: &[Task], jobs: usize, failing: &[usize], keep_going: bool) -> Log {
        let mut log = Log { ended: Vec::new(), skipped: Vec::new(), failing: failing.to_vec() };
        let tokens = Some(Jobserver::new(jobs).unwrap());
        run(tasks, &Limits { jobs, keep_going, tokens }, &|_| (), &mut log);
        log
    }

    #[test]
    fn longest_path_first() {
        let tasks = [task(&[], false, 1.0), task(&[], false, 9.0), task(&[1], false, 5.0)];
        assert_eq!(run_all(&tasks, 1, &[], false).ended, [1, 2, 0]);
    }

    #[test]
    fn ordered_tasks_are_fences() {
        let tasks = [task(&[], false, 1.0), task(&[], true, 99.0), task(&[], false, 100.0), task(&[], true, 2.0)];
        assert_eq!(run_all(&tasks, 4, &[], false).ended, [0, 1, 2, 3]);
    }

    #[test]
    fn failure_stops_or_skips() {
        let tasks = [task(&[], false, 3.0), task(&[0], false, 2.0), task(&[1], false, 1.5), task(&[], false, 1.0)];
        let stopped = run_all(&tasks, 1, &[0], false);
        assert_eq!((stopped.ended, stopped.skipped), (vec![0], vec![1, 2]));
        let going = run_all(&tasks, 1, &[0], true);
        assert_eq!((going.ended, going.skipped), (vec![0, 3], vec![1, 2]));
    }

    #[test]
    fn loops_of_references_do_not_deadlock() {
        let tasks = [task(&[1], false, 1.0), task(&[0], false, 1.0)];
        assert_eq!(run_all(&tasks, 2, &[], false).ended, [0, 1]);
    }
}
