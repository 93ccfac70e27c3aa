//! The best of what could be installed.

use super::base::Base;
use crate::distribution::Precedence;
use crate::error::EggError;
use crate::index::{Candidate, Index};
use crate::requirement::Requirement;
use crate::settings::Mode;
use crate::specifier::Specifiers;
use crate::version::Version;

/// The local part of the version of a patched egg, before its number.
const PATCHED: &str = "+slapospatched";

impl Base<'_> {
    /// The best candidate for `requirement`: the newest, final ones first if wished; then one that is in the download
    /// cache, then the form that is preferred.
    pub(crate) fn obtain(
        &self,
        index: &Index,
        requirement: &Requirement,
        source: bool,
    ) -> Result<Option<Candidate>, EggError> {
        if self.eggs_directory.is_none() {
            return Ok(None);
        }
        let wanted = match self.patched_base(requirement)? {
            Patched::No => requirement.clone(),
            Patched::Base(base) => base,
            Patched::WithoutPatches => return Ok(None),
        };
        let exact = wanted.specifiers.exact().is_some();
        let own = self.own_eggs(&wanted);
        let listed = index.candidates(&wanted, !own.is_empty(), &self.web());
        let mut fitting: Vec<Candidate> = own
            .into_iter()
            .chain(listed)
            .filter(|candidate| wanted.accepts_version(&candidate.version) && (exact || !candidate.yanked))
            .filter(|candidate| self.may_use(candidate, &wanted, source))
            .collect();
        if self.eggs.settings().prefer_final && fitting.iter().any(|candidate| candidate.version.is_final()) {
            fitting.retain(|candidate| candidate.version.is_final());
        }
        let Some(newest) = fitting.iter().map(|candidate| candidate.version.clone()).max() else {
            return Ok(None);
        };
        fitting.retain(|candidate| candidate.version == newest);
        let settings = self.eggs.settings();
        let kept = settings.download_cache.as_deref();
        let in_cache = fitting.iter().find(|candidate| {
            kept.is_some() && candidate.local_path().as_deref().and_then(std::path::Path::parent) == kept
        });
        let best = in_cache.or_else(|| fitting.iter().max_by(|a, b| a.order().cmp(&b.order())));
        Ok(best.cloned())
    }

    /// The eggs on the interpreter's own path (`PYTHONPATH`, say): they can be copied, as `setuptools` knows them
    /// beside what the index has. What else is there, in `site-packages`, can't be taken out of it.
    fn own_eggs(&self, requirement: &Requirement) -> Vec<Candidate> {
        match self.mode() {
            Mode::Slapos => Vec::new(),
            Mode::Upstream => {
                self.eggs.own().of(&requirement.project).iter().filter_map(|found| Candidate::of_egg(found)).collect()
            }
        }
    }

    /// Whether a candidate of the right version is of a form that may be installed.
    pub(crate) fn may_use(&self, candidate: &Candidate, requirement: &Requirement, source: bool) -> bool {
        let is_source = candidate.precedence == Precedence::Source;
        if source || self.request.patches.contains_key(&requirement.project) {
            return is_source;
        }
        let compatible = self.before.compatible(candidate.python.as_deref(), candidate.platform.as_deref());
        match self.mode() {
            Mode::Upstream => compatible,
            Mode::Slapos => {
                is_source
                    || candidate.precedence == Precedence::Checkout
                    || (candidate.precedence == Precedence::Wheel && self.pins.allows_wheel(&requirement.project))
            }
        }
    }

    /// What the index has of an egg that is patched: the version without the mark of the patches.
    fn patched_base(&self, requirement: &Requirement) -> Result<Patched, EggError> {
        let marked = (self.mode() == Mode::Slapos).then(|| requirement.specifiers.exact()).flatten();
        let Some(version) = marked.map(Version::new) else {
            return Ok(Patched::No);
        };
        let Some((base, revision)) = version.as_str().split_once(PATCHED) else {
            return Ok(Patched::No);
        };
        let Some(patches) = self.request.patches.get(&requirement.project) else {
            return Ok(Patched::WithoutPatches);
        };
        let own = format!("{:03}", patches.revision);
        if revision != own {
            let project = &requirement.project;
            return Err(EggError::user(format!(
                "The pin of {project} names the patch revision {revision}, but its patches are revision {own}."
            ))
            .with_hint(format!("Pin `{project} = {base}+SlapOSPatched{own}`, or set `{project}-patch-revision`.")));
        }
        let mut wanted = requirement.clone();
        wanted.specifiers = Specifiers::parse(&format!("=={base}")).unwrap_or_default();
        Ok(Patched::Base(wanted))
    }
}

enum Patched {
    No,
    Base(Requirement),
    /// The pin wants a patched egg, but this part has no patches for it.
    WithoutPatches,
}
