//! The entry point `custom`.

use std::collections::BTreeMap;

use rbuildout_eggs::{BuildExt, Install, Patches};

use super::build_ext;
use super::develop::{BuildEnvironment, setup_eggs};
use super::source::{Source, publish};
use super::{failed, patches};
use crate::api::{DevelopEggs, Effects, Host, Installed, Mode, Part, text};
use crate::eggs::Active;
use crate::error::RecipeError;
use crate::live::LiveBuildout;
use crate::native::common::paths::to_text;
use crate::run::RunContext;

/// One egg with options of its own.
pub(super) struct CustomPart {
    mode: Mode,
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
        let mode = host.settings().mode;
        let mut part = Self {
            mode,
            source,
            requirement: host.name().to_owned(),
            deprecated: false,
            build_ext,
            environment,
            setup_eggs: if mode == Mode::Slapos { setup_eggs(host)? } else { Vec::new() },
            patches: BTreeMap::new(),
        };
        // Nothing more is read if nothing may be installed.
        if !part.source.offline {
            // The original reads both.
            let (egg, eggs) = (text(host, "egg")?, text(host, "eggs")?);
            part.deprecated = egg.is_none() && eggs.is_some();
            let requirement = egg.or(eggs).unwrap_or_else(|| host.name().to_owned());
            requirement.trim().clone_into(&mut part.requirement);
            part.patches = patches::read(host, std::slice::from_ref(&part.requirement))?;
        }
        Ok(part)
    }
}

impl CustomPart {
    /// The request for the egg, which goes where developed ones are.
    fn request(&self) -> Install {
        let source = &self.source;
        let mut request = source.request(std::slice::from_ref(&self.requirement));
        request.eggs_directory = Some(source.develop_eggs_directory.clone());
        request.path = vec![source.eggs_directory.clone()];
        request.patches.clone_from(&self.patches);
        request
    }
}

impl Part for CustomPart {
    fn effects(&self) -> Effects {
        Effects::Eggs(DevelopEggs { reads: !self.setup_eggs.is_empty(), writes: true })
    }

    fn update_is_noop(&self) -> bool {
        self.source.offline
    }

    fn is_current(&self, eggs: &Active, live: &mut dyn LiveBuildout) -> bool {
        if self.mode == Mode::Upstream || self.deprecated {
            return false;
        }
        let Ok(look) = eggs.look(live) else { return false };
        let setup_eggs = self.source.request(&self.setup_eggs);
        look.is_built(&self.request()) && (self.setup_eggs.is_empty() || look.is_all_there(&setup_eggs))
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
        let mut request = self.request();
        request.environment = self.environment.variables(&work, source, &self.setup_eggs, run)?;
        let built = work.eggs.build(&request, &self.build_ext, &work.context).map_err(|error| failed(error, run))?;
        // What else met the requirement is not this part's.
        let own = built.iter().filter(|path| path.starts_with(&source.develop_eggs_directory));
        Ok(Installed::Paths(own.map(|path| to_text(path)).collect()))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.install(run)
    }
}
