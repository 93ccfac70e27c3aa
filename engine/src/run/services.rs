//! What the run offers to parts at work.

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rbuildout_cache::Downloader;
use rbuildout_recipes::eggs::Active;
use rbuildout_recipes::run::{Environment, RunServices, Variables};
use rbuildout_recipes::{LiveBuildout, Settings};

use crate::buildout::{Buildout, View};
use crate::state::Children;

pub(super) struct Services<'p> {
    pub(super) settings: Arc<Settings>,
    pub(super) downloader: Arc<Downloader>,
    pub(super) eggs: Arc<Active>,
    pub(super) environment: Arc<Environment>,
    /// What makes are told of the jobserver. Not part of the environment that Python knows: its commands inherit no
    /// descriptors, and so could not reach the jobserver.
    pub(super) makeflags: Option<OsString>,
    /// The last environment with and without the flags.
    pub(super) merged: Mutex<Option<(Arc<Variables>, Arc<Variables>)>>,
    pub(super) interrupted: Arc<AtomicBool>,
    pub(super) children: Arc<Children>,
    /// All sections. Python recipes use them while they are installed.
    pub(super) live: Mutex<Buildout<'p>>,
}

impl<'p> Services<'p> {
    pub(super) fn live(&self) -> MutexGuard<'_, Buildout<'p>> {
        // A recipe that panicked failed; the sections are as good as they were.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunServices for Services<'_> {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn downloader(&self) -> &Arc<Downloader> {
        &self.downloader
    }

    fn eggs(&self) -> &Active {
        &self.eggs
    }

    fn environment(&self) -> Arc<Variables> {
        let base = self.environment.snapshot();
        let Some(makeflags) = &self.makeflags else { return base };
        let mut merged = self.merged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, full)) = &*merged
            && Arc::ptr_eq(known, &base)
        {
            return full.clone();
        }
        let mut full = (*base).clone();
        full.insert("MAKEFLAGS".into(), makeflags.clone());
        let full = Arc::new(full);
        *merged = Some((base, full.clone()));
        full
    }

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn group_started(&self, pgid: u32) {
        self.children.started(pgid);
    }

    fn group_ended(&self, pgid: u32) {
        self.children.ended(pgid);
    }

    fn with_live(&self, act: &mut dyn FnMut(&mut dyn LiveBuildout)) {
        // [buildout] is alive since the beginning of the run, so that this can't fail.
        if let Ok(mut view) = View::new(&mut self.live()) {
            act(&mut view);
        }
    }
}
