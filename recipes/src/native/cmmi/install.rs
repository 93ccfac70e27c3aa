//! The steps of a build.

use std::cell::{Cell, OnceCell};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_cache::tree;

use super::commands::Commands;
use super::{CmmiPart, Source, env_script, shebang};
use crate::error::{CommandStatus, RecipeError};
use crate::native::build::unpack;
use crate::native::common::environment::Variables;
use crate::native::common::{paths, signals, truth};
use crate::run::{CommandSpec, RunContext};

/// A build under way.
struct Build<'a> {
    part: &'a CmmiPart,
    run: &'a RunContext<'a>,
    commands: Commands,
    /// Where commands run.
    directory: PathBuf,
    /// Computed, and logged, when the first command needs it.
    environment: OnceCell<Variables>,
    /// It cannot be computed.
    environment_failed: Cell<bool>,
}

impl CmmiPart {
    /// Fills the location, which exists and is empty.
    pub(super) fn build(&self, run: &RunContext) -> Result<(), RecipeError> {
        self.check_hooks()?;
        let keep = truth::exact_or_empty(self.keep_compile_dir.as_deref(), false)?;
        let commands = self.commands()?;
        match &self.source {
            Source::Archive(request) => {
                fs::create_dir_all(&self.compile_directory)?;
                // Nothing of a source that isn't complete stays.
                unpack(run, request, &self.compile_directory, self.strip, &self.environment)
                    .inspect_err(|_| drop(tree::remove(&self.compile_directory)))?;
            }
            Source::Directory => {
                run.info(&format!("Using local source directory: {}", self.option("path")));
            }
        }
        let directory = only_directory(&self.compile_directory)?;
        let build = Build {
            part: self,
            run,
            commands,
            directory,
            environment: OnceCell::new(),
            environment_failed: Cell::default(),
        };
        build.all_steps().inspect_err(|error| build.report(error))?;
        if keep {
            build.save_environment()?;
            run.info(&format!("A shell script {} has been generated.", env_script::NAME));
        } else if matches!(self.source, Source::Archive(_)) {
            tree::remove(&self.compile_directory)?;
        }
        for promise in self.option("promises").lines().map(str::trim).filter(|line| !line.is_empty()) {
            if !paths::resolve(run.settings(), promise).exists() {
                run.warning(&format!("could not find promise '{promise}'"));
            }
        }
        shebang::fix(&self.place.location)
    }
}

/// The directory in which the only entry is one, if that is so.
fn only_directory(directory: &Path) -> Result<PathBuf, RecipeError> {
    let mut entries = fs::read_dir(directory)?;
    if let (Some(first), None) = (entries.next().transpose()?, entries.next())
        && first.path().is_dir()
    {
        return Ok(first.path());
    }
    Ok(directory.to_owned())
}

impl Build<'_> {
    fn all_steps(&self) -> Result<(), RecipeError> {
        if !self.part.patches.is_empty() {
            self.run.info("Applying patches");
            self.part.patches.apply(
                self.run,
                &self.directory,
                || self.environment().cloned(),
                |text, spec, status| self.failed(text, spec, status),
            )?;
        }
        self.option("pre-configure")?;
        self.command("configure", &self.commands.configure)?;
        self.option("pre-build")?;
        self.command("make", &self.commands.make)?;
        self.option("pre-install")?;
        self.command("install", &self.commands.install)?;
        self.option("post-install")
    }

    /// Runs the shell text of an option, if there is one.
    fn option(&self, key: &str) -> Result<(), RecipeError> {
        let text = self.part.option(key).trim();
        if text.is_empty() {
            return Ok(());
        }
        self.run.info(&format!("Executing {key}"));
        self.command(key, &self.part.format(text)?)
    }

    fn command(&self, phase: &str, text: &str) -> Result<(), RecipeError> {
        self.run.log.phase(phase);
        let text = format!("set -e;{text}");
        let spec = CommandSpec::shell(&text, &self.directory).environment(self.environment()?);
        let status = self.run.run(&spec)?;
        if status.success() { Ok(()) } else { Err(self.failed(&text, &spec, status)) }
    }

    fn failed(&self, text: &str, spec: &CommandSpec, status: CommandStatus) -> RecipeError {
        self.run.error(&match status {
            CommandStatus::Exited(code) => format!("Command '{text}' returned non-zero exit status {code}."),
            CommandStatus::Signalled(signal) => match signals::name(signal) {
                Some(name) => format!("Command '{text}' died with <Signals.SIG{name}: {signal}>."),
                None => format!("Command '{text}' died with unknown signal {signal}."),
            },
        });
        RecipeError::command("System error", spec.failure(status))
    }

    fn environment(&self) -> Result<&Variables, RecipeError> {
        if let Some(variables) = self.environment.get() {
            return Ok(variables);
        }
        let variables = self.part.environment.variables(self.run);
        self.environment_failed.set(variables.is_err());
        let mut variables = variables?;
        if self.commands.is_cygport {
            let prefix = self.part.option("prefix");
            variables.entry("CYGCONF_PREFIX".into()).or_insert_with(|| prefix.into());
        }
        Ok(self.environment.get_or_init(|| variables))
    }

    fn save_environment(&self) -> Result<(), RecipeError> {
        env_script::save(&self.directory, &self.run.services.environment(), self.environment()?, &self.commands)
    }

    /// Leaves what a person needs to look into a failure.
    fn report(&self, error: &RecipeError) {
        if matches!(error, RecipeError::Interrupted) || self.environment_failed.get() {
            return;
        }
        let mut message = vec![format!(
            "Compilation error. The package is left as is at {} where you can inspect what went wrong.",
            self.directory.display()
        )];
        // The error to show is that of the build, even if the script can't be written.
        if self.save_environment().is_ok() {
            message.push(format!(
                "A shell script {} has been generated. You can source it in your shell to reproduce build environment.",
                env_script::NAME
            ));
        }
        self.run.error(&message.join("\n"));
    }
}
