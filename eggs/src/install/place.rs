//! The last step: a finished egg goes to its place.

use std::io;
use std::path::Path;
use std::sync::Arc;

use fs_err as fs;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::{Installer, Made, bytecode, modes};
use crate::context::Logging;
use crate::distribution::Distribution;
use crate::error::EggError;
use crate::index::Candidate;
use crate::settings::Mode;

/// How much of what a file name promises must be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Project and version.
    Strict,
    /// Nothing: a difference is told.
    Loose,
}

impl Installer<'_> {
    /// Moves a finished egg to its place, or accepts what another run has put there.
    pub(crate) fn place(
        &self,
        made: &Made,
        candidate: &Candidate,
        promise: Promise,
    ) -> Result<Arc<Distribution>, EggError> {
        let made = made.path();
        self.check(made, candidate, promise)?;
        if self.eggs.settings().mode == Mode::Slapos {
            modes::share(made)?;
        }
        let target = self.directory.join(made.file_name().unwrap_or_default());
        if let Err(error) = renameat_with(CWD, made, CWD, &target, RenameFlags::NOREPLACE) {
            // Not every file system can do that in one step.
            let unsupported = matches!(error, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP);
            if unsupported && !target.exists() {
                fs::rename(made, &target)?;
            } else if target.exists() {
                return self.accept(&target, candidate);
            } else {
                let text = format!("failed to rename `{}` to `{}`", made.display(), target.display());
                let error = io::Error::from(error);
                return Err(io::Error::new(error.kind(), format!("{text}: {error}")).into());
            }
        }
        bytecode::refresh(&target, self.eggs.interpreter.executable(), self.context)?;
        self.only_distribution(&target).ok_or_else(|| none(candidate))
    }

    /// Whether the egg is what the file name promised.
    fn check(&self, made: &Path, candidate: &Candidate, promise: Promise) -> Result<(), EggError> {
        let found = self.only_distribution(made).ok_or_else(|| none(candidate))?;
        if is_promised(&found, candidate) {
            return Ok(());
        }
        let shown = candidate.shown();
        if promise == Promise::Strict {
            let hint = match self.eggs.settings().mode {
                Mode::Slapos => {
                    "List what its build needs (`setup_requires`, `build-system.requires`) in `setup-eggs`, or allow its \
                     wheel with `:whl`."
                }
                Mode::Upstream => "Look at how its setup script finds its name and version.",
            };
            let text = format!("Couldn't install {shown}: what was built calls itself {found}.");
            return Err(EggError::user(text).with_hint(hint));
        }
        if found.project() != candidate.project {
            self.context.warning(&format!(
                "Installing {shown}\nCaused installation of a distribution:\n{found}\nwith a different project name."
            ));
        }
        if *found.version() != candidate.version {
            self.context.warning(&format!(
                "Installing {shown}\nCaused installation of a distribution:\n{found}\nwith a different version."
            ));
        }
        Ok(())
    }

    fn accept(&self, target: &Path, candidate: &Candidate) -> Result<Arc<Distribution>, EggError> {
        let Some(found) = self.only_distribution(target).filter(|found| is_promised(found, candidate)) else {
            let text = format!("{} exists and does not hold {}", target.display(), candidate.shown());
            return Err(EggError::new(io::Error::new(io::ErrorKind::AlreadyExists, text))
                .with_hint(format!("Remove {}.", target.display())));
        };
        self.context.warning(&format!(
            "Path {} unexpectedly already exists.\nMaybe a buildout running in parallel has added it. We will accept \
             it.\nIf this contains a wrong package, please remove it yourself.",
            target.display()
        ));
        Ok(found)
    }

    fn only_distribution(&self, place: &Path) -> Option<Arc<Distribution>> {
        let mut found = self.eggs.scanner.find(place, false);
        let only = found.pop();
        only.filter(|_| found.is_empty())
    }
}

/// Whether `found` is of the project and version of `candidate`; patches may have marked its version.
fn is_promised(found: &Distribution, candidate: &Candidate) -> bool {
    let version = found.version();
    let unmarked = version.as_str().split_once("+slapospatched").map(|(base, _)| base);
    found.key() == candidate.key && (*version == candidate.version || unmarked == Some(candidate.version.as_str()))
}

fn none(candidate: &Candidate) -> EggError {
    EggError::user(format!("Couldn't install: {}", candidate.shown()))
        .with_hint("What was made of it is not exactly one distribution: look at what the archive has.")
}
