//! The plan: a step for each part, in install order, and the removals.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rbuildout_parser::installed::{INSTALLED_OPTION, InstalledState, SavedOptions};
use rbuildout_recipes::{DevelopEggs, Effects, Part};
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::reason::{Action, Reason, differences};

/// What happens to one part of the install list.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub part: Arc<str>,
    pub recipe: Arc<str>,
    pub action: Action,
    pub reasons: Vec<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<PathBuf>,
    /// Runs alone, at its place in the list.
    pub ordered: bool,
    /// Indices of the steps that this one needs.
    #[serde(skip)]
    pub needs: Vec<usize>,
}

/// A recorded part that goes before anything is installed.
#[derive(Debug, Clone, Serialize)]
pub struct Removal {
    pub part: Arc<str>,
    /// True if the part is installed again afterwards.
    pub reinstalled: bool,
    pub reasons: Vec<Reason>,
}

/// What a run would do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Plan {
    /// In the order in which they are removed.
    pub removals: Vec<Removal>,
    /// In install order.
    pub steps: Vec<Step>,
}

/// What the plan is made from, for each part of the install list in order.
pub struct Candidate<'a> {
    pub name: Arc<str>,
    pub recipe: Arc<str>,
    pub part: &'a dyn Part,
    /// Options as they would be saved, with the signature.
    pub options: &'a SavedOptions,
    /// Parts of the list that it reads, directly or through sections that are no parts.
    pub needs: Vec<Arc<str>>,
}

/// How the comparison is made.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub directory: &'a Path,
    pub ignore_signature: bool,
    /// False if parts were named on the command line: then nothing is removed for not being wanted.
    pub remove_unwanted: bool,
    /// Parts whose removal was begun and not finished.
    pub half_removed: &'a [&'a str],
}

/// Compares what is recorded with what is wanted. `is_current` tells of a part whether its update would do nothing now.
pub fn make(
    candidates: &[Candidate<'_>],
    installed: &InstalledState,
    rules: Rules<'_>,
    is_current: &mut dyn FnMut(&dyn Part) -> bool,
) -> Plan {
    let index: FxHashMap<&str, usize> = candidates.iter().enumerate().map(|(at, c)| (&*c.name, at)).collect();
    let mut steps: Vec<Step> = candidates.iter().map(|candidate| step(candidate, installed, &index, rules)).collect();
    order_eggs(candidates, &mut steps);
    let removals = installed.parts.keys().rev().filter_map(|name| match index.get(&**name) {
        Some(&at) if steps[at].action == Action::Reinstall => {
            Some(Removal { part: name.clone(), reinstalled: true, reasons: steps[at].reasons.clone() })
        }
        None if rules.remove_unwanted => {
            Some(Removal { part: name.clone(), reinstalled: false, reasons: vec![Reason::NotWanted] })
        }
        _ => None,
    });
    let removals: Vec<Removal> = removals.collect();
    // What is removed first may be what an update is about.
    if removals.is_empty() {
        keep_current(candidates, &mut steps, is_current);
    }
    Plan { removals, steps }
}

/// Parts that do something with developed eggs need those before them that matter.
fn order_eggs(candidates: &[Candidate<'_>], steps: &mut [Step]) {
    let (mut readers, mut writers) = (Vec::new(), Vec::new());
    for (at, candidate) in candidates.iter().enumerate() {
        let Effects::Eggs(DevelopEggs { reads, writes }) = candidate.part.effects() else { continue };
        let before = [(reads, &writers), (writes, &readers)];
        let needed = before.iter().filter(|(matters, _)| *matters).flat_map(|(_, parts)| parts.iter().copied());
        let mut needs: Vec<usize> = steps[at].needs.iter().copied().chain(needed).collect();
        needs.sort_unstable();
        needs.dedup();
        steps[at].needs = needs;
        if reads {
            readers.push(at);
        }
        if writes {
            writers.push(at);
        }
    }
}

/// Keeps the parts whose update would do nothing, as far as nothing at work before them can change that.
fn keep_current(candidates: &[Candidate<'_>], steps: &mut [Step], is_current: &mut dyn FnMut(&dyn Part) -> bool) {
    for (candidate, step) in candidates.iter().zip(steps) {
        if step.action == Action::Update && is_current(candidate.part) {
            step.action = Action::Keep;
        }
        let changes = match candidate.part.effects() {
            Effects::Hermetic => false,
            Effects::Eggs(DevelopEggs { writes, .. }) => writes,
            Effects::Ordered => true,
        };
        if changes && step.action != Action::Keep {
            return;
        }
    }
}

fn step(
    candidate: &Candidate<'_>,
    installed: &InstalledState,
    index: &FxHashMap<&str, usize>,
    rules: Rules<'_>,
) -> Step {
    let (action, reasons) = match installed.parts.get(&candidate.name) {
        None if rules.half_removed.contains(&&*candidate.name) => (Action::Install, vec![Reason::RemovalInterrupted]),
        None => (Action::Install, vec![Reason::New]),
        Some(saved) => {
            let mut reasons = differences(saved, candidate.options, rules.ignore_signature);
            if reasons.is_empty() {
                reasons.extend(missing_file(saved, rules.directory));
            }
            match reasons.is_empty() {
                false => (Action::Reinstall, reasons),
                true if candidate.part.update_is_noop() => (Action::Keep, vec![Reason::Unchanged]),
                true => (Action::Update, vec![Reason::Unchanged]),
            }
        }
    };
    Step {
        part: candidate.name.clone(),
        recipe: candidate.recipe.clone(),
        action,
        reasons,
        location: candidate.part.location().map(Path::to_owned),
        ordered: candidate.part.effects() == Effects::Ordered,
        needs: candidate.needs.iter().filter_map(|name| index.get(&**name).copied()).collect(),
    }
}

fn missing_file(saved: &SavedOptions, directory: &Path) -> Option<Reason> {
    let recorded = saved.get(INSTALLED_OPTION)?;
    let path = recorded.lines().filter(|line| !line.is_empty()).find(|line| !directory.join(line).exists())?;
    Some(Reason::FileMissing { path: path.to_owned() })
}

impl Plan {
    /// True if no part would be installed, updated or removed.
    pub fn is_idle(&self) -> bool {
        self.removals.is_empty() && self.steps.iter().all(|step| step.action == Action::Keep)
    }

    pub fn count(&self, action: Action) -> usize {
        match action {
            Action::Remove => self.removals.iter().filter(|removal| !removal.reinstalled).count(),
            _ => self.steps.iter().filter(|step| step.action == action).count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rbuildout_recipes::run::RunContext;
    use rbuildout_recipes::{Installed, RecipeError};

    use super::*;

    /// A part with these effects.
    struct Fake(Effects);

    impl Part for Fake {
        fn effects(&self) -> Effects {
            self.0
        }

        fn update_is_noop(&self) -> bool {
            false
        }

        fn install(&self, _: &RunContext) -> Result<Installed, RecipeError> {
            Ok(Installed::None)
        }

        fn update(&self, _: &RunContext) -> Result<Installed, RecipeError> {
            Ok(Installed::None)
        }
    }

    fn eggs(reads: bool, writes: bool) -> Effects {
        Effects::Eggs(DevelopEggs { reads, writes })
    }

    /// Makes a plan of parts that are all installed and unchanged, but for `new` ones.
    fn plan(effects: &[Effects], new: &[usize], current: bool) -> Plan {
        let parts: Vec<Fake> = effects.iter().map(|effects| Fake(*effects)).collect();
        let options = SavedOptions::default();
        let names: Vec<Arc<str>> = (0..parts.len()).map(|at| at.to_string().into()).collect();
        let mut installed = InstalledState::default();
        for (_, name) in names.iter().enumerate().filter(|(at, _)| !new.contains(at)) {
            installed.parts.insert(name.clone(), options.clone());
        }
        let candidates: Vec<Candidate<'_>> = parts
            .iter()
            .zip(&names)
            .map(|(part, name)| Candidate {
                name: name.clone(),
                recipe: "r".into(),
                part,
                options: &options,
                needs: Vec::new(),
            })
            .collect();
        let rules = Rules {
            directory: Path::new("/nowhere"),
            ignore_signature: true,
            remove_unwanted: true,
            half_removed: &[],
        };
        make(&candidates, &installed, rules, &mut |_| current)
    }

    #[test]
    fn eggs_keep_an_order() {
        let (reader, writer, both) = (eggs(true, false), eggs(false, true), eggs(true, true));
        let plan = plan(&[reader, reader, writer, writer, Effects::Hermetic, both, reader], &[], false);
        let needs: Vec<&[usize]> = plan.steps.iter().map(|step| step.needs.as_slice()).collect();
        assert_eq!(needs, [&[] as &[usize], &[], &[0, 1], &[0, 1], &[], &[0, 1, 2, 3], &[2, 3, 5]]);
    }

    #[test]
    fn what_is_current_is_kept() {
        let actions = |effects: &[Effects], new: &[usize], current| -> Vec<Action> {
            plan(effects, new, current).steps.iter().map(|step| step.action).collect()
        };
        let (reader, writer) = (eggs(true, false), eggs(false, true));
        assert_eq!(actions(&[reader, writer], &[], true), [Action::Keep; 2]);
        assert_eq!(actions(&[reader, writer], &[], false), [Action::Update; 2]);
        // Whatever is made before may matter.
        assert_eq!(actions(&[reader, writer, reader], &[1], true), [Action::Keep, Action::Install, Action::Update]);
        assert_eq!(actions(&[Effects::Ordered, reader], &[0], true), [Action::Install, Action::Update]);
        assert_eq!(actions(&[Effects::Hermetic, reader], &[0], true), [Action::Install, Action::Keep]);
    }
}
