//! `buildout:develop`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rbuildout_eggs::Develop;
use rbuildout_parser::join;
use rbuildout_parser::python::str_repr;

use super::active::{Active, to_error};
use super::context::RunEggContext;
use crate::error::RecipeError;
use crate::live::LiveBuildout;

impl Active {
    /// Makes the projects of `buildout:develop` usable where they are. Returns the paths of the files that were made in
    /// the directory of develop eggs; none of them is left if it fails.
    pub fn develop(&self, live: &mut dyn LiveBuildout) -> Result<Vec<PathBuf>, RecipeError> {
        let wanted = live.option("buildout", "develop")?.unwrap_or_default();
        if wanted.trim().is_empty() {
            return Ok(Vec::new());
        }
        let (directory, target) = (live.settings().directory.clone(), live.settings().develop_eggs_directory.clone());
        let before = names(&target)?;
        let developed = wanted
            .split_whitespace()
            .try_for_each(|pattern| self.one(live, &join(&directory.to_string_lossy(), pattern), &target));
        let new: Vec<OsString> = names(&target)?.difference(&before).cloned().collect();
        for name in &new {
            let text = name.to_string_lossy();
            if !text.ends_with(".egg-link") || !target.join(name).is_file() {
                let shown = str_repr(&text);
                live.record("zc.buildout", 30, &format!("Unexpected entry, {shown}, in develop-eggs directory."));
            }
        }
        let paths: Vec<PathBuf> = new.into_iter().map(|name| target.join(name)).collect();
        if let Err(error) = developed {
            for path in &paths {
                rbuildout_cache::tree::remove(path)?;
            }
            return Err(error);
        }
        Ok(paths)
    }

    /// Develops what a pattern stands for.
    fn one(&self, live: &mut dyn LiveBuildout, pattern: &str, target: &Path) -> Result<(), RecipeError> {
        let found = glob(pattern);
        if found.is_empty() {
            let shown = str_repr(pattern);
            live.record("zc.buildout", 30, &format!("Couldn't develop {shown} (not found)"));
        }
        for setup in found {
            let shown = str_repr(&setup.to_string_lossy());
            live.record("zc.buildout", 20, &format!("Develop: {shown}"));
            let develop = Develop { setup, directory: target.to_owned(), ..Develop::default() };
            let made = self.eggs(live)?.develop(&develop, &RunEggContext::new(self));
            made.map_err(|error| to_error(error.while_doing(format!("Processing develop directory {shown}."))))?;
        }
        Ok(())
    }
}

fn names(directory: &Path) -> std::io::Result<BTreeSet<OsString>> {
    fs_err::read_dir(directory)?.map(|entry| Ok(entry?.file_name())).collect()
}

/// The paths that a shell pattern (`*`, `?`, `[...]`) stands for, sorted.
fn glob(pattern: &str) -> Vec<PathBuf> {
    let pattern = Path::new(pattern);
    if !pattern.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte)) {
        // As it is written.
        return if pattern.symlink_metadata().is_ok() { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let text = component.as_os_str().to_string_lossy();
        if !text.contains(['*', '?', '[']) {
            found = found.into_iter().map(|path| path.join(component)).collect();
            continue;
        }
        let Some(matcher) = matcher(&text) else { return Vec::new() };
        let inside = |directory: PathBuf| {
            let entries = fs_err::read_dir(&directory).into_iter().flatten().filter_map(Result::ok);
            let names = entries.map(|entry| entry.file_name()).filter(|name| {
                let name = name.to_string_lossy();
                matcher.is_match(&name) && (text.starts_with('.') || !name.starts_with('.'))
            });
            names.map(|name| directory.join(name)).collect::<Vec<_>>()
        };
        found = found.into_iter().flat_map(inside).collect();
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found.sort();
    found
}

fn matcher(pattern: &str) -> Option<regex::Regex> {
    let mut text = String::from("(?s)^");
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' => text.push_str(".*"),
            '?' => text.push('.'),
            '[' if characters.clone().skip(1).any(|c| c == ']') => {
                text.push('[');
                if characters.next_if_eq(&'!').is_some() {
                    text.push('^');
                }
                let mut first = true;
                for inside in characters.by_ref() {
                    if inside == ']' && !first {
                        break;
                    }
                    if "\\[]^&~".contains(inside) {
                        text.push('\\');
                    }
                    text.push(inside);
                    first = false;
                }
                text.push(']');
            }
            other => text.push_str(&regex::escape(&other.to_string())),
        }
    }
    text.push('$');
    regex::Regex::new(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let matches = |pattern: &str, name: &str| matcher(pattern).unwrap().is_match(name);
        assert!(matches("a*", "abc") && !matches("a*", "bac") && matches("a?c", "abc"));
        assert!(matches("[ab]x", "bx") && !matches("[!ab]x", "bx") && matches("[!ab]x", "cx") && matches("[]]", "]"));
        assert!(matches("a[", "a[") && matches("a.b", "a.b") && !matches("a.b", "axb"));
    }

    #[test]
    fn paths_are_sorted() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b", "a", ".c"] {
            fs_err::create_dir(directory.path().join(name)).unwrap();
        }
        let names: Vec<PathBuf> = ["a", "b"].iter().map(|name| directory.path().join(name)).collect();
        assert_eq!(glob(&format!("{}/*", directory.path().display())), names);
        assert_eq!(glob(&format!("{}/a", directory.path().display())), names[..1]);
        assert!(glob(&format!("{}/z", directory.path().display())).is_empty());
    }
}
