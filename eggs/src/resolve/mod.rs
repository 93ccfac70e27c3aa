//! From requirements to a working set, in the order of the reference.

mod build;
mod conflicts;
mod dependencies;
mod fetch;
mod obtain;
mod origins;
mod satisfied;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::context::{Context, Logging};
use crate::distribution::Distribution;
use crate::eggs::Eggs;
use crate::environment::{Environment, egg_places};
use crate::error::EggError;
use crate::index::{Index, Web};
use crate::pins::{Pins, Unfit};
use crate::requirement::Requirement;
use crate::settings::{Install, Mode};
use crate::working_set::WorkingSet;
use origins::Origins;

/// One installation request at work.
pub(crate) struct Resolver<'a> {
    pub(crate) eggs: &'a Eggs,
    pub(crate) context: &'a dyn Context,
    pub(crate) request: &'a Install,
    pub(crate) pins: Arc<Pins>,
    /// Where eggs go, without links in the path.
    pub(crate) eggs_directory: Option<PathBuf>,
    newest: bool,
    environment: Environment,
    links: Vec<String>,
    index: Arc<Index>,
    origins: Origins,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(eggs: &'a Eggs, request: &'a Install, context: &'a dyn Context) -> Self {
        let settings = &eggs.settings;
        let mut links: Vec<String> = if settings.install_from_cache {
            Vec::new()
        } else {
            request.links.iter().map(|link| directory_link(link)).collect()
        };
        if let Some(cache) = settings.download_cache.as_deref().and_then(Path::to_str)
            && !links.iter().any(|link| link == cache)
        {
            links.insert(0, cache.to_owned());
        }
        let pins = request.pins.clone().map_or_else(|| eggs.pins(), Arc::new);
        let eggs_directory =
            request.eggs_directory.as_ref().map(|path| fs_err::canonicalize(path).unwrap_or_else(|_| path.clone()));
        let mut environment = Environment::new(&eggs.interpreter);
        if let Some(directory) = &eggs_directory {
            scan_eggs(&mut environment, eggs, directory);
        }
        for place in request.path.iter().chain(eggs.base_path()) {
            environment.extend(eggs.scanner.find(place, false));
        }
        let index = eggs.index(request.index.as_deref(), &links, &request.allow_hosts, context);
        Self {
            eggs,
            context,
            request,
            pins,
            newest: request.newest && eggs_directory.is_some(),
            eggs_directory,
            environment,
            links,
            index,
            origins: Origins::default(),
        }
    }

    fn web(&self) -> Web<'a> {
        Web { interpreter: &self.eggs.interpreter, downloader: &self.eggs.downloader, context: self.context }
    }

    fn mode(&self) -> Mode {
        self.eggs.settings.mode
    }

    /// Looks at the eggs directory again.
    fn rescan(&mut self) {
        if let Some(directory) = self.eggs_directory.clone() {
            scan_eggs(&mut self.environment, self.eggs, &directory);
        }
    }

    /// `requirement` with the pin of its project.
    pub(crate) fn constrain(&self, requirement: &Requirement) -> Result<Requirement, EggError> {
        self.pins.constrain(requirement, self.mode()).map_err(|unfit| match unfit {
            Unfit::Wrong(error) => error,
            Unfit::Incompatible(text) => {
                let project = requirement.project.to_lowercase();
                self.context.info(&self.origins.about(&project, self.pins.get(&project)));
                self.blame(self.unfit_hint(requirement, EggError::user(text)), requirement)
            }
        })
    }

    /// Adds the distribution for `requirement` to `set`; returns those that were added for it.
    fn get(&mut self, requirement: &Requirement, set: &mut WorkingSet) -> Result<Vec<Arc<Distribution>>, EggError> {
        let outcome = self.get_now(requirement, set);
        outcome.map_err(|error| {
            let error = error.while_doing(format!("Getting distribution for '{requirement}'."));
            self.blame(error, requirement)
        })
    }

    fn get_now(&mut self, requirement: &Requirement, set: &mut WorkingSet) -> Result<Vec<Arc<Distribution>>, EggError> {
        let satisfied = self.satisfied(requirement, false)?;
        let added = match satisfied {
            satisfied::Satisfied::By(found) => {
                if !set.contains(&found) {
                    set.add(Arc::clone(&found), false);
                }
                vec![found]
            }
            satisfied::Satisfied::Obtainable(available) => {
                let Some(directory) = self.eggs_directory.clone() else {
                    return Err(EggError::user(format!(
                        "We don't have a distribution for {requirement}\nand can't install one in offline (no-install) mode.\n"
                    )));
                };
                self.context.info(&format!("Getting distribution for '{requirement}'."));
                let candidate = available.ok_or_else(|| self.missing(requirement))?;
                let installed = self.fetch_and_install(requirement, &candidate, &directory)?;
                if !set.contains(&installed) {
                    // A new egg goes to the front; in slapos mode the order does not depend on what was there before.
                    match self.mode() {
                        Mode::Upstream => set.add(Arc::clone(&installed), true),
                        Mode::Slapos => set.replace(Arc::clone(&installed)),
                    }
                }
                self.rescan();
                self.context.info(&format!("Got {installed}."));
                vec![installed]
            }
        };
        if !self.eggs.settings.install_from_cache
            && self.request.use_dependency_links.unwrap_or(self.eggs.settings.use_dependency_links)
        {
            self.add_dependency_links(&added);
        }
        if self.request.check_picked {
            self.check_picked(requirement, &added)?;
        }
        Ok(added)
    }

    fn add_dependency_links(&mut self, distributions: &[Arc<Distribution>]) {
        let before = self.links.len();
        for distribution in distributions {
            for link in distribution.metadata().lines("dependency_links.txt") {
                if !self.links.contains(&link) {
                    self.context.debug(|| format!("Adding find link '{link}' from {distribution}"));
                    self.links.push(link);
                }
            }
        }
        if self.links.len() > before {
            let index = self.request.index.as_deref();
            self.index = self.eggs.index(index, &self.links, &self.request.allow_hosts, self.context);
        }
    }

    fn check_picked(&self, requirement: &Requirement, distributions: &[Arc<Distribution>]) -> Result<(), EggError> {
        for distribution in distributions {
            if distribution.is_develop() || requirement.specifiers.exact().is_some() {
                continue;
            }
            let (name, version) = (distribution.project(), distribution.version());
            self.context.debug(|| format!("Picked: {name} = {version}"));
            self.eggs.note_picked(name, version.as_str());
            if !self.eggs.settings.allow_picked_versions {
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

fn scan_eggs(environment: &mut Environment, eggs: &Eggs, directory: &Path) {
    for place in egg_places(directory) {
        environment.extend(eggs.scanner.find(&place, false));
    }
}

/// A `file:` URL of a directory ends in a slash.
fn directory_link(link: &str) -> String {
    let is_directory = link.strip_prefix("file://").is_some_and(|path| Path::new(path).is_dir());
    if is_directory && !link.ends_with('/') { format!("{link}/") } else { link.to_owned() }
}
