//! The name of a download in a cache directory, as the reference gives it.

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
pub(crate) fn local_path(url: &str) -> &str {
    split(url).path
}

struct Parts<'a> {
    scheme: Option<&'a str>,
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
    let rest = match rest.strip_prefix("//") {
        Some(authority) => &authority[authority.find(['/', '?', '#']).unwrap_or(authority.len())..],
        None => rest,
    };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Parts { scheme, path: without_parameters(scheme, path), query, fragment }
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
        assert_eq!(local_path("file:///a/b"), "/a/b");
        assert_eq!(local_path("a/b"), "a/b");
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
