//! Cloning and refreshing a working copy.

use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_cache::tree;

use super::{Clone, git};
use crate::error::RecipeError;
use crate::native::common::files::{Mode, lexists, temporary, write};
use crate::native::common::paths;
use crate::run::RunContext;

const ALLOW_FILES: &str = "protocol.file.allow=always";

impl Clone {
    /// Makes the working copy anew, but keeps one under development.
    ///
    /// That is why such a one is cloned under another name first: after a kill, half a clone would count as the user's.
    pub(super) fn clone_repository(&self, run: &RunContext) -> Result<(), RecipeError> {
        if lexists(&self.location) {
            run.log.print("destination directory already exists.");
            if self.develop {
                return Ok(());
            }
            run.log.print("Deleting it.");
            tree::remove(&self.location)?;
        }
        let directory = if self.develop { temporary(&self.location) } else { self.location.clone() };
        if lexists(&directory) {
            tree::remove(&directory)?;
        }
        if let Some(parent) = directory.parent() {
            fs::create_dir_all(parent)?;
        }
        if let (Some(branch), true) = (&self.branch, self.fixed) {
            let revision = self.revision.as_deref().unwrap_or_default();
            run.log.print(&format!(
                "Warning: \"branch\" parameter with value \"{branch}\" is ignored. Checking out to revision {revision}."
            ));
        }
        run.log.phase("clone");
        match self.check_out(&directory, run) {
            Err(RecipeError::User { command: Some(failure), .. }) => {
                run.log.print("Unable to download from git repository. Trying from network cache...");
                if lexists(&directory) {
                    tree::remove(&directory)?;
                }
                let message = if self.use_cache {
                    // The original makes it for what the cache has, and leaves it.
                    fs::create_dir(&directory)?;
                    "Impossible to clone repository and impossible to download from cache."
                } else {
                    "Impossible to clone repository."
                };
                Err(RecipeError::command(message, *failure))
            }
            Err(error) => Err(error),
            Ok(()) if directory == self.location => Ok(()),
            Ok(()) => Ok(fs::rename(&directory, &self.location)?),
        }
    }

    fn check_out(&self, directory: &Path, run: &RunContext) -> Result<(), RecipeError> {
        self.clone_into(directory, run)?;
        if let Some(patterns) = &self.sparse_checkout {
            let info = directory.join(".git/info");
            fs::create_dir_all(&info)?;
            write(&info.join("sparse-checkout"), patterns.as_bytes(), Mode::Masked(0o666))?;
        }
        if self.revision.is_some() || self.sparse_checkout.is_some() {
            let mut arguments = vec!["reset", "--hard"];
            arguments.extend(self.revision.as_deref());
            git::run(&self.git, &arguments, directory, run)?;
        }
        self.update_submodules(&["--init", "--recursive"], directory, run)
    }

    fn clone_into(&self, directory: &Path, run: &RunContext) -> Result<(), RecipeError> {
        let target = paths::to_text(directory);
        let depth = self.depth.map(|depth| format!("--depth={depth}"));
        let mut configs = Vec::new();
        if self.sparse_checkout.is_some() {
            configs.push("core.sparseCheckout=true");
        }
        if self.no_ssl {
            configs.push("http.sslVerify=false");
        }
        if self.use_cache && !configs.is_empty() {
            return Err(RecipeError::internal(
                "NotImplementedError",
                "use-cache can't be combined with sparse-checkout or ignore-ssl-certificate",
            ));
        }
        if self.submodules {
            configs.push("submodule.recurse=true");
        }
        let mut arguments = self.base_arguments();
        arguments.extend(["clone", &self.repository, &target]);
        if self.shared {
            arguments.push("--shared");
        }
        if self.sparse_checkout.is_some() {
            arguments.push("--no-checkout");
        }
        if let (Some(branch), false) = (&self.branch, self.fixed) {
            arguments.extend(["--branch", branch]);
        }
        arguments.extend(depth.as_deref());
        if self.submodules {
            arguments.push("--recurse-submodules");
        }
        for config in configs {
            arguments.extend(["--config", config]);
        }
        git::run(&self.git, &arguments, &run.settings().directory, run)
    }

    /// Submodules may come from local repositories.
    fn base_arguments(&self) -> Vec<&str> {
        if self.submodules { vec!["-c", ALLOW_FILES] } else { Vec::new() }
    }

    fn update_submodules(&self, options: &[&str], directory: &Path, run: &RunContext) -> Result<(), RecipeError> {
        // Without that file there is none, and nothing to ask git for.
        if !self.submodules || !directory.join(".gitmodules").exists() {
            return Ok(());
        }
        let mut arguments = self.base_arguments();
        arguments.extend(["submodule", "update"]);
        arguments.extend(options);
        git::run(&self.git, &arguments, directory, run)
    }

    /// Brings the working copy to the revision that the branch has now.
    pub(super) fn refresh(&self, run: &RunContext) -> Result<(), RecipeError> {
        run.log.phase("fetch");
        remove_bytecode(&self.location)?;
        git::run(&self.git, &["fetch", "--all"], &self.location, run)?;
        let revision = self.revision.as_deref().unwrap_or("@{upstream}");
        git::run(&self.git, &["reset", "--hard", revision], &self.location, run)?;
        self.update_submodules(&["--init", "-f", "--recursive"], &self.location, run)
    }
}

/// Python would go on importing the bytecode of modules that have disappeared.
fn remove_bytecode(directory: &Path) -> Result<(), RecipeError> {
    let mut directories: Vec<PathBuf> = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pyc" || extension == "pyo") {
                fs::remove_file(&path)?;
            }
        }
    }
    Ok(())
}
