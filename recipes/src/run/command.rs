//! Running a command: its own process group, its output in the part's log, no way to outlive an interrupted run.
//!
//! Each command is the leader of a new process group, so that an interruption reaches everything that it started. The
//! group is announced to the engine before the command is waited for. Standard input is empty unless a file is given.
//!
//! In upstream mode a command writes where rbuildout itself does, as below the reference. In slapos mode its output goes
//! straight to the log file. Only when it is to be shown as well does it pass through a pipe and a copying thread; that
//! thread stops soon after the command ends, even if a daemon that it left behind keeps the pipe open.
//!
//! On interruption the group gets SIGTERM and, five seconds later, SIGKILL.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Error, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, test_kill_process_group};

use rbuildout_cache::download::redact;

use crate::api::Mode;
use crate::error::{CommandFailure, CommandStatus, RecipeError};
use crate::run::{PartLog, RunContext};

/// How often a waiting command looks for an interruption.
const TICK: Duration = Duration::from_millis(100);
/// How long an interrupted command may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// Standard input of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Empty,
    File(PathBuf),
}

/// A command to run.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    pub program: OsString,
    pub arguments: Vec<OsString>,
    pub directory: PathBuf,
    /// The whole environment of the child.
    pub environment: BTreeMap<OsString, OsString>,
    pub input: Input,
}

impl CommandSpec {
    /// A command without standard input.
    pub fn new(program: impl Into<OsString>, directory: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            directory: directory.into(),
            environment: BTreeMap::new(),
            input: Input::Empty,
        }
    }

    /// A text for `/bin/sh -c`.
    pub fn shell(text: &str, directory: impl Into<PathBuf>) -> Self {
        Self::new("/bin/sh", directory).arguments(["-c", text])
    }

    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub fn environment(mut self, environment: &BTreeMap<OsString, OsString>) -> Self {
        self.environment.clone_from(environment);
        self
    }

    pub fn input(mut self, file: impl Into<PathBuf>) -> Self {
        self.input = Input::File(file.into());
        self
    }

    /// The command as a person would type it, without passwords of URLs.
    pub fn display(&self) -> String {
        let mut text = quoted(&self.program);
        for argument in &self.arguments {
            text.push(' ');
            text.push_str(&redact(&quoted(argument)));
        }
        if let Input::File(path) = &self.input {
            text.push_str(" < ");
            text.push_str(&quoted(path.as_os_str()));
        }
        text
    }

    /// Describes this command's failure.
    pub fn failure(&self, status: CommandStatus) -> CommandFailure {
        CommandFailure { command: self.display(), status, directory: self.directory.clone() }
    }

    fn command(&self) -> std::io::Result<Command> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.directory).env_clear().envs(&self.environment).process_group(0);
        command.stdin(match &self.input {
            Input::Empty => Stdio::null(),
            Input::File(path) => Stdio::from(fs_err::File::open(path)?.into_file()),
        });
        Ok(command)
    }

    /// Names the program in the error of a command that could not be started.
    fn not_started(&self, error: &Error) -> RecipeError {
        let program = self.program.to_string_lossy();
        let directory = self.directory.display();
        Error::new(error.kind(), format!("Can't start `{program}` in {directory}: {error}")).into()
    }
}

fn quoted(text: &OsStr) -> String {
    crate::native::common::shell::quote(&text.to_string_lossy())
}

impl From<ExitStatus> for CommandStatus {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Signalled(signal.unwrap_or_default()),
        }
    }
}

impl RunContext<'_> {
    /// Runs a command to its end. An error means that it could not be started or that the run was interrupted; its exit
    /// status is the caller's business.
    pub fn run(&self, spec: &CommandSpec) -> Result<CommandStatus, RecipeError> {
        if self.services.interrupted() {
            return Err(RecipeError::Interrupted);
        }
        let mut command = spec.command()?;
        if self.settings().mode == Mode::Upstream {
            command.stdout(Stdio::inherit()).stderr(Stdio::inherit());
            return self.wait(start(spec, command)?);
        }
        let file = self.log.file()?;
        if !self.log.echoes() {
            command.stdout(file.try_clone()?).stderr(file);
            return self.wait(start(spec, command)?);
        }
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(Error::from)?;
        command.stdout(writer.try_clone()?).stderr(writer);
        let child = start(spec, command)?;
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| copy(reader, file, self.log, &ended));
            let status = self.wait(child);
            ended.store(true, Ordering::Release);
            status
        })
    }

    /// Runs a command and returns what it wrote to its standard output. Its standard error goes to the log.
    pub fn run_for_output(&self, spec: &CommandSpec) -> Result<(CommandStatus, Vec<u8>), RecipeError> {
        if self.services.interrupted() {
            return Err(RecipeError::Interrupted);
        }
        let mut command = spec.command()?;
        let errors = match self.settings().mode {
            Mode::Upstream => Stdio::inherit(),
            Mode::Slapos => self.log.file()?.into(),
        };
        command.stdout(Stdio::piped()).stderr(errors);
        let mut child = start(spec, command)?;
        let mut stdout = child.stdout.take();
        thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut bytes = Vec::new();
                if let Some(stdout) = &mut stdout {
                    stdout.read_to_end(&mut bytes)?;
                }
                Ok::<_, Error>(bytes)
            });
            let status = self.wait(child)?;
            let bytes = reader.join().map_err(|_| Error::other("the reader of a command's output failed"))??;
            Ok((status, bytes))
        })
    }

    fn wait(&self, child: Child) -> Result<CommandStatus, RecipeError> {
        let group = child.id();
        self.services.group_started(group);
        let status = wait_or_interrupt(child, || self.services.interrupted());
        self.services.group_ended(group);
        status
    }
}

/// Starts a command and drops the parent's ends of its pipes.
fn start(spec: &CommandSpec, mut command: Command) -> Result<Child, RecipeError> {
    command.spawn().map_err(|error| spec.not_started(&error))
}

/// Waits for a group leader, and ends its group when `interrupted` says so.
pub(crate) fn wait_or_interrupt(
    mut child: Child,
    interrupted: impl Fn() -> bool,
) -> Result<CommandStatus, RecipeError> {
    let group = Pid::from_child(&child);
    let handle = pidfd_open(group, PidfdFlags::empty()).ok();
    loop {
        if let Some(status) = child.try_wait()? {
            // What fails while the run is being stopped failed because of that.
            return if interrupted() && !status.success() { Err(RecipeError::Interrupted) } else { Ok(status.into()) };
        }
        if interrupted() {
            end_group(&mut child, group)?;
            return Err(RecipeError::Interrupted);
        }
        match &handle {
            Some(handle) => {
                wait_readable(handle, TICK);
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// SIGTERM to a group; SIGKILL to what is left of it after the grace period.
fn end_group(child: &mut Child, group: Pid) -> std::io::Result<()> {
    // A group that has ended already is what is wanted, so that these signals may fail.
    let _ = kill_process_group(group, Signal::TERM);
    let limit = Instant::now() + GRACE;
    let mut reaped = false;
    while Instant::now() < limit {
        reaped = reaped || child.try_wait()?.is_some();
        if reaped && test_kill_process_group(group).is_err() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = kill_process_group(group, Signal::KILL);
    child.wait()?;
    Ok(())
}

/// Copies a command's output to the log file and to the screen until the pipe closes, or is idle after the end.
fn copy(reader: OwnedFd, mut file: File, log: &dyn PartLog, ended: &AtomicBool) {
    let mut reader = File::from(reader);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let last = ended.load(Ordering::Acquire);
        if !wait_readable(&reader, TICK) {
            if last {
                return;
            }
            continue;
        }
        match reader.read(&mut buffer) {
            Ok(0) => return,
            // The log is a help: a full disk must not stop the command.
            Ok(length) => {
                let _ = file.write_all(&buffer[..length]);
                log.output(&buffer[..length]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// True if a file descriptor became readable (or closed) within the time.
fn wait_readable(fd: &impl AsFd, time: Duration) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    let time = Timespec { tv_sec: 0, tv_nsec: time.subsec_nanos().into() };
    matches!(poll(&mut fds, Some(&time)), Ok(1..))
}
