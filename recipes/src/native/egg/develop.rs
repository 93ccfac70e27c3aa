//! The entry point `develop`, and what it has in common with `custom`: the environment of setup scripts.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use rbuildout_eggs::{BuildExt, Develop};
use rbuildout_parser::python::{str_repr, to_str};

use super::fingerprint::Fingerprint;
use super::source::{Source, lines, publish};
use super::{build_ext, failed};
use crate::api::{DevelopEggs, Effects, Host, Installed, Mode, Part, required, text};
use crate::eggs::{Active, EggWork};
use crate::error::RecipeError;
use crate::live::LiveBuildout;
use crate::native::common::paths::{resolve, to_text};
use crate::native::common::percent::format_with;
use crate::run::RunContext;

/// The variables of setup scripts, without those of the run.
#[derive(Debug, Clone, Default)]
pub(super) struct BuildEnvironment {
    /// In the order of the section; each is formatted with those before it, too.
    variables: Vec<(String, String)>,
}

impl BuildEnvironment {
    /// Reads the section that `environment` names, and publishes what is in it.
    pub(super) fn read(host: &mut dyn Host) -> Result<Self, RecipeError> {
        let section = text(host, "environment")?.filter(|section| !section.is_empty());
        let variables: Vec<(String, String)> = match section {
            Some(section) => host.section(&section)?.into_iter().map(|(key, value)| (key, to_str(&value))).collect(),
            None => Vec::new(),
        };
        let mut sorted: Vec<String> =
            variables.iter().map(|(key, value)| format!("({}, {})", str_repr(key), str_repr(value))).collect();
        sorted.sort();
        publish(host, "_environment-data", &format!("[{}]", sorted.join(", ")))?;
        Ok(Self { variables })
    }

    /// The variables for setup scripts. Installs the eggs that those need.
    pub(super) fn variables(
        &self,
        work: &EggWork<'_>,
        source: &Source,
        setup_eggs: &[String],
        run: &RunContext,
    ) -> Result<BTreeMap<OsString, OsString>, RecipeError> {
        let base = run.services.environment();
        let mut variables: BTreeMap<OsString, OsString> = BTreeMap::new();
        for (name, value) in &self.variables {
            let value = format_with(value, "_Environ", |wanted| {
                let key = OsStr::new(wanted);
                let found = variables.get(key).or_else(|| base.get(key));
                found.map(|found| found.to_string_lossy().into_owned()).ok_or_else(|| {
                    run.error(&format!("The variable {wanted} is not set: the value of {name} uses it."));
                    RecipeError::internal("KeyError", str_repr(wanted))
                })
            })?;
            variables.insert(name.into(), value.into());
        }
        if !setup_eggs.is_empty() {
            let request = source.request(setup_eggs);
            let set = work.eggs.install(&request, &work.context).map_err(|error| failed(error, run))?;
            let paths: Vec<&PathBuf> = set.entries().iter().filter(|path| !path.as_os_str().is_empty()).collect();
            let joined = std::env::join_paths(paths).map_err(|error| RecipeError::user(error.to_string()))?;
            variables.insert("PYTHONEXTRAPATH".into(), joined);
        }
        Ok(variables)
    }
}

/// The eggs that setup scripts need.
pub(super) fn setup_eggs(host: &mut dyn Host) -> Result<Vec<String>, RecipeError> {
    Ok(lines(&text(host, "setup-eggs")?.unwrap_or_default()))
}

/// A project that is used where it is.
pub(super) struct DevelopPart {
    setup: PathBuf,
    target: PathBuf,
    build_ext: BuildExt,
    /// slapos mode.
    more: Option<More>,
}

struct More {
    source: Source,
    environment: BuildEnvironment,
    setup_eggs: Vec<String>,
}

impl DevelopPart {
    pub(super) fn read(host: &mut dyn Host) -> Result<Self, RecipeError> {
        let target = host.settings().develop_eggs_directory.clone();
        publish(host, "_d", &to_text(&target))?;
        let build_ext = build_ext::read(host)?;
        let more = match host.settings().mode {
            Mode::Upstream => None,
            Mode::Slapos => {
                let (source, environment) = (Source::read(host)?, BuildEnvironment::read(host)?);
                publish(host, "_e", &to_text(&source.eggs_directory))?;
                Some(More { source, environment, setup_eggs: setup_eggs(host)? })
            }
        };
        let setup = required(host, "setup")?;
        let setup = resolve(host.settings(), setup);
        publish(host, "setup", &to_text(&setup))?;
        Ok(Self { setup, target, build_ext, more })
    }
}

impl Part for DevelopPart {
    fn effects(&self) -> Effects {
        let reads = self.more.as_ref().is_some_and(|more| !more.setup_eggs.is_empty());
        Effects::Eggs(DevelopEggs { reads, writes: true })
    }

    fn update_is_noop(&self) -> bool {
        false
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        run.log.phase("develop");
        let work = run.services.eggs().work(run)?;
        let environment = match &self.more {
            None => BTreeMap::new(),
            Some(more) => more.environment.variables(&work, &more.source, &more.setup_eggs, run)?,
        };
        let (setup, directory, build_ext) = (self.setup.clone(), self.target.clone(), self.build_ext.clone());
        let develop = Develop { setup, directory, build_ext, environment };
        let link = work.eggs.develop(&develop, &work.context).map_err(|error| failed(error, run))?;
        // Parts that want the scripts of a project that has some rely on its setup script.
        if self.more.is_some() && !work.eggs.has_developed_scripts(&link) {
            Fingerprint::new(&self.setup, &run.settings().state_directory).keep(work.eggs.interpreter())?;
        }
        Ok(Installed::Paths(vec![to_text(&link)]))
    }

    fn is_current(&self, eggs: &Active, live: &mut dyn LiveBuildout) -> bool {
        let Some(more) = &self.more else { return false };
        let fingerprint = Fingerprint::new(&self.setup, &live.settings().state_directory);
        let Ok(look) = eggs.look(live) else { return false };
        let setup_eggs = more.source.request(&more.setup_eggs);
        fingerprint.holds(look.interpreter()) && (more.setup_eggs.is_empty() || look.is_all_there(&setup_eggs))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.install(run)
    }
}
