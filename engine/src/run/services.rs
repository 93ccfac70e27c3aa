//! What the run offers to parts at work.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rbuildout_cache::Downloader;
use rbuildout_recipes::Settings;
use rbuildout_recipes::run::RunServices;

use crate::state::Children;

pub(super) struct Services {
    pub(super) settings: Arc<Settings>,
    pub(super) downloader: Arc<Downloader>,
    pub(super) environment: BTreeMap<OsString, OsString>,
    pub(super) interrupted: Arc<AtomicBool>,
    pub(super) children: Children,
}

impl RunServices for Services {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn downloader(&self) -> &Arc<Downloader> {
        &self.downloader
    }

    fn environment(&self) -> &BTreeMap<OsString, OsString> {
        &self.environment
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
}
