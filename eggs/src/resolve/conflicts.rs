//! Errors that say who required what, and what to do.

use std::sync::Arc;

use super::Resolver;
use crate::distribution::{Distribution, Precedence};
use crate::error::EggError;
use crate::requirement::Requirement;
use crate::settings::Mode;
use crate::version::Version;
use crate::working_set::{Conflict, WorkingSet};

/// How many versions a hint lists.
const LISTED: usize = 5;

impl Resolver<'_> {
    /// Adds to what was being done how the project of `requirement` came to be required (slapos mode).
    pub(super) fn blame(&self, mut error: EggError, requirement: &Requirement) -> EggError {
        if self.base.mode() == Mode::Upstream {
            return error;
        }
        for origin in self.origins.chain(&requirement.key).iter().rev() {
            error = error.while_doing(format!("  Requirement of {}: {}", origin.requirer, origin.requirement));
        }
        match self.origins.request() {
            Some(request) => error.while_doing(request),
            None => error,
        }
    }

    /// The error for a requirement that nothing fits.
    pub(super) fn missing(&self, requirement: &Requirement) -> EggError {
        let error = EggError::user(format!("Couldn't find a distribution for '{requirement}'."));
        if self.base.mode() == Mode::Upstream {
            return error;
        }
        let project = &requirement.project;
        let all = self.index.candidates(requirement, false, &self.base.web());
        let fits = |version: &Version| requirement.accepts_version(version);
        if let Some(wheel) = all.iter().find(|one| one.precedence == Precedence::Wheel && fits(&one.version)) {
            return error.with_hint(format!(
                "There is no source distribution of it, but a wheel: allow that with `{project} = {}:whl` in [versions].",
                wheel.version
            ));
        }
        let mut versions: Vec<&Version> =
            all.iter().filter(|one| one.precedence == Precedence::Source).map(|one| &one.version).collect();
        versions.sort();
        versions.dedup();
        if versions.is_empty() {
            return error.with_hint(format!(
                "No source distribution of {project} is known: check its name, `index`, `find-links` and `allow-hosts`."
            ));
        }
        let listed: Vec<&str> = versions.iter().rev().take(LISTED).map(|version| version.as_str()).collect();
        error.with_hint(format!("The newest versions of {project} are {}.", listed.join(", ")))
    }

    /// Says which pin is in the way of `requirement`, and who requires that.
    pub(super) fn unfit_hint(&self, requirement: &Requirement, error: EggError) -> EggError {
        if self.base.mode() == Mode::Upstream {
            return error;
        }
        match self.fitting_version(&[requirement]) {
            Some(version) => error.with_hint(format!("Pin `{} = {version}` in [versions].", requirement.project)),
            None => error,
        }
    }

    /// The error for a project of which another version is active already.
    pub(super) fn conflict(&self, conflict: &Conflict, declared: &Requirement, set: &WorkingSet) -> EggError {
        let Conflict { existing, requirement } = conflict;
        let mut lines = vec!["There is a version conflict.".to_owned(), format!("We already have: {existing}")];
        for distribution in Self::requirers(requirement, set) {
            lines.push(format!("but {distribution} requires '{requirement}'."));
        }
        if self.base.mode() == Mode::Upstream {
            return EggError::user(lines.join("\n"));
        }
        if lines.len() == 2 {
            // The pin has changed the requirement, so that the reference no longer finds who has it.
            for distribution in Self::requirers(declared, set) {
                lines.push(format!("but {distribution} requires '{declared}'."));
            }
        }
        let all: Vec<Requirement> = set
            .iter()
            .filter_map(|distribution| distribution.requires(&[]).ok())
            .flatten()
            .filter(|other| other.key == requirement.key)
            .collect();
        let mut wanted: Vec<&Requirement> = all.iter().collect();
        wanted.push(declared);
        let error = EggError::user(lines.join("\n"));
        let error = match self.fitting_version(&wanted) {
            Some(version) => error.with_hint(format!(
                "{} {version} meets all that is required of it: pin `{} = {version}` in [versions].",
                requirement.project, requirement.project
            )),
            None => error.with_hint(format!(
                "No version of {} meets all that is required of it: pin other versions of those that require it.",
                requirement.project
            )),
        };
        self.blame(error, requirement)
    }

    fn requirers(requirement: &Requirement, set: &WorkingSet) -> Vec<Arc<Distribution>> {
        let requires = |distribution: &Arc<Distribution>| {
            distribution.requires(&[]).is_ok_and(|requirements| requirements.contains(requirement))
        };
        set.sorted().into_iter().filter(requires).collect()
    }

    /// The newest version that could be installed and meets all of `requirements`, which are of one project.
    fn fitting_version(&self, requirements: &[&Requirement]) -> Option<Version> {
        let first = requirements.first()?;
        self.base.eggs_directory.as_ref()?;
        let candidates = self.index.candidates(first, false, &self.base.web());
        let fits = |version: &Version| {
            version.is_final() && requirements.iter().all(|requirement| requirement.accepts_version(version))
        };
        let usable = candidates.into_iter().filter(|one| !one.yanked && self.base.may_use(one, first, false));
        usable.map(|one| one.version).filter(|version| fits(version)).max()
    }
}
