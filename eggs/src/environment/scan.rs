//! Finding the distributions at one place, as `pkg_resources.find_distributions` does.
//!
//! Left out on purpose: zipped eggs, which buildout never leaves as they are, and eggs in zipped eggs.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rbuildout_parser::python::Facts;

use crate::distribution::Distribution;
use crate::metadata::Metadata;

/// How old a change of a directory must be before what was found there is kept: times are coarse.
const SETTLED: Duration = Duration::from_secs(1);
/// How many links may lead to one another.
const MAX_LINKS: usize = 8;

type Found = Vec<Arc<Distribution>>;

/// When a directory changed last, in seconds and nanoseconds.
type Stamp = (i64, i64);

/// Finds distributions; remembers what it found in directories that did not change.
pub(crate) struct Scanner {
    facts: Arc<Facts>,
    known: Mutex<HashMap<(PathBuf, bool), (Stamp, Found)>>,
}

impl Scanner {
    pub(crate) fn new(facts: Arc<Facts>) -> Self {
        Self { facts, known: Mutex::default() }
    }

    /// The distributions at `place`: of itself if it is an egg, else in it. With `only`, eggs and links in it don't count.
    pub(crate) fn find(&self, place: &Path, only: bool) -> Found {
        self.find_within(place, only, 0)
    }

    fn find_within(&self, place: &Path, only: bool, depth: usize) -> Found {
        let Ok(place) = fs_err::canonicalize(place) else {
            return Vec::new();
        };
        let key = (place.clone(), only);
        let stamp = stamp(&place);
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some((then, found)), Some(now)) = (known.get(&key), stamp)
                && *then == now
            {
                return found.clone();
            }
        }
        let (found, lasting) = self.look(&place, only, depth);
        if let Some(stamp) = stamp.filter(|stamp| lasting && settled(*stamp)) {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(key, (stamp, found.clone()));
        }
        found
    }

    /// What is there, and whether it stays so as long as the directory does not change.
    fn look(&self, place: &Path, only: bool, depth: usize) -> (Found, bool) {
        let is_egg = has_extension(place, "egg");
        let egg_info = place.join("EGG-INFO");
        if is_egg && egg_info.join("PKG-INFO").is_file() {
            let metadata = Metadata::Directory(egg_info);
            let found = Distribution::read(place.to_owned(), place, metadata, &self.facts);
            return (found.map(Arc::new).into_iter().collect(), true);
        }
        let mut found = Vec::new();
        let mut lasting = true;
        for path in sorted_entries(place) {
            if has_extension(&path, "egg-info") || has_extension(&path, "dist-info") {
                found.extend(self.with_metadata(place, &path).map(|distribution| {
                    // What pip installed into an egg is one.
                    Arc::new(if is_egg { distribution.into_egg() } else { distribution })
                }));
            } else if !only && has_extension(&path, "egg") && path.is_dir() && depth < MAX_LINKS {
                found.extend(self.find_within(&path, false, depth + 1));
                lasting = false;
            } else if !only && has_extension(&path, "egg-link") && depth < MAX_LINKS {
                lasting = false;
                found.extend(self.find_linked(place, &path, depth));
            }
        }
        (found, lasting)
    }

    /// The distributions where an `.egg-link` leads.
    pub(crate) fn find_link(&self, link: &Path) -> Found {
        self.find_linked(link.parent().unwrap_or(Path::new("/")), link, 0)
    }

    fn find_linked(&self, place: &Path, link: &Path, depth: usize) -> Found {
        let target = link_target(link);
        target.map(|target| self.find_within(&place.join(target), false, depth + 1)).unwrap_or_default()
    }

    fn with_metadata(&self, place: &Path, path: &Path) -> Option<Distribution> {
        let metadata = if path.is_dir() {
            // An empty directory is what is left of one.
            fs_err::read_dir(path).ok()?.next()?.ok()?;
            Metadata::Directory(path.to_owned())
        } else if has_extension(path, "egg-info") {
            Metadata::File(path.to_owned())
        } else {
            return None;
        };
        Distribution::read(place.to_owned(), path, metadata, &self.facts)
    }
}

/// The first line of an `.egg-link` that says something: where the distribution is.
pub(crate) fn link_target(link: &Path) -> Option<PathBuf> {
    let text = fs_err::read_to_string(link).ok()?;
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(PathBuf::from)
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

fn sorted_entries(place: &Path) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(place).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn stamp(place: &Path) -> Option<Stamp> {
    let metadata = fs_err::metadata(place).ok()?;
    Some((metadata.mtime(), metadata.mtime_nsec()))
}

fn settled((seconds, nanoseconds): Stamp) -> bool {
    let time = SystemTime::UNIX_EPOCH
        + Duration::from_secs(seconds.max(0).unsigned_abs())
        + Duration::from_nanos(nanoseconds.max(0).unsigned_abs());
    SystemTime::now().duration_since(time).is_ok_and(|age| age >= SETTLED)
}
