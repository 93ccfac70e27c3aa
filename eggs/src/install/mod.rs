//! Making an egg of what was fetched, and putting it into the eggs directory.
//!
//! Everything is made in a hidden directory beside its final place and renamed when it is whole, so that runs that
//! share an eggs directory, and runs that are killed, never leave half an egg.

mod bytecode;
mod modes;
mod patched;
mod pip;
mod place;
mod sdist;
mod store;
mod wheel;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use rbuildout_cache::archive::{Limits, unpack};
use rbuildout_cache::tree;

use crate::context::Context;
use crate::distribution::Distribution;
use crate::eggs::Eggs;
use crate::error::EggError;
use crate::index::Candidate;
use crate::settings::{BuildExt, Patches};

pub(crate) use place::Promise;
pub(crate) use sdist::edit_setup_cfg;

/// An egg that is whole, but not in its place yet. It goes away with this.
pub(crate) struct Made {
    path: PathBuf,
    _directory: tempfile::TempDir,
}

/// Whether `text` is a sha256, and so can be part of a path.
fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Made {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Installs into one eggs directory.
pub(crate) struct Installer<'a> {
    pub(crate) eggs: &'a Eggs,
    pub(crate) context: &'a dyn Context,
    pub(crate) directory: &'a Path,
    /// Further variables for builds.
    pub(crate) environment: &'a BTreeMap<OsString, OsString>,
}

impl Installer<'_> {
    /// Makes an egg of `file`, which is what was fetched of `candidate`.
    pub(crate) fn make(&self, file: &Path, candidate: &Candidate, patches: Option<&Patches>) -> Result<Made, EggError> {
        let work = self.work_directory()?;
        let path = self.make_in(work.path(), file, candidate, patches)?;
        Ok(Made { path, _directory: work })
    }

    /// The egg of a wheel that was unpacked before, if its checksum is known without fetching it.
    pub(crate) fn stored(&self, candidate: &Candidate) -> Result<Option<Made>, EggError> {
        let digest = candidate.request().sha256.filter(|digest| is_digest(digest));
        let Some(digest) = digest.filter(|_| candidate.precedence == crate::Precedence::Wheel) else {
            return Ok(None);
        };
        let work = self.work_directory()?;
        let path = self.stored_wheel(&candidate.file_name(), &digest, work.path())?;
        Ok(path.map(|path| Made { path, _directory: work }))
    }

    /// Builds a source distribution with options of `build_ext` and installs it.
    pub(crate) fn build(
        &self,
        file: &Path,
        candidate: &Candidate,
        build_ext: &BuildExt,
        patches: Option<&Patches>,
    ) -> Result<Arc<Distribution>, EggError> {
        let sources = tempfile::Builder::new().suffix("build").tempdir()?;
        let root = sdist::unpack_source(file, sources.path())?;
        if let Some(patches) = patches {
            self.apply_patches(patches, &root, sources.path())?;
        }
        sdist::edit_setup_cfg(&root.join("setup.cfg"), "build_ext", build_ext)?;
        let work = self.work_directory()?;
        let path = self.build_source(&root, work.path())?;
        self.place(&Made { path, _directory: work }, candidate, Promise::Loose)
    }

    fn work_directory(&self) -> Result<tempfile::TempDir, EggError> {
        fs::create_dir_all(self.directory)?;
        Ok(tempfile::Builder::new().prefix(".egg-").tempdir_in(self.directory)?)
    }

    fn make_in(
        &self,
        work: &Path,
        file: &Path,
        candidate: &Candidate,
        patches: Option<&Patches>,
    ) -> Result<PathBuf, EggError> {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if let Some(patches) = patches {
            let sources = tempfile::Builder::new().suffix("build").tempdir()?;
            let root = sdist::unpack_source(file, sources.path())?;
            self.apply_patches(patches, &root, sources.path())?;
            return self.build_source(&root, work);
        }
        if file.is_dir() && candidate.precedence >= crate::Precedence::Binary {
            let copy = work.join(&name);
            tree::copy(file, &copy)?;
            return Ok(copy);
        }
        if name.strip_suffix(".egg").is_some() {
            let egg = work.join(&name);
            wheel::refuse_hostile(file)?;
            unpack(file, &egg, &Limits::default(), None)?;
            return Ok(egg);
        }
        if name.strip_suffix(".whl").is_some() {
            return self.unpack_wheel(file, work);
        }
        self.build_source(file, work)
    }
}
