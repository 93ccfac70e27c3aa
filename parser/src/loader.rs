//! What the parser asks of the world: the text of files, and whether a condition holds.

use crate::diagnostic::Diagnostic;
use crate::profile::normalise;

/// Gives the text of profiles. Implemented by the engine (files, downloads) and by tests (a map).
pub trait Loader: Sync {
    /// Reads an absolute path or a URL. Errors carry the reference's text.
    fn read(&self, name: &str, options: &DownloadOptions) -> Result<Loaded, Diagnostic>;
    /// True if a local file is there.
    fn exists(&self, path: &str) -> bool;
}

/// A file's text.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub text: String,
    /// How messages call the file: its path, or `URL (downloaded as PATH)`.
    pub display: String,
}

/// Options of `[buildout]` that govern the download of extended files: built-in ones, then those of the user defaults,
/// of the root file itself and of the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadOptions {
    pub extends_cache: Option<String>,
    pub offline: bool,
    /// `install-from-cache`, which forbids downloads as well.
    pub install_from_cache: bool,
    pub newest: bool,
    /// `buildout:directory`: what a relative `extends-cache` is relative to.
    pub directory: Option<String>,
}

impl DownloadOptions {
    /// Whether nothing may be downloaded.
    pub fn is_offline(&self) -> bool {
        self.offline || self.install_from_cache
    }
}

/// Decides the conditions of section headers.
pub trait Conditions: Sync {
    /// Value of an expression. An error is shown with the header's line.
    fn holds(&self, expression: &str) -> Result<bool, Diagnostic>;
}

/// True if a name is a URL in the reference's sense.
pub fn is_url(name: &str) -> bool {
    name.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'))
    })
}

/// The full name of a file and the base for names in it, from the base of the file that names it.
///
/// With `fold` (slapos mode) each leading `../` of the name removes a component of the base, and paths are normalised, so
/// that a file has one name whatever the way to it.
pub(crate) fn resolve(base: &str, name: &str, fold: bool) -> (String, String) {
    let (mut base, mut name) = (base, name);
    if fold && !is_url(name) {
        while let Some(rest) = name.strip_prefix("../") {
            name = rest;
            base = base.rfind('/').map_or("", |slash| &base[..slash]);
        }
    }
    let parent = |full: &str| full.rfind('/').map_or("", |slash| &full[..slash]).to_owned();
    let full = if is_url(name) || name.starts_with('/') || base.is_empty() && !fold {
        name.to_owned()
    } else {
        format!("{base}/{name}")
    };
    let full = if fold && full.starts_with('/') && needs_normalising(&full) { normalise(&full) } else { full };
    let base = parent(&full);
    (full, base)
}

/// True if a path may have `.`, `..` or empty components.
fn needs_normalising(path: &str) -> bool {
    path.contains("/.") || path.contains("//") || path.ends_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved_against_their_base() {
        let both = |base, name, fold| {
            let (full, base) = resolve(base, name, fold);
            format!("{full} in {base}")
        };
        assert_eq!(both("/a/b", "c.cfg", true), "/a/b/c.cfg in /a/b");
        assert_eq!(both("/a/b", "./c.cfg", true), "/a/b/c.cfg in /a/b");
        assert_eq!(both("/a/b", "../x/c.cfg", true), "/a/x/c.cfg in /a/x");
        assert_eq!(both("/a/b", "../x/c.cfg", false), "/a/b/../x/c.cfg in /a/b/../x");
        assert_eq!(both("/a", "../c.cfg", true), "/c.cfg in ");
        assert_eq!(both("http://h/sub", "../base.cfg", true), "http://h/base.cfg in http://h");
        assert_eq!(both("http://h/sub", "/x/y.cfg", true), "/x/y.cfg in /x");
        assert_eq!(both("/a", "http://h/s/x.cfg", false), "http://h/s/x.cfg in http://h/s");
    }

    #[test]
    fn urls() {
        assert!(is_url("http://h/x") && is_url("file:///x") && is_url("git+ssh://h"));
        assert!(!is_url("/a://b") && !is_url("a/b") && !is_url("://x"));
    }
}
