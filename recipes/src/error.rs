//! Why a recipe failed.

use std::error::Error as StdError;
use std::ops::Range;
use std::path::PathBuf;

use rbuildout_cache::DownloadError;
use rbuildout_cache::archive::ArchiveError;
use rbuildout_parser::Frame;
use rbuildout_parser::python::PythonError;
use thiserror::Error;

/// Errors of recipes, in the reference's two kinds (user errors and internal errors) plus what the engine itself
/// raised while a recipe called it.
#[derive(Debug, Error)]
pub enum RecipeError {
    /// What a user can mend in the profile or on the machine: shown after `Error: `.
    #[error("{message}")]
    User {
        message: String,
        /// The command that failed, if that is the cause.
        command: Option<Box<CommandFailure>>,
        /// What to do about it.
        hint: Option<String>,
    },
    /// What the reference reports as an internal error whose last line is `class: message`.
    #[error("{class}: {message}")]
    Internal { class: String, message: String },
    /// An exception of a Python recipe that is no user error.
    #[error("{class}: {message}")]
    Python { class: String, message: String, frames: Vec<Frame> },
    /// What an import raised: the recipe was not reached.
    #[error("{0}")]
    Importing(Box<RecipeError>),
    /// An error in a text that the recipe works on, a template for example.
    #[error("{error}")]
    At { error: Box<RecipeError>, place: Box<Place>, hint: Option<String> },
    /// An error of the engine, raised through a `Host` call: passed on untouched.
    #[error(transparent)]
    Host(Box<dyn StdError + Send + Sync>),
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// This part can only be installed by the Python original of the native recipe, for this reason.
    #[error("{0}")]
    NeedsOriginal(String),
    /// upstream mode: the recipe ended the process with this status, and with that the run.
    #[error("The recipe ended the run with status {0}.")]
    Ended(i32),
    /// The run was interrupted while this part was at work.
    #[error("Interrupted.")]
    Interrupted,
}

/// Where in a text something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub text: Text,
    /// Number of the line, from 1.
    pub line: usize,
    /// The line, without its end.
    pub content: String,
    /// The bytes of the line that are wrong.
    pub mark: Range<usize>,
}

/// What a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// A file, by its path or URL.
    File(String),
    /// The value of an option of the part.
    Option(&'static str),
}

impl Place {
    /// A whole line.
    pub fn line(text: Text, line: usize, content: &str) -> Self {
        let start = content.len() - content.trim_start().len();
        let mark = start..content.trim_end().len().max(start);
        Self { text, line, content: content.to_owned(), mark }
    }
}

/// A child process that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandFailure {
    /// The command as a person would type it.
    pub command: String,
    pub status: CommandStatus,
    pub directory: PathBuf,
}

/// How a child process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandStatus {
    Exited(i32),
    Signalled(i32),
}

impl CommandStatus {
    pub fn success(self) -> bool {
        self == Self::Exited(0)
    }

    /// Python's `returncode`: the exit status, or minus the signal.
    pub fn returncode(self) -> i32 {
        match self {
            Self::Exited(code) => code,
            Self::Signalled(signal) => -signal,
        }
    }
}

impl RecipeError {
    pub fn user(message: impl Into<String>) -> Self {
        Self::User { message: message.into(), command: None, hint: None }
    }

    pub fn user_with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::User { message: message.into(), command: None, hint: Some(hint.into()) }
    }

    pub fn command(message: impl Into<String>, failure: CommandFailure) -> Self {
        Self::User { message: message.into(), command: Some(Box::new(failure)), hint: None }
    }

    pub fn internal(class: &str, message: impl Into<String>) -> Self {
        Self::Internal { class: class.to_owned(), message: message.into() }
    }

    /// This error, at a place of a text.
    pub fn at(self, place: Place, hint: Option<String>) -> Self {
        Self::At { error: Box::new(self), place: Box::new(place), hint }
    }

    pub fn missing_option(section: &str, option: &str) -> Self {
        Self::user(format!("Missing option: {section}:{option}"))
    }
}

/// What would be an exception of the Python original.
impl From<PythonError> for RecipeError {
    fn from(error: PythonError) -> Self {
        Self::internal(&error.class, error.message)
    }
}
