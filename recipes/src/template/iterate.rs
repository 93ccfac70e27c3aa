//! Iteration, length and truth.

use minijinja::Error;
use minijinja::value::{Value, ValueKind};
use rbuildout_parser::python::PythonError;

use super::convert::class_name;
use super::errors::{defined, raise, type_error};
use super::object::{Cursor, Py, Result, cursor, iterator, lock, py, text, tuple};

/// The longest endless iterator that is taken apart.
pub(crate) const MAX_ITEMS: usize = 10_000_000;

/// The error of more elements than that.
pub(crate) fn too_many() -> Error {
    raise(PythonError::new("MemoryError", format!("more than {MAX_ITEMS} elements")))
}

/// All values that iterating over `value` gives. Iterators are used up.
pub(crate) fn items(value: &Value) -> Result<Vec<Value>> {
    if let Some(object) = py(value) {
        return match object {
            Py::List(items) => Ok(lock(items).clone()),
            Py::Tuple(items) => Ok(items.clone()),
            Py::Dict(dict) => Ok(lock(dict).pairs().into_iter().map(|(key, _)| key).collect()),
            Py::Set { items, .. } => Ok(sorted(lock(items).values().cloned().collect())),
            Py::View(kind, dict) => Ok(pairs(dict)?
                .into_iter()
                .map(|(key, value)| match *kind {
                    "dict_keys" => key,
                    "dict_values" => value,
                    _ => tuple(vec![key, value]),
                })
                .collect()),
            Py::Range { start, stop, step } => {
                let mut items = Vec::new();
                let mut next = *start;
                while (*step > 0 && next < *stop) || (*step < 0 && next > *stop) {
                    items.push(Value::from(next));
                    next += step;
                    if items.len() > MAX_ITEMS {
                        return Err(too_many());
                    }
                }
                Ok(items)
            }
            Py::Iter { state, .. } => {
                let mut state = lock(state);
                let mut items = Vec::new();
                while let Some(item) = state.next() {
                    items.push(item);
                    if items.len() > MAX_ITEMS {
                        return Err(too_many());
                    }
                }
                Ok(items)
            }
            Py::Bytes(bytes) => Ok(bytes.iter().map(|byte| Value::from(*byte)).collect()),
            Py::Lenient(_) => Ok(Vec::new()),
            Py::Record(record) => record.elements.clone().ok_or_else(|| not_iterable(value)),
            _ => Err(not_iterable(value)),
        };
    }
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default().chars().map(|c| text(c.to_string())).collect()),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            value.try_iter()?.checked().collect::<Result<Vec<_>, Error>>()
        }
        ValueKind::Undefined => {
            defined(value)?;
            Ok(Vec::new())
        }
        _ => Err(not_iterable(value)),
    }
}

/// Sets have no order in Python; here they have a stable one.
fn sorted(values: Vec<Value>) -> Vec<Value> {
    let mut keyed = values.clone();
    if super::ops::sort_by_key(&mut keyed, |value| Ok(value.clone())).is_ok() { keyed } else { values }
}

fn not_iterable(value: &Value) -> Error {
    type_error(format!("'{}' object is not iterable", class_name(value)))
}

/// Keys and values of a mapping.
pub(crate) fn pairs(value: &Value) -> Result<Vec<(Value, Value)>> {
    if let Some(Py::Dict(dict)) = py(value) {
        return Ok(lock(dict).pairs());
    }
    if value.kind() == ValueKind::Map {
        return value.try_iter()?.map(|key| value.get_item(&key).map(|item| (key, item))).collect();
    }
    defined(value)?;
    Err(type_error(format!("'{}' object is not a mapping", class_name(value))))
}

/// True for dicts.
pub(crate) fn is_mapping(value: &Value) -> bool {
    matches!(py(value), Some(Py::Dict(_))) || (py(value).is_none() && value.kind() == ValueKind::Map)
}

/// `len(value)`, if it has one.
pub(crate) fn length(value: &Value) -> Option<usize> {
    match py(value) {
        Some(Py::List(items)) => Some(lock(items).len()),
        Some(Py::Tuple(items)) => Some(items.len()),
        Some(Py::Dict(dict)) => Some(lock(dict).len()),
        Some(Py::Set { items, .. }) => Some(lock(items).len()),
        Some(Py::View(_, dict)) => length(dict),
        Some(Py::Range { start, stop, step }) => {
            let span = if *step > 0 { stop - start } else { start - stop };
            let step = i128::try_from(step.unsigned_abs()).unwrap_or(i128::MAX);
            usize::try_from((span.max(0) + step - 1) / step).ok()
        }
        Some(Py::Record(record)) => record.elements.as_ref().map(Vec::len),
        Some(Py::Bytes(bytes)) => Some(bytes.len()),
        Some(Py::Lenient(_)) => Some(0),
        Some(_) => None,
        None => match value.kind() {
            ValueKind::String => value.as_str().map(|text| text.chars().count()),
            ValueKind::Seq | ValueKind::Map => value.len(),
            _ => None,
        },
    }
}

/// `bool(value)`; an undefined value is an error.
pub(crate) fn truth(value: &Value) -> Result<bool> {
    defined(value)?;
    Ok(value.is_true())
}

/// `iter(value)`.
pub(crate) fn iter(value: &Value) -> Result {
    match py(value) {
        Some(Py::Iter { .. }) => Ok(value.clone()),
        Some(Py::List(_)) => Ok(cursor("list_iterator", Cursor::Live { list: value.clone(), at: 0 })),
        _ => Ok(iterator(
            match class_name(value).as_str() {
                "tuple" => "tuple_iterator",
                "str" => "str_ascii_iterator",
                "dict" => "dict_keyiterator",
                "range" => "range_iterator",
                _ => "iterator",
            },
            items(value)?,
        )),
    }
}
