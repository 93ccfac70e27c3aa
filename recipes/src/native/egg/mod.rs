//! `zc.recipe.egg`: eggs with all that they require, scripts that use them, and eggs that need options to be built.
//!
//! | entry | what it does |
//! |---|---|
//! | `eggs` | makes a working set: what is missing is installed as eggs |
//! | `default`, `scripts`, `script` | the same, and scripts with the working set on their path |
//! | `custom` | builds a source distribution with options of `build_ext` into the directory of develop eggs |
//! | `develop` | makes a project usable where it is, with options of `build_ext` |
//!
//! Options of `eggs` and `scripts`:
//!
//! | option | meaning |
//! |---|---|
//! | `eggs` | requirements, one a line; absent: the name of the part |
//! | `find-links`, `index` | where distributions are; absent: those of `[buildout]` |
//! | `EGG-patches`, `EGG-patch-options`, `EGG-patch-binary`, `EGG-patch-revision` | see `patches.rs` (slapos mode) |
//! | `scripts` | which scripts, `NAME` or `NAME=NEW`; absent: all; empty: none, nor an interpreter |
//! | `entry-points` | further scripts, `NAME=MODULE:ATTRIBUTES` |
//! | `dependent-scripts` | true: scripts of all distributions of the working set |
//! | `interpreter` | name of a script that is a Python with the working set |
//! | `extra-paths` | further directories, one a line, from the buildout directory |
//! | `initialization`, `arguments` | Python texts, before the call and in it |
//! | `relative-paths` | true or false; absent: that of `[buildout]`. Paths below the buildout directory are written relative to the script |
//!
//! Options of `custom` and `develop`: `egg` (or `eggs`) or `setup`, `find-links`, `index`, `environment` (a section with
//! variables), the options of `build_ext` in `build_ext.rs`; in slapos mode `setup-eggs`, which are installed first, and
//! patches.
//!
//! Publishes `eggs-directory`, `_e`, `develop-eggs-directory`, `_d`, `bin-directory`, `_b`, `index`, `find-links` and the
//! options that it makes absolute.
//!
//! Which eggs there are decides what later parts find, so that these parts keep an order among themselves
//! (`Effects::Eggs`): what is made in the directory of develop eggs is made at its place in the list. Eggs may be installed
//! side by side.
//!
//! An update of `develop` does nothing while the project is as its setup script left it (`fingerprint.rs`, slapos mode); the
//! original runs it each time.
//!
//! Different from the original on purpose: `custom` records only what is in the directory of develop eggs. The original
//! also records, and so deletes at uninstall, whatever else met the requirement, as the `site-packages` of the interpreter.

mod build_ext;
mod custom;
mod develop;
mod eggs;
mod fingerprint;
mod patches;
mod scripts;
mod source;

use rbuildout_eggs::{Cause, EggError};

use crate::api::{Distribution, Host, Part, Recipe};
use crate::error::{CommandFailure, CommandStatus, RecipeError};
use crate::run::RunContext;

/// The entry points.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Egg {
    Eggs,
    Scripts,
    Custom,
    Develop,
}

impl Recipe for Egg {
    fn distribution(&self) -> Distribution {
        Distribution { project: "zc.recipe.egg", version: "2.0.8.dev0+slapos010" }
    }

    fn upstream_distribution(&self) -> Distribution {
        Distribution { project: "zc.recipe.egg", version: "2.0.7" }
    }

    fn publishes(&self) -> &'static [&'static str] {
        match self {
            Self::Eggs => &["eggs-directory", "_e", "develop-eggs-directory", "_d", "find-links", "index"],
            Self::Scripts => &[
                "eggs-directory",
                "_e",
                "develop-eggs-directory",
                "_d",
                "find-links",
                "index",
                "bin-directory",
                "_b",
                "buildout-directory",
            ],
            Self::Custom | Self::Develop => &["_d", "_e", "_environment-data", "find-links", "index"],
        }
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        Ok(match self {
            Self::Eggs => Box::new(eggs::EggsPart::read(host, false)?),
            Self::Scripts => Box::new(eggs::EggsPart::read(host, true)?),
            Self::Custom => Box::new(custom::CustomPart::read(host)?),
            Self::Develop => Box::new(develop::DevelopPart::read(host)?),
        })
    }
}

/// Why eggs could not be had, as a part reports it: a program that failed is shown with the end of the log.
fn failed(error: EggError, run: &RunContext) -> RecipeError {
    let Cause::Command { message, command, status } = error.cause() else {
        return crate::eggs::to_error(error);
    };
    let failure = CommandFailure {
        command: command.clone(),
        status: match *status {
            rbuildout_eggs::Status::Exited(code) => CommandStatus::Exited(code),
            rbuildout_eggs::Status::Signalled(signal) => CommandStatus::Signalled(signal),
        },
        directory: run.settings().directory.clone(),
    };
    let mut failed = RecipeError::command(message.clone(), failure);
    if let RecipeError::User { hint, .. } = &mut failed {
        *hint = error.hint();
    }
    failed
}
