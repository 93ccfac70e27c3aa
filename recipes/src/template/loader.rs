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
    let (alias, rest) = name.split_once(imports.delimiter.as_str()).unwrap_or((name, ""));
    let path = match imports.aliases.get(alias) {
        Some(ImportSource::Text(text)) if rest.is_empty() => {
            return Ok(Some(normalize_newlines(text)));
        }
        Some(ImportSource::File(path)) if rest.is_empty() => path.clone(),
        None | Some(ImportSource::Text(_) | ImportSource::File(_)) => return Ok(None),
        Some(ImportSource::Folder(base)) => {
            let base = normalise(base);
            let below: PathBuf = rest.split(imports.delimiter.as_str()).collect();
            let path = normalise(&base.join(below));
            if !path.starts_with(&base) {
                return Ok(None);
            }
            path
        }
    };
    if !path.exists() {
        return Ok(None);
    }
    match fs_err::read_to_string(&path) {
        Ok(text) => Ok(Some(normalize_newlines(&text))),
        Err(error) => Err(TemplateError {
            exception: PythonError::new("OSError", error.to_string()),
            template: name.to_owned(),
            line: 0,
        }),
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
