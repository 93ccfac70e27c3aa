//! From the `recipe` option to code: requirement, distribution, entry point.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rbuildout_eggs::{Distribution, Eggs, EntryPoint, Kind, Requirement, WorkingSet};

use super::active::{Active, to_error};
use crate::error::RecipeError;
use crate::live::LiveBuildout;

/// A recipe (or extension) that was found: what to import, and what to put on the path for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub project: String,
    pub module: String,
    pub attributes: Vec<String>,
    /// Directories of the recipe's working set.
    pub paths: Vec<PathBuf>,
    /// What goes into the signatures of its parts, one for each distribution, in order.
    pub tokens: Vec<String>,
    /// Says which code this is: other code has another one.
    pub identity: String,
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

impl Active {
    /// True if the distribution of a requirement is active: it need not be looked for.
    pub fn is_active(&self, live: &mut dyn LiveBuildout, requirement: &str) -> Result<bool, RecipeError> {
        self.eggs(live)?;
        let requirement = Requirement::parse(requirement).map_err(to_error)?;
        Ok(self.set().by_project(&requirement.project).is_some_and(|found| requirement.accepts(found)))
    }

    /// The entry point of a requirement; `None` if the distribution has none of that name. What is not active yet is
    /// found or installed.
    pub fn load(
        &self,
        live: &mut dyn LiveBuildout,
        requirement: &str,
        group: Group,
        entry: &str,
    ) -> Result<Option<Loaded>, RecipeError> {
        if !self.is_active(live, requirement)? {
            self.activate(live, &[requirement.to_owned()])?;
        }
        let parsed = Requirement::parse(requirement).map_err(to_error)?;
        let set = self.set();
        let Some(distribution) = set.by_project(&parsed.project) else { return Ok(None) };
        let points = distribution.entry_group(group.name()).map_err(to_error)?;
        let Some(point) = points.iter().find(|point| point.name == entry) else { return Ok(None) };
        self.loaded(live, &set, distribution, point, &parsed.extras).map(Some)
    }

    /// All entry points of a group in the active working set, after adding to it what these requirements stand for.
    pub fn load_all(
        &self,
        live: &mut dyn LiveBuildout,
        requirements: &[String],
        group: Group,
    ) -> Result<Vec<Loaded>, RecipeError> {
        let set = self.activate(live, requirements)?;
        let mut all = Vec::new();
        for distribution in set.iter() {
            for point in distribution.entry_group(group.name()).map_err(to_error)? {
                all.push(self.loaded(live, &set, distribution, point, &[])?);
            }
        }
        Ok(all)
    }

    fn loaded(
        &self,
        live: &mut dyn LiveBuildout,
        set: &WorkingSet,
        distribution: &Arc<Distribution>,
        point: &EntryPoint,
        extras: &[String],
    ) -> Result<Loaded, RecipeError> {
        let needed = needed(set, distribution, extras)?;
        let mut paths: Vec<PathBuf> = Vec::new();
        for one in needed.iter().filter(|one| one.kind() != Kind::Builtin) {
            if !paths.iter().any(|path| path == one.location()) {
                paths.push(one.location().to_owned());
            }
        }
        Ok(Loaded {
            project: distribution.project().to_owned(),
            module: point.module.clone(),
            attributes: point.attributes.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            paths,
            identity: identity(self.eggs(live)?, &needed),
            tokens: self.tokens(self.eggs(live)?, needed)?,
        })
    }
}

/// A distribution and all that it requires, in the order in which requirements name them.
fn needed(
    set: &WorkingSet,
    distribution: &Arc<Distribution>,
    extras: &[String],
) -> Result<Vec<Arc<Distribution>>, RecipeError> {
    let mut seen: HashSet<(String, Vec<String>)> = HashSet::new();
    let mut needed: Vec<Arc<Distribution>> = Vec::new();
    let mut queue = vec![(distribution.clone(), extras.to_vec())];
    while let Some((next, extras)) = queue.pop() {
        if !seen.insert((next.key().to_owned(), extras.clone())) {
            continue;
        }
        if !needed.iter().any(|known| known.key() == next.key()) {
            needed.push(next.clone());
        }
        for requirement in next.requires(&extras).map_err(to_error)?.into_iter().rev() {
            if let Some(found) = set.by_project(&requirement.project) {
                queue.push((found.clone(), requirement.extras.clone()));
            }
        }
    }
    Ok(needed)
}

/// What tells installed code apart: versions, places, when the places changed, the interpreter. (Code that is developed has
/// a word in the tokens that changes with it.)
fn identity(eggs: &Eggs, distributions: &[Arc<Distribution>]) -> String {
    let time = |path: &Path| {
        let metadata = fs_err::metadata(path).ok();
        metadata.map_or_else(String::new, |found| format!("{}.{}.{}", found.mtime(), found.mtime_nsec(), found.size()))
    };
    let interpreter = eggs.interpreter();
    let mut text = format!(
        "{} {} {}\n",
        interpreter.executable().display(),
        interpreter.version(),
        time(interpreter.executable())
    );
    for one in distributions {
        let location = one.location();
        // Python keeps bytecode in the other directories.
        let info = location.join("EGG-INFO");
        let beside = interpreter.sys_path().iter().any(|known| known == location);
        let changed = match one.kind() {
            Kind::Egg if info.is_dir() => time(&info),
            Kind::Egg => time(location),
            _ if beside => time(location),
            _ => String::new(),
        };
        text.push_str(&format!("{one} {} {changed}\n", location.display()));
    }
    text
}
