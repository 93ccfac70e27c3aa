//! Where imported templates come from, with the rules of the `import-list` option.

use std::path::{Component, Path, PathBuf};

use rbuildout_parser::python::PythonError;

use super::api::{ImportSource, Imports, TemplateError};
use super::lexer::normalize_newlines;

/// The text of the imported template `name`, with normalised line ends; `None` if there is no such template.
///
/// An alias is everything before the delimiter. A name without one is the alias of a single file; below a folder alias
/// the rest of the name is a path, which has to stay inside of the folder.
pub(crate) fn load(imports: Option<&Imports>, name: &str) -> Result<Option<String>, TemplateError> {
    let Some(imports) = imports else {
        let mut error = TemplateError::syntax("no loader for this environment specified", name, 0);
        error.exception.class = "TypeError".into();
        return Err(error);
    };
    let path = match find(imports, name) {
        Some(Found::Text(text)) => return Ok(Some(normalize_newlines(text))),
        Some(Found::File(path)) if path.exists() => path,
        _ => return Ok(None),
    };
    match fs_err::read_to_string(&path) {
        Ok(text) => Ok(Some(normalize_newlines(&text))),
        Err(error) => Err(TemplateError {
            exception: PythonError::new("OSError", error.to_string()),
            template: name.to_owned(),
            line: 0,
        }),
    }
}

/// Where an imported template is.
pub(crate) enum Found<'a> {
    Text(&'a str),
    /// The file need not exist.
    File(PathBuf),
}

/// What the name of an imported template means.
pub(crate) fn find<'a>(imports: &'a Imports, name: &str) -> Option<Found<'a>> {
    let (alias, rest) = name.split_once(imports.delimiter.as_str()).unwrap_or((name, ""));
    match imports.aliases.get(alias)? {
        ImportSource::Text(text) if rest.is_empty() => Some(Found::Text(text)),
        ImportSource::File(path) if rest.is_empty() => Some(Found::File(path.clone())),
        ImportSource::Text(_) | ImportSource::File(_) => None,
        ImportSource::Folder(base) => {
            let base = normalise(base);
            let below: PathBuf = rest.split(imports.delimiter.as_str()).collect();
            let path = normalise(&base.join(below));
            path.starts_with(&base).then_some(Found::File(path))
        }
    }
}

/// `os.path.normpath`.
fn normalise(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            other => out.push(other),
        }
    }
    out
}
