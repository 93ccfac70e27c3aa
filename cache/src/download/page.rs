//! Pages: small documents whose links are followed, so that it matters where they came from in the end.

use std::io::Read as _;
use std::thread;

use super::client::Passing;
use super::downloader::Downloader;
use super::error::{DownloadError, Reason};
use super::redact::redact;

/// The most bytes that a page may have.
const MAX_PAGE: u64 = 256 << 20;

/// A document and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its URL after all redirections: the base of its links.
    pub url: String,
    /// `Content-Type`, in lower case.
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Downloader {
    /// Reads the page at an `http:` or `https:` URL. Nothing is kept.
    ///
    /// # Errors
    /// [`DownloadError::Offline`], or [`DownloadError::Failed`] with the server's answer.
    pub fn page(&self, url: &str) -> Result<Page, DownloadError> {
        let settings = self.settings();
        if settings.offline {
            return Err(DownloadError::Offline { url: redact(url) });
        }
        let mut wait = settings.backoff;
        let mut tried = 0;
        loop {
            let failure = match self.read_page(url) {
                Ok(page) => return Ok(page),
                Err(failure) => failure,
            };
            let patience = match failure.1 {
                Passing::No | Passing::Unreachable => 0,
                Passing::Refused => settings.retries.min(2),
                Passing::Yes => settings.retries,
            };
            if tried >= patience {
                return Err(DownloadError::Failed { url: redact(url), reason: failure.0, attempts: Vec::new() });
            }
            tried += 1;
            thread::sleep(wait);
            wait *= 2;
        }
    }

    fn read_page(&self, url: &str) -> Result<Page, (Reason, Passing)> {
        let shared = &self.shared;
        let response =
            shared.http.get(url, None, &shared.settings).map_err(|failure| (failure.reason, failure.passing))?;
        let header = response.headers().get(reqwest::header::CONTENT_TYPE);
        let content_type = header.and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        let final_url = response.url().to_string();
        let mut body = Vec::new();
        let read = response.take(MAX_PAGE + 1).read_to_end(&mut body);
        read.map_err(|error| (Reason::Interrupted { got: body.len() as u64, text: error.to_string() }, Passing::Yes))?;
        if body.len() as u64 > MAX_PAGE {
            return Err((Reason::TooLarge { limit: MAX_PAGE }, Passing::No));
        }
        Ok(Page { url: final_url, content_type, body })
    }
}
