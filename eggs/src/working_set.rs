//! Distributions that are used together, in the order of their places on `sys.path`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::distribution::{Distribution, Precedence};
use crate::name::canonical_name;
use crate::requirement::Requirement;

/// At most one distribution of each project, in the order of `entries`.
#[derive(Debug, Clone, Default)]
pub struct WorkingSet {
    entries: Vec<PathBuf>,
    /// Keys of the projects at each entry.
    at: HashMap<PathBuf, Vec<String>>,
    by_key: HashMap<String, Arc<Distribution>>,
}

/// The active distribution of a project is not one that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    pub(crate) existing: Arc<Distribution>,
    pub(crate) requirement: Requirement,
}

impl WorkingSet {
    /// The places that the distributions are at.
    pub fn entries(&self) -> &[PathBuf] {
        &self.entries
    }

    /// The distributions, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Distribution>> {
        let mut seen = std::collections::HashSet::new();
        self.entries
            .iter()
            .flat_map(|entry| self.at.get(entry).into_iter().flatten())
            .filter(move |key| seen.insert(key.as_str()))
            .filter_map(|key| self.by_key.get(key))
    }

    /// The distributions, in order.
    pub fn distributions(&self) -> Vec<Arc<Distribution>> {
        self.iter().cloned().collect()
    }

    /// The distributions, sorted as `pkg_resources` does: by version first.
    pub(crate) fn sorted(&self) -> Vec<Arc<Distribution>> {
        let mut all = self.distributions();
        all.sort();
        all
    }

    /// The distribution of `project`.
    pub fn by_project(&self, project: &str) -> Option<&Arc<Distribution>> {
        self.by_key.get(&canonical_name(project))
    }

    /// The active distribution of the project of `requirement`.
    pub(crate) fn find(&self, requirement: &Requirement) -> Result<Option<&Arc<Distribution>>, Conflict> {
        match self.by_key.get(&requirement.key) {
            Some(found) if !requirement.accepts(found) => {
                Err(Conflict { existing: Arc::clone(found), requirement: requirement.clone() })
            }
            found => Ok(found),
        }
    }

    /// Whether this very distribution is active.
    pub(crate) fn contains(&self, distribution: &Distribution) -> bool {
        self.by_key.get(distribution.key()).is_some_and(|found| **found == *distribution)
    }

    /// Adds the distributions that were found at `entry`, which comes last.
    pub fn add_entry(&mut self, entry: &Path, found: impl IntoIterator<Item = Arc<Distribution>>) {
        self.at.entry(entry.to_owned()).or_default();
        self.entries.push(entry.to_owned());
        for distribution in found {
            self.register(distribution, entry, false);
        }
    }

    /// Adds a distribution: at the end, or with `replace` in front and instead of the active one of its project.
    pub fn add(&mut self, distribution: Arc<Distribution>, replace: bool) {
        let location = distribution.location().to_owned();
        self.insert(&location, distribution.precedence(), replace);
        self.register(distribution, &location, replace);
    }

    /// Adds a distribution at the end, instead of the active one of its project.
    pub(crate) fn replace(&mut self, distribution: Arc<Distribution>) {
        let location = distribution.location().to_owned();
        self.insert(&location, distribution.precedence(), false);
        self.register(distribution, &location, true);
    }

    fn register(&mut self, distribution: Arc<Distribution>, entry: &Path, replace: bool) {
        let key = distribution.key().to_owned();
        let location = distribution.location().to_owned();
        for place in [entry, &location] {
            self.at.entry(place.to_owned()).or_default();
        }
        if !replace && self.by_key.contains_key(&key) {
            return;
        }
        self.by_key.insert(key.clone(), distribution);
        for place in [entry, &location] {
            let keys = self.at.entry(place.to_owned()).or_default();
            if !keys.contains(&key) {
                keys.push(key.clone());
            }
        }
    }

    /// Puts `location` among the entries: before its own directory, if that is one and this is an egg.
    fn insert(&mut self, location: &Path, precedence: Precedence, replace: bool) {
        let parent = location.parent();
        let mut found = None;
        for (index, entry) in self.entries.iter().enumerate() {
            if entry == location {
                if !replace {
                    return;
                }
                found = Some(index);
                break;
            }
            if Some(entry.as_path()) == parent && precedence == Precedence::Egg {
                if !replace && self.entries[index..].iter().any(|entry| entry == location) {
                    return;
                }
                self.entries.insert(index, location.to_owned());
                found = Some(index);
                break;
            }
        }
        let Some(first) = found else {
            if replace {
                self.entries.insert(0, location.to_owned());
            } else {
                self.entries.push(location.to_owned());
            }
            return;
        };
        let mut index = 0;
        self.entries.retain(|entry| {
            index += 1;
            index <= first + 1 || entry != location
        });
    }
}
