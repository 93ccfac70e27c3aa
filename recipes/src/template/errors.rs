//! From the errors of the engine below to the exceptions of Jinja2 and Python.

use std::cell::RefCell;
use std::error::Error as _;

use minijinja::{Error, ErrorKind, Value};
use rbuildout_parser::python::PythonError;

use super::api::TemplateError;
use super::rewrite::ISOLATED;

/// The class of errors about undefined values.
pub(crate) const UNDEFINED: &str = "jinja2.exceptions.UndefinedError";

thread_local! {
    /// Why the last undefined value that a helper returned is undefined. With strict undefined values its first use is
    /// an error, so the last reason is the right one; the engine below has no room for it in the value.
    static MISSING: RefCell<String> = const { RefCell::new(String::new()) };
}

/// An undefined value, with the text of the error that its use raises.
pub(crate) fn undefined(reason: String) -> Value {
    MISSING.with(|missing| *missing.borrow_mut() = reason);
    Value::UNDEFINED
}

/// Forgets the reasons of earlier renderings.
pub(crate) fn reset() {
    MISSING.with(|missing| missing.borrow_mut().clear());
}

/// An exception as an error of the engine below.
pub(crate) fn raise(error: PythonError) -> Error {
    Error::new(ErrorKind::InvalidOperation, "").with_source(error)
}

/// `TypeError`.
pub(crate) fn type_error(message: impl Into<String>) -> Error {
    raise(PythonError::type_error(message))
}

/// `ValueError`.
pub(crate) fn value_error(message: impl Into<String>) -> Error {
    raise(PythonError::value_error(message))
}

/// Something that only the Python engine can do.
pub(crate) fn unsupported(what: impl Into<String>) -> Error {
    raise(PythonError::unsupported(what))
}

/// The exception of an error, if it has one.
pub(crate) fn exception(error: &Error) -> Option<&PythonError> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(exception) = error.downcast_ref::<PythonError>() {
            return Some(exception);
        }
        source = error.source();
    }
    None
}

/// The error of using an undefined value.
pub(crate) fn undefined_error(value: &Value) -> Error {
    // The engine below knows where an undefined variable comes from, and tells it in the error of an attribute access.
    match value.get_attr("_") {
        Err(error) => error,
        Ok(_) => Error::from(ErrorKind::UndefinedError),
    }
}

/// Fails for undefined values.
pub(crate) fn defined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() { Err(undefined_error(value)) } else { Ok(()) }
}

/// The final form of an error.
pub(crate) fn translate(error: &Error, template: &str) -> TemplateError {
    let mut place = (template.to_owned(), 0);
    let mut innermost = error;
    let mut current: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = current {
        if let Some(error) = error.downcast_ref::<Error>() {
            innermost = error;
            if let (Some(name), Some(line)) = (error.name(), error.line()) {
                let name = name.split(ISOLATED).next().unwrap_or(name);
                place = (name.to_owned(), line);
            }
        }
        if let Some(error) = error.downcast_ref::<TemplateError>() {
            return error.clone();
        }
        current = error.source();
    }
    TemplateError {
        exception: exception(error).cloned().unwrap_or_else(|| classify(innermost)),
        template: place.0,
        line: place.1,
    }
}

fn classify(error: &Error) -> PythonError {
    let detail = error.detail().unwrap_or_default().to_owned();
    let first_word = detail.split_whitespace().next().unwrap_or_default().to_owned();
    match error.kind() {
        ErrorKind::UndefinedError => PythonError::new(UNDEFINED, undefined_text(&detail)),
        ErrorKind::UnknownFunction => PythonError::new(UNDEFINED, format!("'{first_word}' is undefined")),
        ErrorKind::TemplateNotFound => {
            let name = detail.split(['"', '\'']).nth(1).unwrap_or(&detail);
            let name = name.split("\\x00isolated").next().unwrap_or(name);
            let name = name.split("\\0isolated").next().unwrap_or(name);
            PythonError::new("jinja2.exceptions.TemplateNotFound", name)
        }
        ErrorKind::SyntaxError => PythonError::new("jinja2.exceptions.TemplateSyntaxError", detail),
        ErrorKind::CannotUnpack => unpack_error(&detail),
        ErrorKind::TooManyArguments if detail.is_empty() => PythonError::type_error("macro takes not more arguments"),
        ErrorKind::TooManyArguments | ErrorKind::MissingArgument | ErrorKind::UnknownMethod => {
            PythonError::type_error(detail)
        }
        ErrorKind::InvalidOperation if detail.starts_with("value of type undefined is not callable") => {
            PythonError::new(UNDEFINED, undefined_text(&detail))
        }
        ErrorKind::InvalidOperation if detail.ends_with("is not callable") => {
            let class = match detail.split_whitespace().nth(3).unwrap_or_default() {
                "string" => "str",
                "number" => "int",
                "none" => "NoneType",
                other => other,
            };
            PythonError::type_error(format!("'{class}' object is not callable"))
        }
        ErrorKind::InvalidOperation if detail.starts_with("can only assign to namespaces") => PythonError::new(
            "jinja2.exceptions.TemplateRuntimeError",
            "cannot assign attribute on non-namespace object",
        ),
        ErrorKind::InvalidOperation if detail.contains("recursion limit") => {
            PythonError::new("RecursionError", "maximum recursion depth exceeded")
        }
        kind => PythonError::type_error(format!("{kind}: {detail}")),
    }
}

/// The engine below says `` `x` is undefined`` of variables; helpers left their reason aside.
fn undefined_text(detail: &str) -> String {
    let name = detail.split('`').nth(1).unwrap_or_default();
    if !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric()) {
        return format!("'{name}' is undefined");
    }
    MISSING.with(|missing| missing.borrow().clone())
}

fn unpack_error(detail: &str) -> PythonError {
    let numbers: Vec<usize> =
        detail.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    match numbers.as_slice() {
        [expected, got] if got > expected => {
            PythonError::value_error(format!("too many values to unpack (expected {expected})"))
        }
        [expected, got] => {
            PythonError::value_error(format!("not enough values to unpack (expected {expected}, got {got})"))
        }
        _ => PythonError::type_error("cannot unpack non-iterable object"),
    }
}
