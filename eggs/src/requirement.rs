//! Requirements: `NAME[EXTRAS] CONDITIONS ; MARKER`.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};

use rbuildout_parser::python::Marker;

use crate::distribution::Distribution;
use crate::error::EggError;
use crate::name::{canonical_name, safe_extra, safe_name};
use crate::specifier::Specifiers;
use crate::version::Version;

/// What is required of a project.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The name as written.
    pub name: String,
    /// The name as setuptools spells it.
    pub project: String,
    /// The name by which projects are compared.
    pub key: String,
    /// Normalised, in the order they were written.
    pub extras: Vec<String>,
    pub specifiers: Specifiers,
    /// `NAME @ URL`.
    pub url: Option<String>,
    pub marker: Option<Marker>,
}

impl Requirement {
    /// Reads one requirement.
    ///
    /// # Errors
    /// The reference's internal error for a text that is none.
    pub fn parse(text: &str) -> Result<Self, EggError> {
        Self::read(text.split(" #").next().unwrap_or_default()).map_err(|problem| {
            EggError::internal(
                "pkg_resources.extern.packaging.requirements.InvalidRequirement",
                format!("{}\n    {text}\n    {}^", problem.what, " ".repeat(problem.at)),
            )
            .with_hint(format!("`{text}` is no requirement: write `NAME`, `NAME[EXTRA]` or `NAME >= VERSION`."))
        })
    }

    fn read(text: &str) -> Result<Self, Problem> {
        let at = |rest: &str| text.len() - rest.len();
        let rest = text.trim_start_matches([' ', '\t']);
        let (name, mut rest) = identifier(rest)
            .ok_or(Problem { what: "Expected package name at the start of dependency specifier", at: at(rest) })?;
        rest = rest.trim_start();
        let mut extras: Vec<String> = Vec::new();
        if let Some(inside) = rest.strip_prefix('[') {
            let wrong = Problem {
                what: "Expected matching RIGHT_BRACKET for LEFT_BRACKET, after extras",
                at: at(inside).saturating_sub(1),
            };
            let (list, after) = inside.split_once(']').ok_or(wrong)?;
            for extra in list.split(',').map(str::trim) {
                match identifier(extra) {
                    Some((extra, "")) => {
                        let extra = safe_extra(extra);
                        if !extras.contains(&extra) {
                            extras.push(extra);
                        }
                    }
                    None if extra.is_empty() && list.trim().is_empty() => {}
                    _ => return Err(Problem { what: "Expected extra name after comma", at: at(inside) }),
                }
            }
            rest = after.trim_start();
        }
        let mut url = None;
        let mut specifiers = Specifiers::default();
        let marker;
        if let Some(after) = rest.strip_prefix('@') {
            let after = after.trim_start();
            let (found, after) = after.split_once([' ', '\t']).unwrap_or((after, ""));
            if found.is_empty() {
                return Err(Problem { what: "Expected URL after @", at: text.len() });
            }
            url = Some(found.to_owned());
            marker = after.trim_start();
        } else {
            let (conditions, after) = match rest.split_once(';') {
                Some((conditions, _)) => (conditions, &rest[conditions.len()..]),
                None => (rest, ""),
            };
            let trimmed = conditions.trim();
            let inner = trimmed.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(trimmed);
            specifiers = Specifiers::parse(inner).ok_or(Problem {
                what: "Expected end or semicolon (after name and no valid version specifier)",
                at: at(rest),
            })?;
            marker = after;
        }
        let marker = match marker.strip_prefix(';') {
            Some(marker_text) => Some(
                Marker::parse(marker_text.trim())
                    .ok_or(Problem { what: "Expected a marker variable or quoted string", at: at(marker_text) })?,
            ),
            None if marker.is_empty() => None,
            None => {
                return Err(Problem { what: "Expected end or semicolon (after URL and whitespace)", at: at(marker) });
            }
        };
        let project = safe_name(name);
        Ok(Self { name: name.to_owned(), key: canonical_name(name), project, extras, specifiers, url, marker })
    }

    /// Whether `distribution` is of this project and its version meets the conditions.
    pub fn accepts(&self, distribution: &Distribution) -> bool {
        distribution.key() == self.key && self.specifiers.contains(distribution.version())
    }

    /// Whether `version` meets the conditions.
    pub fn accepts_version(&self, version: &Version) -> bool {
        self.specifiers.contains(version)
    }

    fn identity(&self) -> (&str, Option<&str>, Vec<String>, BTreeSet<&str>, Option<String>) {
        (
            &self.key,
            self.url.as_deref(),
            self.specifiers.canonical(),
            self.extras.iter().map(String::as_str).collect(),
            self.marker.as_ref().map(Marker::to_string),
        )
    }
}

struct Problem {
    what: &'static str,
    at: usize,
}

/// A name, and what comes after it.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(text.len());
    let name = text[..end].trim_end_matches(['.', '_', '-']);
    (name.starts_with(|c: char| c.is_ascii_alphanumeric())).then(|| (name, &text[name.len()..]))
}

/// The requirements in `lines`: comments are dropped, and a line that ends in a backslash goes on in the next one.
pub(crate) fn parse_lines<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Requirement>, EggError> {
    let mut found = Vec::new();
    let mut lines = lines.map(|line| line.split(" #").next().unwrap_or_default());
    while let Some(first) = lines.next() {
        let mut line = first.to_owned();
        while line.ends_with('\\') {
            let mut kept = line;
            kept.pop();
            kept.pop();
            let Some(next) = lines.next() else {
                return Ok(found);
            };
            line = kept.trim().to_owned() + next;
        }
        found.push(Requirement::parse(&line)?);
    }
    Ok(found)
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.extras.is_empty() {
            let mut extras = self.extras.clone();
            extras.sort();
            write!(f, "[{}]", extras.join(","))?;
        }
        write!(f, "{}", self.specifiers)?;
        if let Some(url) = &self.url {
            write!(f, "@ {url}")?;
            if self.marker.is_some() {
                f.write_str(" ")?;
            }
        }
        if let Some(marker) = &self.marker {
            write!(f, "; {marker}")?;
        }
        Ok(())
    }
}

impl PartialEq for Requirement {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Requirement {}

impl Hash for Requirement {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> String {
        Requirement::parse(text).unwrap().to_string()
    }

    #[test]
    fn spelling() {
        assert_eq!(text(" Zc.Buildout >= 2 , <4 "), "Zc.Buildout<4,>=2");
        assert_eq!(text("a[x, Y_z] (>=1)"), "a[x,y_z]>=1");
        assert_eq!(text("a[]"), "a");
        assert_eq!(
            text("a ; python_version>'3' and (extra=='T.x' or os.name != \"x\")"),
            "a; python_version > \"3\" and (extra == \"t-x\" or os_name != \"x\")"
        );
        assert_eq!(text("a @ http://h/x.zip ; (python_version<'3')"), "a@ http://h/x.zip ; python_version < \"3\"");
        assert_eq!(text("a==1 # why"), "a==1");
    }

    #[test]
    fn equality() {
        let parse = |text| Requirement::parse(text).unwrap();
        assert_eq!(parse("a[x,y]==1.0"), parse("A[y,x]==1"));
        assert_eq!(parse("zc.recipe.egg").key, parse("zc_recipe-egg").key);
        assert_ne!(parse("a==1"), parse("a>=1"));
    }

    #[test]
    fn refused() {
        for wrong in ["", "-a", "a b", "a[", "a[x", "a[x y]", "a >", "a; b", "a @", "a @ u x", "[x]", "a[,]"] {
            assert!(Requirement::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,30}") {
            if let Ok(requirement) = Requirement::parse(&text) {
                let again = Requirement::parse(&requirement.to_string());
                prop_assert_eq!(again.ok(), Some(requirement));
            }
        }
    }
}
