//! Building one source distribution with options of `build_ext`.

use std::path::PathBuf;

use super::Resolver;
use super::satisfied::Satisfied;
use crate::context::Logging;
use crate::error::EggError;
use crate::requirement::Requirement;
use crate::settings::BuildExt;

impl Resolver<'_> {
    pub(crate) fn is_built(&self) -> bool {
        let spec = self.base.request.requirements.first().and_then(|spec| Requirement::parse(spec).ok());
        let constrained = spec.and_then(|spec| self.base.pins.constrain(&spec, self.base.mode()).ok());
        constrained.is_some_and(|requirement| !self.base.is_worth_preparing(&requirement))
    }

    pub(crate) fn build(self, build_ext: &BuildExt) -> Result<Vec<PathBuf>, EggError> {
        let Some(spec) = self.base.request.requirements.first() else {
            return Ok(Vec::new());
        };
        let requirement = self.constrain(&Requirement::parse(spec)?)?;
        let candidate = match self.satisfied(&requirement, true)? {
            Satisfied::By(found) => return Ok(vec![found.location().to_owned()]),
            Satisfied::Obtainable(candidate) => candidate,
        };
        let Some(directory) = &self.base.eggs_directory else {
            return Err(EggError::user(format!(
                "We don't have a distribution for {requirement}\nand can't build one in offline (no-install) mode.\n"
            )));
        };
        let candidate = candidate
            .ok_or_else(|| EggError::user(format!("Couldn't find a source distribution for '{requirement}'.")))?;
        self.base.context.debug(|| format!("Building {}", rbuildout_parser::python::str_repr(spec)));
        let fetched = self.base.fetch(&candidate)?;
        let patches = self.base.request.patches.get(&requirement.project);
        let built = self.base.installer(directory).build(&fetched.path, &candidate, build_ext, patches)?;
        Ok(vec![built.location().to_owned()])
    }
}
