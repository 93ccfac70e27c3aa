//! How long parts took, remembered across build directories: the scheduler starts the longest path first.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Seconds by part name. Kept in `durations.json` of the cache directory; losing it costs nothing but order.
#[derive(Debug, Default)]
pub struct Durations {
    path: Option<PathBuf>,
    seconds: BTreeMap<String, f64>,
    changed: bool,
}

impl Durations {
    pub fn load(cache: Option<&Path>) -> Self {
        let path = cache.map(|cache| cache.join("durations.json"));
        let read = |path: &PathBuf| serde_json::from_slice(&fs_err::read(path).ok()?).ok();
        let seconds = path.as_ref().and_then(read).unwrap_or_default();
        Self { path, seconds, changed: false }
    }

    /// Expected seconds of a part: what it took last time, else a guess by its recipe.
    pub fn expect(&self, part: &str, recipe: &str) -> f64 {
        let known = self.seconds.get(part).copied();
        known.unwrap_or(match recipe.split(['>', '=', '<']).next().unwrap_or_default() {
            "slapos.recipe.cmmi" => 20.0,
            "slapos.recipe.build:gitclone" => 5.0,
            "slapos.recipe.build:download" | "slapos.recipe.build:download-unpacked" => 2.0,
            _ => 0.05,
        })
    }

    /// Remembers how long the install of a part took.
    pub fn remember(&mut self, part: &str, seconds: f64) {
        // What is quicker than this is noise, and would only make the file grow.
        if seconds >= 0.1 {
            self.seconds.insert(part.to_owned(), (seconds * 100.0).round() / 100.0);
            self.changed = true;
        }
    }

    /// Writes the file if anything was learnt. Failures are of no consequence.
    pub fn save(&self) {
        let (Some(path), true) = (&self.path, self.changed) else { return };
        let write = || -> std::io::Result<()> {
            let directory = path.parent().unwrap_or(Path::new("/"));
            fs_err::create_dir_all(directory)?;
            let mut file = tempfile::NamedTempFile::new_in(directory)?;
            file.write_all(&serde_json::to_vec_pretty(&self.seconds)?)?;
            file.persist(path)?;
            Ok(())
        };
        let _ = write();
    }
}
