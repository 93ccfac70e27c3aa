//! The HTTP client: made when the first byte is wanted from the network, as it costs a thread and the reading of all
//! certificates.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_RANGE, RANGE};

use super::error::Reason;
use super::netrc::Logins;
use super::settings::DownloadSettings;

/// The longest wait for a connection, whatever the timeout.
const CONNECT: Duration = Duration::from_secs(15);
/// How long a host that could not be reached is not asked again.
const GRUDGE: Duration = Duration::from_mins(1);

/// Makes requests.
pub(super) struct Http {
    timeout: Duration,
    client: OnceLock<Result<Client, Reason>>,
    logins: OnceLock<Logins>,
    unreachable: Mutex<HashMap<String, (Instant, Reason)>>,
}

/// The part of a file that is wanted.
pub(super) struct Rest<'a> {
    pub(super) from: u64,
    /// The file must still be this one, where known.
    pub(super) validator: Option<&'a str>,
}

impl Http {
    pub(super) fn new(settings: &DownloadSettings) -> Self {
        Self {
            timeout: settings.timeout,
            client: OnceLock::new(),
            logins: OnceLock::new(),
            unreachable: Mutex::default(),
        }
    }

    /// Asks for `url`. An answer that is no success is an error.
    pub(super) fn get(
        &self,
        url: &str,
        rest: Option<&Rest<'_>>,
        settings: &DownloadSettings,
    ) -> Result<Response, Failure> {
        let url = Url::parse(url).map_err(|error| Reason::InvalidUrl { text: error.to_string() })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Reason::UnknownScheme { scheme: url.scheme().to_owned() }.into());
        }
        let host =
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        if let Some(reason) = self.grudge(&host) {
            return Err(Failure { reason, passing: Passing::No, retry_after: None });
        }
        let client = self.client.get_or_init(|| build(self.timeout)).as_ref().map_err(Clone::clone)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(rest) = rest {
            let range = HeaderValue::from_str(&format!("bytes={}-", rest.from)).expect("digits are valid in a header");
            headers.insert(RANGE, range);
            if let Some(validator) = rest.validator.and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(IF_RANGE, validator);
            }
        }
        let mut request = client.get(url.clone()).headers(headers);
        if url.username().is_empty() && url.password().is_none() {
            let logins = self.logins.get_or_init(|| Logins::load(&settings.netrc));
            if let Some((login, password)) = logins.find(url.host_str().unwrap_or_default()) {
                request = request.basic_auth(login, Some(password));
            }
        }
        match request.send() {
            Ok(response) => judge(response),
            Err(error) => {
                let failure = Failure::of_request(&error, self.timeout);
                if failure.passing == Passing::Unreachable {
                    self.bear_grudge(host, &failure.reason);
                }
                Err(failure)
            }
        }
    }

    fn grudge(&self, host: &str) -> Option<Reason> {
        let unreachable = self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, reason) = unreachable.get(host)?;
        (since.elapsed() < GRUDGE).then(|| reason.clone())
    }

    fn bear_grudge(&self, host: String, reason: &Reason) {
        let mut unreachable = self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
        unreachable.insert(host, (Instant::now(), reason.clone()));
    }
}

fn build(timeout: Duration) -> Result<Client, Reason> {
    // An error means that the program has chosen its provider before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("rbuildout/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timeout.min(CONNECT))
        .timeout(timeout)
        .build()
        .map_err(|error| Reason::Network { text: chain(&error) })
}

fn judge(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let phrase = match response.extensions().get::<hyper::ext::ReasonPhrase>() {
        Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
        None => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    let retry_after = response.headers().get(reqwest::header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    let passing =
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) { Passing::Yes } else { Passing::No };
    Err(Failure { reason: Reason::Http { status: status.as_u16(), phrase }, passing, retry_after })
}

/// Whether another attempt may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// No.
    No,
    /// Yes.
    Yes,
    /// The connection was refused: the server may just be starting.
    Refused,
    /// No, and not for any other URL of the host.
    Unreachable,
}

/// Why a request or a body failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: Reason,
    pub(super) passing: Passing,
    /// What the server asked for.
    pub(super) retry_after: Option<Duration>,
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self { reason, passing: Passing::No, retry_after: None }
    }
}

impl Failure {
    pub(super) fn passing(reason: Reason) -> Self {
        Self { reason, passing: Passing::Yes, retry_after: None }
    }

    fn of_request(error: &reqwest::Error, timeout: Duration) -> Self {
        let text = chain(error);
        let of = |reason, passing| Self { reason, passing, retry_after: None };
        if text.contains("dns error") || text.contains("failed to lookup address") {
            let temporary = text.contains("Temporary failure");
            return of(Reason::UnknownHost { temporary }, Passing::Unreachable);
        }
        let timed_out = error.is_timeout() || text.contains("timed out");
        if timed_out && error.is_connect() {
            return of(Reason::TimedOut { after: timeout.min(CONNECT) }, Passing::Unreachable);
        }
        if timed_out {
            return of(Reason::TimedOut { after: timeout }, Passing::Yes);
        }
        if let Some(errno) = errno(error) {
            let text = io::Error::from_raw_os_error(errno).to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_owned();
            let passing = match rustix::io::Errno::from_raw_os_error(errno) {
                rustix::io::Errno::CONNREFUSED => Passing::Refused,
                rustix::io::Errno::HOSTUNREACH | rustix::io::Errno::NETUNREACH => Passing::Unreachable,
                _ => Passing::Yes,
            };
            return of(Reason::Os { errno, text }, passing);
        }
        let passing =
            if error.is_builder() || error.is_redirect() || is_certificate(&text) { Passing::No } else { Passing::Yes };
        of(Reason::Network { text }, passing)
    }
}

/// A certificate does not become valid by asking again.
fn is_certificate(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("certificate") || text.contains("unknownissuer") || text.contains("proxy authentication")
}

/// The messages of `error` and of what caused it. The URL, which may hold a password, is left out.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        cause = error.source();
    }
    if texts.is_empty() {
        // Without a cause, the text of the error is a phrase and perhaps the URL in brackets.
        let text = error.to_string();
        return text.split(" for url (").next().unwrap_or_default().to_owned();
    }
    texts.join(": ")
}

fn errno(error: &(dyn std::error::Error + 'static)) -> Option<i32> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(errno) = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(errno);
        }
        cause = error.source();
    }
    None
}
