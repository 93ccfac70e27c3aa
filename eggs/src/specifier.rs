//! Conditions on versions: `>=1,<2`.

use std::fmt;
use std::str::FromStr;

use pep440_rs::VersionSpecifier;

use crate::version::Version;

/// A comma-separated list of conditions, all of which must hold. Written as `packaging` writes it: sorted, in the
/// spelling of whoever wrote each.
#[derive(Debug, Clone, Default)]
pub struct Specifiers(Vec<Specifier>);

#[derive(Debug, Clone)]
struct Specifier {
    operator: String,
    version: String,
    condition: Condition,
}

#[derive(Debug, Clone)]
enum Condition {
    Pep440(VersionSpecifier),
    /// `===`, and `==` with a text that is no version of PEP 440: this very text.
    Text,
}

const OPERATORS: [&str; 8] = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];

impl Specifier {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let operator = OPERATORS.into_iter().find(|operator| text.starts_with(operator))?;
        let version = text[operator.len()..].trim();
        let word = |c: char| !c.is_whitespace() && !matches!(c, ',' | ';' | ')' | '(');
        if version.is_empty() || !version.chars().all(word) {
            return None;
        }
        let condition = match (operator, VersionSpecifier::from_str(text)) {
            ("===", _) | ("==", Err(_)) => Condition::Text,
            (_, Ok(specifier)) => Condition::Pep440(specifier),
            (_, Err(_)) => return None,
        };
        Some(Self { operator: operator.to_owned(), version: version.to_owned(), condition })
    }

    fn contains(&self, version: &Version) -> bool {
        match (&self.condition, version.parsed()) {
            (Condition::Pep440(specifier), Some(version)) => specifier.contains(version),
            (Condition::Pep440(_), None) => false,
            (Condition::Text, _) => {
                version.as_str().eq_ignore_ascii_case(&self.version)
                    || (self.operator == "==" && *version == Version::new(&self.version))
            }
        }
    }

    /// Equal for conditions that mean the same version: `==1` and `==1.0`.
    fn canonical(&self) -> String {
        let version = match (&self.condition, self.operator.as_str()) {
            (Condition::Text, _) => self.version.to_lowercase(),
            (_, "~=") => self.version.clone(),
            (Condition::Pep440(specifier), _) if !self.version.ends_with(".*") => {
                let version = specifier.version();
                let mut release = version.release().to_vec();
                while release.len() > 1 && release.last() == Some(&0) {
                    release.pop();
                }
                version.clone().with_release(release).to_string()
            }
            _ => self.version.clone(),
        };
        format!("{}{version}", self.operator)
    }
}

impl Specifiers {
    /// Reads a comma-separated list; `None` if a part of it is no condition.
    pub fn parse(text: &str) -> Option<Self> {
        let mut found: Vec<Specifier> = Vec::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let specifier = Specifier::parse(part)?;
            if !found.iter().any(|known| known.canonical() == specifier.canonical()) {
                found.push(specifier);
            }
        }
        Some(Self(found))
    }

    /// Whether `version` meets all conditions. Releases before the final one count like any other.
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().all(|specifier| specifier.contains(version))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The version, if the only condition is `==`.
    pub fn exact(&self) -> Option<&str> {
        match self.0.as_slice() {
            [one] if one.operator == "==" => Some(&one.version),
            _ => None,
        }
    }

    /// Both lists.
    pub fn and(mut self, other: Self) -> Self {
        for specifier in other.0 {
            if !self.0.iter().any(|known| known.canonical() == specifier.canonical()) {
                self.0.push(specifier);
            }
        }
        self
    }

    /// Equal for lists that mean the same.
    pub(crate) fn canonical(&self) -> Vec<String> {
        let mut all: Vec<String> = self.0.iter().map(Specifier::canonical).collect();
        all.sort();
        all
    }
}

impl fmt::Display for Specifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut texts: Vec<String> = self.0.iter().map(|one| format!("{}{}", one.operator, one.version)).collect();
        texts.sort();
        f.write_str(&texts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(specifiers: &str, version: &str) -> bool {
        Specifiers::parse(specifiers).unwrap().contains(&Version::new(version))
    }

    #[test]
    fn conditions() {
        assert!(holds("", "anything"));
        assert!(holds(">=1, <2", "1.5a1"));
        assert!(!holds("<2", "2.0a1"));
        assert!(holds("==1.0", "1+local"));
        assert!(holds("==1.*", "1.7"));
        assert!(holds("===1.0-x", "1.0-X"));
        assert!(holds("==2004d foo".replace(' ', ".").as_str(), "2004d foo"));
        assert!(!holds(">=1", "garbage"));
        assert!(holds("==4.7+SlapOSPatched001", "4.7+slapospatched001"));
        assert!(!holds("==4.7+SlapOSPatched001", "4.7"));
        for wrong in [">=", "1.0", ">=1.0.*", ">=1 2", "~=1"] {
            assert!(Specifiers::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn texts() {
        let text = |specifiers: &str| Specifiers::parse(specifiers).unwrap().to_string();
        assert_eq!(text(">= 1.0 , !=1.5 ,<2"), "!=1.5,<2,>=1.0");
        assert_eq!(text("==1.0,==1"), "==1.0");
        assert_eq!(Specifiers::parse("==1.0").unwrap().exact(), Some("1.0"));
        assert_eq!(Specifiers::parse("===1.0").unwrap().exact(), None);
    }
}
