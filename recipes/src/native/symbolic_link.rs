//! `slapos.cookbook:symbolic.link`: links to binaries in one directory.
//!
//! | option | meaning |
//! |---|---|
//! | `target-directory` | where the links are made (required) |
//! | `link-binary` | whitespace-separated paths that they point to; each keeps its base name (required) |
//!
//! Publishes nothing; records the links. Install and update are the same. A link that is there is replaced; anything
//! else there is the error `Target '<link>' already exists but is not a link`.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe, required};
use crate::error::RecipeError;
use crate::native::common::files::{lexists, remove_if_exists, temporary};
use crate::native::common::paths::to_text;
use crate::run::RunContext;

pub(crate) struct SymbolicLink;

impl Recipe for SymbolicLink {
    fn distribution(&self) -> Distribution {
        super::COOKBOOK
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let directory = PathBuf::from(required(host, "target-directory")?);
        let binaries = required(host, "link-binary")?;
        let links = binaries.split_whitespace().map(|target| {
            let name = target.rsplit('/').next().unwrap_or_default();
            Link { link: directory.join(name), target: target.into() }
        });
        Ok(Box::new(Links { links: links.collect(), base: host.settings().directory.clone() }))
    }
}

struct Link {
    link: PathBuf,
    target: PathBuf,
}

struct Links {
    links: Vec<Link>,
    base: PathBuf,
}

impl Part for Links {
    fn effects(&self) -> Effects {
        Effects::Hermetic
    }

    fn update_is_noop(&self) -> bool {
        self.links.iter().all(|link| points_to(&self.base.join(&link.link), &link.target))
    }

    fn install(&self, _run: &RunContext) -> Result<Installed, RecipeError> {
        for link in &self.links {
            replace(&self.base.join(&link.link), &link.target)?;
        }
        Ok(Installed::Paths(self.links.iter().map(|link| to_text(&link.link)).collect()))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.install(run)
    }
}

fn points_to(link: &Path, target: &Path) -> bool {
    link.read_link().is_ok_and(|found| found == target)
}

fn replace(link: &Path, target: &Path) -> Result<(), RecipeError> {
    let new = temporary(link);
    remove_if_exists(&new)?;
    if points_to(link, target) {
        return Ok(());
    }
    if lexists(link) && !link.is_symlink() {
        let message = format!("Target '{}' already exists but is not a link", link.display());
        return Err(RecipeError::user_with_hint(message, "Move it away, or choose another `target-directory`."));
    }
    fs::os::unix::fs::symlink(target, &new)?;
    Ok(fs::rename(&new, link)?)
}
