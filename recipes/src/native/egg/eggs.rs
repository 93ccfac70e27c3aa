//! The entry points `eggs` and `scripts`.

use std::collections::BTreeMap;

use rbuildout_eggs::{Install, Patches};

use super::scripts::ScriptOptions;
use super::source::{Source, lines, publish};
use super::{failed, patches};
use crate::api::{DevelopEggs, Effects, Host, Installed, Mode, Part, text};
use crate::eggs::Active;
use crate::error::RecipeError;
use crate::live::LiveBuildout;
use crate::native::common::paths::to_text;
use crate::run::RunContext;

/// A part with a working set, and maybe scripts.
pub(super) struct EggsPart {
    mode: Mode,
    source: Source,
    requirements: Vec<String>,
    patches: BTreeMap<String, Patches>,
    scripts: Option<ScriptOptions>,
}

impl EggsPart {
    pub(super) fn read(host: &mut dyn Host, with_scripts: bool) -> Result<Self, RecipeError> {
        let source = Source::read(host)?;
        for (directory, keys) in [
            (&source.eggs_directory, ["eggs-directory", "_e"]),
            (&source.develop_eggs_directory, ["develop-eggs-directory", "_d"]),
        ] {
            for key in keys {
                publish(host, key, &to_text(directory))?;
            }
        }
        let requirements = match text(host, "eggs")? {
            Some(eggs) => lines(&eggs),
            None => vec![host.name().to_owned()],
        };
        let patches = patches::read(host, &requirements)?;
        // The original puts the interpreter there, so that nobody is told that it has no effect.
        host.get("executable")?;
        let scripts = if with_scripts { ScriptOptions::read(host)? } else { None };
        Ok(Self { mode: host.settings().mode, source, requirements, patches, scripts })
    }

    fn request(&self) -> Install {
        let mut request = self.source.request(&self.requirements);
        request.patches.clone_from(&self.patches);
        request
    }
}

impl Part for EggsPart {
    fn effects(&self) -> Effects {
        Effects::Eggs(DevelopEggs { reads: true, writes: false })
    }

    fn update_is_noop(&self) -> bool {
        false
    }

    fn is_current(&self, eggs: &Active, live: &mut dyn LiveBuildout) -> bool {
        if self.mode == Mode::Upstream {
            return false;
        }
        let source = &self.source;
        let request = self.request();
        let Ok(look) = eggs.look(live) else { return false };
        if !look.is_all_there(&request) {
            return false;
        }
        let there = source.request_of_installed(&self.requirements);
        let Ok(set) = look.sorted(&there, &source.eggs_directory, &source.develop_eggs_directory) else {
            return false;
        };
        let same = match &self.scripts {
            None => true,
            Some(options) => {
                let scripts = options.request(&self.requirements, &set, None);
                scripts.is_ok_and(|scripts| look.scripts_are_there(&scripts, &set))
            }
        };
        same && !look.was_told()
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        run.log.phase("eggs");
        let work = run.services.eggs().work(run)?;
        let source = &self.source;
        let set = work.sorted(&self.request(), &source.eggs_directory, &source.develop_eggs_directory);
        let set = set.map_err(|error| failed(error, run))?;
        let Some(options) = &self.scripts else { return Ok(Installed::Paths(Vec::new())) };
        let scripts = options.request(&self.requirements, &set, Some(run))?;
        let made = work.eggs.scripts(&scripts, &set, &work.context).map_err(|error| failed(error, run))?;
        Ok(Installed::Paths(made.iter().map(|path| to_text(path)).collect()))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.install(run)
    }
}
