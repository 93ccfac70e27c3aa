//! A place with distributions made by the test, and both programs at work on it.
#![allow(dead_code, unreachable_pub, reason = "no test uses all of it")]

pub mod packages;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use rbuildout_cache::{DownloadSettings, Downloader, Progress, Silent};
use rbuildout_eggs::{
    Command, Context, Develop, Eggs, Install, Interpreter, LOGGER, Level, Mode, Pins, ScriptSource, Scripts, Settings,
    Status,
};
use serde_json::{Value, json};

/// What is asked of both programs.
#[derive(Debug, Clone)]
pub struct Ask {
    pub specs: Vec<String>,
    pub versions: Vec<(String, String)>,
    pub newest: bool,
    pub offline: bool,
    pub allow_picked: bool,
    pub prefer_final: bool,
    pub allow_unknown_extras: bool,
    pub download_cache: bool,
    pub install_from_cache: bool,
    /// Asks the index that pip asks.
    pub public: bool,
    /// Directories below the root.
    pub develop: Vec<String>,
    pub build: Option<(String, Vec<(String, String)>)>,
    pub scripts: Option<Scripts>,
}

impl Ask {
    pub fn new(specs: &[&str]) -> Self {
        Self {
            specs: specs.iter().map(|&spec| spec.to_owned()).collect(),
            versions: Vec::new(),
            newest: true,
            offline: false,
            allow_picked: true,
            prefer_final: true,
            allow_unknown_extras: false,
            download_cache: false,
            install_from_cache: false,
            public: false,
            develop: Vec::new(),
            build: None,
            scripts: None,
        }
    }

    pub fn pin(mut self, project: &str, version: &str) -> Self {
        self.versions.push((project.into(), version.into()));
        self
    }

    pub fn not_newest(mut self) -> Self {
        self.newest = false;
        self
    }
}

/// A directory tree: `links` with distributions, and what an installation makes of it.
pub struct Place {
    pub root: tempfile::TempDir,
    pub mode: Mode,
    /// A directory on the path of our interpreter.
    pub python_path: Option<PathBuf>,
}

impl Place {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for name in ["links", "index", "develop-eggs", "eggs", "bin", "src", "dist", "cache"] {
            fs_err::create_dir(root.path().join(name)).unwrap();
        }
        Self { root, mode: Mode::Upstream, python_path: None }
    }

    /// A place with the same distributions and sources.
    pub fn twin(&self) -> Self {
        let twin = Self { mode: self.mode, ..Self::new() };
        for name in ["links", "index", "src", "dist"] {
            rbuildout_cache::tree::copy(&self.path(name), &twin.path(name)).unwrap();
        }
        twin
    }

    pub fn path(&self, name: &str) -> PathBuf {
        fs_err::canonicalize(self.root.path()).unwrap().join(name)
    }

    fn shown(&self, text: &str) -> String {
        text.replace(self.path("").to_str().unwrap().trim_end_matches('/'), "ROOT")
    }

    fn link_urls(&self) -> Vec<String> {
        vec![self.path("links").display().to_string()]
    }

    fn index(&self) -> String {
        format!("file://{}", self.path("index").display())
    }

    /// What zc.buildout makes of it.
    pub fn reference(&self, ask: &Ask) -> Value {
        let scripts = ask.scripts.as_ref().map(|scripts| {
            let requirement = |source: &ScriptSource| match source {
                ScriptSource::Requirement(text) => json!(text),
                ScriptSource::Entry { name, module, attributes } => json!([name, module, attributes]),
            };
            json!({
                "requirements": scripts.requirements.iter().map(requirement).collect::<Vec<_>>(),
                "names": scripts.names,
                "extra_paths": scripts.extra_paths.iter().map(|path| self.path("").join(path)).collect::<Vec<_>>(),
                "arguments": scripts.arguments,
                "interpreter": scripts.interpreter,
                "initialization": scripts.initialization,
                "relative_paths": scripts.relative_paths.as_ref().map(|_| self.path("").display().to_string().trim_end_matches('/').to_owned()),
            })
        });
        let asked = json!({
            "specs": ask.specs,
            "versions": ask.versions.iter().cloned().collect::<BTreeMap<String, String>>(),
            "newest": ask.newest,
            "offline": ask.offline,
            "allow_picked": ask.allow_picked,
            "prefer_final": ask.prefer_final,
            "allow_unknown_extras": ask.allow_unknown_extras,
            "download_cache": ask.download_cache.then(|| self.path("dist")),
            "install_from_cache": ask.install_from_cache,
            "develop": ask.develop.iter().map(|one| self.path(one)).collect::<Vec<_>>(),
            "develop_eggs": self.path("develop-eggs"),
            "eggs": self.path("eggs"),
            "bin": self.path("bin"),
            "links": if ask.public { Vec::new() } else { self.link_urls() },
            "index": (!ask.public).then(|| self.index()),
            "scripts": scripts,
        });
        let mut asked = asked;
        if let Some((spec, options)) = &ask.build {
            asked["build"] = json!(spec);
            asked["build_ext"] = json!(options);
        }
        let mut child = std::process::Command::new(python())
            .args(["-c", include_str!("reference.py")])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env_remove(if ask.public { "PIP_NO_INDEX" } else { "PIP_FIND_LINKS" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let last = text.trim_end().lines().last().unwrap_or_default();
        serde_json::from_str(&self.shown(last)).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// All that a run of ours needs.
    pub fn eggs(&self, ask: &Ask) -> Eggs {
        self.eggs_of(interpreter_with(self.python_path.as_deref()), ask, |_| ())
    }

    /// The same for another interpreter, with changed settings.
    pub fn eggs_of(&self, interpreter: Arc<Interpreter>, ask: &Ask, change: impl FnOnce(&mut Settings)) -> Eggs {
        let mut settings = Settings::new(self.mode);
        settings.pins = Pins::new(ask.versions.clone());
        settings.cache_directory = Some(self.path("cache"));
        settings.download_cache = ask.download_cache.then(|| self.path("dist"));
        settings.install_from_cache = ask.install_from_cache;
        settings.allow_picked_versions = ask.allow_picked;
        settings.prefer_final = ask.prefer_final;
        settings.store_required_by = true;
        change(&mut settings);
        Eggs::new(interpreter, Downloader::new(DownloadSettings::new(self.path("spool"))), settings)
    }

    pub fn request(&self, ask: &Ask) -> Install {
        let mut request = Install::new(ask.specs.clone());
        request.eggs_directory = (!ask.offline).then(|| self.path("eggs"));
        request.path = vec![self.path("develop-eggs")];
        if ask.offline {
            request.path.push(self.path("eggs"));
        }
        if !ask.public {
            request.links = self.link_urls();
            request.index = Some(self.index());
        }
        request.newest = ask.newest;
        request.allow_unknown_extras = ask.allow_unknown_extras;
        request
    }

    /// What we make of it, in the form of the reference's answer.
    pub fn ours(&self, ask: &Ask) -> Value {
        let log = Log::default();
        let eggs = self.eggs(ask);
        let mut answer = json!({});
        if let Err(error) = self.steps(&eggs, ask, &log, &mut answer) {
            answer["error"] = json!(error.to_string());
        }
        let picked = eggs.picked();
        answer["picked"] = json!(picked.versions.into_iter().collect::<Vec<_>>());
        answer["required_by"] = json!(picked.required_by);
        answer["records"] = json!(log.take());
        serde_json::from_str(&self.shown(&answer.to_string())).unwrap()
    }

    fn steps(&self, eggs: &Eggs, ask: &Ask, log: &Log, answer: &mut Value) -> Result<(), rbuildout_eggs::EggError> {
        for setup in &ask.develop {
            let develop =
                Develop { setup: self.path(setup), directory: self.path("develop-eggs"), ..Develop::default() };
            eggs.develop(&develop, log)?;
        }
        if let Some((spec, options)) = &ask.build {
            let mut request = self.request(&Ask::new(&[spec]));
            request.eggs_directory = Some(self.path("develop-eggs"));
            request.path = vec![self.path("eggs")];
            answer["built"] = json!(eggs.build(&request, options, log)?);
        }
        let set = eggs.install(&self.request(ask), log)?;
        let set = eggs.sorted(&set, &self.path("eggs"), &self.path("develop-eggs"));
        let shown =
            |one: &Arc<rbuildout_eggs::Distribution>| json!([one.project(), one.version().as_str(), one.location()]);
        answer["set"] = set.iter().map(shown).collect();
        if let Some(scripts) = &ask.scripts {
            let mut scripts = scripts.clone();
            scripts.directory = self.path("bin");
            scripts.extra_paths = scripts.extra_paths.iter().map(|path| self.path("").join(path)).collect();
            scripts.relative_paths = scripts
                .relative_paths
                .map(|_| PathBuf::from(self.path("").display().to_string().trim_end_matches('/')));
            answer["scripts"] = json!(eggs.scripts(&scripts, &set, log)?);
        }
        Ok(())
    }

    /// All files below `name` with their modes and contents, the place's own path left out.
    pub fn tree(&self, name: &str) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        self.walk(&self.path(name), "", &mut found);
        found
    }

    fn walk(&self, directory: &Path, below: &str, found: &mut BTreeMap<String, String>) {
        for entry in fs_err::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if name.ends_with("__pycache__") {
                continue;
            }
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                found.insert(format!("{name}/"), String::new());
                self.walk(&entry.path(), &format!("{name}/"), found);
            } else {
                let bytes = fs_err::read(entry.path()).unwrap();
                let text = self.shown(&String::from_utf8_lossy(&bytes));
                // Builds name their temporary directory, and RECORD has the digest of that.
                let text =
                    if name.ends_with("/direct_url.json") || name.ends_with("/RECORD") { String::new() } else { text };
                found.insert(name, format!("{:o} {text}", metadata.mode() & 0o777));
            }
        }
    }
}

/// Compares both programs on the same question, and says what differs.
pub fn same(place: &Place, ask: &Ask) -> Value {
    let twin = place.twin();
    same_at(place, &twin, ask)
}

/// As [`same`], on places that have been used before.
pub fn same_at(place: &Place, twin: &Place, ask: &Ask) -> Value {
    let reference = twin.reference(ask);
    let ours = place.ours(ask);
    for key in ["error", "set", "built", "scripts", "picked", "required_by"] {
        assert_eq!(ours[key], reference[key], "{key}: ours is left, the reference right");
    }
    assert_eq!(told(&ours), told(&reference), "ours is left, the reference right");
    for name in ["eggs", "develop-eggs", "bin"] {
        let (ours, reference) = (place.tree(name), twin.tree(name));
        let names = |tree: &BTreeMap<String, String>| tree.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&ours), names(&reference), "{name}: ours is left, the reference right");
        for (file, content) in &ours {
            assert_eq!(content, &reference[file], "{name}/{file}: ours is left, the reference right");
        }
    }
    ours
}

/// What was told, without what the index says about the way it looks for things.
fn told(answer: &Value) -> Vec<&str> {
    let records = answer["records"].as_array().unwrap().iter().map(|record| record.as_str().unwrap());
    records.filter(|record| !record.starts_with("root: ")).collect()
}

/// The Python with the originals, which `tests/peers.sh` installs.
pub fn python() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(3).unwrap().join("peers/bin/python3");
    assert!(path.is_file(), "{} is missing: run `tests/peers.sh` first", path.display());
    fs_err::canonicalize(path.parent().unwrap()).unwrap().join("python3")
}

pub fn interpreter() -> Arc<Interpreter> {
    interpreter_with(None)
}

fn interpreter_with(path: Option<&Path>) -> Arc<Interpreter> {
    let mut environment: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    environment.extend(path.map(|path| ("PYTHONPATH".into(), path.into())));
    Arc::new(Interpreter::ask(&python(), &environment, None).unwrap())
}

/// Keeps records; programs run quietly.
#[derive(Default)]
pub struct Log {
    records: Mutex<Vec<String>>,
    pub commands: Mutex<Vec<Vec<OsString>>>,
}

impl Log {
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.records.lock().unwrap())
    }
}

impl Context for Log {
    fn record(&self, level: Level, logger: &str, message: &str) {
        if level > Level::Debug {
            let text = if logger == LOGGER { message.to_owned() } else { format!("{logger}: {message}") };
            self.records.lock().unwrap().push(text);
        }
    }

    fn threshold(&self) -> i64 {
        Level::Info.number()
    }

    fn run(&self, command: &Command) -> io::Result<Status> {
        self.commands.lock().unwrap().push(command.arguments.clone());
        let mut process = std::process::Command::new(&command.program);
        process.args(&command.arguments).env_clear().envs(&command.environment).stdout(Stdio::null());
        if let Some(directory) = &command.directory {
            process.current_dir(directory);
        }
        Ok(Status::Exited(process.status()?.code().unwrap_or(-1)))
    }

    fn environment(&self) -> BTreeMap<OsString, OsString> {
        let mut all: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        all.insert("PYTHONDONTWRITEBYTECODE".into(), "1".into());
        all
    }

    fn progress(&self) -> &dyn Progress {
        &Silent
    }
}
