//! Bringing a candidate here and installing it.

use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_cache::Progress;
use rbuildout_cache::download::redact;

use super::base::Base;
use crate::context::{Level, Logging};
use crate::error::EggError;
use crate::index::{Candidate, Web};
use crate::install::Made;
use crate::requirement::Requirement;

/// A file, and the directory that goes with it when it is no longer needed.
pub(crate) struct Fetched {
    pub(crate) path: PathBuf,
    _directory: Option<tempfile::TempDir>,
}

impl Base<'_> {
    /// Fetches `candidate` and makes an egg of it, which is not in its place yet.
    pub(super) fn fetch_and_make(
        &self,
        requirement: &Requirement,
        candidate: &Candidate,
        directory: &Path,
    ) -> Result<Made, EggError> {
        let patches = self.request.patches.get(&requirement.project);
        // A download cache gets what is installed, wherever that was unpacked before.
        if patches.is_none()
            && self.eggs.settings().download_cache.is_none()
            && let Some(made) = self.installer(directory).stored(candidate)?
        {
            return Ok(made);
        }
        let fetched = self.fetch(candidate)?;
        self.installer(directory).make(&fetched.path, candidate, patches)
    }

    /// The file of `candidate`: in the download cache, if there is one.
    pub(crate) fn fetch(&self, candidate: &Candidate) -> Result<Fetched, EggError> {
        fetch(self.eggs.settings().download_cache.as_deref(), candidate, &self.web())
    }
}

/// Brings the file of `candidate` into `cache`, or into a directory that is removed after use.
pub(crate) fn fetch(cache: Option<&Path>, candidate: &Candidate, web: &Web<'_>) -> Result<Fetched, EggError> {
    let context = web.context;
    if let Some(path) = candidate.local_path() {
        let Some(cache) = cache.filter(|cache| path.is_file() && path.parent() != Some(cache)) else {
            context.debug(|| format!("Download cache has {} at: {}", candidate.shown(), candidate.location));
            return Ok(Fetched { path, _directory: None });
        };
        let copy = cache.join(candidate.file_name());
        let partial = tempfile::Builder::new().prefix(".copy-").tempfile_in(cache)?;
        fs::copy(&path, partial.path())?;
        partial.persist(&copy).map_err(|error| error.error)?;
        return Ok(Fetched { path: copy, _directory: None });
    }
    context.debug(|| format!("Fetching {} from: {}", candidate.shown(), redact(&candidate.location)));
    web.say(Level::Info, &format!("Downloading {}", redact(&candidate.location)));
    let directory = match cache {
        Some(_) => None,
        None => Some(tempfile::Builder::new().suffix("get_dist").tempdir()?),
    };
    let place = directory.as_ref().map(tempfile::TempDir::path).or(cache).unwrap_or(Path::new("/tmp"));
    let path = place.join(candidate.file_name());
    let told = Told { inner: context.progress() };
    web.downloader.with_cache(None).fetch_to(&candidate.request(), &path, &told)?;
    Ok(Fetched { path, _directory: directory })
}

/// Passes on everything but the announcement, which has been made in the index's words.
struct Told<'a> {
    inner: &'a dyn Progress,
}

impl Progress for Told<'_> {
    fn started(&self, url: &str, total: Option<u64>) {
        self.inner.started(url, total);
    }

    fn advanced(&self, url: &str, bytes: u64) {
        self.inner.advanced(url, bytes);
    }

    fn finished(&self, url: &str) {
        self.inner.finished(url);
    }

    fn note(&self, text: &str) {
        self.inner.note(text);
    }

    fn debug(&self, text: &str) {
        self.inner.debug(text);
    }
}
