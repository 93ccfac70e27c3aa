//! What native recipes do with eggs: parts at work, and the look at what is there when the plan is made.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rbuildout_cache::{Progress, Silent};
use rbuildout_eggs::{Command, Context, EggError, Eggs, Install, Interpreter, Level, Scripts, Status, WorkingSet};

use super::active::Active;
use super::context::RunEggContext;
use crate::error::RecipeError;
use crate::live::LiveBuildout;
use crate::run::RunContext;

/// Working sets of this run by what was asked for: parts with the same eggs find the same.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<String, WorkingSet>>);

impl Known {
    fn get(&self, key: &str) -> Option<WorkingSet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: String, set: &WorkingSet) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, set.clone());
    }
}

/// The distributions of the run for one part at work.
pub(crate) struct EggWork<'a> {
    active: &'a Active,
    pub(crate) eggs: &'a Eggs,
    pub(crate) context: RunEggContext<'a>,
}

/// The same for a look that changes nothing, starts nothing and says nothing.
pub(crate) struct EggLook<'a> {
    eggs: &'a Eggs,
    context: Quiet,
}

impl Active {
    /// For a part at work.
    pub(crate) fn work<'a>(&'a self, run: &RunContext<'a>) -> Result<EggWork<'a>, RecipeError> {
        if self.ready().is_none() {
            let mut prepared = Ok(());
            run.services.with_live(&mut |live| prepared = self.prepare(live));
            prepared?;
        }
        let Some(eggs) = self.ready() else {
            return Err(RecipeError::internal("RuntimeError", "eggs need a buildout that is alive"));
        };
        Ok(EggWork { active: self, eggs, context: RunEggContext::of(self, Some(run.log)) })
    }

    /// For a look at what is there.
    pub(crate) fn look(&self, live: &mut dyn LiveBuildout) -> Result<EggLook<'_>, RecipeError> {
        let eggs = self.eggs(live)?;
        let environment = (*self.settings.environment.snapshot()).clone();
        Ok(EggLook { eggs, context: Quiet { environment, told: AtomicBool::new(false) } })
    }
}

impl EggWork<'_> {
    /// The working set of a request, in the order of recipes. Who asks the same in a run gets the same.
    pub(crate) fn sorted(&self, request: &Install, eggs: &Path, develop_eggs: &Path) -> Result<WorkingSet, EggError> {
        let key = format!("{request:?}");
        if let Some(set) = self.active.known.get(&key) {
            return Ok(set);
        }
        let set = self.eggs.install(request, &self.context)?;
        let set = self.eggs.sorted(&set, eggs, develop_eggs);
        self.active.known.keep(key, &set);
        Ok(set)
    }
}

impl EggLook<'_> {
    /// True if a request would be met by what is installed, without asking an index.
    pub(crate) fn is_all_there(&self, request: &Install) -> bool {
        self.eggs.is_all_there(request, &self.context)
    }

    /// True if the egg of a request for a build is there, without asking an index.
    pub(crate) fn is_built(&self, request: &Install) -> bool {
        self.eggs.is_built(request, &self.context)
    }

    /// The interpreter that eggs are for.
    pub(crate) fn interpreter(&self) -> &Interpreter {
        self.eggs.interpreter()
    }

    /// The working set of a request that makes do with what is installed, in the order of recipes.
    pub(crate) fn sorted(&self, request: &Install, eggs: &Path, develop_eggs: &Path) -> Result<WorkingSet, EggError> {
        let set = self.eggs.install(request, &self.context)?;
        Ok(self.eggs.sorted(&set, eggs, develop_eggs))
    }

    /// True if all these scripts are as they should be.
    pub(crate) fn scripts_are_there(&self, scripts: &Scripts, set: &WorkingSet) -> bool {
        self.eggs.scripts_are_there(scripts, set, &self.context).unwrap_or(false)
    }

    /// True if there was something to say.
    pub(crate) fn was_told(&self) -> bool {
        self.context.told.load(Ordering::Relaxed)
    }
}

/// Remembers only whether anything was said.
struct Quiet {
    environment: BTreeMap<OsString, OsString>,
    told: AtomicBool,
}

impl Context for Quiet {
    fn record(&self, level: Level, _logger: &str, _message: &str) {
        if level > Level::Debug {
            self.told.store(true, Ordering::Relaxed);
        }
    }

    fn threshold(&self) -> i64 {
        Level::Info.number()
    }

    fn run(&self, _command: &Command) -> io::Result<Status> {
        Err(io::Error::other("nothing is started only for a look"))
    }

    fn environment(&self) -> BTreeMap<OsString, OsString> {
        self.environment.clone()
    }

    fn progress(&self) -> &dyn Progress {
        &Silent
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_same_request_is_known() {
        let known = Known::default();
        let key = |eggs: &[&str]| format!("{:?}", Install::new(eggs.iter().copied()));
        let mut set = WorkingSet::default();
        set.add_entry(&PathBuf::from("/x"), []);
        known.keep(key(&["a"]), &set);
        assert_eq!(known.get(&key(&["a"])).map(|set| set.entries().len()), Some(1));
        assert!(known.get(&key(&["a", "b"])).is_none());
    }
}
