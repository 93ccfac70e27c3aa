//! Values as recipes see them: text, or in slapos mode typed values written as `!py!...`.

use std::sync::Arc;

use rbuildout_parser::python::{Value, dumps, loads, repr};
use rbuildout_parser::{Diagnostic, Mode, unescape};

use super::sections::Outcome;

const MAGIC: &str = "!py";

/// The value that a stored text stands for.
pub(super) fn read(mode: Mode, text: &Arc<str>) -> Outcome<Value> {
    if mode == Mode::Upstream {
        return Ok(Value::Str(text.to_string()));
    }
    if text.starts_with(MAGIC) {
        return loads(text).map_err(|error| {
            let hint = "Text after `!py!` is a Python literal, or an expression of literals.";
            Box::new(Diagnostic::internal(&error.class, error.message).with_hint(hint))
        });
    }
    Ok(Value::Str(unescape(text).into_owned()))
}

/// The text that stores a value.
pub(super) fn write(mode: Mode, value: Value) -> Outcome<Arc<str>> {
    match value {
        Value::Str(text) => Ok(text.into()),
        other if mode == Mode::Upstream => {
            let message = format!("('Option values must be strings', {})", repr(&other));
            Err(Box::new(Diagnostic::internal("TypeError", message)))
        }
        other => match dumps(&other) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(Box::new(Diagnostic::internal(&error.class, error.message))),
        },
    }
}
