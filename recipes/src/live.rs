//! The live buildout, as recipes outside of this process see it.
//!
//! A native recipe reads options while it is initialised and never again. A Python recipe may read and write any section
//! at any time, also while it is installed: for those the engine keeps its sections alive during the run.
//!
//! All option values are texts as they are stored (`$$` escaped, typed values as `!py!`): what they mean is the other
//! side's business.

use std::sync::Arc;

use indexmap::IndexMap;
use rbuildout_cache::Downloader;
use serde::{Deserialize, Serialize};

use crate::api::Settings;
use crate::error::RecipeError;

/// The sections that a section depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depends {
    pub names: Vec<String>,
    /// The signature is known, so that more are an error.
    pub frozen: bool,
}

/// Any section of the buildout, at any time.
///
/// A method that fails leaves the engine as if the failed section had never been asked for, except that a section whose
/// initialisation failed stays as far as it got: whoever asked may go on.
pub trait LiveBuildout {
    fn settings(&self) -> &Settings;
    fn downloader(&self) -> &Arc<Downloader>;

    /// Names of all sections of the configuration, alive or not.
    fn sections(&self) -> Vec<String>;
    fn has(&self, section: &str) -> bool;
    fn is_alive(&self, section: &str) -> bool;
    /// Brings a section to life unless it is, and records the dependency of the section being initialised on it.
    fn touch(&mut self, section: &str) -> Result<(), RecipeError>;

    /// Text of an option of a live section; `None` if it is absent. Counts as a use.
    fn option(&mut self, section: &str, key: &str) -> Result<Option<String>, RecipeError>;
    /// Marks options as used.
    fn used(&mut self, section: &str, keys: &[String]) -> Result<(), RecipeError>;
    fn keys(&mut self, section: &str) -> Vec<String>;
    /// Options as the profile has them after macros, without substitution.
    fn raw(&self, section: &str) -> IndexMap<String, String>;
    /// All options as they would be saved. No use of them.
    fn copy(&mut self, section: &str) -> Result<IndexMap<String, String>, RecipeError>;
    /// A section that is not alive yet has the option before its recipe is constructed.
    fn set(&mut self, section: &str, key: &str, value: &str);
    /// Removes an option from all layers. False if it was not there.
    fn delete(&mut self, section: &str, key: &str) -> bool;
    /// Substitutes `${section:option}` in a free text in the context of a section.
    fn substitute(&mut self, section: &str, text: &str) -> Result<String, RecipeError>;

    /// A new section, which is brought to life at once. `false` if there is one of that name.
    fn add(&mut self, section: &str, options: IndexMap<String, String>) -> Result<bool, RecipeError>;
    /// New sections from the text of a profile, which are brought to life at once. The name of a section that exists
    /// already is returned instead.
    fn parse(&mut self, text: &str) -> Result<Option<String>, RecipeError>;

    /// Sections of the text of a profile, which stay a text: nothing is added. `name` is for errors.
    fn read_sections(&self, text: &str, name: &str) -> Result<IndexMap<String, IndexMap<String, String>>, RecipeError>;
    /// Options that this section does not have are to be looked up in its recipe.
    fn set_virtual(&mut self, section: &str);
    /// What `buildout` objects have as attributes that change during a run; null for an unknown one.
    fn state(&self, key: &str) -> serde_json::Value;

    /// The `recipe` option of a part whose recipe is native; `None` if there is no part, or once its recipe is an object
    /// in the Python process.
    fn recipe(&mut self, section: &str) -> Result<Option<String>, RecipeError>;
    /// Constructs the recipe of a live part once more, with the options as they are now.
    fn construct(&mut self, section: &str) -> Result<(), RecipeError>;

    /// `__buildout_signature__`, computed now and frozen; `None` in upstream mode.
    fn signature(&mut self, section: &str) -> Result<Option<String>, RecipeError>;
    fn depends(&self, section: &str) -> Depends;
    fn set_depends(&mut self, section: &str, depends: Depends);
    /// From now on every section that comes to life depends on `section`.
    fn barrier(&mut self, section: &str);

    /// The options of the section that pins versions, without any recording of who asks.
    fn versions(&mut self) -> Result<IndexMap<String, String>, RecipeError>;

    /// A log record. `level` is Python's number.
    fn record(&self, logger: &str, level: i64, text: &str);
    /// True once the run is to stop.
    fn interrupted(&self) -> bool;
}

/// How to get at the live buildout: calls the given function with it, exactly once.
pub type WithLive<'a> = dyn FnMut(&mut dyn FnMut(&mut dyn LiveBuildout)) + 'a;
