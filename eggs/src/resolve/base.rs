//! What does not change while a request is at work: shared with the threads that work ahead.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::context::Context;
use crate::eggs::Eggs;
use crate::environment::{Environment, egg_places};
use crate::index::Web;
use crate::install::Installer;
use crate::pins::Pins;
use crate::requirement::Requirement;
use crate::settings::{Install, Mode};
use crate::version::Version;

/// A request and all that belongs to it.
#[derive(Clone)]
pub(crate) struct Base<'a> {
    pub(crate) eggs: &'a Eggs,
    pub(crate) context: &'a dyn Context,
    pub(crate) request: &'a Install,
    pub(crate) pins: Arc<Pins>,
    /// Where eggs go, without links in the path.
    pub(crate) eggs_directory: Option<PathBuf>,
    /// What there was when the request began.
    pub(crate) before: Arc<Environment>,
    pub(crate) newest: bool,
    /// Whether this is the thread whose records are shown at once.
    pub(crate) in_front: bool,
}

impl<'a> Base<'a> {
    pub(super) fn new(eggs: &'a Eggs, request: &'a Install, context: &'a dyn Context) -> Self {
        let directory = request.eggs_directory.as_ref();
        let eggs_directory = directory.map(|path| fs_err::canonicalize(path).unwrap_or_else(|_| path.clone()));
        let mut before = Environment::new(&eggs.interpreter);
        for place in eggs_directory.iter().flat_map(|directory| egg_places(directory)) {
            before.extend(eggs.scanner.find(&place, false));
        }
        for place in request.path.iter().chain(eggs.base_path()) {
            before.extend(eggs.scanner.find(place, false));
        }
        Self {
            eggs,
            context,
            request,
            pins: request.pins.clone().map_or_else(|| eggs.pins(), Arc::new),
            newest: request.newest && eggs_directory.is_some(),
            eggs_directory,
            before: Arc::new(before),
            in_front: true,
        }
    }

    pub(super) fn mode(&self) -> Mode {
        self.eggs.settings().mode
    }

    pub(super) fn web(&self) -> Web<'a> {
        Web {
            interpreter: &self.eggs.interpreter,
            downloader: &self.eggs.downloader,
            context: self.context,
            in_front: self.in_front,
            logs: self.eggs.setuptools_version().is_none_or(|version| *version >= Version::new("65.6")),
        }
    }

    /// Whether it is worth to work ahead for a constrained requirement: something may have to be installed for it.
    pub(super) fn is_worth_preparing(&self, requirement: &Requirement) -> bool {
        let mut fitting =
            self.before.of(&requirement.project).iter().filter(|found| requirement.accepts(found)).peekable();
        let stands_in = || self.eggs.builtins().iter().any(|own| requirement.accepts(own));
        let available = fitting.peek().is_some() || stands_in();
        // What is developed is taken whatever else there is.
        let newer = self.newest && requirement.specifiers.exact().is_none() && !fitting.any(|found| found.is_develop());
        self.eggs_directory.is_some() && requirement.url.is_none() && (newer || !available)
    }

    /// Whether all that is required, directly or not, is there, so that no thread is worth its start.
    pub(super) fn is_all_there(&self) -> bool {
        let parse = |spec: &String| Requirement::parse(spec).ok();
        let mut wanted: Vec<Requirement> = self.request.requirements.iter().filter_map(parse).collect();
        let mut seen: HashSet<Requirement> = HashSet::new();
        while let Some(requirement) = wanted.pop() {
            let Ok(requirement) = self.pins.constrain(&requirement, self.mode()) else {
                return true;
            };
            if self.is_worth_preparing(&requirement) {
                return false;
            }
            let there = self.before.of(&requirement.project).iter().chain(self.eggs.builtins());
            if let Some(best) = there.into_iter().find(|found| requirement.accepts(found)).cloned()
                && seen.insert(requirement.clone())
            {
                wanted.extend(best.requires(&requirement.extras).unwrap_or_default());
            }
        }
        true
    }

    pub(super) fn installer<'i>(&'i self, directory: &'i Path) -> Installer<'i> {
        Installer { eggs: self.eggs, context: self.context, directory, environment: &self.request.environment }
    }
}
