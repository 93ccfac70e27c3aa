//! Debian's source archive as a mirror.
//!
//! Debian keeps most upstream archives unchanged (`.orig.tar.*`), so a file that has vanished upstream is often still
//! there under another name, and the md5 in the profile finds it. Some are there with another compression: compressing
//! them again gives the upstream bytes back (the checksum tells). And some exist only as Debian's repacks, which a
//! profile names as `debian:PACKAGE/FILE`.
//!
//! Input: the enabled entries in `/etc/apt` (module `machine`) say which servers this machine trusts, and with which keys.
//! `apt-get` itself does all network access and all verification (module `apt`); no key is ever written by us.
//!
//! Files on disk, in `$XDG_CACHE_HOME/rbuildout/debian`, all of which may be removed at any time:
//!
//! * `SUITE/etc`, `SUITE/state`, `SUITE/cache`: a private root for apt, one per suite;
//! * `SUITE/index.tsv`: md5, sha256, size, file, package and version of every source file of the suite (module `index`); its
//!   age is that of the suite's data, which are fetched anew after a day;
//! * `SUITE/lock`: held while these change.
//!
//! A suite's data are some 10 MB to download, so suites are looked at one after another, the machine's own first, and
//! the search ends with the first that has the file.
//!
//! Left out on purpose: snapshot.debian.org, as there is no index of it by md5.

mod apt;
mod index;
mod machine;
mod recompress;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::download::Request;
use crate::hash::{Algorithm, md5_hex};

use index::Row;
use machine::Suite;

/// Suites that are looked at after those of the machine: recent ones first, as profiles name recent versions.
const MAIN: [&str; 7] = ["bookworm", "bookworm-updates", "trixie", "trixie-updates", "forky", "sid", "bullseye"];
const SECURITY: [&str; 3] = ["bookworm-security", "trixie-security", "bullseye-security"];

/// Why Debian's archive does not give a file.
#[derive(Debug, thiserror::Error)]
pub enum DebianError {
    #[error("this machine has no Debian mirror in `{}`", .etc.display())]
    NoMirror { etc: PathBuf },
    #[error("there is no directory for the state: set HOME or XDG_CACHE_HOME")]
    NoState,
    #[error("no suite has {what} (looked at {looked_at})")]
    NotFound { what: String, looked_at: String },
    #[error("`{command}` failed: {reason}")]
    Apt { command: String, reason: String },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A source file by name: `debian:PACKAGE/FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebianFile {
    pub package: String,
    pub file: String,
}

impl DebianFile {
    /// Parses a URL; `None` if it is not of this kind.
    pub fn parse(url: &str) -> Option<Self> {
        let (package, file) = url.strip_prefix("debian:")?.split_once('/')?;
        let plain = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_' | '~' | '%'))
        };
        (plain(package) && plain(file)).then(|| Self { package: package.to_owned(), file: file.to_owned() })
    }
}

impl fmt::Display for DebianFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "debian:{}/{}", self.package, self.file)
    }
}

/// Debian's source archive, through the `apt` of this machine.
#[derive(Debug)]
pub struct Archive {
    etc: PathBuf,
    state: Option<PathBuf>,
    /// Suites that could not be read in this run.
    broken: Mutex<HashSet<String>>,
}

impl Archive {
    /// With the entries of `/etc/apt`, and the state in the user's cache directory.
    pub fn of_this_machine() -> Self {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
        Self::new("/etc/apt", cache.map(|cache| cache.join("rbuildout/debian")))
    }

    /// With the entries of the directory `etc` and the state in `state`.
    pub fn new(etc: impl Into<PathBuf>, state: Option<PathBuf>) -> Self {
        Self { etc: etc.into(), state, broken: Mutex::default() }
    }

    /// Fetches the file that `request` wants into `work`, by its checksum, or by making it from the same archive with
    /// another compression. The caller checks what it gets.
    ///
    /// # Errors
    /// No suite has it, or apt fails.
    pub fn by_checksum(&self, request: &Request, work: &Path, note: &dyn Fn(&str)) -> Result<PathBuf, DebianError> {
        let wanted = crate::download::file_name(&request.url);
        let mut tried = HashSet::new();
        self.search(&format!("a file with the checksum of `{wanted}`"), note, |suite| {
            if let Some(row) = suite.rows.iter().find(|row| row.matches(request)) {
                return suite.fetch(row, work).map(Some);
            }
            for (row, how) in recompress::candidates(&wanted, &suite.rows) {
                if !tried.insert(row.md5.clone()) {
                    continue;
                }
                note(&format!("`{wanted}` may be `{}` of Debian with another compression: trying.", row.file));
                let archive = suite.fetch(row, work)?;
                if let Some(path) = recompress::make(&archive, &wanted, how, work, request)? {
                    return Ok(Some(path));
                }
            }
            Ok(None)
        })
    }

    /// Fetches a file by name into `work`.
    ///
    /// # Errors
    /// No suite has it, or apt fails.
    pub fn by_name(
        &self,
        file: &DebianFile,
        request: &Request,
        work: &Path,
        note: &dyn Fn(&str),
    ) -> Result<PathBuf, DebianError> {
        let what = format!("`{}` of package {}", file.file, file.package);
        let mut others = BTreeSet::new();
        let found = self.search(&what, note, |suite| {
            let mut rows = suite.rows.iter().filter(|row| row.file == file.file && row.package == file.package);
            let row = rows.clone().find(|row| !request.has_checksum() || row.matches(request));
            if row.is_none() {
                others.extend(rows.next().map(|row| row.md5.clone()));
            }
            row.map(|row| suite.fetch(row, work)).transpose()
        });
        found.map_err(|error| match error {
            DebianError::NotFound { looked_at, .. } if !others.is_empty() => {
                let there = others.into_iter().collect::<Vec<_>>().join(", ");
                DebianError::NotFound {
                    what: format!("{what} with the wanted checksum: its md5 there is {there}"),
                    looked_at,
                }
            }
            error => error,
        })
    }

    fn search(
        &self,
        what: &str,
        note: &dyn Fn(&str),
        mut look: impl FnMut(&Loaded<'_>) -> Result<Option<PathBuf>, DebianError>,
    ) -> Result<PathBuf, DebianError> {
        let state = self.state.as_ref().ok_or(DebianError::NoState)?;
        let suites = machine::suites(&self.etc, &MAIN, &SECURITY)?;
        if suites.is_empty() {
            return Err(DebianError::NoMirror { etc: self.etc.clone() });
        }
        let mut looked_at = Vec::new();
        let mut last = None;
        for suite in &suites {
            let id = format!("{}-{}", suite.name, &md5_hex(&suite.stanza)[..8]);
            if self.broken.lock().unwrap_or_else(PoisonError::into_inner).contains(&id) {
                continue;
            }
            let outcome = Loaded::load(suite, &state.join(&id), note).and_then(|loaded| look(&loaded));
            match outcome {
                Ok(Some(path)) => return Ok(path),
                Ok(None) => looked_at.push(suite.name.clone()),
                Err(error) => {
                    note(&format!("Debian suite {}: {error}.", suite.name));
                    self.broken.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
                    last = Some(error);
                }
            }
        }
        match last {
            Some(error) if looked_at.is_empty() => Err(error),
            _ => Err(DebianError::NotFound { what: what.to_owned(), looked_at: looked_at.join(", ") }),
        }
    }
}

/// A suite whose index is at hand.
struct Loaded<'a> {
    apt: apt::Apt<'a>,
    rows: Vec<Row>,
}

impl<'a> Loaded<'a> {
    fn load(suite: &'a Suite, dir: &Path, note: &dyn Fn(&str)) -> Result<Self, DebianError> {
        let apt = apt::Apt::new(suite, dir);
        let text = apt.index(note)?;
        Ok(Self { apt, rows: index::parse(&text) })
    }

    fn fetch(&self, row: &Row, work: &Path) -> Result<PathBuf, DebianError> {
        self.apt.source(row, work)
    }
}

impl Row {
    /// Whether this is the file, as far as its checksums are known.
    fn matches(&self, request: &Request) -> bool {
        let wanted = [(Algorithm::Md5, &request.md5, &self.md5), (Algorithm::Sha256, &request.sha256, &self.sha256)];
        let mut known = wanted.iter().filter_map(|(_, wanted, here)| Some((wanted.as_ref()?, here))).peekable();
        known.peek().is_some() && known.all(|(wanted, here)| wanted.eq_ignore_ascii_case(here))
    }
}
