//! `plone.recipe.command`: runs a shell command.
//!
//! | option | meaning |
//! |---|---|
//! | `command` | text for `/bin/sh -c`, run in the buildout directory at install; required then |
//! | `update-command` | the same at update; absent: nothing is run |
//! | `location` | whitespace-separated paths to record |
//! | `stop-on-error` | yes, on, true, no, off or false (default); whether a failing command fails the part |
//!
//! Publishes nothing. Errors: `No command specified`, `Invalid value 'x' for 'stop_on_error', ...`,
//! `Non zero exit code (N) while running command.`

use rbuildout_parser::python::to_str;

use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe, text};
use crate::error::RecipeError;
use crate::native::common::truth;
use crate::run::{CommandSpec, Level, RunContext};

pub(crate) struct PloneCommand;

impl Recipe for PloneCommand {
    fn distribution(&self) -> Distribution {
        Distribution { project: "plone.recipe.command", version: "1.1" }
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let stop = text(host, "stop-on-error")?;
        let Some(stop_on_error) = truth::switch(stop.as_deref()) else {
            let stop = stop.unwrap_or_default();
            let message =
                format!("Invalid value '{stop}' for 'stop_on_error', use 'yes', 'on', 'true', 'no', 'off' or false.");
            host.record(Level::Error, &message);
            return Err(RecipeError::user(message));
        };
        let location = text(host, "location")?.unwrap_or_default();
        Ok(Box::new(CommandPart {
            install: text(host, "command")?.filter(|command| !command.is_empty()),
            // The original reads it when there is something to update.
            update: host.peek("update-command")?.map(|command| to_str(&command)),
            location: location.split_whitespace().map(str::to_owned).collect(),
            stop_on_error,
        }))
    }
}

struct CommandPart {
    install: Option<String>,
    update: Option<String>,
    location: Vec<String>,
    stop_on_error: bool,
}

impl CommandPart {
    fn run(&self, command: &str, run: &RunContext) -> Result<(), RecipeError> {
        run.log.phase("command");
        let spec = CommandSpec::shell(command, &run.settings().directory).environment(&run.services.environment());
        let status = run.run(&spec)?;
        if status.success() || !self.stop_on_error {
            return Ok(());
        }
        let message = format!("Non zero exit code ({}) while running command.", status.returncode());
        run.error(&message);
        Err(RecipeError::command(message, spec.failure(status)))
    }
}

impl Part for CommandPart {
    fn effects(&self) -> Effects {
        Effects::Ordered
    }

    fn update_is_noop(&self) -> bool {
        self.update.is_none()
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        let Some(command) = &self.install else {
            let message = "No command specified";
            run.error(message);
            return Err(RecipeError::user_with_hint(message, "Set the option `command`."));
        };
        run.info(&format!("Running '{command}'"));
        self.run(command, run)?;
        Ok(Installed::Paths(self.location.clone()))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        if let Some(command) = &self.update {
            // The original quotes the command in the other record only.
            run.info(&format!("Running {command}"));
            self.run(command, run)?;
        }
        Ok(Installed::None)
    }
}
