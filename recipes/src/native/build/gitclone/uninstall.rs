//! What to delete of a working copy: nothing, if something in it exists nowhere else.

use std::path::Path;

use indexmap::IndexMap;

use super::git;
use crate::error::RecipeError;
use crate::native::common::{paths, truth};
use crate::run::RunContext;

/// Returns no paths if the working copy must stay.
pub(super) fn uninstall(
    part: &str,
    saved: &IndexMap<String, String>,
    run: &RunContext,
) -> Result<Option<Vec<String>>, RecipeError> {
    let location = match saved.get("location") {
        Some(location) => paths::resolve(run.settings(), location),
        None => run.settings().parts_directory.join(part),
    };
    // Unlike the install, this takes any working copy for the user's unless the option says otherwise.
    let develop = saved.get("develop").is_none_or(|value| truth::lenient(Some(value)));
    if !develop || !location.exists() {
        return Ok(None);
    }
    let git = saved.get("git-executable").map(String::as_str).filter(|git| !git.is_empty()).unwrap_or("git");
    let shown = location.display();
    if Path::new(git).is_absolute() && !Path::new(git).exists() {
        run.log.print(&format!(
            "Cannot check if there are unpushed/uncommitted changes in {shown}. This folder will be left as is."
        ));
        return Ok(Some(Vec::new()));
    }
    let mut keep = false;
    if is_nonempty(git, &["status", "--short"], &location, run)? {
        run.log.print(&format!("You have uncommitted changes in {shown}. This folder will be left as is."));
        keep = true;
    }
    if is_nonempty(git, &["log", "--branches", "--not", "--remotes"], &location, run)? {
        run.log.print(&format!("You have commits not pushed upstream in {shown}. This folder will be left as is."));
        keep = true;
    }
    Ok(keep.then(Vec::new))
}

/// True if a command of git has something to say.
fn is_nonempty(git: &str, arguments: &[&str], directory: &Path, run: &RunContext) -> Result<bool, RecipeError> {
    let spec = git::command(git, arguments, directory, run);
    let (status, output) = run.run_for_output(&spec)?;
    if !status.success() {
        return Err(RecipeError::command(git::failure_text(git, arguments, status), spec.failure(status)));
    }
    Ok(!output.is_empty())
}
