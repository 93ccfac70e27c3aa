//! From requirements to a working set, in the order of the reference.

mod ahead;
mod base;
mod build;
mod conflicts;
mod dependencies;
mod fetch;
mod obtain;
mod origins;
mod satisfied;

use std::path::Path;
use std::sync::{Arc, PoisonError};

use crate::context::{Context, Logging, replay};
use crate::distribution::Distribution;
use crate::eggs::Eggs;
use crate::environment::Environment;
use crate::error::EggError;
use crate::index::{Candidate, Index};
use crate::install::Promise;
use crate::pins::Unfit;
use crate::requirement::Requirement;
use crate::settings::{Install, Mode};
use crate::working_set::WorkingSet;
use ahead::Ahead;
use base::Base;
use origins::Origins;

/// One installation request at work.
pub(crate) struct Resolver<'a> {
    base: Base<'a>,
    environment: Environment,
    links: Vec<String>,
    index: Arc<Index>,
    origins: Origins,
    /// How many of the run's installations are in the environment.
    seen: usize,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(eggs: &'a Eggs, request: &'a Install, context: &'a dyn Context) -> Self {
        let settings = eggs.settings();
        let mut links: Vec<String> = Vec::new();
        if !settings.install_from_cache {
            links.extend(request.links.iter().map(|link| directory_link(link)));
        }
        if let Some(cache) = settings.download_cache.as_deref().and_then(Path::to_str)
            && !links.iter().any(|link| link == cache)
        {
            links.insert(0, cache.to_owned());
        }
        let base = Base::new(eggs, request, context);
        let index = eggs.index(request.index.as_deref(), &links, &request.allow_hosts, context);
        let environment = Environment::clone(&base.before);
        Self { base, environment, links, index, origins: Origins::default(), seen: 0 }
    }

    pub(crate) fn is_all_there(&self) -> bool {
        self.base.is_all_there()
    }

    /// Takes notice of what this run has installed meanwhile. What other runs install is noticed when it is in the way.
    fn catch_up(&mut self) {
        let Some(directory) = &self.base.eggs_directory else {
            return;
        };
        let new = self.base.eggs.installed_since(self.seen);
        self.seen += new.len();
        let own = new.into_iter().filter(|one| one.location().parent() == Some(directory.as_path()));
        self.environment.extend(own);
    }

    /// `requirement` with the pin of its project.
    pub(crate) fn constrain(&self, requirement: &Requirement) -> Result<Requirement, EggError> {
        self.base.pins.constrain(requirement, self.base.mode()).map_err(|unfit| match unfit {
            Unfit::Wrong(error) => error,
            Unfit::Incompatible(text) => {
                let project = requirement.project.to_lowercase();
                self.base.context.info(&self.origins.about(&project, self.base.pins.get(&project)));
                self.blame(self.unfit_hint(requirement, EggError::user(text)), requirement)
            }
        })
    }

    /// Adds the distribution for `requirement` to `set`; returns those that were added for it.
    fn get(
        &mut self,
        requirement: &Requirement,
        set: &mut WorkingSet,
        ahead: Option<&Ahead<'_>>,
    ) -> Result<Vec<Arc<Distribution>>, EggError> {
        let outcome = self.get_now(requirement, set, ahead);
        outcome.map_err(|error| {
            let error = error.while_doing(format!("Getting distribution for '{requirement}'."));
            self.blame(error, requirement)
        })
    }

    fn get_now(
        &mut self,
        requirement: &Requirement,
        set: &mut WorkingSet,
        ahead: Option<&Ahead<'_>>,
    ) -> Result<Vec<Arc<Distribution>>, EggError> {
        let mut satisfied = self.satisfied(requirement, false)?;
        // Parts may be at work side by side: each egg is installed by one of them.
        let lock = self.base.eggs.project_lock(&requirement.key);
        let _held = lock.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(satisfied, satisfied::Satisfied::Obtainable(_)) && self.base.eggs_directory.is_some() {
            self.catch_up();
            satisfied = self.satisfied(requirement, false)?;
        }
        let added = match satisfied {
            satisfied::Satisfied::By(found) => {
                if !set.contains(&found) {
                    set.add(Arc::clone(&found), false);
                }
                vec![found]
            }
            satisfied::Satisfied::Obtainable(available) => {
                let directory = self.base.eggs_directory.clone();
                if directory.is_some() {
                    self.base.context.info(&format!("Getting distribution for '{requirement}'."));
                }
                let installed = match (directory, available) {
                    (Some(directory), Some(candidate)) => self.install(requirement, &candidate, &directory, ahead)?,
                    (directory, _) => self.stand_in(requirement).ok_or_else(|| match directory {
                        Some(_) => self.missing(requirement),
                        None => EggError::user(format!(
                            "We don't have a distribution for {requirement}\nand can't install one in offline (no-install) mode.\n"
                        )),
                    })?,
                };
                if !set.contains(&installed) {
                    // A new egg goes to the front; in slapos mode the order does not depend on what was there before.
                    match self.base.mode() {
                        Mode::Upstream => set.add(Arc::clone(&installed), true),
                        Mode::Slapos => set.replace(Arc::clone(&installed)),
                    }
                }
                self.catch_up();
                self.base.context.info(&format!("Got {installed}."));
                vec![installed]
            }
        };
        if !self.base.eggs.settings().install_from_cache
            && self.base.request.use_dependency_links.unwrap_or(self.base.eggs.settings().use_dependency_links)
        {
            self.add_dependency_links(&added);
        }
        if self.base.request.check_picked {
            self.check_picked(requirement, &added)?;
        }
        Ok(added)
    }

    /// What the program itself has for a requirement that nothing else meets. Its own recipes can import it, scripts
    /// can't.
    fn stand_in(&self, requirement: &Requirement) -> Option<Arc<Distribution>> {
        let own = self.base.eggs.builtins().iter().find(|own| requirement.accepts(own))?;
        self.base.context.warning(&format!(
            "There is no egg of {own}: what is built in stands in for it, which scripts can't import."
        ));
        Some(Arc::clone(own))
    }

    fn install(
        &self,
        requirement: &Requirement,
        candidate: &Candidate,
        directory: &Path,
        ahead: Option<&Ahead<'_>>,
    ) -> Result<Arc<Distribution>, EggError> {
        let installer = self.base.installer(directory);
        let made = match ahead.and_then(|ahead| ahead.take(candidate)) {
            Some(ready) => {
                replay(&ready.records, self.base.context);
                ready.made
            }
            None => self.base.fetch_and_make(requirement, candidate, directory)?,
        };
        let installed = installer.place(&made, candidate, Promise::Strict)?;
        self.base.eggs.note_installed(Arc::clone(&installed));
        Ok(installed)
    }

    fn add_dependency_links(&mut self, distributions: &[Arc<Distribution>]) {
        let before = self.links.len();
        for distribution in distributions {
            for link in distribution.metadata().lines("dependency_links.txt") {
                if !self.links.contains(&link) {
                    self.base.context.debug(|| format!("Adding find link '{link}' from {distribution}"));
                    self.links.push(link);
                }
            }
        }
        if self.links.len() > before {
            let index = self.base.request.index.as_deref();
            self.index = self.base.eggs.index(index, &self.links, &self.base.request.allow_hosts, self.base.context);
        }
    }

    fn check_picked(&self, requirement: &Requirement, distributions: &[Arc<Distribution>]) -> Result<(), EggError> {
        for distribution in distributions {
            if distribution.is_develop() || requirement.specifiers.exact().is_some() {
                continue;
            }
            let (name, version) = (distribution.project(), distribution.version());
            self.base.context.debug(|| format!("Picked: {name} = {version}"));
            self.base.eggs.note_picked(name, version.as_str());
            if !self.base.eggs.settings().allow_picked_versions {
                return Err(EggError::user(format!(
                    "Picked: {name} = {version}\n\nThe `{name}` egg does not have a version pin and \
                     `allow-picked-versions = false`.\n\nTo resolve this, add\n\n    {name} = {version}\n\nto the \
                     [versions] section,\n\nOR set `allow-picked-versions = true`."
                )));
            }
        }
        Ok(())
    }
}

/// A `file:` URL of a directory ends in a slash.
fn directory_link(link: &str) -> String {
    let is_directory = link.strip_prefix("file://").is_some_and(|path| Path::new(path).is_dir());
    if is_directory && !link.ends_with('/') { format!("{link}/") } else { link.to_owned() }
}
