//! One URL to one partial file: ranges, retries, and what to believe of a server.
//!
//! A transfer goes on where an earlier one stopped if the server's validator still holds, or if a checksum will tell in
//! the end. A server that answers another range than the one asked for, or whose bytes do not fit the checksum after a
//! resumed transfer, is asked once more for the whole file.

use std::io::{self, Read};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::blocking::Response;
use reqwest::header::{CONTENT_RANGE, ETAG, LAST_MODIFIED};

use super::client::{Failure, Http, Passing, Rest};
use super::error::{Mismatch, Reason};
use super::part::{Origin, Part};
use super::progress::Progress;
use super::redact::redact;
use super::request::Request;
use super::settings::DownloadSettings;
use crate::hash::md5_hex;

const BUFFER: usize = 256 * 1024;
/// The longest wait that a server may ask for.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// A transfer that brought this much more has not failed in vain, and may be tried again as often as a new one.
const PROGRESS_MADE: u64 = 1 << 20;

/// Why one URL did not bring the file.
#[derive(Debug)]
pub(super) enum Outcome {
    Failed(Reason),
    Mismatch(Mismatch),
    /// This machine's fault: no other source will help.
    Io(io::Error),
}

impl From<io::Error> for Outcome {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What a transfer needs.
pub(super) struct Transfer<'a> {
    pub(super) http: &'a Http,
    pub(super) settings: &'a DownloadSettings,
    pub(super) request: &'a Request,
    pub(super) progress: &'a dyn Progress,
    /// Other sources follow, so patience is not worth much.
    pub(super) hasty: bool,
}

impl Transfer<'_> {
    /// Brings the whole of `url` into `part` and checks it.
    pub(super) fn run(&self, url: &str, part: &mut Part) -> Result<(), Outcome> {
        let mut failures = 0;
        let mut whole = false;
        let mut reached = part.length();
        loop {
            let resumed = !whole && self.can_resume(url, part);
            if !resumed {
                part.reset()?;
            }
            match self.once(url, part, resumed) {
                Ok(()) => {
                    let digests = part.digests()?;
                    match self.request.mismatch(&digests) {
                        None => return Ok(()),
                        Some(_) if resumed => whole = true,
                        Some(mismatch) => {
                            part.reset()?;
                            return Err(Outcome::Mismatch(mismatch));
                        }
                    }
                }
                Err(Broken::Io(error)) => return Err(Outcome::Io(error)),
                // Perhaps all of it was there already.
                Err(Broken::Range) if self.is_complete(part)? => return Ok(()),
                Err(Broken::Range) => whole = true,
                Err(Broken::Failure(failure)) => {
                    whole = false;
                    if part.length() >= reached + PROGRESS_MADE {
                        reached = part.length();
                        failures = 0;
                    }
                    failures += 1;
                    if failures > self.patience(failure.passing) {
                        return self.take_anyway(part, failure.reason);
                    }
                    let wait = self.wait(failures, failure.retry_after);
                    self.progress.note(&format!(
                        "{}: {}; trying again in {:.1} seconds.",
                        redact(url),
                        failure.reason,
                        wait.as_secs_f64()
                    ));
                    // Up to a quarter more at random, untold, so that many clients do not come back together.
                    std::thread::sleep(wait.mul_f64(1.0 + random() / 4.0));
                }
            }
        }
    }

    /// A body that seems cut off may be complete, from a server that is wrong about its length. A checksum tells.
    fn take_anyway(&self, part: &mut Part, reason: Reason) -> Result<(), Outcome> {
        if matches!(reason, Reason::Truncated { .. }) && self.is_complete(part)? {
            return Ok(());
        }
        Err(Outcome::Failed(reason))
    }

    fn is_complete(&self, part: &mut Part) -> io::Result<bool> {
        Ok(self.request.has_checksum() && part.length() > 0 && self.request.mismatch(&part.digests()?).is_none())
    }

    fn can_resume(&self, url: &str, part: &Part) -> bool {
        let same = part.origin().is_some_and(|origin| origin.url_md5 == md5_hex(url) && origin.validator.is_some());
        part.length() > 0 && (same || self.request.has_checksum())
    }

    fn patience(&self, passing: Passing) -> u32 {
        match passing {
            Passing::No | Passing::Unreachable => 0,
            Passing::Refused if self.hasty => 0,
            Passing::Refused => self.settings.retries.min(2),
            Passing::Yes if self.hasty => self.settings.retries.min(2),
            Passing::Yes => self.settings.retries,
        }
    }

    /// Exponential.
    fn wait(&self, failures: u32, asked: Option<Duration>) -> Duration {
        let base = self.settings.backoff * (1 << failures.saturating_sub(1).min(5));
        base.max(asked.unwrap_or_default()).min(MAX_WAIT)
    }

    fn once(&self, url: &str, part: &mut Part, resumed: bool) -> Result<(), Broken> {
        let rest = resumed.then(|| {
            let origin = part.origin().filter(|origin| origin.url_md5 == md5_hex(url));
            Rest { from: part.length(), validator: origin.and_then(|origin| origin.validator.as_deref()) }
        });
        let response = match self.http.get(url, rest.as_ref(), self.settings) {
            Err(Failure { reason: Reason::Http { status: 416, .. }, .. }) if resumed => return Err(Broken::Range),
            other => other.map_err(Broken::Failure)?,
        };
        let expected = if response.status() == StatusCode::PARTIAL_CONTENT && resumed {
            let (start, total) = content_range(&response).ok_or(Broken::Range)?;
            if start != part.length() {
                return Err(Broken::Range);
            }
            total.or_else(|| Some(start + response.content_length()?))
        } else {
            part.reset().map_err(Broken::Io)?;
            response.content_length()
        };
        if expected.is_some_and(|size| size > self.settings.max_size) {
            return Err(self.too_large());
        }
        let origin = Origin { url_md5: md5_hex(url), validator: validator(&response) };
        part.begin(origin, expected).map_err(Broken::Io)?;
        let shown = redact(url);
        self.progress.started(&shown, expected);
        self.progress.advanced(&shown, part.length());
        let outcome = self.body(response, part, expected, &shown);
        self.progress.finished(&shown);
        outcome
    }

    fn body(&self, mut response: Response, part: &mut Part, expected: Option<u64>, shown: &str) -> Result<(), Broken> {
        let mut buffer = vec![0; BUFFER];
        loop {
            match response.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    if part.length() + count as u64 > self.settings.max_size {
                        part.reset().map_err(Broken::Io)?;
                        return Err(self.too_large());
                    }
                    part.write(&buffer[..count]).map_err(Broken::Io)?;
                    self.progress.advanced(shown, count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(Broken::Failure(self.body_failure(&error, part.length(), expected)));
                }
            }
        }
        match expected {
            Some(expected) if part.length() < expected => {
                Err(Broken::Failure(Failure::passing(Reason::Truncated { got: part.length(), expected })))
            }
            _ => Ok(()),
        }
    }

    fn body_failure(&self, error: &io::Error, got: u64, expected: Option<u64>) -> Failure {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
        let timed_out = error.kind() == io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout);
        let reason = match expected {
            _ if timed_out => Reason::TimedOut { after: self.settings.timeout },
            Some(expected) => Reason::Truncated { got, expected },
            None => {
                let text = inner.map_or_else(|| error.to_string(), super::client::chain);
                Reason::Interrupted { got, text }
            }
        };
        Failure::passing(reason)
    }

    fn too_large(&self) -> Broken {
        Broken::Failure(Reason::TooLarge { limit: self.settings.max_size }.into())
    }
}

enum Broken {
    Failure(Failure),
    /// The server does not give the range that was asked for.
    Range,
    Io(io::Error),
}

/// Start and total size of `Content-Range: bytes START-END/TOTAL`.
fn content_range(response: &Response) -> Option<(u64, Option<u64>)> {
    let text = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

/// What tells this version of the file from others. A weak tag does not promise the same bytes.
fn validator(response: &Response) -> Option<String> {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    header(ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| header(LAST_MODIFIED))
}

/// A number from 0 to 1, good enough to spread retries.
fn random() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}
