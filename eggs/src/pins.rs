//! `[versions]`: which version of a project is wanted.

use std::collections::BTreeMap;

use crate::error::EggError;
use crate::requirement::Requirement;
use crate::settings::Mode;
use crate::specifier::Specifiers;
use crate::version::Version;

/// Suffix of a pin that allows a wheel (slapos mode).
const WHEEL: &str = ":whl";

/// Pins by lower-cased project name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins(BTreeMap<String, String>);

impl Pins {
    /// From the options of `[versions]`.
    pub fn new(options: impl IntoIterator<Item = (impl AsRef<str>, impl Into<String>)>) -> Self {
        Self(options.into_iter().map(|(name, pin)| (name.as_ref().to_lowercase(), pin.into())).collect())
    }

    /// All pins, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, pin)| (name.as_str(), pin.as_str()))
    }

    /// The pin of `project` as written. An empty one is none.
    pub fn get(&self, project: &str) -> Option<&str> {
        self.0.get(&project.to_lowercase()).map(String::as_str).filter(|pin| !pin.is_empty())
    }

    /// Whether the pin of `project` ends in `:whl`.
    pub fn allows_wheel(&self, project: &str) -> bool {
        self.get(project).is_some_and(|pin| pin.ends_with(WHEEL))
    }

    /// `requirement` with the pin of its project.
    ///
    /// # Errors
    /// The pin does not fit: what the reference says.
    pub(crate) fn constrain(&self, requirement: &Requirement, mode: Mode) -> Result<Requirement, Unfit> {
        let Some(written) = self.get(&requirement.project) else {
            return Ok(requirement.clone());
        };
        let pin = match mode {
            Mode::Slapos => written.strip_suffix(WHEEL).unwrap_or(written),
            Mode::Upstream => written,
        };
        let wrong = || {
            let project = &requirement.project;
            Unfit::Wrong(
                EggError::internal(
                    "pkg_resources.extern.packaging.specifiers.InvalidSpecifier",
                    format!("Invalid specifier: '{pin}'"),
                )
                .with_hint(format!("Correct `{project} = {written}` in [versions].")),
            )
        };
        let mut constrained = requirement.clone();
        if pin.starts_with(['<', '>']) {
            let limits = Specifiers::parse(pin).ok_or_else(wrong)?;
            constrained.specifiers = constrained.specifiers.and(limits);
            return Ok(constrained);
        }
        let version = pin.strip_prefix("==").unwrap_or(pin).trim();
        if version.starts_with('=') {
            return Err(wrong());
        }
        if !version.ends_with(".*") && !requirement.accepts_version(&Version::new(version)) {
            return Err(Unfit::Incompatible(format!(
                "The requirement ('{requirement}') is not allowed by your [versions] constraint ({version})"
            )));
        }
        constrained.specifiers = Specifiers::parse(&format!("=={version}")).ok_or_else(wrong)?;
        Ok(constrained)
    }
}

/// Why a pin can't be applied.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// The requirement excludes the pinned version.
    Incompatible(String),
    /// The pin is no version.
    Wrong(EggError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constrain(requirement: &str, pin: &str, mode: Mode) -> Result<String, String> {
        let pins = Pins::new([("Foo", pin)]);
        let requirement = Requirement::parse(requirement).unwrap();
        pins.constrain(&requirement, mode).map(|found| found.to_string()).map_err(|unfit| match unfit {
            Unfit::Incompatible(text) => text,
            Unfit::Wrong(error) => error.to_string(),
        })
    }

    #[test]
    fn rule() {
        let up = |requirement, pin| constrain(requirement, pin, Mode::Upstream);
        assert_eq!(up("foo", "1.0").unwrap(), "foo==1.0");
        assert_eq!(up("FOO[x]>=0.5; os_name != 'x'", "==1.0").unwrap(), "FOO[x]==1.0; os_name != \"x\"");
        assert_eq!(up("foo!=3", ">=1,<2").unwrap(), "foo!=3,<2,>=1");
        assert_eq!(
            up("foo>1", "1.0").unwrap_err(),
            "The requirement ('foo>1') is not allowed by your [versions] constraint (1.0)"
        );
        assert_eq!(up("bar", "1.0").unwrap(), "bar");
        assert_eq!(up("foo", "").unwrap(), "foo");
        assert!(up("foo", "===1").unwrap_err().contains("Invalid specifier"));
    }

    #[test]
    fn suffix() {
        assert_eq!(constrain("foo", "1.0:whl", Mode::Slapos).unwrap(), "foo==1.0");
        assert_eq!(constrain("foo", "4.7+SlapOSPatched001", Mode::Slapos).unwrap(), "foo==4.7+SlapOSPatched001");
        assert!(Pins::new([("a", "1:whl")]).allows_wheel("A"));
    }
}
