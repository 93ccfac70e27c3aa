//! A buildout directory of its own for each test, with a home and a cache of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::binary::{binary, tool};
use crate::filters::Filters;
use crate::outcome::Outcome;
use crate::tree::Tree;

/// The directory. Below it: `work` (where the command runs), `home`, `cache`, `bin` with the command by its two names.
pub struct Sandbox {
    root: TempDir,
    filters: Filters,
    environment: Vec<(String, String)>,
}

/// A run that has not ended.
pub struct Running<'a> {
    sandbox: &'a Sandbox,
    child: Child,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    pub fn new() -> Self {
        let base = fs_err::canonicalize(std::env::temp_dir()).expect("there is a temporary directory");
        let root =
            tempfile::Builder::new().prefix("rb-").tempdir_in(base).expect("the temporary directory is writable");
        for name in ["work", "home", "cache", "bin"] {
            fs_err::create_dir(root.path().join(name)).expect("the directory is new");
        }
        for name in ["rbuildout", "buildout"] {
            fs_err::os::unix::fs::symlink(binary(), root.path().join("bin").join(name)).expect("the directory is new");
        }
        let mut filters = Filters::new(&root.path().join("work"));
        filters.text(&root.path().to_string_lossy(), "[ROOT]");
        if let Some(python) = tool("python3") {
            filters.text(&python.to_string_lossy(), "[PYTHON]");
        }
        Self { root, filters, environment: Vec::new() }
    }

    /// A sandbox with a `buildout.cfg`.
    pub fn with(profile: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("buildout.cfg", profile);
        sandbox
    }

    /// The directory in which the command runs.
    pub fn dir(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// The directory around it: `home`, `cache` and what a test puts aside.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        let parent = path.parent().expect("a file is in a directory");
        fs_err::create_dir_all(parent).expect("the sandbox is writable");
        fs_err::write(&path, content).expect("the sandbox is writable");
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).expect("the file is there")
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    pub fn installed(&self) -> String {
        self.read(".installed.cfg")
    }

    /// Sets a variable for all runs.
    pub fn env(&mut self, name: &str, value: impl AsRef<Path>) {
        self.environment.push((name.to_owned(), value.as_ref().to_string_lossy().into_owned()));
    }

    /// One more text that is replaced in outputs.
    pub fn filter(&mut self, text: &str, replacement: &str) {
        self.filters.text(text, replacement);
    }

    /// One more pattern that is replaced in outputs.
    pub fn filter_pattern(&mut self, pattern: &str, replacement: &'static str) {
        self.filters.pattern(pattern, replacement);
    }

    pub fn filtered(&self, text: &str) -> String {
        self.filters.apply(text)
    }

    /// A command in the sandbox: its directory, its environment and nothing else of the caller's but the path.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir()).env_clear().stdin(Stdio::null());
        for name in ["PATH", "LD_LIBRARY_PATH", "PYENV_VERSION", "PYENV_ROOT", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.root().join("home")).env("XDG_CACHE_HOME", self.root().join("cache"));
        command.env("LC_ALL", "C.UTF-8").env("TMPDIR", self.root()).envs(self.environment.iter().cloned());
        command
    }

    /// The path of the command, by the name `rbuildout` or `buildout`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.root().join("bin").join(name)
    }

    /// Runs `rbuildout`.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_as("rbuildout", arguments)
    }

    /// Runs the command by the name `buildout`, in upstream mode.
    pub fn upstream(&self, arguments: &[&str]) -> Outcome {
        self.run_as("buildout", arguments)
    }

    fn run_as(&self, name: &str, arguments: &[&str]) -> Outcome {
        let mut command = self.command(self.program(name));
        command.args(arguments);
        self.outcome(&mut command)
    }

    /// Runs a command made by [`Sandbox::command`].
    pub fn outcome(&self, command: &mut Command) -> Outcome {
        let output = command.output().expect("the command starts");
        Outcome::new(&output, &|text| self.filtered(text))
    }

    /// Runs any program, which must succeed, and returns its output.
    #[track_caller]
    pub fn must(&self, program: &str, arguments: &[&str]) -> String {
        self.outcome(self.command(program).args(arguments)).ok().out
    }

    /// Starts `rbuildout` without waiting for its end.
    pub fn start(&self, arguments: &[&str]) -> Running<'_> {
        let mut command = self.command(self.program("rbuildout"));
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running { sandbox: self, child: command.spawn().expect("the command starts") }
    }

    /// All that is below the directory, without the state of runs and the configuration.
    pub fn tree(&self) -> Tree {
        Tree::of(&self.dir()).without(&[".rbuildout", ".installed.cfg", "buildout.cfg"])
    }

    /// Waits until a file is there.
    #[track_caller]
    pub fn wait_for(&self, name: &str) {
        wait(name, || self.exists(name));
    }
}

#[track_caller]
fn wait(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !condition() {
        assert!(Instant::now() < deadline, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Running<'_> {
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a process has a number"), signal).expect("it is a child");
    }

    /// True if the run has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is a child").is_some()
    }

    pub fn wait(self) -> Outcome {
        let output = self.child.wait_with_output().expect("it is a child");
        Outcome::new(&output, &|text| self.sandbox.filtered(text))
    }
}
