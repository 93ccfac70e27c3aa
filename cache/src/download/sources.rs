//! The sources of a request, one after another.

use std::fmt;
use std::path::Path;

use fs_err as fs;

use super::downloader::Downloader;
use super::error::{Attempt, DownloadError, Mismatch, Reason};
use super::part::{self, Part};
use super::progress::Progress;
use super::redact::redact;
use super::request::Request;
use super::spool;
use super::transfer::{Outcome, Transfer};
use crate::hash::Digests;
use crate::mirror::debian::{Archive, DebianFile};
use crate::mirror::{Mirror, folder};

/// Where the bytes of a request may come from.
enum Source<'a> {
    Url(&'a str),
    /// A file of Debian's archive, by name.
    Debian(DebianFile),
    Mirror(&'a Mirror),
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(&redact(url)),
            Self::Debian(file) => file.fmt(f),
            Self::Mirror(mirror) => write!(f, "mirror {mirror}"),
        }
    }
}

impl<'a> Source<'a> {
    /// The source that `url` names; a `debian:` URL that is none stays a URL, of an unknown type.
    fn of(url: &'a str) -> Self {
        DebianFile::parse(url).map_or(Self::Url(url), Self::Debian)
    }

    /// Whether it needs no network.
    fn is_local(&self) -> bool {
        match self {
            Self::Url(url) => super::name::is_local(url),
            Self::Debian(_) => false,
            Self::Mirror(mirror) => matches!(mirror, Mirror::Folder(_)),
        }
    }
}

/// What the target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// A new file of the cache.
    Cache,
    /// A file of the cache that may be there in an older version.
    Refresh,
    /// A file for this run only.
    Spool,
}

impl Downloader {
    /// Brings `request` to `target`.
    pub(super) fn download(
        &self,
        request: &Request,
        target: &Path,
        goal: Goal,
        progress: &dyn Progress,
    ) -> Result<Digests, DownloadError> {
        let url = redact(&request.url);
        let sources = self.sources(request);
        if sources.is_empty() {
            return Err(DownloadError::Offline { url });
        }
        if !self.is_offline(request) {
            progress.downloading(&url);
        }
        let mut waited = false;
        let mut part = Part::open(target, request.algorithms(), || {
            waited = true;
            progress.note(&format!("{url}: waiting for another process that downloads it."));
        })?;
        if waited && goal == Goal::Cache && target.exists() {
            part.discard()?;
            // It may have wanted other bytes.
            let digests = self.shared.memo.digests(target, &request.algorithms())?;
            return match request.mismatch(&digests) {
                None => Ok(digests),
                Some(mismatch) => Err(DownloadError::CachedMismatch { url, path: target.to_owned(), mismatch }),
            };
        }
        let mut failures: Vec<(String, Outcome)> = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            if index > 0 {
                progress.note(&format!("{url}: trying {source}."));
            }
            let hasty = index + 1 < sources.len();
            match self.ask(source, request, target, &mut part, hasty, progress) {
                Ok(Some(digests)) => {
                    part.discard()?;
                    self.shared.memo.note(target, &digests)?;
                    return Ok(digests);
                }
                Ok(None) => {
                    let digests = part.digests()?;
                    part.complete(goal != Goal::Spool)?;
                    self.shared.memo.note(target, &digests)?;
                    return Ok(digests);
                }
                Err(Outcome::Io(error)) => {
                    part.keep()?;
                    return Err(error.into());
                }
                Err(failure) => failures.push((source.to_string(), failure)),
            }
        }
        part.keep()?;
        if self.is_offline(request) {
            return Err(DownloadError::Offline { url });
        }
        Err(failed(url, failures))
    }

    fn sources<'a>(&'a self, request: &'a Request) -> Vec<Source<'a>> {
        let alternate = request.alternate_url.as_deref().filter(|url| !url.is_empty());
        let mut sources: Vec<Source<'_>> =
            [Some(request.url.as_str()), alternate].into_iter().flatten().map(Source::of).collect();
        if request.has_checksum() {
            sources.extend(self.shared.settings.mirrors.iter().map(Source::Mirror));
        }
        if self.is_offline(request) {
            sources.retain(Source::is_local);
        }
        sources
    }

    /// `Some` digests: the file is at `target`. `None`: it is in `part`, which has seen and checked it.
    fn ask(
        &self,
        source: &Source<'_>,
        request: &Request,
        target: &Path,
        part: &mut Part,
        hasty: bool,
        progress: &dyn Progress,
    ) -> Result<Option<Digests>, Outcome> {
        match source {
            Source::Url(url) if source.is_local() => {
                let path = super::name::local_path(url).map_err(Outcome::Failed)?;
                self.take_file(path, request, target).map(Some)
            }
            Source::Url(url) => self.ask_url(url, request, part, hasty, progress),
            Source::Debian(file) => self.ask_debian(Some(file), request, target, progress).map(Some),
            Source::Mirror(Mirror::Debian) => self.ask_debian(None, request, target, progress).map(Some),
            Source::Mirror(Mirror::Pattern(pattern)) => match pattern.url(request) {
                Some(url) => self.ask_url(&url, request, part, hasty, progress),
                None => Err(Outcome::Failed(Reason::Mirror {
                    text: "the profile does not give the checksum that its URL needs".to_owned(),
                })),
            },
            Source::Mirror(Mirror::Folder(folder)) => {
                let mut last = Outcome::Failed(Reason::Mirror { text: "the folder does not have it".to_owned() });
                for path in folder::candidates(folder, request) {
                    match self.take_file(&path, request, target) {
                        Ok(digests) => return Ok(Some(digests)),
                        Err(failure) => last = failure,
                    }
                }
                Err(last)
            }
        }
    }

    fn ask_url(
        &self,
        url: &str,
        request: &Request,
        part: &mut Part,
        hasty: bool,
        progress: &dyn Progress,
    ) -> Result<Option<Digests>, Outcome> {
        let settings = &self.shared.settings;
        let transfer = Transfer { http: &self.shared.http, settings, request, progress, hasty };
        transfer.run(url, part)?;
        Ok(None)
    }

    /// A file that is there already: checked, then linked or copied to `target`.
    fn take_file(&self, path: &Path, request: &Request, target: &Path) -> Result<Digests, Outcome> {
        let missing = |text: String| Outcome::Failed(Reason::Mirror { text });
        super::name::check_kind(path).map_err(|error| missing(error.to_string()))?;
        let digests =
            self.shared.memo.digests(path, &request.algorithms()).map_err(|error| missing(error.to_string()))?;
        if let Some(mismatch) = request.mismatch(&digests) {
            return Err(Outcome::Mismatch(mismatch));
        }
        spool::place(path, target)?;
        part::sync_parent(target)?;
        Ok(digests)
    }

    fn ask_debian(
        &self,
        file: Option<&DebianFile>,
        request: &Request,
        target: &Path,
        progress: &dyn Progress,
    ) -> Result<Digests, Outcome> {
        let archive = self.shared.debian.get_or_init(Archive::of_this_machine);
        // In the target's directory, so that a rename is enough.
        let dir = target.parent().unwrap_or(Path::new("."));
        let work = tempfile::Builder::new().prefix(".debian-").tempdir_in(dir)?;
        let note = |text: &str| progress.note(text);
        let found = match file {
            Some(file) => archive.by_name(file, request, work.path(), &note),
            None => archive.by_checksum(request, work.path(), &note),
        };
        let path = found.map_err(|error| Outcome::Failed(Reason::Mirror { text: error.to_string() }))?;
        let digests = crate::hash::hash_file(&path, &request.algorithms())?;
        if let Some(mismatch) = request.mismatch(&digests) {
            return Err(Outcome::Mismatch(mismatch));
        }
        fs::File::open(&path)?.sync_data()?;
        fs::rename(&path, target)?;
        part::sync_parent(target)?;
        Ok(digests)
    }
}

/// The error of the first source, with what became of the others.
fn failed(url: String, failures: Vec<(String, Outcome)>) -> DownloadError {
    let mut failures = failures.into_iter();
    let first = failures.next().map(|(_, failure)| failure);
    let attempts = failures.map(|(source, failure)| Attempt { source, failure: describe(&failure) }).collect();
    match first {
        Some(Outcome::Mismatch(mismatch)) => DownloadError::Mismatch { url, mismatch, attempts },
        Some(Outcome::Failed(reason)) => DownloadError::Failed { url, reason, attempts },
        Some(Outcome::Io(error)) => error.into(),
        None => DownloadError::Offline { url },
    }
}

fn describe(failure: &Outcome) -> String {
    match failure {
        Outcome::Failed(reason) => reason.to_string(),
        Outcome::Mismatch(mismatch) => Mismatch::to_string(mismatch),
        Outcome::Io(error) => error.to_string(),
    }
}
