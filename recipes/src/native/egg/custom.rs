//! The entry point `custom`.

use std::collections::BTreeMap;

use rbuildout_eggs::{BuildExt, Patches};

use super::build_ext;
use super::develop::{BuildEnvironment, setup_eggs};
use super::source::{Source, publish};
use super::{failed, patches};
use crate::api::{DevelopEggs, Effects, Host, Installed, Mode, Part, text};
use crate::error::RecipeError;
use crate::native::common::paths::to_text;
use crate::run::RunContext;

/// One egg with options of its own.
pub(super) struct CustomPart {
    source: Source,
    requirement: String,
    /// The requirement was an option that is not to be used any more.
    deprecated: bool,
    build_ext: BuildExt,
    environment: BuildEnvironment,
    setup_eggs: Vec<String>,
    patches: BTreeMap<String, Patches>,
}

impl CustomPart {
    pub(super) fn read(host: &mut dyn Host) -> Result<Self, RecipeError> {
        let directory = to_text(&host.settings().develop_eggs_directory);
        publish(host, "_d", &directory)?;
        let build_ext = build_ext::read(host)?;
        let mut source = Source::read(host)?;
        // The original's request for one source distribution knows neither.
        source.allow_hosts = vec!["*".to_owned()];
        source.allow_unknown_extras = false;
        let environment = BuildEnvironment::read(host)?;
        publish(host, "_e", &to_text(&source.eggs_directory))?;
        let slapos = host.settings().mode == Mode::Slapos;
        let mut part = Self {
            source,
            requirement: host.name().to_owned(),
            deprecated: false,
            build_ext,
            environment,
            setup_eggs: if slapos { setup_eggs(host)? } else { Vec::new() },
            patches: BTreeMap::new(),
        };
        // Nothing more is read if nothing may be installed.
        if !part.source.offline {
            match text(host, "egg")? {
                Some(egg) => part.requirement = egg,
                None => {
                    if let Some(eggs) = text(host, "eggs")? {
                        part.requirement = eggs;
                        part.deprecated = true;
                    }
                }
            }
            part.requirement = part.requirement.trim().to_owned();
            part.patches = patches::read(host, std::slice::from_ref(&part.requirement))?;
        }
        Ok(part)
    }
}

impl Part for CustomPart {
    fn effects(&self) -> Effects {
        Effects::Eggs(DevelopEggs { reads: !self.setup_eggs.is_empty(), writes: true })
    }

    fn update_is_noop(&self) -> bool {
        self.source.offline
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        let source = &self.source;
        if source.offline {
            return Ok(Installed::Paths(Vec::new()));
        }
        if self.deprecated {
            run.log.record_of("zc.recipe.egg.custom", 30, "The eggs option is deprecated. Use egg instead");
        }
        run.log.phase("egg");
        let work = run.services.eggs().work(run)?;
        let mut request = source.request(std::slice::from_ref(&self.requirement));
        request.eggs_directory = Some(source.develop_eggs_directory.clone());
        request.path = vec![source.eggs_directory.clone()];
        request.environment = self.environment.variables(&work, source, &self.setup_eggs, run)?;
        request.patches.clone_from(&self.patches);
        let built = work.eggs.build(&request, &self.build_ext, &work.context).map_err(|error| failed(error, run))?;
        // What else met the requirement is not this part's.
        let own = built.iter().filter(|path| path.starts_with(&source.develop_eggs_directory));
        Ok(Installed::Paths(own.map(|path| to_text(path)).collect()))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.install(run)
    }
}
