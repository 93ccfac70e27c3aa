//! Between the values of the engine below and plain Python values.

use minijinja::value::{Value, ValueKind};
use rbuildout_parser::python::{self, Opaque, PythonError, repr, to_str};

use super::dict::Dict;
use super::errors::{defined, raise};
use super::object::{Py, Result, dict, list, lock, py, set, tuple};

/// How deep values may nest before they count as endless.
const MAX_DEPTH: usize = 200;

/// A plain copy of a value. Functions, modules and iterators become opaque.
pub(crate) fn to_python(value: &Value) -> Result<python::Value> {
    plain(value, 0)
}

fn plain(value: &Value, depth: usize) -> Result<python::Value> {
    if depth > MAX_DEPTH {
        return Err(raise(PythonError::new("RecursionError", "maximum recursion depth exceeded")));
    }
    let all =
        |items: Vec<Value>| -> Result<Vec<python::Value>> { items.iter().map(|item| plain(item, depth + 1)).collect() };
    if let Some(object) = py(value) {
        return Ok(match object {
            Py::List(items) => {
                let items = lock(items).clone();
                python::Value::List(all(items)?)
            }
            Py::Tuple(items) => python::Value::Tuple(all(items.clone())?),
            Py::Dict(dict) => {
                let pairs = lock(dict).pairs();
                python::Value::Dict(
                    pairs
                        .iter()
                        .map(|(key, value)| Ok((plain(key, depth + 1)?, plain(value, depth + 1)?)))
                        .collect::<Result<_>>()?,
                )
            }
            Py::Set { frozen, items } => {
                let items = lock(items).keys().cloned().collect();
                if *frozen { python::Value::FrozenSet(items) } else { python::Value::Set(items) }
            }
            Py::View(kind, _) => {
                let items = all(super::iterate::items(value)?)?;
                let shown = format!("{kind}({})", repr(&python::Value::List(items)));
                opaque(kind, shown.clone(), shown)
            }
            Py::Bytes(bytes) => python::Value::Bytes(bytes.clone()),
            Py::Lenient(_) => opaque("Undefined", String::new(), "Undefined".to_owned()),
            Py::Record(record) => opaque(record.class, record.text.clone(), record.repr.clone()),
            other => {
                let shown = describe(other);
                opaque(class_of(other), shown.clone(), shown)
            }
        });
    }
    Ok(match value.kind() {
        // Printing a container does not look into undefined elements.
        ValueKind::Undefined if depth > 0 => opaque("StrictUndefined", "Undefined".to_owned(), "Undefined".to_owned()),
        ValueKind::Undefined => {
            defined(value)?;
            python::Value::None
        }
        ValueKind::None => python::Value::None,
        ValueKind::Bool => python::Value::Bool(value.is_true()),
        ValueKind::Number if value.is_integer() => python::Value::Int(i128::try_from(value.clone())?),
        ValueKind::Number => python::Value::Float(f64::try_from(value.clone())?),
        ValueKind::String => python::Value::Str(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Seq if value.is_tuple() => python::Value::Tuple(all(value.try_iter()?.collect())?),
        ValueKind::Seq => python::Value::List(all(value.try_iter()?.collect())?),
        ValueKind::Map if value.is_kwargs() => {
            let mut result = python::Dict::new();
            for key in value.try_iter()? {
                let item = value.get_item(&key)?;
                result.insert(plain(&key, depth + 1)?, plain(&item, depth + 1)?);
            }
            python::Value::Dict(result)
        }
        _ => {
            let shown = value.to_string();
            let class = class_name(value);
            opaque(&class, shown.clone(), shown)
        }
    })
}

fn opaque(class: &str, text: String, repr: String) -> python::Value {
    python::Value::Opaque(Box::new(Opaque { type_name: class.to_owned(), text, repr }))
}

/// The mutable counterpart of a plain value.
pub(crate) fn from_python(value: python::Value) -> Value {
    let all = |items: Vec<python::Value>| items.into_iter().map(from_python).collect::<Vec<_>>();
    match value {
        python::Value::None => Value::from(()),
        python::Value::Bool(value) => Value::from(value),
        python::Value::Int(value) => i64::try_from(value).map_or_else(|_| Value::from(value), Value::from),
        python::Value::Float(value) => Value::from(value),
        python::Value::Str(text) => Value::from(text),
        python::Value::Bytes(bytes) | python::Value::ByteArray(bytes) => super::object::bytes(bytes),
        python::Value::List(items) => list(all(items)),
        python::Value::Tuple(items) => tuple(all(items)),
        python::Value::Dict(items) => {
            let mut result = Dict::default();
            for (key, value) in items {
                // Keys of a plain dict are hashable.
                let _ = result.insert(from_python(key), from_python(value));
            }
            dict(result)
        }
        python::Value::Set(ref items) | python::Value::FrozenSet(ref items) => {
            let frozen = matches!(value, python::Value::FrozenSet(_));
            let items = items.iter().map(|item| (item.clone(), from_python(item.clone()))).collect();
            set(items, frozen)
        }
        python::Value::Complex(..) => Value::from(repr(&value)),
        python::Value::Opaque(opaque) => Value::from(opaque.text),
    }
}

/// The name of the class of a value, as error messages show it.
pub(crate) fn class_name(value: &Value) -> String {
    if let Some(object) = py(value) {
        return class_of(object).to_owned();
    }
    match value.kind() {
        ValueKind::Undefined => "StrictUndefined",
        ValueKind::None => "NoneType",
        ValueKind::Bool => "bool",
        ValueKind::Number if value.is_integer() => "int",
        ValueKind::Number => "float",
        ValueKind::String if value.is_safe() => "Markup",
        ValueKind::String => "str",
        ValueKind::Seq if value.is_tuple() => "tuple",
        ValueKind::Seq => "list",
        ValueKind::Map if value.is_kwargs() => "dict",
        _ => match value.to_string() {
            text if text.starts_with("<macro") => "Macro",
            text if text.starts_with("<loop") => "LoopContext",
            _ if format!("{value:?}").contains("Namespace") => "Namespace",
            _ => "TemplateModule",
        },
    }
    .to_owned()
}

fn class_of(object: &Py) -> &'static str {
    match object {
        Py::List(_) => "list",
        Py::Tuple(_) => "tuple",
        Py::Dict(_) => "dict",
        Py::Set { frozen: true, .. } => "frozenset",
        Py::Set { .. } => "set",
        Py::View(kind, _) => kind,
        Py::Range { .. } => "range",
        Py::Iter { class, .. } => class,
        Py::Builtin(name) if super::builtins::is_class(name) => "type",
        Py::Builtin(_) | Py::Bound(..) => "builtin_function_or_method",
        Py::Function(_) => "function",
        Py::Module(_) => "module",
        Py::Partial { .. } => "functools.partial",
        Py::Slice(_) => "slice",
        Py::Record(record) => record.class,
        Py::Bytes(_) => "bytes",
        Py::Lenient(_) => "Undefined",
    }
}

/// What Python prints for objects that are no data. Python adds an address to most of them, which is left out.
fn describe(object: &Py) -> String {
    match object {
        Py::Range { start, stop, step: 1 } => format!("range({start}, {stop})"),
        Py::Range { start, stop, step } => format!("range({start}, {stop}, {step})"),
        Py::Builtin(name) if super::builtins::is_class(name) => format!("<class '{name}'>"),
        Py::Builtin(name) => format!("<built-in function {name}>"),
        Py::Function(name) => format!("<function {}>", name.rsplit('.').next().unwrap_or(name)),
        Py::Bound(receiver, name) => {
            format!("<built-in method {name} of {} object>", class_name(receiver))
        }
        Py::Module(name) => format!("<module '{name}'>"),
        other => format!("<{} object>", class_of(other)),
    }
}

/// `str(value)`; an undefined value is an error.
pub(crate) fn string(value: &Value) -> Result<String> {
    if let Some(text) = value.as_str() {
        return Ok(text.to_owned());
    }
    Ok(to_str(&to_python(value)?))
}

/// `str(value)` where nothing may fail.
pub(crate) fn display(value: &Value) -> String {
    string(value).unwrap_or_else(|_| format!("<{}>", class_name(value)))
}
