//! Downloads for Python recipes: `zc.buildout.download` asks the engine's downloader.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rbuildout_cache::{CacheSettings, Downloader, Naming, Progress, Request};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::RecipeError;

/// What is asked for.
#[derive(Deserialize)]
pub(super) struct Download {
    url: String,
    #[serde(default)]
    md5: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    options: Options,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Options {
    alternate_url: Option<String>,
    offline: Option<bool>,
    /// The cache directory; nothing: no cache.
    cache: Option<PathBuf>,
    namespace: Option<String>,
    hash_name: bool,
    /// Who logs what happens.
    logger: Option<String>,
    /// Ask the network first, even if the cache has the file.
    fallback: bool,
}

/// What was said on the way, for the recipe's logger.
#[derive(Default)]
pub(super) struct Said(Mutex<Vec<(i64, String)>>);

impl Said {
    fn add(&self, level: i64, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((level, text));
    }

    pub(super) fn take(&self) -> Vec<(i64, String)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Said {
    fn downloading(&self, url: &str) {
        self.add(20, format!("Downloading {url}"));
    }

    fn debug(&self, text: &str) {
        self.add(10, text.to_owned());
    }

    fn note(&self, text: &str) {
        self.add(10, text.to_owned());
    }
}

impl Download {
    pub(super) fn logger(&self) -> &str {
        self.options.logger.as_deref().unwrap_or("zc.buildout")
    }

    /// The path, and whether it is the recipe's to delete.
    pub(super) fn fetch(&self, downloader: &Arc<Downloader>, said: &Said) -> Result<Value, RecipeError> {
        let options = &self.options;
        let cache = options.cache.as_ref().map(|directory| {
            let naming = if options.hash_name { Naming::UrlMd5 } else { Naming::Basename };
            CacheSettings {
                naming,
                namespace: options.namespace.clone(),
                ..CacheSettings::new(directory, "download-cache")
            }
        });
        let downloader = downloader.with_cache(cache);
        let request = Request {
            url: self.url.clone(),
            md5: self.md5.clone(),
            alternate_url: options.alternate_url.clone(),
            offline: options.offline,
            refresh: options.fallback,
            ..Request::default()
        };
        let fetched = match &self.path {
            Some(path) => downloader.fetch_to(&request, Path::new(path), said)?,
            None => downloader.fetch(&request, said)?,
        };
        Ok(json!([fetched.path.to_string_lossy(), fetched.temporary]))
    }
}
