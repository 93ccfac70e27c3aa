//! The name of a download in a cache directory, as the reference gives it.

use std::io;
use std::path::Path;

use super::error::{DownloadError, Reason};
use crate::hash::md5_hex;

/// How files in a cache are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Naming {
    /// md5 of the URL text (`hash_name=True`).
    #[default]
    UrlMd5,
    /// Last component of the URL's path.
    Basename,
}

impl Naming {
    /// The name of `url`. Where the reference would name a directory (`http://h/..`), it is the md5.
    pub fn name(self, url: &str) -> String {
        match self {
            Self::UrlMd5 => md5_hex(url),
            Self::Basename => Some(file_name(url))
                .filter(|name| !matches!(name.as_str(), "." | "..") && !name.contains(['/', '\0']))
                .unwrap_or_else(|| md5_hex(url)),
        }
    }
}

/// The last non-empty component of the path in `url`; without one, `query:fragment` (the reference means host and port
/// there, but unpacks the wrong fields: `http://h/` is called `:`).
pub fn file_name(url: &str) -> String {
    let parts = split(url);
    let last = parts.path.rsplit('/').find(|component| !component.is_empty());
    last.map_or_else(|| format!("{}:{}", parts.query, parts.fragment), str::to_owned)
}

/// The scheme of `url` in lower case; `None` for a bare path.
pub(crate) fn scheme(url: &str) -> Option<String> {
    split(url).scheme.map(str::to_ascii_lowercase)
}

/// The path of a `file:` URL or bare path, taken literally: the reference does not decode `%xx` here.
pub(crate) fn local_path(url: &str) -> Result<&Path, Reason> {
    let parts = split(url);
    match parts.host {
        "" => Ok(Path::new(parts.path)),
        host if host.eq_ignore_ascii_case("localhost") => Ok(Path::new(parts.path)),
        _ => Err(Reason::OtherHost),
    }
}

/// The path that `url` is or names; `None` if it is elsewhere.
pub fn local_file(url: &str) -> Option<&Path> {
    is_local(url).then(|| local_path(url).ok()).flatten()
}

/// Whether `url` is a path or a `file:` URL.
pub(crate) fn is_local(url: &str) -> bool {
    scheme(url).is_none_or(|scheme| scheme == "file")
}

/// What a local path names, links followed.
pub(crate) fn check_kind(path: &Path) -> Result<(), DownloadError> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() || found.is_dir() => Ok(()),
        Ok(_) => Err(DownloadError::NotAFile { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(DownloadError::NoSuchFile { path: path.to_owned() })
        }
        // Whoever opens it says why that can't be.
        Err(_) => Ok(()),
    }
}

struct Parts<'a> {
    scheme: Option<&'a str>,
    host: &'a str,
    path: &'a str,
    query: &'a str,
    fragment: &'a str,
}

/// Splits as Python's `urlparse(url, 'file')` does.
fn split(url: &str) -> Parts<'_> {
    let url = url.trim_start_matches(|c: char| c <= ' ');
    let (scheme, rest) = match url.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
        _ => (None, url),
    };
    let (host, rest) = match rest.strip_prefix("//") {
        Some(authority) => authority.split_at(authority.find(['/', '?', '#']).unwrap_or(authority.len())),
        None => ("", rest),
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Parts { scheme, host, path: without_parameters(scheme, path), query, fragment }
}

/// Drops `;parameters` of the last component, for the schemes that have them.
fn without_parameters<'a>(scheme: Option<&str>, path: &'a str) -> &'a str {
    let lower = scheme.map(str::to_ascii_lowercase);
    let known = matches!(
        lower.as_deref(),
        Some(
            "ftp"
                | "hdl"
                | "prospero"
                | "http"
                | "https"
                | "shttp"
                | "rtsp"
                | "rtspu"
                | "sip"
                | "sips"
                | "mms"
                | "sftp"
                | "tel"
        )
    );
    if !known {
        return path;
    }
    let last = path.rfind('/').unwrap_or(0);
    path[last..].find(';').map_or(path, |at| &path[..last + at])
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_the_reference() {
        for (url, name) in [
            ("http://h/", ":"),
            ("http://h", ":"),
            ("http://h/?q#f", "q:f"),
            ("http://h/a/b.txt?x=1#y", "b.txt"),
            ("http://h/a/b//", "b"),
            ("http://h/a/b;v=1", "b"),
            ("http://h/a;x/b", "b"),
            ("/tmp/a;b", "a;b"),
            ("file:///tmp/x/", "x"),
            ("x", "x"),
            ("c:/x", "x"),
            ("a b:c", "a b:c"),
        ] {
            assert_eq!(file_name(url), name, "{url}");
        }
        assert_eq!(Naming::UrlMd5.name("http://h/"), md5_hex("http://h/"));
        assert_eq!(scheme("HTTP://h"), Some("http".into()));
        for url in ["file:///a/b", "file:/a/b", "file://localhost/a/b", "FILE://LocalHost/a/b", "/a/b"] {
            assert_eq!(local_path(url), Ok(Path::new("/a/b")), "{url}");
        }
        assert_eq!(local_path("a/b"), Ok(Path::new("a/b")));
        assert_eq!(local_path("file://host/a/b"), Err(Reason::OtherHost));
        assert_eq!(local_path("file://localhost.evil/a"), Err(Reason::OtherHost));
    }

    proptest! {
        #[test]
        fn never_a_path(url in "\\PC{0,40}") {
            let name = Naming::Basename.name(&url);
            prop_assert!(!name.is_empty() && name != "." && name != ".." && !name.contains('/'), "{name:?}");
        }

        #[test]
        fn last_component_survives(host in "[a-z]{1,8}", dir in "[a-z]{0,5}", name in "[a-zA-Z0-9._+-]{1,20}", query in "[a-z=]{0,5}") {
            prop_assert_eq!(file_name(&format!("http://{host}/{dir}/{name}?{query}#{query}")), name);
        }
    }
}
