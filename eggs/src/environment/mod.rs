//! The distributions on a search path, by project.

mod scan;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use scan::{Scanner, link_target};

use crate::distribution::Distribution;
use crate::interpreter::Interpreter;
use crate::name::canonical_name;

/// Distributions that the interpreter can use, those of each project from the best to the worst.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    python: String,
    platform: String,
    by_key: HashMap<String, Vec<Arc<Distribution>>>,
}

impl Environment {
    pub(crate) fn new(interpreter: &Interpreter) -> Self {
        Self { python: interpreter.python(), platform: interpreter.platform().to_owned(), by_key: HashMap::new() }
    }

    /// Whether a distribution for this Python and platform can be used; `None` is any.
    pub(crate) fn compatible(&self, python: Option<&str>, platform: Option<&str>) -> bool {
        python.is_none_or(|python| python == self.python) && platform.is_none_or(|platform| platform == self.platform)
    }

    /// Adds what can be used and is not there yet.
    pub(crate) fn extend(&mut self, found: impl IntoIterator<Item = Arc<Distribution>>) {
        for distribution in found {
            if !self.compatible(distribution.python(), distribution.platform()) {
                continue;
            }
            let known = self.by_key.entry(distribution.key().to_owned()).or_default();
            if !known.contains(&distribution) {
                known.push(distribution);
                known.sort_by(|a, b| b.cmp(a));
            }
        }
    }

    /// The distributions of `project`, best first.
    pub(crate) fn of(&self, project: &str) -> &[Arc<Distribution>] {
        self.by_key.get(&canonical_name(project)).map_or(&[], Vec::as_slice)
    }
}

/// The places in an eggs directory where distributions are: all `*.egg`, and directories that have a `.dist-info`.
pub(crate) fn egg_places(eggs: &Path) -> Vec<PathBuf> {
    let visible = |entry: std::io::Result<fs_err::DirEntry>| {
        let path = entry.ok()?.path();
        let shown = path.file_name()?.to_str().is_some_and(|name| !name.starts_with('.'));
        shown.then_some(path)
    };
    let entries = fs_err::read_dir(eggs).into_iter().flatten().filter_map(visible);
    let mut places: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "egg") || has_dist_info(path))
        .collect();
    places.sort();
    places
}

fn has_dist_info(path: &Path) -> bool {
    let entries = fs_err::read_dir(path).into_iter().flatten().filter_map(Result::ok);
    let mut names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.any(|name| name.ends_with(".dist-info") && !name.starts_with('.'))
}
