//! Removal of installed parts.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use rbuildout_cache::tree;
use rbuildout_parser::Diagnostic;
use rbuildout_parser::installed::SavedOptions;
use rbuildout_recipes::run::{Level, RunContext};
use rbuildout_recipes::{RecipeError, find};

use super::services::Services;
use crate::state::Store;
use crate::ui::{PartLogger, Reporter};

/// Deletes recorded paths; those that are not there are no matter.
///
/// A path that holds the buildout directory itself is never deleted, whatever is recorded.
pub(super) fn delete_paths(directory: &Path, paths: &[String]) -> io::Result<()> {
    let own = fs_err::canonicalize(directory)?;
    for path in paths.iter().filter(|path| !path.is_empty()) {
        let path = directory.join(path);
        let holds_own = real_path(&path).is_some_and(|real| own.starts_with(real));
        if holds_own || directory.starts_with(&path) || path.components().any(|part| part == Component::ParentDir) {
            return Err(io::Error::other(format!(
                "{} is recorded as installed by a part, but deleting it would delete the buildout directory or what is \
                 outside of it. Remove that line from the `installed` file and the journal in `.rbuildout`.",
                path.display()
            )));
        }
        tree::remove(&path)?;
    }
    Ok(())
}

/// What a path really names. A link at its end is not followed, as it would be deleted itself.
fn real_path(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    Some(fs_err::canonicalize(path.parent()?).ok()?.join(name))
}

/// Uninstalls a recorded part: its recipe's hook, then its files, then the record.
pub(super) fn uninstall(
    name: &Arc<str>,
    store: &mut Store,
    services: &Services,
    reporter: &Arc<Reporter>,
    log: &PartLogger,
) -> Result<(), Box<Diagnostic>> {
    reporter.record(Level::Info, &format!("Uninstalling {name}."));
    let failed = |message: String| {
        let mut diagnostic = Diagnostic::user(message);
        diagnostic.doing = vec![format!("Uninstalling {name}.")];
        Box::new(diagnostic)
    };
    let mut paths = store.paths(name);
    let saved: Option<&SavedOptions> = store.state().parts.get(name);
    let recipe = saved.and_then(|options| options.get("recipe")).and_then(|recipe| find(recipe));
    if let (Some(saved), Some(recipe)) = (saved, recipe.filter(|recipe| recipe.has_uninstall())) {
        reporter.record(Level::Info, "Running uninstall recipe.");
        let options: IndexMap<String, String> =
            saved.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let context = RunContext { part: name, services, log };
        match recipe.uninstall(name, &options, &context) {
            Ok(Some(instead)) => paths = instead,
            Ok(None) => {}
            Err(RecipeError::Interrupted) => return Err(failed("Interrupted.".to_owned())),
            Err(error) => return Err(failed(error.to_string())),
        }
    }
    store.removing(name, &paths).map_err(|error| failed(error.to_string()))?;
    delete_paths(&services.settings.directory, &paths).map_err(|error| failed(error.to_string()))?;
    store.removed(name).map_err(|error| failed(error.to_string()))
}
