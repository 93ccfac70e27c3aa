//! apt in a private root: nothing of the machine's apt changes, and none of its hooks run.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fs_err as fs;

use super::DebianError;
use super::index::{self, Row};
use super::machine::Suite;
use crate::lock::FileLock;

/// How old a suite's data may be.
const FRESH: Duration = Duration::from_hours(24);

/// The apt of one suite.
pub(super) struct Apt<'a> {
    suite: &'a Suite,
    dir: PathBuf,
}

impl<'a> Apt<'a> {
    pub(super) fn new(suite: &'a Suite, dir: &Path) -> Self {
        Self { suite, dir: dir.to_owned() }
    }

    /// The table of the suite, fetched or refreshed if need be.
    pub(super) fn index(&self, note: &dyn Fn(&str)) -> Result<String, DebianError> {
        let table = self.dir.join("index.tsv");
        if is_fresh(&table) {
            return Ok(fs::read_to_string(&table)?);
        }
        fs::create_dir_all(&self.dir)?;
        let name = &self.suite.name;
        let _lock = FileLock::lock(self.dir.join("lock"), || {
            note(&format!("Waiting for another process that reads the index of Debian's {name}."));
        })?;
        if !is_fresh(&table) {
            note(&format!("Reading the source index of Debian's {name}."));
            match self.refresh(&table) {
                Err(error) if table.exists() => {
                    note(&format!("{error}; using the index of an earlier day."));
                }
                other => other?,
            }
        }
        Ok(fs::read_to_string(&table)?)
    }

    fn refresh(&self, table: &Path) -> Result<(), DebianError> {
        self.configure()?;
        self.apt_get(&["update", "-qq"], &self.dir)?;
        let lists = self.dir.join("state/lists");
        let mut sources = Vec::new();
        for entry in fs::read_dir(&lists)? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with("_source_Sources") {
                sources.push(path);
            }
        }
        if sources.is_empty() {
            let reason = format!("it left no source index in `{}`", lists.display());
            return Err(DebianError::Apt { command: "apt-get update".to_owned(), reason });
        }
        let fresh = tempfile::NamedTempFile::new_in(&self.dir)?;
        let mut writer = BufWriter::new(fresh.as_file());
        for path in sources {
            index::build(BufReader::with_capacity(1 << 20, fs::File::open(path)?), &mut writer)?;
        }
        writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        fresh.persist(table).map_err(|error| error.error)?;
        Ok(())
    }

    /// Downloads the file of `row` into `work`; apt has verified it by the signed index.
    pub(super) fn source(&self, row: &Row, work: &Path) -> Result<PathBuf, DebianError> {
        let path = work.join(&row.file);
        if path.exists() {
            return Ok(path);
        }
        let only = if row.file.contains(".debian.tar.") || row.file.ends_with(".diff.gz") {
            "--diff-only"
        } else {
            "--tar-only"
        };
        let package = format!("{}={}", row.package, row.version);
        self.apt_get(&["source", "-qq", "--download-only", "--only-source", only, &package], work)?;
        if !path.exists() {
            let reason = format!("it did not bring `{}`", row.file);
            return Err(DebianError::Apt { command: format!("apt-get source {package}"), reason });
        }
        Ok(path)
    }

    /// Writes the private root.
    fn configure(&self) -> Result<(), DebianError> {
        for inner in [
            "etc/sources.list.d",
            "etc/apt.conf.d",
            "etc/preferences.d",
            "state/lists/partial",
            "cache/archives/partial",
        ] {
            fs::create_dir_all(self.dir.join(inner))?;
        }
        fs::write(self.dir.join("etc/sources.list.d/suite.sources"), &self.suite.stanza)?;
        let quoted = |inner: &str| format!("\"{}\"", self.dir.join(inner).display());
        let mut text = String::new();
        for (name, value) in [
            ("Dir::Etc::sourcelist", "\"/dev/null\"".to_owned()),
            ("Dir::Etc::sourceparts", quoted("etc/sources.list.d")),
            ("Dir::Etc::parts", quoted("etc/apt.conf.d")),
            ("Dir::Etc::main", "\"/dev/null\"".to_owned()),
            ("Dir::Etc::preferences", "\"/dev/null\"".to_owned()),
            ("Dir::Etc::preferencesparts", quoted("etc/preferences.d")),
            ("Dir::State", quoted("state")),
            // Without packages installed, as far as this apt is concerned.
            ("Dir::State::status", "\"/dev/null\"".to_owned()),
            ("Dir::Cache", quoted("cache")),
            // The user who owns the directory may be another than the one apt would change to.
            ("APT::Sandbox::User", "\"\"".to_owned()),
            ("Acquire::Languages", "\"none\"".to_owned()),
            ("Acquire::PDiffs", "\"false\"".to_owned()),
            ("Acquire::Retries", "\"2\"".to_owned()),
        ] {
            let _ = writeln!(text, "{name} {value};");
        }
        text.push_str(&machine_acquire());
        Ok(fs::write(self.dir.join("apt.conf"), text)?)
    }

    fn apt_get(&self, arguments: &[&str], work: &Path) -> Result<(), DebianError> {
        let command = format!("apt-get {}", arguments.join(" "));
        let output = Command::new("apt-get")
            .args(arguments)
            .env("APT_CONFIG", self.dir.join("apt.conf"))
            .env("LC_ALL", "C")
            .current_dir(work)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| DebianError::Apt { command: command.clone(), reason: error.to_string() })?;
        if output.status.success() {
            return Ok(());
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<&str> = errors.lines().filter(|line| line.starts_with("E:")).collect();
        let reason = if errors.is_empty() { output.status.to_string() } else { errors.join(" ") };
        Err(DebianError::Apt { command, reason: crate::download::redact(&reason) })
    }
}

/// The machine's way out (proxies, address family, date checks), and nothing else of its configuration.
fn machine_acquire() -> String {
    let Ok(output) = Command::new("apt-config").arg("dump").env("LC_ALL", "C").stdin(Stdio::null()).output() else {
        return String::new();
    };
    let wanted = ["acquire::http", "acquire::https", "acquire::check-", "acquire::max-", "acquire::forceip"];
    let dump = String::from_utf8_lossy(&output.stdout);
    let lines = dump.lines().filter(|line| {
        let lower = line.to_ascii_lowercase();
        wanted.iter().any(|start| lower.starts_with(start)) && !lower.contains("::user-agent")
    });
    lines.fold(String::new(), |text, line| text + line + "\n")
}

fn is_fresh(table: &Path) -> bool {
    let modified = fs::metadata(table).and_then(|metadata| metadata.modified());
    // A time in the future is not trusted either.
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age < FRESH))
}

/// Whether the program `name` is in `PATH`.
pub(super) fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(OsStr::new(name)).is_file())
}
