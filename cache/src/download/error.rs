use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::redact::python_repr;
use crate::hash::Algorithm;

/// Why a [`Request`](super::Request) could not be served.
///
/// The texts are the reference's (in the SlapOS variant), as tests and tools match on them. Cloneable, because every
/// thread that waits for one transfer gets its error.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DownloadError {
    /// The download cache is no directory.
    #[error("The directory:\n{}\nto be used as a download cache doesn't exist.\n", python_repr(&.dir.to_string_lossy()))]
    CacheMissing {
        dir: PathBuf,
        /// The option that names it.
        option: &'static str,
    },
    /// There is nothing at a local path.
    #[error("[Errno 2] No such file or directory: {}", python_repr(&.path.to_string_lossy()))]
    NoSuchFile { path: PathBuf },
    /// A device, a pipe or a socket: such a thing has no end.
    #[error("{} is neither a file nor a directory", .path.display())]
    NotAFile { path: PathBuf },
    /// A local file has other bytes than it should.
    #[error("{} checksum mismatch for local resource at {}.", .mismatch.algorithm, python_repr(&.path.to_string_lossy()))]
    LocalMismatch { path: PathBuf, mismatch: Mismatch },
    /// A file in the cache has other bytes than it should. It stays there.
    #[error("{} checksum mismatch for cached download from {} at {}",
        .mismatch.algorithm, python_repr(url), python_repr(&.path.to_string_lossy()))]
    CachedMismatch { url: String, path: PathBuf, mismatch: Mismatch },
    /// Every source answered, and the first one with other bytes than it should.
    #[error("{} checksum mismatch downloading {}", .mismatch.algorithm, python_repr(url))]
    Mismatch { url: String, mismatch: Mismatch, attempts: Vec<Attempt> },
    /// Only the network has it, and it may not be asked.
    #[error("Couldn't download {} in offline mode.", python_repr(url))]
    Offline { url: String },
    /// No source has it; `reason` is that of the first one.
    #[error("Error downloading {url}: {reason}")]
    Failed { url: String, reason: Reason, attempts: Vec<Attempt> },
    /// A file could not be read or written.
    #[error(transparent)]
    Io(Arc<io::Error>),
}

impl DownloadError {
    /// The text in upstream mode, which says `extends for URL` whatever is downloaded.
    pub fn upstream_text(&self) -> String {
        match self {
            Self::Failed { url, reason, .. } => {
                format!("Error downloading extends for URL {url}: {reason}")
            }
            other => other.to_string(),
        }
    }

    /// Whether bytes came but were not the expected ones.
    pub fn is_mismatch(&self) -> bool {
        matches!(self, Self::LocalMismatch { .. } | Self::CachedMismatch { .. } | Self::Mismatch { .. })
    }

    /// The sources that were tried after the first one, and how each failed.
    pub fn attempts(&self) -> &[Attempt] {
        match self {
            Self::Failed { attempts, .. } | Self::Mismatch { attempts, .. } => attempts,
            _ => &[],
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> String {
        match self {
            Self::CacheMissing { dir, option } => {
                format!("Create `{}`, or correct the option `{option}` of `[buildout]`.", dir.display())
            }
            Self::NoSuchFile { .. } => "Correct the URL or the path, or create the file.".to_owned(),
            Self::NotAFile { .. } => "Name a file, a directory, or a URL.".to_owned(),
            Self::LocalMismatch { mismatch, .. } => {
                format!("Its {mismatch}. Correct the checksum in the profile, or the file.")
            }
            Self::CachedMismatch { path, mismatch, .. } => {
                format!("Its {mismatch}. Remove `{}` to download it again.", path.display())
            }
            Self::Mismatch { mismatch, .. } => {
                format!(
                    "Its {mismatch}. If upstream replaced the file and the new one is good, correct the checksum in \
                     the profile; else name an `alternate-url` or a mirror that has the old one."
                )
            }
            Self::Offline { .. } => {
                "Run without `-o` (option `offline`), or put the file into the download-cache.".to_owned()
            }
            Self::Failed { reason: Reason::UnknownScheme { .. }, .. } => {
                "Name a path, or a URL of `http:`, `https:`, `file:` or `debian:`; no other schemes are known."
                    .to_owned()
            }
            Self::Failed { reason: Reason::InvalidUrl { .. }, .. } => "Correct the URL.".to_owned(),
            Self::Failed { reason: Reason::OtherHost, .. } => {
                "Write three slashes before the path: `file:///PATH`. For another machine, use `http:` or `https:`."
                    .to_owned()
            }
            Self::Failed { .. } => "Check the URL and the network, or name an `alternate-url` or a mirror.".to_owned(),
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                "Correct the URL or the path, or create the file.".to_owned()
            }
            Self::Io(error) => {
                room_hint(error).unwrap_or("Check that the disk has room and the directory can be written.").to_owned()
            }
        }
    }
}

/// What to do about an error that says that there is no room.
pub fn room_hint(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull => Some("Make room on the disk and run again: finished parts are kept."),
        io::ErrorKind::QuotaExceeded => Some("Make room within the quota and run again: finished parts are kept."),
        io::ErrorKind::FileTooLarge => Some("Raise the limit for the size of a file (`ulimit -f`) and run again."),
        _ => None,
    }
}

impl From<io::Error> for DownloadError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// A checksum that did not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    pub algorithm: Algorithm,
    pub expected: String,
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, expected {}", self.algorithm, self.found, self.expected)
    }
}

/// One more source that was tried, and how it failed.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// A URL without password, or a mirror.
    pub source: String,
    pub failure: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.failure)
    }
}

/// Why one source failed, in the words of Python's urllib.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The server's answer.
    #[error("HTTP Error {status}: {phrase}")]
    Http { status: u16, phrase: String },
    /// An error of the operating system on the way to the server.
    #[error("<urlopen error [Errno {errno}] {text}>")]
    Os { errno: i32, text: String },
    /// The name of the host is unknown, or cannot be looked up now.
    #[error("<urlopen error {}>", if *.temporary { "[Errno -3] Temporary failure in name resolution" } else { "[Errno -2] Name or service not known" })]
    UnknownHost { temporary: bool },
    /// Neither connection nor bytes for so long.
    #[error("<urlopen error timed out>")]
    TimedOut { after: Duration },
    /// The connection ended early.
    #[error("<urlopen error retrieval incomplete: got only {got} out of {expected} bytes>")]
    Truncated { got: u64, expected: u64 },
    /// The connection ended early and the size is unknown.
    #[error("<urlopen error connection ended after {got} bytes: {text}>")]
    Interrupted { got: u64, text: String },
    /// No such scheme here.
    #[error("<urlopen error unknown url type: {scheme}>")]
    UnknownScheme { scheme: String },
    /// A `file:` URL with the name of a host.
    #[error("<urlopen error file:// scheme is supported only on localhost>")]
    OtherHost,
    /// No URL at all.
    #[error("<urlopen error invalid URL: {text}>")]
    InvalidUrl { text: String },
    /// More bytes than the settings allow.
    #[error("the file has more than {limit} bytes, which is the most a download may have")]
    TooLarge { limit: u64 },
    /// Anything else between here and the server: TLS, proxies, protocol.
    #[error("<urlopen error {text}>")]
    Network { text: String },
    /// Debian's archive does not have it, or could not be asked.
    #[error("{text}")]
    Mirror { text: String },
}
