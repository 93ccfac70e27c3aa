//! A small engine in memory: enough of `Host`, `PartLog` and `RunServices` to run one recipe against real files.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use indexmap::IndexMap;
use rbuildout_cache::{DownloadSettings, Downloader, Netrc, Progress, Silent};
use rbuildout_parser::python::{Value, to_str};
use rbuildout_recipes::eggs::{Active, ActiveSettings};
use rbuildout_recipes::run::{Level, PartLog, RunContext, RunServices};
use rbuildout_recipes::{Host, Installed, Mode, Part, RecipeError, Settings, find};

/// A buildout directory and its run.
pub(crate) struct Bench {
    _temporary: Option<tempfile::TempDir>,
    pub(crate) dir: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) sections: IndexMap<String, IndexMap<String, Value>>,
    pub(crate) environment: BTreeMap<OsString, OsString>,
    pub(crate) signature: Option<String>,
    downloader: Arc<Downloader>,
    eggs: Active,
    pub(crate) interrupted: AtomicBool,
    groups: Mutex<Vec<u32>>,
    log: Log,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path().to_owned();
        Self::open(&dir, Some(temporary))
    }

    /// A bench in a directory that outlives it.
    pub(crate) fn at(dir: &Path) -> Self {
        Self::open(dir, None)
    }

    fn open(dir: &Path, temporary: Option<tempfile::TempDir>) -> Self {
        let dir = dir.canonicalize().unwrap();
        for name in ["parts", "bin", "eggs", "develop-eggs", "state"] {
            fs_err::create_dir_all(dir.join(name)).unwrap();
        }
        let mut downloads = DownloadSettings::new(dir.join("state/spool"));
        downloads.netrc = Netrc::None;
        let settings = Settings {
            mode: Mode::Slapos,
            directory: dir.clone(),
            bin_directory: dir.join("bin"),
            parts_directory: dir.join("parts"),
            eggs_directory: dir.join("eggs"),
            develop_eggs_directory: dir.join("develop-eggs"),
            offline: false,
            newest: true,
            shared_part_list: Vec::new(),
            keep_compile_dir: None,
            state_directory: dir.join("state"),
        };
        let environment = [("PATH", std::env::var("PATH").unwrap()), ("HOME", "/home/tester".into())];
        let downloader = Arc::new(Downloader::new(downloads));
        let eggs = Active::new(ActiveSettings {
            mode: settings.mode,
            version: "3.0.1".into(),
            cache_directory: None,
            downloader: downloader.clone(),
            environment: Arc::default(),
            interrupted: Arc::default(),
        });
        Self {
            log: Log::new(dir.join("state/part.log")),
            downloader,
            eggs,
            environment: environment.map(|(key, value)| (key.into(), value.into())).into(),
            // Every buildout has that section; what recipes need of it is in the settings.
            sections: IndexMap::from([("buildout".to_owned(), IndexMap::new())]),
            signature: None,
            interrupted: AtomicBool::new(false),
            groups: Mutex::default(),
            _temporary: temporary,
            dir,
            settings,
        }
    }

    /// Allows a directory for shared parts.
    pub(crate) fn share(&mut self, name: &str) -> PathBuf {
        let path = self.dir.join(name);
        fs_err::create_dir_all(&path).unwrap();
        self.settings.shared_part_list.push(path.clone());
        path
    }

    pub(crate) fn section(&mut self, name: &str, options: &[(&str, &str)]) {
        self.sections.insert(name.to_owned(), texts(options));
    }

    /// Shows command output while it is logged.
    pub(crate) fn echo(&mut self) {
        self.log.echoes = true;
    }

    /// Initialises a part. `{dir}` in an option is the buildout directory.
    pub(crate) fn init(&self, recipe: &str, name: &str, options: &[(&str, &str)]) -> Result<Ready<'_>, RecipeError> {
        let dir = self.dir.to_str().unwrap();
        let mut own = texts(&[("recipe", recipe)]);
        own.extend(options.iter().map(|(key, value)| ((*key).to_owned(), Value::from(value.replace("{dir}", dir)))));
        let mut host = TestHost { bench: self, name: name.to_owned(), options: own };
        let part = find(recipe).unwrap_or_else(|| panic!("{recipe} is not native")).init(&mut host)?;
        Ok(Ready { bench: self, name: host.name, options: host.options, part })
    }

    /// Initialises and installs a part.
    pub(crate) fn install(&self, recipe: &str, name: &str, options: &[(&str, &str)]) -> Result<Installed, RecipeError> {
        self.init(recipe, name, options)?.install()
    }

    /// The last line that a user sees when a part fails, wherever it does.
    pub(crate) fn error(&self, recipe: &str, name: &str, options: &[(&str, &str)]) -> String {
        self.shorten(&self.install(recipe, name, options).expect_err("the part fails").to_string())
    }

    pub(crate) fn run<'a>(&'a self, part: &'a str) -> RunContext<'a> {
        RunContext { part, services: self, log: &self.log }
    }

    /// All records so far, the buildout directory shown as `{dir}`, and forgets them.
    pub(crate) fn records(&self) -> Vec<String> {
        let records = std::mem::take(&mut *self.log.records.lock().unwrap());
        records.iter().map(|record| self.shorten(record)).collect()
    }

    /// What commands wrote.
    pub(crate) fn output(&self) -> String {
        self.shorten(&self.read("state/part.log"))
    }

    /// What was shown of it.
    pub(crate) fn echoed(&self) -> String {
        String::from_utf8(self.log.shown.lock().unwrap().clone()).unwrap()
    }

    /// Process groups that are running.
    pub(crate) fn groups(&self) -> Vec<u32> {
        self.groups.lock().unwrap().clone()
    }

    /// Whoever kills this process looks there for what it left running.
    fn note_group(&self, event: &str, pgid: u32) {
        let groups = File::options().append(true).open(self.dir.join("state/groups"));
        if let Ok(mut groups) = groups {
            writeln!(groups, "{event} {pgid}").unwrap();
        }
    }

    pub(crate) fn shorten(&self, text: &str) -> String {
        text.replace(self.dir.to_str().unwrap(), "{dir}")
    }

    pub(crate) fn write(&self, path: &str, content: &str) -> PathBuf {
        let path = self.dir.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs_err::read_to_string(self.dir.join(path)).unwrap()
    }

    /// A tree as sorted lines: mode, kind, path, and the target of links.
    pub(crate) fn tree(&self, path: &str) -> Vec<String> {
        let mut lines = Vec::new();
        list(&self.dir.join(path), Path::new(""), &mut lines);
        lines
    }
}

fn list(root: &Path, below: &Path, lines: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt;
    let mut names: Vec<_> = root.join(below).read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        let path = below.join(name);
        let metadata = root.join(&path).symlink_metadata().unwrap();
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_symlink() {
            lines.push(format!("link {} -> {}", path.display(), root.join(&path).read_link().unwrap().display()));
        } else if metadata.is_dir() {
            lines.push(format!("{mode:o} {}/", path.display()));
            list(root, &path, lines);
        } else {
            lines.push(format!("{mode:o} {}", path.display()));
        }
    }
}

fn texts(options: &[(&str, &str)]) -> IndexMap<String, Value> {
    options.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect()
}

/// An initialised part.
pub(crate) struct Ready<'a> {
    bench: &'a Bench,
    name: String,
    pub(crate) options: IndexMap<String, Value>,
    pub(crate) part: Box<dyn Part>,
}

impl Ready<'_> {
    pub(crate) fn install(&self) -> Result<Installed, RecipeError> {
        self.part.install(&self.bench.run(&self.name))
    }

    pub(crate) fn update(&self) -> Result<Installed, RecipeError> {
        self.part.update(&self.bench.run(&self.name))
    }

    /// An option as published, the buildout directory shown as `{dir}`.
    pub(crate) fn option(&self, key: &str) -> String {
        self.bench.shorten(&self.options.get(key).map(to_str).unwrap_or_default())
    }
}

struct TestHost<'a> {
    bench: &'a Bench,
    name: String,
    options: IndexMap<String, Value>,
}

impl TestHost<'_> {
    fn referenced(&self, section: &str, key: &str) -> Result<String, RecipeError> {
        let options = if section.is_empty() || section == self.name {
            &self.options
        } else {
            self.bench.sections.get(section).ok_or_else(|| missing_section(section))?
        };
        let missing = || RecipeError::user(format!("Referenced option does not exist: {section} {key}"));
        options.get(key).map(to_str).ok_or_else(missing)
    }
}

impl Host for TestHost<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn settings(&self) -> &Settings {
        &self.bench.settings
    }

    fn downloader(&self) -> &Arc<Downloader> {
        &self.bench.downloader
    }

    fn get(&mut self, key: &str) -> Result<Option<Value>, RecipeError> {
        Ok(self.options.get(key).cloned())
    }

    fn peek(&mut self, key: &str) -> Result<Option<Value>, RecipeError> {
        self.get(key)
    }

    fn set(&mut self, key: &str, value: Value) -> Result<(), RecipeError> {
        self.options.insert(key.to_owned(), value);
        Ok(())
    }

    fn remove(&mut self, key: &str) {
        self.options.shift_remove(key);
    }

    fn keys(&mut self) -> Vec<String> {
        self.options.keys().cloned().collect()
    }

    fn touch(&mut self, section: &str) -> Result<(), RecipeError> {
        self.section(section).map(drop)
    }

    fn get_from(&mut self, section: &str, key: &str) -> Result<Option<Value>, RecipeError> {
        if section.is_empty() {
            return self.get(key);
        }
        Ok(self.section(section)?.get(key).cloned())
    }

    fn section(&mut self, section: &str) -> Result<IndexMap<String, Value>, RecipeError> {
        self.bench.sections.get(section).cloned().ok_or_else(|| missing_section(section))
    }

    fn substitute(&mut self, text: &str) -> Result<String, RecipeError> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((reference, after)) = after.split_once('}') else { break };
            let (section, key) = reference.split_once(':').ok_or_else(|| {
                RecipeError::user(format!("The substitution, ${{{reference}}},\ndoesn't contain a colon."))
            })?;
            result.push_str(before);
            result.push_str(&self.referenced(section, key)?);
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn signature(&mut self) -> Result<Option<String>, RecipeError> {
        Ok(self.bench.signature.clone())
    }

    fn record(&self, level: Level, message: &str) {
        self.bench.log.record(level, message);
    }

    fn print(&self, line: &str) {
        self.bench.log.print(line);
    }
}

fn missing_section(section: &str) -> RecipeError {
    RecipeError::user(format!("The referenced section, '{section}', was not defined."))
}

impl RunServices for Bench {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn downloader(&self) -> &Arc<Downloader> {
        &self.downloader
    }

    fn eggs(&self) -> &Active {
        &self.eggs
    }

    fn environment(&self) -> Arc<BTreeMap<OsString, OsString>> {
        Arc::new(self.environment.clone())
    }

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn group_started(&self, pgid: u32) {
        self.groups.lock().unwrap().push(pgid);
        self.note_group("started", pgid);
    }

    fn group_ended(&self, pgid: u32) {
        self.groups.lock().unwrap().retain(|group| *group != pgid);
        self.note_group("ended", pgid);
    }
}

struct Log {
    path: PathBuf,
    echoes: bool,
    records: Mutex<Vec<String>>,
    shown: Mutex<Vec<u8>>,
}

impl Log {
    fn new(path: PathBuf) -> Self {
        Self { path, echoes: false, records: Mutex::default(), shown: Mutex::default() }
    }

    fn add(&self, line: String) {
        self.records.lock().unwrap().push(line);
    }
}

impl PartLog for Log {
    fn record(&self, level: Level, message: &str) {
        self.add(match level {
            Level::Info => message.to_owned(),
            other => format!("{}: {message}", format!("{other:?}").to_uppercase()),
        });
    }

    fn record_of(&self, logger: &str, level: i64, message: &str) {
        self.add(format!("{logger} {level}: {message}"));
    }

    fn print(&self, line: &str) {
        self.add(format!("| {line}"));
    }

    fn phase(&self, _phase: &str) {}

    fn file(&self) -> std::io::Result<File> {
        File::options().append(true).create(true).open(&self.path)
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn echoes(&self) -> bool {
        self.echoes
    }

    fn output(&self, bytes: &[u8]) {
        self.shown.lock().unwrap().extend_from_slice(bytes);
    }

    fn progress(&self) -> &dyn Progress {
        &Silent
    }
}

/// The paths of an installation.
pub(crate) fn paths<'a>(paths: impl IntoIterator<Item = &'a str>) -> Installed {
    Installed::Paths(paths.into_iter().map(str::to_owned).collect())
}
