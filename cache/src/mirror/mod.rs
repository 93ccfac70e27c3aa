//! Other places that have the same bytes.
//!
//! A mirror is asked only when a checksum is known and the URLs of the request failed or brought other bytes, and what
//! it gives is believed only if every known checksum matches. So a mirror needs no trust, and it may be wrong about
//! what it has.

pub mod debian;
pub(crate) mod folder;
mod parse;
mod pattern;

use std::path::PathBuf;

pub use pattern::UrlPattern;

use crate::download::Request;

/// A source of files found by checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mirror {
    /// A local folder with files called by their md5, by the md5 of their URL, or by the last component of it.
    Folder(PathBuf),
    /// A server whose URLs follow from the request.
    Pattern(UrlPattern),
    /// Debian's source archive, through the `apt` of this machine.
    Debian,
}

impl std::fmt::Display for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Pattern(pattern) => pattern.fmt(f),
            Self::Debian => f.write_str("debian"),
        }
    }
}

/// A line that names no mirror.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MirrorError {
    #[error("The mirror `{text}` is no absolute folder, no http URL and not `debian`: write one of these.")]
    Unknown { text: String },
    #[error(
        "The mirror `{text}` names no file: put {{md5}}, {{sha256}}, {{sha512}}, {{urlmd5}} or {{filename}} into the URL."
    )]
    NoPlaceholder { text: String },
    #[error(
        "The mirror `{text}` has the unknown placeholder `{{{name}}}`: known are md5, sha256, sha512, urlmd5 and filename."
    )]
    UnknownPlaceholder { text: String, name: String },
    #[error("The mirror `{text}` has a brace without its partner: write placeholders as {{md5}}.")]
    UnbalancedBrace { text: String },
}

/// The name a request's file would have: that of its URL.
pub(crate) fn wanted_name(request: &Request) -> String {
    crate::download::file_name(&request.url)
}
