//! Requirements of requirements, breadth first.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use super::Resolver;
use super::ahead::Ahead;
use crate::context::{Level, Logging};
use crate::distribution::Distribution;
use crate::error::{Cause, EggError};
use crate::requirement::Requirement;
use crate::working_set::{Conflict, WorkingSet};

impl Resolver<'_> {
    /// The working set of the whole request.
    pub(crate) fn resolve(mut self) -> Result<WorkingSet, EggError> {
        if self.base.is_all_there() {
            return self.resolve_now(None);
        }
        let ahead = Ahead::new(self.base.clone());
        std::thread::scope(|scope| {
            let _stop = Stop(&ahead);
            for _ in 0..Ahead::threads() {
                scope.spawn(|| ahead.work());
            }
            self.resolve_now(Some(&ahead))
        })
    }

    fn resolve_now(&mut self, ahead: Option<&Ahead<'_>>) -> Result<WorkingSet, EggError> {
        let specs = &self.base.request.requirements;
        let shown = || {
            let quoted: Vec<String> = specs.iter().map(|spec| rbuildout_parser::python::str_repr(spec)).collect();
            format!("Installing {}.", quoted.join(", "))
        };
        self.base.context.debug(shown);
        self.origins.base(specs);
        let for_buildout = self.base.request.working_set.is_some();
        let mut requirements = VecDeque::new();
        for spec in specs {
            let requirement = Requirement::parse(spec)?;
            if self.marker_holds(&requirement)? {
                requirements.push_back(self.constrain(&requirement)?);
            }
        }
        let mut set = self.base.request.working_set.clone().unwrap_or_default();
        self.prepare(requirements.iter(), ahead);
        for requirement in &requirements {
            for added in self.get(requirement, &mut set, ahead)? {
                self.add_setuptools(&added, &mut set, ahead)?;
            }
        }
        // What was asked for comes first, in reverse order: the reference's stack.
        requirements = requirements.into_iter().rev().collect();
        let mut processed: HashSet<Requirement> = HashSet::new();
        let mut best: HashMap<String, Arc<Distribution>> = HashMap::new();
        let entries: Vec<PathBuf> = set.entries().to_vec();
        while let Some(current) = requirements.pop_front() {
            if self.base.context.interrupted() {
                return Err(EggError::new(Cause::Interrupted));
            }
            let requirement = self.constrain(&current)?;
            if processed.contains(&requirement) {
                continue;
            }
            let mut chosen = best.get(&requirement.key).cloned();
            if chosen.is_none() {
                chosen = match set.find(&requirement) {
                    Ok(Some(found)) => Some(Arc::clone(found)),
                    Ok(None) => self.among(&entries, &requirement),
                    Err(conflict) if for_buildout => {
                        let _ = conflict;
                        None
                    }
                    Err(conflict) => return Err(self.conflict(&conflict, &current, &set)),
                };
            }
            let chosen = match chosen {
                Some(chosen) => chosen,
                None => {
                    let verb = if self.base.eggs_directory.is_some() { "Getting" } else { "Adding" };
                    self.base.context.debug(|| format!("{verb} required '{requirement}'"));
                    self.log_requirers(&requirement, &set);
                    let added = self.get(&requirement, &mut set, ahead)?;
                    for one in &added {
                        self.add_setuptools(one, &mut set, ahead)?;
                    }
                    match added.into_iter().next_back() {
                        Some(one) => one,
                        None => return Err(self.missing(&requirement)),
                    }
                }
            };
            if !requirement.accepts(&chosen) {
                self.base.context.info(&self.origins.about(&requirement.key, self.base.pins.get(&requirement.key)));
                let conflict = Conflict { existing: chosen, requirement };
                return Err(self.conflict(&conflict, &current, &set));
            }
            best.insert(requirement.key.clone(), Arc::clone(&chosen));
            let next = self.requirements_of(&chosen, &requirement)?;
            for requirement in &next {
                self.origins.note(&current, requirement);
            }
            self.prepare(next.iter(), ahead);
            requirements.extend(next);
            processed.insert(requirement);
        }
        Ok(set)
    }

    fn marker_holds(&self, requirement: &Requirement) -> Result<bool, EggError> {
        let Some(marker) = &requirement.marker else {
            return Ok(true);
        };
        let facts = self.base.eggs.interpreter.facts();
        marker.evaluate(facts, "").map_err(|error| EggError::internal(&error.class, error.message))
    }

    /// What is found at the places of what was asked for, when that was chosen.
    fn among(&self, entries: &[PathBuf], requirement: &Requirement) -> Option<Arc<Distribution>> {
        let found = entries.iter().flat_map(|entry| self.base.eggs.scanner.find(entry, false));
        let usable =
            found.filter(|one| requirement.accepts(one) && self.base.before.compatible(one.python(), one.platform()));
        usable.max()
    }

    /// The requirements of `chosen` with the extras that are asked for.
    fn requirements_of(&self, chosen: &Distribution, requirement: &Requirement) -> Result<Vec<Requirement>, EggError> {
        let known = chosen.extras()?;
        let mut missing: Vec<&String> =
            requirement.extras.iter().filter(|extra| !known.contains(&extra.as_str())).collect();
        missing.sort();
        for extra in &missing {
            self.base.context.warning(&format!("{chosen} does not provide the extra '{extra}'"));
        }
        if missing.is_empty() {
            let mut all = chosen.requires(&requirement.extras)?;
            all.reverse();
            return Ok(all);
        }
        if !self.base.request.allow_unknown_extras {
            return Err(EggError::user(
                "Couldn't find the required extra. This means the requirement is incorrect. If the requirement is itself \
                 from software you requested, then there might be a bug in requested software. You can ignore this by \
                 using 'allow-unknown-extras=true', however that may simply cause needed software to be omitted.",
            ));
        }
        // The reference goes on with the names of the known extras instead of their requirements, and fails; what its
        // message promises is that unknown ones are left out.
        let given: Vec<String> =
            requirement.extras.iter().filter(|extra| known.contains(&extra.as_str())).cloned().collect();
        let mut all = chosen.requires(&given)?;
        all.reverse();
        Ok(all)
    }

    /// Adds setuptools for a distribution whose namespace packages need it without saying so.
    fn add_setuptools(
        &mut self,
        distribution: &Distribution,
        set: &mut WorkingSet,
        ahead: Option<&Ahead<'_>>,
    ) -> Result<(), EggError> {
        if !needs_pkg_resources(distribution)? {
            return Ok(());
        }
        if distribution.is_develop() {
            self.base.context.warning(&format!(
                "Develop distribution: {distribution}\nuses namespace packages but the distribution does not require \
                 setuptools."
            ));
        }
        let requirement = self.constrain(&Requirement::parse("setuptools")?)?;
        match set.find(&requirement) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => self.get(&requirement, set, ahead).map(|_| ()),
            Err(conflict) => Err(self.conflict(&conflict, &requirement, set)),
        }
    }

    fn log_requirers(&self, requirement: &Requirement, set: &WorkingSet) {
        let remember = self.base.eggs.settings().store_required_by;
        if !remember && !self.base.context.enabled(Level::Debug) {
            return;
        }
        for distribution in set.sorted() {
            if distribution.requires(&[]).is_ok_and(|all| all.contains(requirement)) {
                self.base.context.debug(|| format!("  required by {distribution}."));
                if remember {
                    self.base.eggs.note_required(&requirement.to_string(), &distribution.as_requirement());
                }
            }
        }
    }

    /// Lets other threads begin with what will be needed.
    fn prepare<'r>(&self, requirements: impl Iterator<Item = &'r Requirement>, ahead: Option<&Ahead<'_>>) {
        let Some(ahead) = ahead else {
            return;
        };
        for requirement in requirements {
            // One that does not fit is told when its turn comes.
            if let Ok(requirement) = self.base.pins.constrain(requirement, self.base.mode())
                && self.base.is_worth_preparing(&requirement)
            {
                ahead.add(requirement, &self.index);
            }
        }
    }
}

/// Ends the work ahead, however the resolution ends.
struct Stop<'a, 'b>(&'a Ahead<'b>);

impl Drop for Stop<'_, '_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Whether namespace packages are declared through `pkg_resources` and nothing else, and setuptools is not required.
fn needs_pkg_resources(distribution: &Distribution) -> Result<bool, EggError> {
    let names = distribution.namespace_packages();
    if names.is_empty() || distribution.requires(&[])?.iter().any(|requirement| requirement.key == "setuptools") {
        return Ok(false);
    }
    Ok(names.iter().any(|name| {
        let init = distribution.location().join(name.replace('.', "/")).join("__init__.py");
        let Ok(source) = fs_err::read(&init) else {
            return false;
        };
        let holds = |word: &[u8]| source.windows(word.len()).any(|window| window == word);
        holds(b"pkg_resources") && !holds(b"pkgutil")
    }))
}
