//! `slapos.recipe.build:gitclone`: a working copy of a git repository, by the program `git`.
//!
//! | option | default | meaning |
//! |---|---|---|
//! | `repository` | required | |
//! | `location` | `<parts-directory>/<part>` | the working copy |
//! | `branch`, `revision` | – | empty counts as absent; a revision wins |
//! | `git-executable` | `git` | |
//! | `develop` | no | the working copy is the user's: it is neither updated nor replaced |
//! | `shared`, `depth` | no, – | options of `git clone` |
//! | `sparse-checkout` | – | content of `info/sparse-checkout` |
//! | `ignore-ssl-certificate`, `ignore-cloning-submodules` | no | |
//! | `use-cache` | no | the network cache of repositories isn't reproduced: see below |
//!
//! Publishes `location`. Without `revision` and `develop`, the remote is asked for the revision of the branch (or of
//! `HEAD`) when the section is initialised, and publishes it as `revision`, so that a branch that moved changes the part.
//! If that fails, a notice is printed and the part goes on without; the question is given up after a minute.
//!
//! Records the location. The uninstall hook keeps a working copy with changes or commits that exist nowhere else.
//!
//! Errors: `repository parameter is mandatory.`; `Impossible to clone repository.`; `Impossible to clone repository and
//! impossible to download from cache.` (with `use-cache`, whose cache is always empty here).

mod git;
mod install;
mod query;
mod uninstall;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use rbuildout_parser::python::Value;

use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe, text};
use crate::error::RecipeError;
use crate::native::common::numbers::decimal;
use crate::native::common::{paths, truth};
use crate::run::RunContext;

pub(crate) struct GitClone;

impl Recipe for GitClone {
    fn distribution(&self) -> Distribution {
        crate::native::BUILD
    }

    fn publishes(&self) -> &'static [&'static str] {
        &["location", "revision"]
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let Some(repository) = option(host, "repository")? else {
            return Err(RecipeError::user("repository parameter is mandatory."));
        };
        let recorded = match option(host, "location")? {
            Some(location) => location,
            None => paths::to_text(&host.settings().parts_directory.join(host.name())),
        };
        host.set("location", Value::from(recorded.as_str()))?;
        let git = option(host, "git-executable")?.unwrap_or_else(|| "git".to_owned());
        let branch = option(host, "branch")?;
        let user_revision = option(host, "revision")?;
        for (name, value) in
            [("repository", Some(&repository)), ("branch", branch.as_ref()), ("revision", user_revision.as_ref())]
        {
            // git would take it for an option, and some of its options run commands.
            if value.is_some_and(|value| value.starts_with('-')) {
                return Err(RecipeError::user_with_hint(
                    format!("The option '{name}' begins with a dash."),
                    "Name a URL, a path, a branch or a commit; a path may begin with `./`.",
                ));
            }
        }
        let develop = flag(host, "develop")?;
        let no_ssl = flag(host, "ignore-ssl-certificate")?;
        let mut revision = user_revision.clone();
        if revision.is_none() && !develop {
            revision = query::remote_revision(host, &git, &repository, branch.as_deref(), no_ssl)?;
            if let Some(revision) = &revision {
                host.set("revision", Value::from(revision.as_str()))?;
            }
        }
        let shared = flag(host, "shared")?;
        let depth = option(host, "depth")?.map(|depth| decimal(&depth)).transpose()?;
        let location = paths::resolve(host.settings(), &recorded);
        Ok(Box::new(Clone {
            existed: location.exists(),
            location,
            recorded,
            use_cache: flag(host, "use-cache")? && !shared && depth.is_none(),
            submodules: !flag(host, "ignore-cloning-submodules")?,
            sparse_checkout: option(host, "sparse-checkout")?,
            fixed: user_revision.is_some(),
            repository,
            git,
            branch,
            revision,
            develop,
            shared,
            depth,
            no_ssl,
        }))
    }

    fn uninstall(
        &self,
        part: &str,
        saved: &IndexMap<String, String>,
        run: &RunContext,
    ) -> Result<Option<Vec<String>>, RecipeError> {
        uninstall::uninstall(part, saved, run)
    }

    fn has_uninstall(&self) -> bool {
        true
    }
}

/// An option that counts as absent if it is empty.
fn option(host: &mut dyn Host, key: &str) -> Result<Option<String>, RecipeError> {
    Ok(text(host, key)?.filter(|value| !value.is_empty()))
}

fn flag(host: &mut dyn Host, key: &str) -> Result<bool, RecipeError> {
    Ok(truth::lenient(text(host, key)?.as_deref()))
}

struct Clone {
    repository: String,
    location: PathBuf,
    /// The location as the option has it.
    recorded: String,
    /// The location existed when the section was initialised.
    existed: bool,
    git: String,
    branch: Option<String>,
    revision: Option<String>,
    /// The revision is the user's.
    fixed: bool,
    develop: bool,
    shared: bool,
    depth: Option<i64>,
    sparse_checkout: Option<String>,
    no_ssl: bool,
    submodules: bool,
    use_cache: bool,
}

impl Part for Clone {
    fn effects(&self) -> Effects {
        Effects::Hermetic
    }

    fn location(&self) -> Option<&Path> {
        Some(&self.location)
    }

    fn update_is_noop(&self) -> bool {
        self.existed && (self.develop || self.fixed)
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.clone_repository(run)?;
        Ok(Installed::Paths(vec![self.recorded.clone()]))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        if !self.existed {
            return self.install(run);
        }
        if !self.develop && !self.fixed {
            self.refresh(run)?;
        }
        Ok(Installed::None)
    }
}
