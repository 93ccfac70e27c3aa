//! The tests of Jinja2 (`x is …`).

use minijinja::value::{Value, ValueKind};
use rbuildout_parser::python;

use super::convert::{string, to_python};
use super::errors::{defined, raise, type_error};
use super::iterate::is_mapping;
use super::object::{Py, Result, py};
use super::{attributes, filters, ops};

/// The tests that exist.
pub(crate) const NAMES: &[&str] = &[
    "!=",
    "<",
    "<=",
    "==",
    ">",
    ">=",
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// `value is name(args)`.
pub(crate) fn apply(name: &str, value: &Value, args: &[Value]) -> Result<bool> {
    match name {
        "defined" => return Ok(!is_undefined(value)),
        "undefined" => return Ok(is_undefined(value)),
        _ => {}
    }
    let one =
        || args.first().ok_or_else(|| type_error(format!("test_{name}() missing 1 required positional argument")));
    let kind = value.kind();
    let is_int = kind == ValueKind::Number && value.is_integer();
    // Python's classes can be asked of undefined values, too; everything else fails on them.
    match name {
        "none" => return Ok(value.is_none()),
        "boolean" => return Ok(kind == ValueKind::Bool),
        "true" => return Ok(kind == ValueKind::Bool && value.is_true()),
        "false" => return Ok(kind == ValueKind::Bool && !value.is_true()),
        "integer" => return Ok(is_int),
        "float" => return Ok(kind == ValueKind::Number && !is_int),
        "number" => return Ok(matches!(kind, ValueKind::Number | ValueKind::Bool)),
        "string" => return Ok(kind == ValueKind::String),
        "mapping" => return Ok(is_mapping(value)),
        "callable" => return Ok(is_callable(value)),
        "escaped" => return Ok(value.is_safe()),
        "sameas" => return same(value, one()?),
        _ => {}
    }
    defined(value)?;
    match name {
        "eq" | "equalto" | "==" => ops::equal(value, one()?),
        "ne" | "!=" => ops::equal(value, one()?).map(|equal| !equal),
        "lt" | "lessthan" | "<" => ops::compare("<", value, one()?),
        "le" | "<=" => ops::compare("<=", value, one()?),
        "gt" | "greaterthan" | ">" => ops::compare(">", value, one()?),
        "ge" | ">=" => ops::compare(">=", value, one()?),
        "in" => ops::contains(one()?, value),
        "divisibleby" => ops::equal(&ops::math("%", value, one()?)?, &Value::from(0)),
        "even" => ops::equal(&ops::math("%", value, &Value::from(2))?, &Value::from(0)),
        "odd" => ops::equal(&ops::math("%", value, &Value::from(2))?, &Value::from(1)),
        "lower" | "upper" => {
            let method = if name == "lower" { "islower" } else { "isupper" };
            match python::str_method(&string(value)?, method, &[], &python::Dict::new()) {
                Some(Ok(result)) => Ok(result.truth()),
                Some(Err(error)) => Err(raise(error)),
                None => Ok(false),
            }
        }
        "iterable" => Ok(super::iterate::length(value).is_some() || matches!(py(value), Some(Py::Iter { .. }))),
        "sequence" => Ok(super::iterate::length(value).is_some()
            && (matches!(kind, ValueKind::String | ValueKind::Seq | ValueKind::Map)
                || matches!(py(value), Some(Py::Range { .. })))),
        "filter" => Ok(filters::NAMES.contains(&string(value)?.as_str())),
        "test" => Ok(NAMES.contains(&string(value)?.as_str())),
        _ => Err(raise(python::PythonError::new(
            "jinja2.exceptions.TemplateRuntimeError",
            format!("No test named {} found.", python::str_repr(name)),
        ))),
    }
}

/// True for both kinds of undefined values.
pub(crate) fn is_undefined(value: &Value) -> bool {
    value.is_undefined() || matches!(py(value), Some(Py::Lenient(_)))
}

/// `callable(value)`.
pub(crate) fn is_callable(value: &Value) -> bool {
    match py(value) {
        Some(Py::Builtin(_) | Py::Function(_) | Py::Bound(..) | Py::Partial { .. }) => true,
        Some(_) => false,
        None => attributes::own(value, "arguments").is_some(),
    }
}

/// `a is b`.
fn same(a: &Value, b: &Value) -> Result<bool> {
    if a.is_undefined() || b.is_undefined() {
        return Ok(false);
    }
    match (py(a), py(b)) {
        (Some(a), Some(b)) => Ok(std::ptr::eq(a, b)),
        (Some(_), None) | (None, Some(_)) => Ok(false),
        // Equal small values of one class are one object in CPython.
        (None, None) => Ok(a.kind() == b.kind() && to_python(a)? == to_python(b)?),
    }
}
