//! The tools that builds need: setuptools, pip and wheel.
//!
//! They are the interpreter's, or those that a bootstrap of zc.buildout left links to. What is lacking of them is installed as an egg, once in a run, where the settings name a
//! place ([`ToolSource`](crate::ToolSource)).

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use crate::context::{Context, Logging};
use crate::eggs::{Eggs, links};
use crate::environment::Environment;
use crate::error::EggError;
use crate::pins::Pins;
use crate::settings::{Install, ToolSource};
use crate::version::Version;

/// The first setuptools that needs no `wheel` to make one.
const WITH_WHEEL: &str = "70.1";

/// Where the interpreter has the tools that every environment includes.
pub(crate) struct Tools {
    /// Those of zc.buildout, setuptools, pip and wheel.
    all: Vec<PathBuf>,
    /// Those of setuptools, pip and wheel.
    pip: Vec<PathBuf>,
    setuptools: Option<Version>,
    /// Projects that builds need and the interpreter has not.
    missing: Vec<&'static str>,
}

impl Eggs {
    /// The places that belong to every environment: those of zc.buildout, setuptools, pip and wheel.
    pub(crate) fn base_path(&self) -> &[PathBuf] {
        &self.tools().all
    }

    /// The places of setuptools, pip and wheel.
    pub(crate) fn pip_path(&self) -> &[PathBuf] {
        &self.tools().pip
    }

    /// The version of the setuptools that runs setup scripts.
    pub(crate) fn setuptools_version(&self) -> Option<&Version> {
        self.tools().setuptools.as_ref()
    }

    /// Places of the tools that the interpreter lacks, which are installed at the first call.
    ///
    /// # Errors
    /// One of them can't be installed.
    pub(crate) fn provided_tools(&self, context: &dyn Context) -> Result<Vec<PathBuf>, EggError> {
        let settings = self.settings();
        let missing = &self.tools().missing;
        let Some(source) = settings.tools.as_ref().filter(|_| !missing.is_empty()) else {
            return Ok(Vec::new());
        };
        let mut provided = self.provided.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = &*provided {
            return Ok(places.clone());
        }
        let places = self.install_tools(source, missing, context)?;
        *provided = Some(places.clone());
        Ok(places)
    }

    /// As wheels, whatever the pins say of that: nothing can be built before they are there. Eggs of their own, so that
    /// they are no picked versions and no lock is held by whoever waits for them.
    fn install_tools(
        &self,
        source: &ToolSource,
        missing: &[&'static str],
        context: &dyn Context,
    ) -> Result<Vec<PathBuf>, EggError> {
        let as_wheel = |pin: &str| format!("{}:whl", pin.strip_suffix(":whl").unwrap_or(pin));
        let pinned = self.pins();
        let mut pins: Vec<(String, String)> = pinned
            .iter()
            .filter(|(_, pin)| !pin.is_empty())
            .map(|(name, pin)| (name.to_owned(), as_wheel(pin)))
            .collect();
        let free = missing.iter().chain(["packaging"].iter()).filter(|name| pinned.get(name).is_none());
        pins.extend(free.map(|name| ((*name).to_owned(), as_wheel(">=0"))));
        let mut settings = (*self.settings()).clone();
        settings.pins = Pins::new(pins);
        settings.tools = None;
        settings.allow_picked_versions = true;
        let eggs = Self::new(Arc::clone(&self.interpreter), self.downloader.clone(), settings);
        let mut request = Install::new(missing.iter().copied());
        request.eggs_directory = Some(source.directory.clone());
        request.links.clone_from(&source.links);
        request.index.clone_from(&source.index);
        request.allow_hosts.clone_from(&source.allow_hosts);
        request.newest = false;
        if !eggs.is_all_there(&request, context) {
            context.info(&format!("Installing what the Python at hand lacks for builds: {}.", missing.join(", ")));
        }
        let set = eggs.install(&request, context).map_err(|error| {
            error.while_doing(format!(
                "Installing {} for {}.",
                missing.join(", "),
                self.interpreter.executable().display()
            ))
        })?;
        Ok(set.iter().map(|one| one.location().to_owned()).collect())
    }

    pub(crate) fn tools(&self) -> &Tools {
        self.tools.get_or_init(|| {
            let environment = self.own();
            let mut linked = Environment::new(&self.interpreter);
            for link in self.settings().bootstrapped.iter().flat_map(|directory| links(directory)) {
                linked.extend(self.scanner.find_link(&link));
            }
            let best = |project: &&str| environment.of(project).first().or_else(|| linked.of(project).first());
            let places = |projects: &[&str]| {
                let best = projects.iter().filter_map(best);
                let mut places: Vec<PathBuf> = best.map(|one| one.location().to_owned()).collect();
                places.sort();
                places.dedup();
                places
            };
            let setuptools = best(&"setuptools").map(|one| one.version().clone());
            let makes_wheels = setuptools.as_ref().is_some_and(|version| *version >= Version::new(WITH_WHEEL));
            let mut missing = vec!["setuptools", "pip", "wheel"];
            missing.retain(|name| best(name).is_none() && !(*name == "wheel" && makes_wheels));
            Tools {
                all: places(&["zc.buildout", "setuptools", "pip", "wheel"]),
                pip: places(&["setuptools", "pip", "wheel"]),
                setuptools,
                missing,
            }
        })
    }
}
