//! Whether what is there satisfies a requirement, or what could be installed instead.

use std::sync::Arc;

use super::Resolver;
use crate::context::Logging;
use crate::distribution::Distribution;
use crate::error::EggError;
use crate::index::Candidate;
use crate::requirement::Requirement;

/// How a requirement can be met.
pub(crate) enum Satisfied {
    By(Arc<Distribution>),
    /// By installing this, if there is anything.
    Obtainable(Option<Candidate>),
}

impl Resolver<'_> {
    /// With `source`, only source distributions can be installed.
    pub(crate) fn satisfied(&self, requirement: &Requirement, source: bool) -> Result<Satisfied, EggError> {
        let fitting: Vec<&Arc<Distribution>> =
            self.environment.of(&requirement.project).iter().filter(|found| requirement.accepts(found)).collect();
        if fitting.is_empty() {
            let project = &requirement.project;
            self.base
                .context
                .debug(|| format!("We have no distributions for {project} that satisfies '{requirement}'."));
            return Ok(Satisfied::Obtainable(self.base.obtain(&self.index, requirement, source)?));
        }
        if let Some(developed) = fitting.iter().find(|found| found.is_develop()) {
            self.base.context.debug(|| format!("We have a develop egg: {developed}"));
            return Ok(Satisfied::By(Arc::clone(developed)));
        }
        if requirement.specifiers.exact().is_some() {
            self.base.context.debug(|| format!("We have the distribution that satisfies '{requirement}'."));
            return Ok(Satisfied::By(Arc::clone(fitting[0])));
        }
        let prefer_final = self.base.eggs.settings().prefer_final;
        let last = fitting.iter().find(|found| prefer_final && found.version().is_final());
        let best = *last.unwrap_or(&fitting[0]);
        if !self.base.newest {
            return Ok(Satisfied::By(Arc::clone(best)));
        }
        let Some(available) = self.base.obtain(&self.index, requirement, source)? else {
            self.base.context.debug(|| {
                format!("There are no distros available that meet '{requirement}'.\nUsing our best, {best}.")
            });
            return Ok(Satisfied::By(Arc::clone(best)));
        };
        let newer = *best.version() < available.version;
        let better = match (prefer_final, available.version.is_final(), best.version().is_final()) {
            (true, true, false) => true,
            (true, false, true) => false,
            _ => newer,
        };
        if better {
            return Ok(Satisfied::Obtainable(Some(available)));
        }
        self.base.context.debug(|| format!("We have the best distribution that satisfies '{requirement}'."));
        Ok(Satisfied::By(Arc::clone(best)))
    }
}
