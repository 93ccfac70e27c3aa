//! Versions of distributions: PEP 440, and what came before it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::name::safe_name;

/// A version, in the spelling that setuptools gives it.
///
/// Texts that are no version of PEP 440 are kept: they are below all others and ordered by their text, so that a pin
/// can name one while nothing else ever chooses it before a proper version.
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    parsed: Option<pep440_rs::Version>,
}

impl Version {
    /// Any text is a version.
    pub fn new(text: &str) -> Self {
        match pep440_rs::Version::from_str(text.trim()) {
            Ok(parsed) => Self { text: parsed.to_string(), parsed: Some(parsed) },
            Err(_) => {
                let text = safe_name(&text.replace(' ', "."));
                Self { parsed: pep440_rs::Version::from_str(&text).ok(), text }
            }
        }
    }

    /// The normal spelling.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The version as PEP 440 has it.
    pub fn parsed(&self) -> Option<&pep440_rs::Version> {
        self.parsed.as_ref()
    }

    /// Whether this is a final release.
    pub fn is_final(&self) -> bool {
        self.parsed.as_ref().is_none_or(|version| !version.any_prerelease())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.parsed, &other.parsed) {
            (Some(left), Some(right)) => left.cmp(right),
            (None, None) => self.text.cmp(&other.text),
            (left, right) => left.is_some().cmp(&right.is_some()),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.parsed {
            Some(parsed) => parsed.hash(state),
            None => self.text.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling_and_order() {
        assert_eq!(Version::new("1.0-Alpha.1").as_str(), "1.0a1");
        assert_eq!(Version::new("4.7+SlapOSPatched001").as_str(), "4.7+slapospatched001");
        assert_eq!(Version::new("2004d foo").as_str(), "2004d.foo");
        assert_eq!(Version::new("1.0"), Version::new("1"));
        assert!(Version::new("not-a-version") < Version::new("0.dev0"));
        assert!(!Version::new("1.0.dev1").is_final());
        assert!(Version::new("1.0.post1").is_final());
    }

    proptest! {
        #[test]
        fn total_order(a in "[0-9]{1,2}(\\.[0-9]){0,2}((a|rc|-|x)[0-9])?", b in "[0-9.a-]{0,5}", c in "\\PC{0,6}") {
            let (a, b, c) = (Version::new(&a), Version::new(&b), Version::new(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
            prop_assert_eq!(&Version::new(c.as_str()), &c);
        }
    }
}
