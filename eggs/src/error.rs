//! Why eggs could not be found, installed or used.

use std::fmt;
use std::io;

use rbuildout_cache::DownloadError;
use rbuildout_cache::archive::ArchiveError;

/// What went wrong, and what was being done at the time.
#[derive(Debug)]
pub struct EggError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    cause: Cause,
    doing: Vec<String>,
    hint: Option<String>,
}

/// The kinds of failure.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// What a person can mend: the reference's `UserError`, in its words.
    #[error("{0}")]
    User(String),
    /// What the reference reports as an internal error, whose last line is `class: message`.
    #[error("{class}: {message}")]
    Internal { class: String, message: String },
    /// A program that was started did not succeed. The message has been logged, as the reference does before it exits.
    #[error("{message}")]
    Command { message: String, command: String, status: Status },
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Io(io::Error),
    /// The run is to stop.
    #[error("Interrupted.")]
    Interrupted,
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        // Reads and writes are never interrupted: this comes from a program that was ended with the run.
        if error.kind() == io::ErrorKind::Interrupted { Self::Interrupted } else { Self::Io(error) }
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Exited(i32),
    Signalled(i32),
}

impl Status {
    pub fn success(self) -> bool {
        self == Self::Exited(0)
    }
}

impl EggError {
    pub fn new(cause: impl Into<Cause>) -> Self {
        Self(Box::new(Inner { cause: cause.into(), doing: Vec::new(), hint: None }))
    }

    pub fn user(message: impl Into<String>) -> Self {
        Self::new(Cause::User(message.into()))
    }

    pub fn internal(class: &str, message: impl Into<String>) -> Self {
        Self::new(Cause::Internal { class: class.to_owned(), message: message.into() })
    }

    /// Says what to do about it.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds what was being done, around what is known already (the lines of the `While:` block, outermost first).
    pub fn while_doing(mut self, doing: impl Into<String>) -> Self {
        self.0.doing.insert(0, doing.into());
        self
    }

    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    pub fn into_cause(self) -> Cause {
        self.0.cause
    }

    /// Lines of the `While:` block, outermost first, without indentation by level.
    pub fn doing(&self) -> &[String] {
        &self.0.doing
    }

    pub fn hint(&self) -> Option<String> {
        match &self.0.cause {
            Cause::Download(error) if self.0.hint.is_none() => Some(error.hint()),
            _ => self.0.hint.clone(),
        }
    }
}

impl fmt::Display for EggError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.cause.fmt(f)
    }
}

impl std::error::Error for EggError {}

impl<T: Into<Cause>> From<T> for EggError {
    fn from(cause: T) -> Self {
        Self::new(cause)
    }
}
