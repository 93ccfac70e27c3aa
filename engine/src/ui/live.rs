//! The live region: running parts with phase and time, done and total, downloads with rate. On standard error, and only
//! if that is a terminal.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// The region.
pub(super) struct Live {
    region: MultiProgress,
    state: Mutex<State>,
}

struct State {
    total: Option<ProgressBar>,
    parts: BTreeMap<usize, ProgressBar>,
    bytes: u64,
    since: Instant,
}

const TICK: Duration = Duration::from_millis(200);

impl Live {
    pub(super) fn new() -> Self {
        let state = State { total: None, parts: BTreeMap::new(), bytes: 0, since: Instant::now() };
        Self { region: MultiProgress::new(), state: Mutex::new(state) }
    }

    pub(super) fn begin(&self, parts: usize) {
        let bar = self.region.add(ProgressBar::new(parts as u64));
        if let Ok(style) = ProgressStyle::with_template("  {pos}/{len} parts, {elapsed}{msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        self.state.lock().expect("no panic while locked").total = Some(bar);
    }

    pub(super) fn started(&self, index: usize, part: &str) {
        let bar = self.region.insert(0, ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix} {msg} {elapsed}") {
            bar.set_style(style.tick_chars("|/-\\ "));
        }
        bar.set_prefix(part.to_owned());
        bar.enable_steady_tick(TICK);
        self.state.lock().expect("no panic while locked").parts.insert(index, bar);
    }

    pub(super) fn phase(&self, index: usize, phase: &str) {
        if let Some(bar) = self.state.lock().expect("no panic while locked").parts.get(&index) {
            bar.set_message(phase.to_owned());
        }
    }

    pub(super) fn downloaded(&self, bytes: u64) {
        let mut state = self.state.lock().expect("no panic while locked");
        if state.bytes == 0 {
            state.since = Instant::now();
        }
        state.bytes += bytes;
        let seconds = state.since.elapsed().as_secs_f64().max(0.001);
        let mib = state.bytes as f64 / 1_048_576.0;
        if let Some(total) = &state.total {
            total.set_message(format!(", {mib:.1} MiB downloaded at {:.1} MiB/s", mib / seconds));
        }
    }

    pub(super) fn ended(&self, index: usize, busy: bool) {
        let mut state = self.state.lock().expect("no panic while locked");
        if let Some(bar) = state.parts.remove(&index) {
            bar.finish_and_clear();
            self.region.remove(&bar);
        }
        if let (true, Some(total)) = (busy, &state.total) {
            total.inc(1);
        }
    }

    pub(super) fn suspend(&self, write: impl FnOnce()) {
        self.region.suspend(write);
    }

    pub(super) fn clear(&self) {
        let mut state = self.state.lock().expect("no panic while locked");
        for (_, bar) in std::mem::take(&mut state.parts) {
            bar.finish_and_clear();
        }
        if let Some(total) = state.total.take() {
            total.finish_and_clear();
        }
        // Clearing a terminal that went away is no reason to fail.
        let _ = self.region.clear();
    }
}
