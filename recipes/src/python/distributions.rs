//! Where the code of a recipe is.

use std::path::PathBuf;

use crate::api::Settings;
use crate::error::RecipeError;

/// A recipe (or extension) that was found: what to import, and what to put on the path for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub project: String,
    pub version: String,
    pub module: String,
    pub attributes: Vec<String>,
    /// Directories of the recipe's working set.
    pub paths: Vec<PathBuf>,
    /// What goes into the signatures of its parts, one for each distribution.
    pub tokens: Vec<String>,
}

/// The entry points that buildout knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Recipe,
    Uninstall,
    Extension,
    UnloadExtension,
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Self::Recipe => "zc.buildout",
            Self::Uninstall => "zc.buildout.uninstall",
            Self::Extension => "zc.buildout.extension",
            Self::UnloadExtension => "zc.buildout.unloadextension",
        }
    }
}

/// Finds distributions, and installs those that are not there.
pub trait Distributions: Send + Sync {
    /// The entry point of a requirement; `None` if the distribution has none of that name. `fetch` allows to install it.
    fn load(
        &self,
        settings: &Settings,
        requirement: &str,
        group: Group,
        entry: &str,
    ) -> Result<Option<Loaded>, RecipeError>;
    /// All entry points of a group in the distributions that requirements stand for.
    fn load_all(&self, settings: &Settings, requirements: &[String], group: Group) -> Result<Vec<Loaded>, RecipeError>;
}
