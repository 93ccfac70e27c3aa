//! Removal of installed parts.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use rbuildout_cache::tree;
use rbuildout_parser::Diagnostic;
use rbuildout_parser::installed::{INSTALLED_OPTION, SavedOptions};
use rbuildout_recipes::eggs::Group;
use rbuildout_recipes::python::uninstall as uninstall_hook;
use rbuildout_recipes::run::{Level, RunContext};

use super::services::Services;
use crate::buildout::{View, split, to_diagnostic};
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
    services: &Services<'_>,
    reporter: &Arc<Reporter>,
    log: &PartLogger,
) -> Result<(), Box<Diagnostic>> {
    reporter.record(Level::Info, &format!("Uninstalling {name}."));
    let failed = |message: String| {
        let mut diagnostic = Diagnostic::user(message);
        diagnostic.doing = vec![format!("Uninstalling {name}.")];
        Box::new(diagnostic)
    };
    let failed_by = |mut error: Box<Diagnostic>| {
        error.doing.insert(0, format!("Uninstalling {name}."));
        error
    };
    let mut paths = store.paths(name);
    let saved: Option<&SavedOptions> = store.state().parts.get(name);
    if let Some(saved) = saved {
        let options: IndexMap<String, String> =
            saved.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        if let Some(instead) = call_hook(name, &options, services, reporter, log).map_err(failed_by)? {
            paths = instead;
        }
    }
    store.removing(name, &paths).map_err(|error| failed(error.to_string()))?;
    delete_paths(&services.settings.directory, &paths).map_err(|error| failed(error.to_string()))?;
    store.removed(name).map_err(|error| failed(error.to_string()))
}

/// Calls the uninstall hook of a part's recipe, if it has one. Returns the paths to delete instead of those recorded.
fn call_hook(
    name: &str,
    options: &IndexMap<String, String>,
    services: &Services<'_>,
    reporter: &Reporter,
    log: &PartLogger,
) -> Result<Option<Vec<String>>, Box<Diagnostic>> {
    let Some(recipe) = options.get("recipe") else { return Ok(None) };
    let mut live = services.live();
    if let Some(native) = live.natives().find(recipe) {
        drop(live);
        if !native.has_uninstall() {
            return Ok(None);
        }
        reporter.record(Level::Info, "Running uninstall recipe.");
        let context = RunContext { part: name, services, log };
        let left = native.uninstall(name, options, &context);
        return left.map_err(|error| to_diagnostic(error, services.live().config(), name));
    }
    // As in the reference, a recipe that can't be found any more has nothing to do at the end of its parts.
    let Ok((requirement, entry)) = split(recipe) else { return Ok(None) };
    let Ok(Some(hook)) = live.entry_point(requirement, Group::Uninstall, entry) else { return Ok(None) };
    reporter.record(Level::Info, "Running uninstall recipe.");
    let host = live.python().host.clone();
    let left = uninstall_hook(&host, &mut View::new(&mut live)?, name, options, &hook);
    let left = left.map_err(|error| to_diagnostic(error, live.config(), name))?;
    let paths = left.get(INSTALLED_OPTION).map(|paths| paths.lines().filter(|path| !path.is_empty()));
    Ok(paths.map(|paths| paths.map(str::to_owned).collect()))
}
