//! `slapos.recipe.build:mkdirectory` and `slapos.cookbook:mkdirectory`: directories for user data.
//!
//! | option | meaning |
//! |---|---|
//! | `mode` | octal, 0777 by default; for the last directory of each path, minus the umask |
//! | any other but `recipe` | path of a directory to create, with its parents; an empty one is skipped |
//!
//! That any option counts is the originals' rule: a stray `_profile_base_location_` is a path too. Publishes nothing.
//! Nothing is recorded, so that the directories are never removed. Install and update are the same.
//!
//! Errors: a mode that is not octal; a path that exists and is no directory (the cookbook's variant only).

use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe};
use crate::error::RecipeError;
use crate::native::common::numbers::octal;
use crate::native::common::paths::{make_directories, resolve};
use crate::run::RunContext;
use rbuildout_parser::python::to_str;

const DEFAULT_MODE: u32 = 0o777;

/// Which of the two originals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MakeDirectory {
    Build,
    Cookbook,
}

impl Recipe for MakeDirectory {
    fn distribution(&self) -> Distribution {
        match self {
            Self::Build => super::BUILD,
            Self::Cookbook => super::COOKBOOK,
        }
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let mut options = Vec::new();
        for key in host.keys() {
            if key == "recipe" || key == "__buildout_signature__" {
                continue;
            }
            // The originals copy their options.
            if let Some(value) = host.peek(&key)? {
                options.push((key, to_str(&value)));
            }
        }
        options.sort();
        let mut mode = None;
        let mut paths = Vec::new();
        for (key, value) in options {
            if key == "mode" {
                mode = Some(value);
            } else if !value.is_empty() {
                paths.push(value);
            }
        }
        paths.sort();
        Ok(Box::new(Directories { variant: *self, mode, paths, directory: host.settings().directory.clone() }))
    }
}

struct Directories {
    variant: MakeDirectory,
    mode: Option<String>,
    paths: Vec<String>,
    directory: std::path::PathBuf,
}

impl Part for Directories {
    fn effects(&self) -> Effects {
        Effects::Hermetic
    }

    fn update_is_noop(&self) -> bool {
        self.paths.iter().all(|path| self.directory.join(path).is_dir())
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        let mode = self.mode.as_deref().map_or(Ok(DEFAULT_MODE), octal)?;
        for path in &self.paths {
            let path = resolve(run.settings(), path);
            if self.variant == MakeDirectory::Build && path.exists() {
                continue;
            }
            make_directories(&path, mode)?;
        }
        Ok(Installed::Paths(Vec::new()))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.install(run)
    }
}
