//! A distribution that is somewhere on this machine, as `pkg_resources` sees it.

use std::cmp::Ordering;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rbuildout_parser::python::Facts;

use crate::error::EggError;
use crate::metadata::{self, EntryPoints, Metadata, Requires};
use crate::name::{EggName, canonical_name, safe_name, to_filename};
use crate::requirement::Requirement;
use crate::version::Version;

pub use crate::metadata::EntryPoint;

/// What form a distribution has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An egg: a directory with `EGG-INFO`, or one with a `.dist-info` that pip made for us.
    Egg,
    /// A `.dist-info` directory beside the code.
    DistInfo,
    /// An `.egg-info` directory or file beside the code, or in a directory that is developed.
    EggInfo,
    /// Part of the program, without files.
    Builtin,
}

/// The order in which forms of one version are preferred; the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precedence {
    Develop,
    Checkout,
    Source,
    Binary,
    Egg,
    Wheel,
}

impl Precedence {
    /// The number that `pkg_resources` has for it.
    pub fn number(self) -> i32 {
        match self {
            Self::Develop => -1,
            Self::Checkout => 0,
            Self::Source => 1,
            Self::Binary => 2,
            Self::Egg => 3,
            Self::Wheel => 4,
        }
    }
}

/// A distribution.
pub struct Distribution {
    project: String,
    key: String,
    version: Version,
    python: Option<String>,
    platform: Option<String>,
    location: PathBuf,
    kind: Kind,
    precedence: Precedence,
    metadata: Metadata,
    facts: Arc<Facts>,
    requires: OnceLock<Result<Requires, String>>,
    entry_points: OnceLock<Result<EntryPoints, String>>,
}

impl Distribution {
    /// What the file or directory `path` of metadata is about: `X.egg`, `X.egg-info` or `X.dist-info`. `None` if it has
    /// no version.
    pub(crate) fn read(location: PathBuf, path: &Path, metadata: Metadata, facts: &Arc<Facts>) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (stem, extension) = name.rsplit_once('.')?;
        let parts = EggName::parse(stem)?;
        let (kind, precedence) = match extension.to_ascii_lowercase().as_str() {
            "egg" => (Kind::Egg, Precedence::Egg),
            "dist-info" => (Kind::DistInfo, Precedence::Develop),
            "egg-info" => (Kind::EggInfo, Precedence::Develop),
            _ => return None,
        };
        let named = parts.version.map(Version::new);
        // A file name can hold a mangled version, which the metadata has in full.
        let version = match kind {
            Kind::EggInfo => metadata.version().or(named),
            _ => named.or_else(|| metadata.version()),
        }?;
        Some(Self {
            project: safe_name(parts.name),
            key: canonical_name(parts.name),
            version,
            python: parts.python.map(str::to_owned),
            platform: parts.platform.map(str::to_owned),
            location,
            kind,
            precedence,
            metadata,
            facts: Arc::clone(facts),
            requires: OnceLock::new(),
            entry_points: OnceLock::new(),
        })
    }

    /// A distribution that the program itself provides.
    pub fn builtin(project: &str, version: &str, facts: &Arc<Facts>) -> Self {
        Self {
            project: project.to_owned(),
            key: canonical_name(project),
            version: Version::new(version),
            python: None,
            platform: None,
            location: PathBuf::new(),
            kind: Kind::Builtin,
            precedence: Precedence::Egg,
            metadata: Metadata::None,
            facts: Arc::clone(facts),
            requires: OnceLock::new(),
            entry_points: OnceLock::new(),
        }
    }

    /// The same one, taken for an egg.
    pub(crate) fn into_egg(mut self) -> Self {
        self.precedence = Precedence::Egg;
        self.kind = Kind::Egg;
        self
    }

    /// The name as setuptools spells it.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The name by which projects are compared.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn version(&self) -> &Version {
        &self.version
    }

    /// `X.Y` of the Python that it is for, if it says so.
    pub fn python(&self) -> Option<&str> {
        self.python.as_deref()
    }

    /// The platform that it is for, if it says so.
    pub fn platform(&self) -> Option<&str> {
        self.platform.as_deref()
    }

    /// The directory to be on `sys.path`.
    pub fn location(&self) -> &Path {
        &self.location
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn precedence(&self) -> Precedence {
        self.precedence
    }

    /// Whether it is used where it is and was not installed by a buildout: developed, or in `site-packages`.
    pub fn is_develop(&self) -> bool {
        self.precedence == Precedence::Develop
    }

    /// Where its metadata are.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// `NAME==VERSION`.
    pub fn as_requirement(&self) -> String {
        format!("{}=={}", self.project, self.version)
    }

    /// What setuptools would call its egg, without extension.
    pub fn egg_name(&self, python: &str) -> String {
        let mut name = format!(
            "{}-{}-py{}",
            to_filename(&self.project),
            to_filename(self.version.as_str()),
            self.python.as_deref().unwrap_or(python)
        );
        if let Some(platform) = &self.platform {
            name.push('-');
            name.push_str(platform);
        }
        name
    }

    fn dependencies(&self) -> Result<&Requires, EggError> {
        let read = || metadata::requires(&self.metadata, &self.facts).map_err(|error| error.to_string());
        match self.requires.get_or_init(read) {
            Ok(found) => Ok(found),
            Err(text) => Err(EggError::user(format!("The metadata of {self} can't be used: {text}"))
                .with_hint(format!("Look at {}.", self.metadata.shown()))),
        }
    }

    /// What it requires, with `extras`.
    ///
    /// # Errors
    /// Broken metadata, or an extra that it does not have.
    pub fn requires(&self, extras: &[String]) -> Result<Vec<Requirement>, EggError> {
        let all = self.dependencies()?;
        let mut found = all.always.clone();
        for extra in extras {
            let of = all.extras.iter().find(|(name, _)| name == extra).ok_or_else(|| {
                EggError::internal("pkg_resources.UnknownExtra", format!("{self} has no such extra feature '{extra}'"))
            })?;
            found.extend(of.1.iter().cloned());
        }
        Ok(found)
    }

    /// The extras that it has.
    ///
    /// # Errors
    /// Broken metadata.
    pub fn extras(&self) -> Result<Vec<&str>, EggError> {
        Ok(self.dependencies()?.extras.iter().map(|(name, _)| name.as_str()).collect())
    }

    /// Its entry points by group, in the order of the file.
    ///
    /// # Errors
    /// A broken file.
    pub fn entry_points(&self) -> Result<&[(String, Vec<EntryPoint>)], EggError> {
        let read = || metadata::entry_points(&self.metadata).map_err(|error| error.to_string());
        match self.entry_points.get_or_init(read) {
            Ok(found) => Ok(found),
            Err(text) => Err(EggError::internal("ValueError", text.clone())
                .with_hint(format!("The entry points of {self} are broken: see {}.", self.metadata.shown()))),
        }
    }

    /// The entry points of one group.
    ///
    /// # Errors
    /// A broken file.
    pub fn entry_group(&self, group: &str) -> Result<&[EntryPoint], EggError> {
        let all = self.entry_points()?;
        Ok(all.iter().find(|(name, _)| name == group).map_or(&[], |(_, points)| points.as_slice()))
    }

    /// The lines of `namespace_packages.txt`.
    pub fn namespace_packages(&self) -> Vec<String> {
        self.metadata.lines("namespace_packages.txt")
    }

    /// The lines of `top_level.txt`.
    pub fn top_level(&self) -> Vec<String> {
        self.metadata.lines("top_level.txt")
    }

    /// The old-style scripts in its metadata, as (name, text), in the order of their names.
    pub fn scripts(&self) -> Vec<(String, String)> {
        self.metadata.scripts()
    }

    /// The order in which `pkg_resources` prefers distributions of one project.
    fn order(&self) -> (&Version, Precedence, &str, &Path, &str, &str) {
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

impl fmt::Debug for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({})", self.location.display())
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.project, self.version)
    }
}

impl PartialEq for Distribution {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Distribution {}

impl PartialOrd for Distribution {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Distribution {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}
