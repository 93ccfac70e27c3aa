//! Operators: arithmetic, comparison, concatenation, subscripts.

use std::cmp::Ordering;

use minijinja::value::{Value, ValueKind};
use rbuildout_parser::python::{self, BinaryOp, CompareOp, PythonError, UnaryOp};

use super::convert::{class_name, from_python, string, to_python};
use super::errors::{defined, raise, type_error, undefined};
use super::iterate::{MAX_ITEMS, items, too_many};
use super::object::{Py, Result, list, lock, py, text, tuple};
use super::{attributes, iterate};

/// `a op b` for the arithmetic operators.
pub(crate) fn math(op: &str, a: &Value, b: &Value) -> Result {
    defined(a)?;
    defined(b)?;
    let op = match op {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "//" => BinaryOp::FloorDiv,
        "%" => BinaryOp::Mod,
        _ => BinaryOp::Pow,
    };
    match (op, py(a), py(b)) {
        // Concatenation keeps the identity of the elements.
        (BinaryOp::Add, Some(Py::List(_)), Some(Py::List(_))) => {
            return Ok(list([items(a)?, items(b)?].concat()));
        }
        (BinaryOp::Add, Some(Py::Tuple(_)), Some(Py::Tuple(_))) => {
            return Ok(tuple([items(a)?, items(b)?].concat()));
        }
        (BinaryOp::Mul, Some(Py::List(_)), None) if b.is_integer() => return repeat(a, b),
        (BinaryOp::Mul, None, Some(Py::List(_))) if a.is_integer() => return repeat(b, a),
        _ => {}
    }
    if op == BinaryOp::Add && (a.is_safe() || b.is_safe()) && a.as_str().is_some() && b.as_str().is_some() {
        return join_safe(a, b);
    }
    if op == BinaryOp::Mod && a.as_str().is_some() {
        return percent(a, b);
    }
    python::binary(op, &to_python(a)?, &to_python(b)?).map(from_python).map_err(raise)
}

/// `template % values`; an undefined value only counts if it is used.
fn percent(template: &Value, values: &Value) -> Result {
    let template = template.as_str().unwrap_or_default();
    if iterate::is_mapping(values) {
        let whole = to_python(values);
        if let Ok(whole) = whole {
            return python::percent_format(template, &whole).map(text).map_err(raise);
        }
        return python::percent_format_with(template, "dict", |key| -> Result<python::Value, Failure> {
            let value = attributes::item(values, &Value::from(key)).map_err(Failure)?;
            if value.is_undefined() {
                return Err(Failure(raise(PythonError::new("KeyError", python::str_repr(key)))));
            }
            to_python(&value).map_err(Failure)
        })
        .map(text)
        .map_err(|failure| failure.0);
    }
    python::percent_format(template, &to_python(values)?).map(text).map_err(raise)
}

/// Lets errors of the engine below pass through the formatter.
struct Failure(minijinja::Error);

impl From<PythonError> for Failure {
    fn from(error: PythonError) -> Self {
        Self(raise(error))
    }
}

fn repeat(sequence: &Value, count: &Value) -> Result {
    let count = usize::try_from(i128::try_from(count.clone())?.max(0)).unwrap_or(usize::MAX);
    let elements = items(sequence)?;
    let total = elements.len().saturating_mul(count);
    if total > MAX_ITEMS {
        return Err(too_many());
    }
    Ok(list(elements.iter().cycle().take(total).cloned().collect()))
}

/// `-a` and `+a`.
pub(crate) fn sign(op: UnaryOp, a: &Value) -> Result {
    defined(a)?;
    python::unary(op, &to_python(a)?).map(from_python).map_err(raise)
}

/// `a ~ b ~ c`: text of all.
pub(crate) fn concat(parts: &[Value]) -> Result {
    let mut out = String::new();
    for part in parts {
        out.push_str(&string(part)?);
    }
    Ok(text(out))
}

/// `a + b` if one of them is marked as safe: the other is escaped.
fn join_safe(a: &Value, b: &Value) -> Result {
    let mut out = String::new();
    for part in [a, b] {
        let shown = string(part)?;
        if part.is_safe() {
            out.push_str(&shown);
        } else {
            out.push_str(&super::filters_text::escape_text(&shown));
        }
    }
    Ok(Value::from_safe_string(out))
}

/// `a op b` for comparisons.
pub(crate) fn compare(op: &str, a: &Value, b: &Value) -> Result<bool> {
    let op = match op {
        "in" => return contains(b, a),
        "not in" => return contains(b, a).map(|found| !found),
        "==" => return equal(a, b),
        "!=" => return equal(a, b).map(|equal| !equal),
        "<" => CompareOp::Lt,
        "<=" => CompareOp::Le,
        ">" => CompareOp::Gt,
        _ => CompareOp::Ge,
    };
    defined(a)?;
    defined(b)?;
    python::compare(op, &to_python(a)?, &to_python(b)?).map_err(raise)
}

/// `a == b`.
pub(crate) fn equal(a: &Value, b: &Value) -> Result<bool> {
    defined(a)?;
    defined(b)?;
    if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
        return Ok(a == b);
    }
    if let (Some(a), Some(b)) = (py(a), py(b))
        && std::ptr::eq(a, b)
    {
        return Ok(true);
    }
    match (py(a), py(b)) {
        (Some(Py::Record(x)), Some(Py::Record(y))) => Ok(x.class == y.class && x.repr == y.repr),
        (Some(Py::Builtin(x)), Some(Py::Builtin(y))) => Ok(x == y),
        (Some(Py::Record(record)), _) if record.elements.is_some() => {
            equal(&tuple(record.elements.clone().unwrap_or_default()), b)
        }
        _ => Ok(to_python(a)? == to_python(b)?),
    }
}

/// `element in container`.
pub(crate) fn contains(container: &Value, element: &Value) -> Result<bool> {
    defined(container)?;
    defined(element)?;
    match py(container) {
        Some(Py::Dict(dict)) => Ok(lock(dict).get(element)?.is_some()),
        Some(Py::View("dict_keys", dict)) => contains(dict, element),
        Some(Py::Set { items, .. }) => {
            let key = super::dict::key_of(element)?;
            Ok(lock(items).contains_key(&key))
        }
        Some(Py::Record(record)) if record.class.starts_with("IP") => super::modules::net::contains(record, element),
        Some(Py::List(_) | Py::Tuple(_) | Py::View(..) | Py::Iter { .. } | Py::Range { .. } | Py::Record(_)) => {
            for item in items(container)? {
                if !item.is_undefined() && equal(&item, element)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Some(Py::Bytes(_)) => python::contains(&to_python(container)?, &to_python(element)?).map_err(raise),
        Some(Py::Lenient(_)) => Ok(false),
        Some(_) => Err(type_error(format!("argument of type '{}' is not iterable", class_name(container)))),
        None if matches!(container.kind(), ValueKind::Seq | ValueKind::Iterable | ValueKind::Map) => {
            for item in items(container)? {
                if equal(&item, element)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        None => python::contains(&to_python(container)?, &to_python(element)?).map_err(raise),
    }
}

/// Sorts stably by a key; fails where two keys have no order.
pub(crate) fn sort_by_key(values: &mut Vec<Value>, key: impl Fn(&Value) -> Result<Value>) -> Result<()> {
    let mut keyed = Vec::with_capacity(values.len());
    for value in values.drain(..) {
        keyed.push((to_python(&key(&value)?)?, value));
    }
    let mut failure = None;
    keyed.sort_by(|(a, _), (b, _)| order(a, b, &mut failure));
    if let Some(error) = failure {
        return Err(raise(error));
    }
    values.extend(keyed.into_iter().map(|(_, value)| value));
    Ok(())
}

/// The order of two keys, from `<` alone; remembers the first failure.
pub(crate) fn order(a: &python::Value, b: &python::Value, failure: &mut Option<PythonError>) -> Ordering {
    if failure.is_some() {
        return Ordering::Equal;
    }
    match python::compare(CompareOp::Lt, a, b) {
        Ok(true) => Ordering::Less,
        Ok(false) => match python::compare(CompareOp::Lt, b, a) {
            Ok(true) => Ordering::Greater,
            _ => Ordering::Equal,
        },
        Err(error) => {
            *failure = Some(error);
            Ordering::Equal
        }
    }
}

/// `value[start:stop:step]`, as an undefined value if the class has no slices.
pub(crate) fn slice(value: &Value, parts: &[Value; 3]) -> Result {
    let [start, stop, step] = parts;
    let slice = python::Slice::of(&to_python(start)?, &to_python(stop)?, &to_python(step)?).map_err(raise)?;
    let pick = |elements: Vec<Value>| -> Result<Vec<Value>> {
        Ok(slice
            .positions(elements.len())
            .map_err(raise)?
            .into_iter()
            .map(|position| elements[position].clone())
            .collect())
    };
    match py(value) {
        Some(Py::List(_) | Py::Range { .. }) => pick(items(value)?).map(list),
        Some(Py::Tuple(_)) => pick(items(value)?).map(tuple),
        Some(Py::Bytes(_)) => python::slice(&to_python(value)?, &slice).map(from_python).map_err(raise),
        Some(Py::Record(record)) if record.elements.is_some() => pick(items(value)?).map(tuple),
        None if value.kind() == ValueKind::String => {
            python::slice(&to_python(value)?, &slice).map(from_python).map_err(raise)
        }
        None if value.kind() == ValueKind::Seq => pick(items(value)?).map(list),
        _ => Ok(undefined(attributes::no_element(value, "slice(...)"))),
    }
}
