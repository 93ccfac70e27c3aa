//! What the tests of downloads share: a real HTTP server that misbehaves on demand, and a listener.
#![allow(dead_code, unreachable_pub)]

pub mod server;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rbuildout_cache::hash::md5_hex;
use rbuildout_cache::{CacheSettings, DownloadSettings, Downloader, Netrc, Progress, Request};

/// Settings that do not make tests wait.
pub fn settings(dir: &Path) -> DownloadSettings {
    let mut settings = DownloadSettings::new(dir.join("spool"));
    settings.timeout = Duration::from_millis(700);
    settings.backoff = Duration::from_millis(5);
    settings.netrc = Netrc::None;
    settings
}

/// A downloader with a cache in `dir/cache`.
pub fn cached(dir: &Path) -> Downloader {
    let cache = dir.join("cache");
    fs_err::create_dir_all(&cache).unwrap();
    let mut settings = settings(dir);
    settings.cache = Some(CacheSettings::new(cache, "download-cache"));
    Downloader::new(settings)
}

/// A downloader without cache.
pub fn bare(dir: &Path) -> Downloader {
    Downloader::new(settings(dir))
}

/// A request for `url` with the md5 of `body`.
pub fn request(url: impl Into<String>, body: &[u8]) -> Request {
    Request::new(url).md5(md5_hex(body))
}

/// Bytes that do not repeat early.
pub fn body(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

/// The names in a directory, sorted; none if it does not exist.
pub fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs_err::read_dir(dir) else {
        return Vec::new();
    };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Writes down all that it is told.
#[derive(Clone, Default)]
pub struct Listener(Arc<Mutex<Vec<String>>>);

impl Listener {
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// What the log of a part would hold.
    pub fn told(&self) -> Vec<String> {
        let shown = |line: &String| line.starts_with("Downloading ") || line.starts_with("note ");
        self.lines().into_iter().filter(shown).collect()
    }

    pub fn count(&self, start: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(start)).count()
    }

    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Progress for Listener {
    fn downloading(&self, url: &str) {
        self.add(format!("Downloading {url}"));
    }

    fn started(&self, url: &str, total: Option<u64>) {
        self.add(format!("started {url} {total:?}"));
    }

    fn finished(&self, url: &str) {
        self.add(format!("finished {url}"));
    }

    fn note(&self, text: &str) {
        self.add(format!("note {text}"));
    }

    fn debug(&self, text: &str) {
        self.add(format!("debug {text}"));
    }
}
