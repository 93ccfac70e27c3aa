//! The list of paths in a script, absolute or relative to it.

use std::path::{Path, PathBuf};

use rbuildout_parser::python::str_repr;

use crate::error::EggError;

/// What finds the script's directory at run time.
const RELATIVE: &str = "
import os

join = os.path.join
base = os.path.dirname(os.path.abspath(os.path.realpath(__file__)))
";

/// The paths, without links in them.
pub(super) struct Paths(Vec<String>);

impl Paths {
    pub(super) fn new<'p>(paths: impl Iterator<Item = &'p Path>) -> Self {
        let mut unique: Vec<&Path> = Vec::new();
        for path in paths {
            if !unique.contains(&path) {
                unique.push(path);
            }
        }
        Self(unique.into_iter().map(|path| real(path).to_string_lossy().into_owned()).collect())
    }

    /// The lines of the list for a script at `file`, and the lines before `import sys`.
    pub(super) fn lines(&self, file: &Path, root: Option<&Path>) -> Result<(String, String), EggError> {
        let Some(root) = root else {
            let list: Vec<String> = self.0.iter().map(|path| str_repr(path)).collect();
            // The reference breaks the line at every comma with a blank, even in a path.
            return Ok((list.join(", ").replace(", ", ",\n  "), String::new()));
        };
        let file = std::path::absolute(file)?;
        let list: Vec<String> = self.0.iter().map(|path| relative(Path::new(path), root)).collect();
        let inside = file.strip_prefix(root).map_err(|_| {
            EggError::internal("AssertionError", "dirname of / is the same").with_hint(format!(
                "{} is not below {}: set `relative-paths = false`.",
                file.display(),
                root.display()
            ))
        })?;
        let levels = inside.components().count().saturating_sub(1);
        let before = RELATIVE.to_owned() + &"base = os.path.dirname(base)\n".repeat(levels);
        Ok((list.join(",\n  "), before))
    }
}

/// Python text of `path`. The reference takes the script's own directory for the root where a path is below it, and so
/// writes scripts that don't work.
fn relative(path: &Path, root: &Path) -> String {
    match path.strip_prefix(root).ok().and_then(Path::to_str) {
        Some("") => "base".to_owned(),
        Some(inside) => format!("join(base, {})", str_repr(inside)),
        None => str_repr(&path.to_string_lossy()),
    }
}

/// `path` with links resolved as far as it exists.
pub(crate) fn real(path: &Path) -> PathBuf {
    if let Ok(found) = fs_err::canonicalize(path) {
        return found;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => real(parent).join(name),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}
