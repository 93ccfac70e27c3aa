//! The Python side of the recipe host: the folder `python/` of this crate, as it is in the program, written out once.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rbuildout_cache::hash::md5_hex;

use crate::error::RecipeError;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/python/", $name)))),*]
    };
}

/// Relative path and content of each file.
static FILES: &[(&str, &str)] = files![
    "rbuildout_host/__init__.py",
    "rbuildout_host/boot.py",
    "rbuildout_host/errors.py",
    "rbuildout_host/fallback/zc_recipe/egg/__init__.py",
    "rbuildout_host/fallback/zc_recipe/egg/custom.py",
    "rbuildout_host/fallback/zc_recipe/egg/egg.py",
    "rbuildout_host/finder.py",
    "rbuildout_host/logs.py",
    "rbuildout_host/noop.py",
    "rbuildout_host/paths.py",
    "rbuildout_host/server.py",
    "rbuildout_host/session.py",
    "rbuildout_host/values.py",
    "rbuildout_host/wire.py",
    "rbuildout_host/world.py",
    "zc/buildout/__init__.py",
    "zc/buildout/buildout.py",
    "zc/buildout/configparser.py",
    "zc/buildout/download.py",
    "zc/buildout/easy_install.py",
    "zc/buildout/rmtree.py",
    "zc/buildout/testing.py",
];

/// The md5 of all of it. Each initialisation that is looked up asks for it.
pub(super) fn identity() -> &'static str {
    static IDENTITY: OnceLock<String> = OnceLock::new();
    IDENTITY.get_or_init(|| {
        let mut text = String::new();
        for (name, content) in FILES {
            text.extend([name, "\0", content, "\0"]);
        }
        md5_hex(text)
    })
}

/// The directory to put on the path: below the cache directory, or below the run's own where there is none or it can't be
/// written. A directory that is there is complete: it was renamed into place.
pub(super) fn place(cache: Option<&Path>, state: &Path) -> Result<PathBuf, RecipeError> {
    let name = format!("host-{}", identity());
    let places = cache.map(|cache| cache.join("python")).into_iter().chain([state.to_owned()]);
    let mut problem = None;
    for parent in places {
        let directory = parent.join(&name);
        if directory.is_dir() {
            return Ok(directory);
        }
        match write(&parent, &directory) {
            Ok(()) => return Ok(directory),
            Err(error) => problem = Some(error),
        }
    }
    Err(problem.map_or_else(|| RecipeError::user("There is no place for the recipe host."), RecipeError::Io))
}

fn write(parent: &Path, directory: &Path) -> std::io::Result<()> {
    fs_err::create_dir_all(parent)?;
    let temporary = tempfile::Builder::new().prefix(".host-").tempdir_in(parent)?;
    let root = temporary.path().join("new");
    for (name, content) in FILES {
        let path = root.join(name);
        fs_err::create_dir_all(path.parent().unwrap_or(&root))?;
        fs_err::write(path, content)?;
    }
    match fs_err::rename(&root, directory) {
        // Another run was faster.
        Err(_) if directory.is_dir() => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn walk(root: &Path, directory: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn every_file_is_in_the_program() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
        let mut found = BTreeSet::new();
        walk(&root, &root, &mut found);
        found.retain(|name| !name.starts_with("tests/"));
        let known: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(found, known);
    }
}
