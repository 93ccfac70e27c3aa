//! What a link or file name promises.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use rbuildout_cache::Request;

use crate::distribution::{Distribution, Kind, Precedence};
use crate::interpreter::Interpreter;
use crate::name::{EggName, canonical_name, safe_name};
use crate::version::Version;

/// A distribution that could be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) project: String,
    pub(crate) key: String,
    pub(crate) version: Version,
    pub(crate) python: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) precedence: Precedence,
    /// A URL with its fragment, or a path.
    pub(crate) location: String,
    /// It was withdrawn: only who asks for this very version gets it.
    pub(crate) yanked: bool,
}

const SOURCES: [&str; 5] = [".tar.gz", ".tar.bz2", ".tar", ".zip", ".tgz"];

impl Candidate {
    /// What `location`, a URL or path, promises by its name, for this interpreter.
    pub(crate) fn of(location: &str, interpreter: &Interpreter) -> Option<Self> {
        let (base, fragment) = base_and_fragment(location);
        Self::of_name(location, &base, interpreter).or_else(|| {
            let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg="))?;
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '!');
            if egg.is_empty() || !egg.chars().all(fits) {
                return None;
            }
            Self::of_source(location, egg, Precedence::Checkout)
        })
    }

    /// The egg `found`, to be copied; `None` if it is no directory of its own.
    pub(crate) fn of_egg(found: &Distribution) -> Option<Self> {
        let is_egg = found.kind() == Kind::Egg && found.location().extension().is_some_and(|name| name == "egg");
        is_egg.then(|| {
            Some(Self {
                project: found.project().to_owned(),
                key: found.key().to_owned(),
                version: found.version().clone(),
                python: found.python().map(str::to_owned),
                platform: found.platform().map(str::to_owned),
                precedence: found.precedence(),
                location: found.location().to_str()?.to_owned(),
                yanked: false,
            })
        })?
    }

    fn of_name(location: &str, base: &str, interpreter: &Interpreter) -> Option<Self> {
        let base = base.strip_suffix(".zip").filter(|rest| rest.strip_suffix(".egg").is_some()).unwrap_or(base);
        if let Some(stem) = base.strip_suffix(".egg").filter(|stem| stem.contains('-')) {
            let parts = EggName::parse(stem)?;
            let own = |text: &str| text.to_owned();
            let (python, platform) = (parts.python.map(own), parts.platform.map(own));
            return Self::new(location, parts.name, parts.version?, Precedence::Egg).map(|candidate| Self {
                python,
                platform,
                ..candidate
            });
        }
        if base.strip_suffix(".whl").is_some() {
            let wheel = WheelName::parse(base)?;
            let usable = interpreter.accepts_tag(wheel.tags().iter().map(String::as_str));
            return usable.then(|| Self::new(location, wheel.project, wheel.version, Precedence::Wheel))?;
        }
        let stem = SOURCES.iter().find_map(|extension| base.strip_suffix(extension))?;
        Self::of_source(location, stem, Precedence::Source)
    }

    /// `NAME-VERSION`, where the version begins with the first part that starts with a digit.
    fn of_source(location: &str, stem: &str, precedence: Precedence) -> Option<Self> {
        let parts: Vec<&str> = stem.split('-').collect();
        let is_python = |part: &&str| {
            let bytes = part.as_bytes();
            matches!(bytes, [b'p', b'y', a, b'.', b] if a.is_ascii_digit() && b.is_ascii_digit())
        };
        if parts.iter().skip(2).any(is_python) {
            return None;
        }
        let pivot = parts.iter().position(|part| part.starts_with(|c: char| c.is_ascii_digit()))?;
        Self::new(location, &parts[..pivot].join("-"), &parts[pivot..].join("-"), precedence)
    }

    fn new(location: &str, name: &str, version: &str, precedence: Precedence) -> Option<Self> {
        if name.is_empty() || version.is_empty() {
            return None;
        }
        Some(Self {
            project: safe_name(name),
            key: canonical_name(name),
            version: Version::new(version),
            python: None,
            platform: None,
            precedence,
            location: location.to_owned(),
            yanked: false,
        })
    }

    /// `NAME VERSION`.
    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.project, self.version)
    }

    /// The file, if it is on this machine.
    pub(crate) fn local_path(&self) -> Option<PathBuf> {
        local_path(&self.location)
    }

    /// The name of the file.
    pub(crate) fn file_name(&self) -> String {
        let (base, _) = base_and_fragment(&self.location);
        let mut name = base.replace('/', "_");
        while name.contains("..") {
            name = name.replace("..", ".").replace('\\', "_");
        }
        if name.is_empty() || name == "." { "__downloaded__".to_owned() } else { name }
    }

    /// What to download, with the checksum that the link names.
    pub(crate) fn request(&self) -> Request {
        let (url, fragment) = self.location.split_once('#').unwrap_or((&self.location, ""));
        let checksum = |name: &str| {
            let value = fragment.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?;
            Some(value.to_ascii_lowercase())
        };
        Request {
            md5: checksum("md5"),
            sha256: checksum("sha256"),
            sha512: checksum("sha512"),
            ..Request::new(url.to_owned())
        }
    }

    /// Its order among candidates of one version.
    pub(crate) fn order(&self) -> (&Version, Precedence, &str, &str, &str, &str) {
        (
            &self.version,
            self.precedence,
            &self.key,
            &self.location,
            self.python.as_deref().unwrap_or_default(),
            self.platform.as_deref().unwrap_or_default(),
        )
    }
}

/// The path of a `file:` URL or plain path.
pub(crate) fn local_path(location: &str) -> Option<PathBuf> {
    match scheme(location) {
        None => Some(PathBuf::from(location)),
        Some("file") => url::Url::parse(location).ok()?.to_file_path().ok(),
        Some(_) => None,
    }
}

/// The scheme of a URL; a path has none.
pub(crate) fn scheme(location: &str) -> Option<&str> {
    let (scheme, _) = location.split_once(':')?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '+' | '.');
    (scheme.len() >= 2 && scheme.chars().all(fits)).then_some(scheme)
}

/// The last component of the path of a URL or file, and the fragment.
fn base_and_fragment(location: &str) -> (String, String) {
    if scheme(location).is_none() {
        let base = Path::new(location).file_name().unwrap_or_default().to_string_lossy().into_owned();
        return (base, String::new());
    }
    let (rest, fragment) = location.split_once('#').unwrap_or((location, ""));
    let rest = rest.split('?').next().unwrap_or_default();
    let base = rest.rsplit('/').next().unwrap_or_default();
    (percent_decode_str(base).decode_utf8_lossy().into_owned(), fragment.to_owned())
}

/// The parts of the name of a wheel: `NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WheelName<'a> {
    pub(crate) project: &'a str,
    pub(crate) version: &'a str,
    pub(crate) python: &'a str,
    pub(crate) abi: &'a str,
    pub(crate) platform: &'a str,
}

impl<'a> WheelName<'a> {
    pub(crate) fn parse(file_name: &'a str) -> Option<Self> {
        let mut parts = file_name.strip_suffix(".whl")?.rsplitn(4, '-');
        let (platform, abi, python, front) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let digit = |text: &&str| text.starts_with(|c: char| c.is_ascii_digit());
        // The version is what follows the first dash with a digit behind it; a build number may come after it.
        let (at, _) = front.match_indices('-').find(|(at, _)| *at > 0 && digit(&&front[at + 1..]))?;
        let (project, rest) = (&front[..at], &front[at + 1..]);
        let version = match rest.rsplit_once('-') {
            Some((version, build)) if digit(&build) => version,
            _ => rest,
        };
        let whole = [python, abi, platform].iter().all(|part| !part.is_empty());
        whole.then_some(Self { project, version, python, abi, platform })
    }

    /// All tags that it is for.
    pub(crate) fn tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        for python in self.python.split('.') {
            for abi in self.abi.split('.') {
                tags.extend(self.platform.split('.').map(|platform| format!("{python}-{abi}-{platform}")));
            }
        }
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheel_names() {
        let parse = |name| WheelName::parse(name).map(|wheel| (wheel.project, wheel.version, wheel.platform));
        assert_eq!(parse("a_b-1.0-py2.py3-none-any.whl"), Some(("a_b", "1.0", "any")));
        assert_eq!(parse("a-1.0-2x-cp311-cp311-linux_x86_64.whl"), Some(("a", "1.0", "linux_x86_64")));
        assert_eq!(parse("a-b-1.0-py3-none-any.whl"), Some(("a-b", "1.0", "any")));
        assert_eq!(parse("a-py3-none-any.whl"), None);
        let tags = WheelName::parse("a-1-py2.py3-none-any.whl").unwrap().tags();
        assert_eq!(tags, ["py2-none-any", "py3-none-any"]);
    }

    #[test]
    fn sources() {
        let of = |stem: &str| {
            Candidate::of_source("x", stem, Precedence::Source).map(|found| format!("{}|{}", found.key, found.version))
        };
        assert_eq!(of("zope.interface-5.0").as_deref(), Some("zope-interface|5.0"));
        assert_eq!(of("a-b-1.0-rc1").as_deref(), Some("a-b|1.0rc1"));
        assert_eq!(of("a-1.0-py2.7"), None);
        assert_eq!(of("a"), None);
        assert_eq!(of("1.0"), None);
    }

    #[test]
    fn locations() {
        assert_eq!(base_and_fragment("http://h/a%2Bb.zip?x#md5=1"), ("a+b.zip".into(), "md5=1".into()));
        assert_eq!(base_and_fragment("/d/a#b.zip"), ("a#b.zip".into(), String::new()));
        assert_eq!(local_path("file:///a%20b"), Some("/a b".into()));
        assert_eq!(local_path("http://h/"), None);
        let candidate = Candidate::of_source("http://h/x.zip#egg=a-1&sha256=AB", "a-1", Precedence::Checkout).unwrap();
        assert_eq!(candidate.request().sha256.as_deref(), Some("ab"));
        assert_eq!(candidate.request().url, "http://h/x.zip");
    }
}
