//! A Python exception as data.

use std::borrow::Cow;

/// A Python exception: its class and its message, as the last line of a traceback would show them.
///
/// Things that Python would do and this module does not are reported with the class
/// [`PythonError::UNSUPPORTED`], so that they are never taken for an answer of Python.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}{}{message}", if message.is_empty() { "" } else { ": " })]
pub struct PythonError {
    /// The name of the exception class, e.g. `NameError`.
    pub class: Cow<'static, str>,
    /// The text of the exception, e.g. `name 'len' is not defined`.
    pub message: String,
}

impl PythonError {
    /// The class of errors that say "this evaluator does not support that".
    pub const UNSUPPORTED: &'static str = "UnsupportedPython";

    /// An exception of `class` with `message`.
    pub fn new(class: &'static str, message: impl Into<String>) -> Self {
        Self { class: Cow::Borrowed(class), message: message.into() }
    }

    /// `TypeError`.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new("TypeError", message)
    }

    /// `ValueError`.
    pub fn value_error(message: impl Into<String>) -> Self {
        Self::new("ValueError", message)
    }

    /// `NameError: name 'x' is not defined`.
    pub fn name_error(name: &str) -> Self {
        Self::new("NameError", format!("name '{name}' is not defined"))
    }

    /// `AttributeError: 'str' object has no attribute 'x'`.
    pub fn attribute_error(type_name: &str, name: &str) -> Self {
        Self::new("AttributeError", format!("'{type_name}' object has no attribute '{name}'"))
    }

    /// `IndexError`.
    pub fn index_error(message: impl Into<String>) -> Self {
        Self::new("IndexError", message)
    }

    /// `OverflowError`: also used for integers beyond 128 bits, which Python would compute.
    pub fn overflow(message: impl Into<String>) -> Self {
        Self::new("OverflowError", message)
    }

    /// A construct that Python knows and this module does not.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(Self::UNSUPPORTED, what)
    }

    /// True if this is not Python's error but a limit of this module.
    pub fn is_unsupported(&self) -> bool {
        self.class == Self::UNSUPPORTED
    }
}

/// The result of everything that can raise.
pub(crate) type Result<T, E = PythonError> = std::result::Result<T, E>;
