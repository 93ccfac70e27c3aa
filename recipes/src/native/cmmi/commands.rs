//! The three commands of a build, put together from the options.

use super::CmmiPart;
use crate::error::RecipeError;
use crate::native::common::percent::format_with;

/// The commands, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commands {
    pub(crate) configure: String,
    pub(crate) make: String,
    pub(crate) install: String,
    /// The configure command is the single word `cygport`, which takes its prefix from the environment.
    pub(crate) is_cygport: bool,
}

impl CmmiPart {
    /// Puts the commands together. Pieces are joined by single blanks, even empty ones: records show them so.
    pub(super) fn commands(&self) -> Result<Commands, RecipeError> {
        let prefix = self.option("prefix");
        let configure_command = self.option("configure-command").trim();
        let mut configure_options = words(self.option("configure-options"));
        let make = self.options.get("make-binary").map_or("make", |make| make.trim());
        let make_options = words(self.option("make-options"));
        let mut targets = words(self.options.get("make-targets").map_or("install", String::as_str));
        let configure_command = if configure_command.is_empty() {
            if !configure_options.contains("--prefix") {
                let given = [format!("--prefix=\"{prefix}\""), configure_options];
                configure_options = given.join(" ").trim_end().into();
            }
            "./configure"
        } else {
            if make == "make" && targets == "install" {
                // A project without a configure script most likely takes the prefix from make.
                targets = format!("install prefix=\"{prefix}\"");
            }
            configure_command
        };
        Ok(Commands {
            configure: self.format(&format!("{configure_command} {configure_options}"))?,
            make: self.format(&format!("{make} {make_options}"))?,
            install: self.format(&format!("{make} {make_options} {targets}"))?,
            is_cygport: configure_command == "cygport",
        })
    }

    /// Formats a shell text with the options.
    pub(super) fn format(&self, text: &str) -> Result<String, RecipeError> {
        format_with(text, "Options", |key| {
            self.options.get(key).cloned().ok_or_else(|| RecipeError::missing_option(&self.part, key))
        })
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
