use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use fs_err as fs;

use super::client::Http;
use super::error::DownloadError;
use super::memo::Memo;
use super::name::{check_kind, is_local, local_path};
use super::once::OnceMap;
use super::progress::Progress;
use super::redact::redact;
use super::request::{Fetched, Request};
use super::settings::{CacheSettings, DownloadSettings};
use super::sources::Goal;
use super::spool::{self, SpoolFile};
use super::story::{Event, Recorder, Targets};
use crate::hash::Digests;
use crate::mirror::debian::Archive;

/// Downloads for one run, used by many threads. A clone shares everything.
#[derive(Clone)]
pub struct Downloader {
    pub(super) shared: Arc<Shared>,
    cache: Option<CacheSettings>,
}

/// What all views and threads have in common.
pub(super) struct Shared {
    pub(super) settings: DownloadSettings,
    pub(super) http: Http,
    pub(super) memo: Memo,
    pub(super) debian: OnceLock<Archive>,
    targets: Targets,
    in_flight: OnceMap<Key, Result<Obtained, DownloadError>, Event>,
}

/// A request and the place it goes to.
pub(super) type Key = (Request, Option<PathBuf>);

/// A request that was served, before it is handed out.
#[derive(Debug, Clone)]
pub(super) struct Obtained {
    place: Place,
    digests: Digests,
    /// It came over the network.
    downloaded: bool,
}

#[derive(Debug, Clone)]
enum Place {
    /// Stays where it is: a local file, or one in the cache.
    Kept(PathBuf),
    Spooled(Arc<SpoolFile>),
}

impl Downloader {
    /// Nothing is touched before the first fetch.
    pub fn new(settings: DownloadSettings) -> Self {
        let cache = settings.cache.clone();
        let shared = Shared {
            http: Http::new(&settings),
            settings,
            memo: Memo::default(),
            debian: OnceLock::new(),
            targets: Targets::default(),
            in_flight: OnceMap::new(),
        };
        Self { shared: Arc::new(shared), cache }
    }

    /// The same downloader (connections, transfers in flight) with another cache directory, or none.
    pub fn with_cache(&self, cache: Option<CacheSettings>) -> Self {
        Self { shared: Arc::clone(&self.shared), cache }
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &DownloadSettings {
        &self.shared.settings
    }

    /// The cache directory of this view.
    pub fn cache(&self) -> Option<&CacheSettings> {
        self.cache.as_ref()
    }

    /// A local path with the content of `request`. Unless [`Fetched::temporary`], it must not be changed: it is the
    /// user's own file, or one of the cache.
    ///
    /// As in the reference, a local file without checksum is not looked at, so that it may be missing:
    /// [`Fetched::check`] tells.
    ///
    /// # Errors
    /// Each variant of [`DownloadError`].
    pub fn fetch(&self, request: &Request, progress: &dyn Progress) -> Result<Fetched, DownloadError> {
        let obtained = self.obtain(request, progress)?;
        let digests = obtained.digests;
        Ok(match obtained.place {
            Place::Kept(path) => Fetched { path, temporary: false, digests },
            Place::Spooled(file) => Fetched { path: SpoolFile::claim(file)?, temporary: true, digests },
        })
    }

    /// Places the content of `request` at `dest`: a hard link where possible, else a copy; a directory is copied.
    /// An existing file is replaced, unless it is the same one already. The result is never temporary.
    ///
    /// # Errors
    /// Each variant of [`DownloadError`].
    pub fn fetch_to(&self, request: &Request, dest: &Path, progress: &dyn Progress) -> Result<Fetched, DownloadError> {
        let obtained = self.obtain(request, progress)?;
        match &obtained.place {
            Place::Kept(path) => {
                check_kind(path)?;
                spool::place(path, dest)?;
            }
            Place::Spooled(file) => spool::place(file.path(), dest)?,
        }
        Ok(Fetched { path: dest.to_owned(), temporary: false, digests: obtained.digests })
    }

    fn obtain(&self, request: &Request, progress: &dyn Progress) -> Result<Obtained, DownloadError> {
        if is_local(&request.url) {
            return self.local(request, progress);
        }
        let key = self.key(request)?;
        let tell = |event: &Event| event.tell(progress);
        self.shared.in_flight.get(&key, tell, |slot| self.remote(&key, progress, &|event| slot.share(event)))
    }

    /// Does `request` before anyone asks, unless someone has.
    pub(super) fn obtain_ahead(&self, request: &Request, progress: &dyn Progress) {
        if is_local(&request.url) || self.is_offline(request) {
            return;
        }
        // What is wrong with the cache is told to whoever asks.
        if let Ok(key) = self.key(request) {
            self.shared.in_flight.ahead(&key, |slot| self.remote(&key, progress, &|event| slot.share(event)));
        }
    }

    pub(super) fn is_offline(&self, request: &Request) -> bool {
        request.offline.unwrap_or(self.shared.settings.offline)
    }

    fn key(&self, request: &Request) -> Result<Key, DownloadError> {
        Ok((request.clone(), self.cached_path(&request.url)?))
    }

    /// Where the cache has, or will have, `url`. Its directory exists after that.
    fn cached_path(&self, url: &str) -> Result<Option<PathBuf>, DownloadError> {
        let Some(cache) = &self.cache else {
            return Ok(None);
        };
        if !cache.dir.exists() {
            return Err(DownloadError::CacheMissing { dir: cache.dir.clone(), option: cache.option });
        }
        let files = cache.files_dir();
        fs::create_dir_all(&files)?;
        Ok(Some(files.join(cache.naming.name(url))))
    }

    fn local(&self, request: &Request, progress: &dyn Progress) -> Result<Obtained, DownloadError> {
        let path = local_path(&request.url).map_err(|reason| DownloadError::Failed {
            url: redact(&request.url),
            reason,
            attempts: Vec::new(),
        })?;
        let path = path.to_owned();
        let cached = self.cached_path(&request.url)?;
        if let Some(cached) = &cached {
            // The reference looks at the cache only, and so misses a change of the original.
            if !path.exists() && cached.exists() {
                return self.cached_copy(request, cached, progress);
            }
        }
        match check_kind(&path) {
            Err(DownloadError::NoSuchFile { .. }) if !request.has_checksum() => {}
            checked => checked?,
        }
        progress.debug(&format!("Using local resource {}", request.url));
        let mut digests = Digests::default();
        if request.has_checksum() {
            digests = self.shared.memo.digests(&path, &request.algorithms())?;
            if let Some(mismatch) = request.mismatch(&digests) {
                let path = request.named.as_ref().map_or(path, PathBuf::from);
                return Err(DownloadError::LocalMismatch { path, mismatch });
            }
        }
        match cached {
            Some(cached) if path.is_file() => {
                spool::place(&path, &cached)?;
                Ok(Obtained { place: Place::Kept(cached), digests, downloaded: false })
            }
            _ => Ok(Obtained { place: Place::Kept(path), digests, downloaded: false }),
        }
    }

    fn remote(
        &self,
        (request, cached): &Key,
        progress: &dyn Progress,
        share: &(dyn Fn(Event) + Send + Sync),
    ) -> Result<Obtained, DownloadError> {
        let progress = Recorder::new(progress, share);
        let Some(cached) = cached else {
            let target = spool::resumable(&self.shared.settings.spool_dir, &request.url);
            let _alone = self.shared.targets.enter(&target);
            return self.remote_spooled(request, &target, &progress);
        };
        let target = self.shared.targets.enter(cached);
        let obtained = self.remote_cached(request, cached, &progress)?;
        let events = progress.events();
        if obtained.downloaded {
            target.wrote(events);
        } else if self.shared.settings.tell_all && events.is_empty() {
            for event in target.told() {
                progress.event(event);
            }
        }
        Ok(obtained)
    }

    fn remote_cached(
        &self,
        request: &Request,
        cached: &Path,
        progress: &dyn Progress,
    ) -> Result<Obtained, DownloadError> {
        if let Some(parent) = cached.parent() {
            progress.debug(&format!("Searching cache at {}", parent.display()));
        }
        if cached.exists() {
            if request.refresh && self.shared.settings.newest && !self.is_offline(request) {
                match self.download(request, cached, Goal::Refresh, progress) {
                    Ok(digests) => {
                        return Ok(Obtained { place: Place::Kept(cached.to_owned()), digests, downloaded: true });
                    }
                    Err(error) if error.is_mismatch() => return Err(error),
                    Err(error) => progress.note(&format!("{error}; using the copy in the cache.")),
                }
            }
            return self.cached_copy(request, cached, progress);
        }
        let url = redact(&request.url);
        progress.debug(&format!("Cache miss; will cache {url} as {}", cached.display()));
        let digests = self.download(request, cached, Goal::Cache, progress)?;
        Ok(Obtained { place: Place::Kept(cached.to_owned()), digests, downloaded: true })
    }

    fn cached_copy(
        &self,
        request: &Request,
        cached: &Path,
        progress: &dyn Progress,
    ) -> Result<Obtained, DownloadError> {
        let mut digests = Digests::default();
        if request.has_checksum() {
            digests = self.shared.memo.digests(cached, &request.algorithms())?;
        }
        if let Some(mismatch) = request.mismatch(&digests) {
            let (url, path) = (redact(&request.url), cached.to_owned());
            return Err(DownloadError::CachedMismatch { url, path, mismatch });
        }
        progress.debug(&format!("Using cache file {}", cached.display()));
        Ok(Obtained { place: Place::Kept(cached.to_owned()), digests, downloaded: false })
    }

    fn remote_spooled(
        &self,
        request: &Request,
        target: &Path,
        progress: &dyn Progress,
    ) -> Result<Obtained, DownloadError> {
        let dir = &self.shared.settings.spool_dir;
        if !self.is_offline(request) {
            fs::create_dir_all(dir)?;
        }
        let digests = self.download(request, target, Goal::Spool, progress)?;
        // Out of the way of the next process that wants the same.
        let own = spool::fresh(dir);
        fs::rename(target, &own)?;
        let place = Place::Spooled(Arc::new(SpoolFile::adopt(own)));
        Ok(Obtained { place, digests, downloaded: true })
    }
}
