//! Where a part that owns a directory lives, and how that directory is filled: the base of cmmi and of the downloads.
//!
//! # Places
//! A plain part lives in `<parts-directory>/<part>`. One with `shared = true` lives in `<shared>/<part>/<digest>`, where
//! `<shared>` is a directory of `shared-part-list` and the digest is the md5 of the *signature document*: a JSON object
//! of all its options as they are when the section starts to be initialised, with `__buildout_signature__` where the
//! engine has one. The first directory that has the part wins, else the first that can be written. Without any, the
//! part is a plain one, but the restrictions on shared parts still hold.
//!
//! # Files on disk
//! | file | meaning |
//! |---|---|
//! | `<location>/.buildout-shared.json` | the signature document; it is written last: without it, the directory is a failed build and is removed by the next one |
//! | `<shared>/<part>/.<digest>.lock` | locked by the process that builds; waited for; gone afterwards |
//!
//! # After a kill
//! The location is removed before it is filled again, so that nothing of an interrupted build stays. A shared tree is
//! made read-only before it gets its marker; only its top directory follows after, and is caught up with at the next
//! look.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use fs_err as fs;
use rbuildout_cache::{FileLock, tree};
use rbuildout_parser::python::Value;
use rustix::fs::Access;

use super::files::{self, Mode, lexists};
use super::{paths, truth};
use crate::api::{Host, Installed, Settings, text};
use crate::error::RecipeError;
use crate::native::common::json;
use crate::run::{Level, RunContext};

const MARKER: &str = ".buildout-shared.json";
const BASE: &str = "_profile_base_location_";
const SIGNATURE: &str = "__buildout_signature__";

/// Where a part lives.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) location: PathBuf,
    /// The location as it is recorded, if the profile gave it as a relative path.
    recorded: Option<String>,
    /// The signature document, if the part is really shared.
    signature: Option<String>,
    /// `shared = true`, even if there is no shared directory.
    maybe_shared: bool,
    /// A failed build stays for inspection.
    pub(crate) keep_on_error: bool,
    /// The location is created before it is filled; else only its parent.
    pub(crate) make_location: bool,
}

impl Place {
    /// Finds the place of the section being initialised. To be called before the recipe publishes anything.
    pub(crate) fn init(host: &mut dyn Host) -> Result<Self, RecipeError> {
        let part = host.name().to_owned();
        let maybe_shared = truth::exact(text(host, "shared")?.as_deref(), false)?;
        let mut place = Self {
            location: host.settings().parts_directory.join(&part),
            recorded: None,
            signature: None,
            maybe_shared,
            keep_on_error: false,
            make_location: true,
        };
        if !maybe_shared {
            return Ok(place);
        }
        if let Some(section) = text(host, "environment")?.filter(|text| !text.is_empty() && !text.contains('=')) {
            host.touch(&section)?;
        }
        // Asked for even if it isn't used: no further section may be read from here on.
        let engine_signature = host.signature()?;
        // Marks the option as used; its paths are in the settings.
        host.get_from("buildout", "shared-part-list")?;
        let directories = host.settings().shared_part_list.clone();
        if directories.is_empty() {
            return Ok(place);
        }
        let document = document(host, engine_signature)?;
        let digest = files::md5_of_text(&document);
        let candidate = |directory: &PathBuf| directory.join(&part).join(&digest);
        if let Some(location) = directories.iter().map(candidate).find(|location| location.join(MARKER).exists()) {
            host.record(Level::Info, &format!("shared at {} (already built)", location.display()));
            place.location = location;
            place.signature = Some(document);
        } else if let Some(directory) = directories.iter().find(|directory| is_writable(directory)) {
            place.location = candidate(directory);
            place.signature = Some(document);
            host.record(Level::Info, &format!("will be shared at {} (needs to build)", place.location.display()));
        }
        Ok(place)
    }

    /// The place with a relative location made absolute. What is recorded stays as it was.
    pub(crate) fn resolved(mut self, settings: &Settings) -> Self {
        self.recorded = Some(paths::to_text(&self.location));
        self.location = paths::resolve(settings, &self.location);
        self
    }

    /// Fails if the part is to be shared.
    pub(crate) fn forbid_shared(&self, reason: &str) -> Result<(), RecipeError> {
        if self.maybe_shared { Err(RecipeError::user(format!("When shared=true, {reason}"))) } else { Ok(()) }
    }

    /// True if there is nothing to build again: the part isn't shared, or it is there.
    pub(crate) fn is_complete(&self) -> bool {
        self.signature.is_none() || self.has_marker()
    }

    /// True if the part is shared and there, so that an install takes nothing.
    pub(crate) fn is_built(&self) -> bool {
        self.signature.is_some() && self.has_marker()
    }

    /// Fills the location by `build`, unless it is a shared part that is there already.
    pub(crate) fn install(
        &self,
        run: &RunContext,
        build: impl FnOnce() -> Result<(), RecipeError>,
    ) -> Result<Installed, RecipeError> {
        self.fill(run, false, build)
    }

    /// Builds a shared part again if it has disappeared.
    pub(crate) fn update(
        &self,
        run: &RunContext,
        build: impl FnOnce() -> Result<(), RecipeError>,
    ) -> Result<Installed, RecipeError> {
        if self.signature.is_none() {
            return Ok(Installed::None);
        }
        self.fill(run, true, build)
    }

    fn fill(
        &self,
        run: &RunContext,
        update: bool,
        build: impl FnOnce() -> Result<(), RecipeError>,
    ) -> Result<Installed, RecipeError> {
        let Some(signature) = &self.signature else {
            self.build(build)?;
            let recorded = self.recorded.clone().unwrap_or_else(|| paths::to_text(&self.location));
            return Ok(Installed::Paths(vec![recorded]));
        };
        if self.is_there(run, update) {
            return Ok(Installed::Paths(Vec::new()));
        }
        if update {
            run.info("shared part must be rebuilt");
        }
        let lock = self.lock(run)?;
        // Another process may have built it while this one waited.
        let built = if self.is_there(run, update) { Ok(()) } else { self.build_shared(signature, build) };
        files::remove_if_exists(lock.path())?;
        built.map(|()| Installed::Paths(Vec::new()))
    }

    fn build_shared(
        &self,
        signature: &str,
        build: impl FnOnce() -> Result<(), RecipeError>,
    ) -> Result<(), RecipeError> {
        self.build(|| {
            build()?;
            self.check_directory()
        })?;
        self.seal(signature).inspect_err(|_| self.give_up())
    }

    fn is_there(&self, run: &RunContext, update: bool) -> bool {
        if !self.has_marker() {
            return false;
        }
        if !update {
            run.info("shared part is already installed");
        }
        // A kill between the marker and the last step of sealing leaves the top directory writable. It may belong to
        // another user, who then has done this.
        let _ = protect(&self.location);
        true
    }

    fn has_marker(&self) -> bool {
        self.location.join(MARKER).exists()
    }

    fn lock(&self, run: &RunContext) -> Result<FileLock, RecipeError> {
        let name = self.location.file_name().unwrap_or_default().to_string_lossy();
        let path = self.location.with_file_name(format!(".{name}.lock"));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut told = false;
        loop {
            if let Some(lock) = FileLock::try_lock(&path)? {
                return Ok(lock);
            }
            if run.services.interrupted() {
                return Err(RecipeError::Interrupted);
            }
            if !told {
                run.info(&format!("waiting for another build of {}", self.location.display()));
                run.log.phase("wait");
                told = true;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn build(&self, build: impl FnOnce() -> Result<(), RecipeError>) -> Result<(), RecipeError> {
        if lexists(&self.location) {
            tree::remove(&self.location)?;
        }
        let directory = if self.make_location { Some(self.location.as_path()) } else { self.location.parent() };
        if let Some(directory) = directory {
            fs::create_dir_all(directory)?;
        }
        build().and_then(|()| self.check()).inspect_err(|_| self.give_up())
    }

    /// Removes what a failed build left, unless it is to be kept. The build's own error is the one to show.
    fn give_up(&self) {
        if !self.keep_on_error && lexists(&self.location) {
            let _ = tree::remove(&self.location);
        }
    }

    fn check(&self) -> Result<(), RecipeError> {
        if !lexists(&self.location) {
            return Err(RecipeError::user(format!("'{}' was not created", self.location.display())));
        }
        if self.maybe_shared { self.check_directory() } else { Ok(()) }
    }

    fn check_directory(&self) -> Result<(), RecipeError> {
        if self.location.is_dir() {
            return Ok(());
        }
        Err(RecipeError::user(format!("'{}' is not a directory", self.location.display())))
    }

    /// Makes the tree read-only and puts the marker into it.
    fn seal(&self, signature: &str) -> Result<(), RecipeError> {
        for entry in fs::read_dir(&self.location)? {
            tree::make_read_only(&entry?.path())?;
        }
        // After a power cut the marker must not stand over files that never reached the disk.
        rustix::fs::syncfs(fs::File::open(&self.location)?.file()).map_err(std::io::Error::from)?;
        let marker = self.location.join(MARKER);
        let temporary = self.location.join(format!("{MARKER}.tmp"));
        files::remove_if_exists(&temporary)?;
        files::write(&temporary, signature.as_bytes(), Mode::Exact(0o444))?;
        fs::rename(&temporary, &marker)?;
        Ok(protect(&self.location)?)
    }
}

/// Takes the write permissions from a directory.
fn protect(directory: &Path) -> std::io::Result<()> {
    let mode = fs::metadata(directory)?.permissions().mode() & 0o7777;
    if mode & 0o222 == 0 {
        return Ok(());
    }
    fs::set_permissions(directory, std::fs::Permissions::from_mode(mode & 0o555))
}

fn is_writable(directory: &Path) -> bool {
    rustix::fs::access(directory, Access::WRITE_OK).is_ok()
}

/// The signature document of the section as it is now.
fn document(host: &mut dyn Host, engine_signature: Option<String>) -> Result<String, RecipeError> {
    let mut options = BTreeMap::new();
    for key in host.keys() {
        if let Some(value) = host.get(&key)? {
            options.insert(key, value);
        }
    }
    if let Some(signature) = engine_signature {
        options.insert(SIGNATURE.to_owned(), Value::from(signature));
    }
    // Where the profile lies must not count.
    if let Some(base) = options.remove(BASE).and_then(|base| base.as_str().map(str::to_owned)) {
        for value in options.values_mut() {
            if let Value::Str(text) = value {
                *text = text.replace(&base, "${:_profile_base_location_}");
            }
        }
    }
    json::object(&options)
}
