use std::path::PathBuf;
use std::time::Duration;

use super::name::Naming;
use crate::mirror::Mirror;

/// How a [`Downloader`](super::Downloader) works.
#[derive(Debug, Clone)]
pub struct DownloadSettings {
    /// Where downloads are kept (`download-cache`), if anywhere.
    pub cache: Option<CacheSettings>,
    /// Nothing is asked over the network.
    pub offline: bool,
    /// Lets [`Request::refresh`](super::Request::refresh) take effect.
    pub newest: bool,
    /// How long a connection may take, and how long an open one may be silent.
    pub timeout: Duration,
    /// How often a transfer that failed for a passing reason is tried again.
    pub retries: u32,
    /// The wait before the first retry; it doubles from one to the next, up to 32 times this.
    pub backoff: Duration,
    /// The most bytes a download may have.
    pub max_size: u64,
    /// Tried in order when the URLs of a request fail and a checksum is known.
    pub mirrors: Vec<Mirror>,
    /// Where logins for hosts come from.
    pub netrc: Netrc,
    /// Where downloads go that no cache keeps. Created when needed; partial files in it survive the run.
    pub spool_dir: PathBuf,
    /// Everybody who takes a file that this run has brought into the cache is told of that download: then it doesn't show
    /// who came first. Else the first one only, as in the reference, which downloads in order.
    pub tell_all: bool,
}

impl DownloadSettings {
    /// No cache, no mirrors, online, temporary files in `spool_dir`.
    pub fn new(spool_dir: impl Into<PathBuf>) -> Self {
        Self {
            cache: None,
            offline: false,
            newest: true,
            timeout: Duration::from_secs(30),
            retries: 4,
            backoff: Duration::from_millis(500),
            max_size: 64 << 30,
            mirrors: Vec::new(),
            netrc: Netrc::Auto,
            spool_dir: spool_dir.into(),
            tell_all: true,
        }
    }
}

/// A directory that keeps downloads from run to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// Must exist.
    pub dir: PathBuf,
    /// A directory below `dir`, created when needed.
    pub namespace: Option<String>,
    /// How files in it are called.
    pub naming: Naming,
    /// The option of `[buildout]` that names it.
    pub option: &'static str,
}

impl CacheSettings {
    /// Files directly in `dir`, named by the md5 of their URL. It is what `option` names: `download-cache` or
    /// `extends-cache`.
    pub fn new(dir: impl Into<PathBuf>, option: &'static str) -> Self {
        Self { dir: dir.into(), namespace: None, naming: Naming::UrlMd5, option }
    }

    /// The directory of the files.
    pub fn files_dir(&self) -> PathBuf {
        self.namespace.as_ref().map_or_else(|| self.dir.clone(), |namespace| self.dir.join(namespace))
    }
}

/// Where logins for hosts come from. A login in the URL wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Netrc {
    /// The file `$NETRC` names, else `~/.netrc`, if there is one.
    #[default]
    Auto,
    /// This file.
    File(PathBuf),
    /// Nowhere.
    None,
}
