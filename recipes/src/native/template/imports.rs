//! The option `import-list`: one `type alias expression` per line.
//!
//! | type | expression | importable as |
//! |---|---|---|
//! | `rawfile`, `file` | a path, or the `section:option` that has it | the alias |
//! | `rawfolder`, `folder` | likewise | alias, `import-delimiter` (`/`), path below |
//!
//! Errors, in Python's words: too few words in a line, an unknown type, an alias twice.

use indexmap::IndexMap;
use rbuildout_parser::python::{str_repr, to_str};

use super::context::{option, three_words};
use crate::api::{Host, text};
use crate::error::RecipeError;
use crate::native::common::paths;
use crate::template::{ImportSource, Imports};

/// Reads the option; `None` if it is absent or empty.
pub(super) fn read(host: &mut dyn Host) -> Result<Option<Imports>, RecipeError> {
    let lines = text(host, "import-list")?.unwrap_or_default();
    let delimiter = text(host, "import-delimiter")?.unwrap_or_else(|| "/".to_owned());
    if lines.is_empty() {
        return Ok(None);
    }
    let mut aliases = IndexMap::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let [kind, alias, expression] = three_words(line)?;
        let path = match kind {
            "rawfile" | "rawfolder" => expression.to_owned(),
            "file" | "folder" => to_str(&option(host, expression)?),
            other => return Err(RecipeError::internal("KeyError", str_repr(other))),
        };
        let path = paths::resolve(host.settings(), path);
        let source = if kind.ends_with("file") { ImportSource::File(path) } else { ImportSource::Folder(path) };
        if aliases.insert(alias.to_owned(), source).is_some() {
            let message = format!("Duplicate import-list entry {}", str_repr(alias));
            return Err(RecipeError::internal("ValueError", message));
        }
    }
    Ok(Some(Imports { delimiter, aliases }))
}
