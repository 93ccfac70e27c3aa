//! Errors on their way through Python, in both directions.
//!
//! An error of the engine goes to Python as an exception with a number. If that exception comes out again, what is reported is
//! the stored error, with its place in the profile.

use std::sync::Mutex;

use rbuildout_parser::{Class, Diagnostic};

use super::protocol::{ErrorObject, Kind};
use crate::error::RecipeError;

/// Errors of the engine that were sent to Python.
#[derive(Default)]
pub(super) struct Kept {
    errors: Mutex<Vec<Option<RecipeError>>>,
}

impl Kept {
    /// What to send of an error.
    pub(super) fn send(&self, error: RecipeError) -> ErrorObject {
        let mut object = describe(&error);
        let mut errors = self.errors.lock().expect("no panic while locked");
        object.token = Some(errors.len());
        errors.push(Some(error));
        object
    }

    /// What an exception that came out of Python is.
    pub(super) fn receive(&self, error: ErrorObject, doing: &str) -> RecipeError {
        let importing = error.importing;
        let received = self.received(error, doing);
        if importing { RecipeError::Importing(Box::new(received)) } else { received }
    }

    fn received(&self, error: ErrorObject, doing: &str) -> RecipeError {
        let kept = error.token.and_then(|token| {
            let mut errors = self.errors.lock().expect("no panic while locked");
            errors.get_mut(token).and_then(Option::take)
        });
        match (kept, error.kind) {
            (Some(kept), _) => kept,
            (None, Kind::User | Kind::MissingOption | Kind::MissingSection) => RecipeError::user(error.message),
            (None, Kind::Exit) => {
                let status = error.status.unwrap_or(1);
                let said = Some(error.message).filter(|text| !text.is_empty() && *text != status.to_string());
                let text = said.map_or_else(|| ".".to_owned(), |text| format!(": {text}"));
                RecipeError::user_with_hint(
                    format!("The recipe called sys.exit({status}) {doing}{text}"),
                    "A recipe reports what is wrong by raising zc.buildout.UserError: this is a defect of the recipe.",
                )
            }
            (None, Kind::Interrupt) => RecipeError::Python {
                class: "KeyboardInterrupt".to_owned(),
                message: error.message,
                frames: error.frames,
            },
            (None, Kind::Key | Kind::Internal) => {
                let class = match error.module.as_str() {
                    "" | "builtins" => error.class,
                    module => format!("{module}.{}", error.class),
                };
                RecipeError::Python { class, message: error.message, frames: error.frames }
            }
        }
    }
}

pub(super) fn describe(error: &RecipeError) -> ErrorObject {
    let message = error.to_string();
    let (kind, class, module) = match error {
        RecipeError::At { error, .. } | RecipeError::Importing(error) => return describe(error),
        RecipeError::User { .. } => (user_kind(&message), String::new(), String::new()),
        RecipeError::Internal { class, .. } | RecipeError::Python { class, .. } => internal(class),
        RecipeError::Host(inner) => match inner.downcast_ref::<Diagnostic>() {
            Some(Diagnostic { class: Class::Internal(class), .. }) => internal(class),
            _ => (user_kind(&message), String::new(), String::new()),
        },
        RecipeError::Interrupted => (Kind::Interrupt, "KeyboardInterrupt".to_owned(), String::new()),
        RecipeError::Download(error) if error.is_mismatch() => {
            (Kind::User, "ChecksumError".to_owned(), "zc.buildout.download".to_owned())
        }
        RecipeError::Download(_) | RecipeError::Archive(_) | RecipeError::NeedsOriginal(_) => {
            (Kind::User, String::new(), String::new())
        }
        RecipeError::Io(_) | RecipeError::Ended(_) => internal("OSError"),
    };
    let message = match error {
        RecipeError::Internal { message, .. } | RecipeError::Python { message, .. } => message.clone(),
        _ => message,
    };
    ErrorObject { kind, class, module, message, ..ErrorObject::default() }
}

fn internal(class: &str) -> (Kind, String, String) {
    let (module, class) = class.rsplit_once('.').unwrap_or(("builtins", class));
    let kind = if class == "KeyError" { Kind::Key } else { Kind::Internal };
    (kind, class.to_owned(), module.to_owned())
}

/// The reference has classes of their own for two errors, which recipes catch. Their texts are fixed.
fn user_kind(message: &str) -> Kind {
    if message.starts_with("Missing option:") || message.starts_with("Referenced option does not exist:") {
        Kind::MissingOption
    } else if message.starts_with("The referenced section, ") {
        Kind::MissingSection
    } else {
        Kind::User
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rbuildout_cache::DownloadError;
    use rbuildout_cache::download::Mismatch;
    use rbuildout_cache::hash::Algorithm;

    use super::*;

    #[test]
    fn recipes_catch_wrong_checksums() {
        let mismatch = Mismatch { algorithm: Algorithm::Md5, expected: "a".to_owned(), found: "b".to_owned() };
        let error = DownloadError::LocalMismatch { path: PathBuf::from("/f"), mismatch };
        let object = describe(&RecipeError::Download(error));
        assert_eq!((object.kind, object.class.as_str()), (Kind::User, "ChecksumError"));
        let offline = DownloadError::Offline { url: "http://h/".to_owned() };
        assert_eq!(describe(&RecipeError::Download(offline)).class, "");
    }
}
