//! `value.name` and `value[key]` as Jinja2 resolves them: attributes and items stand in for each other.

use minijinja::value::{Value, ValueKind};
use rbuildout_parser::python;

use super::convert::{class_name, from_python, to_python};
use super::errors::{UNDEFINED, defined, raise, undefined};
use super::object::{Py, Result, lock, py, text, tuple};
use super::{methods, modules, ops};

/// `value.name`: the attribute or method, else the item, else undefined.
pub(crate) fn attribute(value: &Value, name: &str) -> Result {
    defined(value)?;
    lenient(value)?;
    if let Some(found) = own(value, name) {
        return Ok(found);
    }
    if methods::has(value, name) {
        return Ok(Value::from_object(Py::Bound(value.clone(), name.to_owned())));
    }
    if let Some(Py::Dict(dict)) = py(value)
        && let Some(found) = lock(dict).get_str(name)
    {
        return Ok(found);
    }
    Ok(undefined(no_attribute(value, name)))
}

/// The lenient undefined value has no attributes either.
fn lenient(value: &Value) -> Result<()> {
    match py(value) {
        Some(Py::Lenient(reason)) => Err(raise(python::PythonError::new(UNDEFINED, reason.as_str()))),
        _ => Ok(()),
    }
}

/// `value[key]`: the item, else the attribute, else undefined.
pub(crate) fn item(value: &Value, key: &Value) -> Result {
    defined(value)?;
    lenient(value)?;
    if let Some(Py::Slice(parts)) = py(key) {
        return ops::slice(value, parts);
    }
    defined(key)?;
    if let Some(found) = element(value, key)? {
        return Ok(found);
    }
    if let Some(name) = key.as_str() {
        if let Some(found) = own(value, name) {
            return Ok(found);
        }
        if methods::has(value, name) {
            return Ok(Value::from_object(Py::Bound(value.clone(), name.to_owned())));
        }
        return Ok(undefined(no_attribute(value, name)));
    }
    let shown = to_python(key).map(|key| python::repr(&key)).unwrap_or_default();
    Ok(undefined(no_element(value, &shown)))
}

/// The item of a container; `None` where Python raises `KeyError`, `IndexError` or `TypeError`.
pub(crate) fn element(value: &Value, key: &Value) -> Result<Option<Value>> {
    let at = |length: usize| {
        let position =
            i128::try_from(key.clone()).ok().filter(|_| key.is_integer() || key.kind() == ValueKind::Bool)?;
        let length = i128::try_from(length).ok()?;
        let position = if position < 0 { position + length } else { position };
        usize::try_from(position).ok().filter(|at| i128::try_from(*at).is_ok_and(|at| at < length))
    };
    Ok(match py(value) {
        Some(Py::List(items)) => {
            let items = lock(items);
            at(items.len()).map(|at| items[at].clone())
        }
        Some(Py::Tuple(items)) => at(items.len()).map(|at| items[at].clone()),
        Some(Py::Dict(dict)) => lock(dict).get(key).unwrap_or_default(),
        Some(Py::Range { start, step, .. }) => super::iterate::length(value)
            .and_then(at)
            .and_then(|at| i128::try_from(at).ok())
            .map(|at| Value::from(start + step * at)),
        Some(Py::Record(record)) => match &record.elements {
            Some(items) => at(items.len()).map(|at| items[at].clone()),
            None if record.class == "Match" => {
                let group = record.field("#groups").cloned().unwrap_or_default();
                element(&group, key)?
            }
            None if record.class == "environ" => record.field(key.as_str().unwrap_or("")).cloned(),
            None => None,
        },
        Some(Py::Bytes(_)) => python::item(&to_python(value)?, &to_python(key)?).ok().map(from_python),
        Some(_) => None,
        None => match value.kind() {
            ValueKind::String => python::item(&to_python(value)?, &to_python(key)?).ok().map(from_python),
            ValueKind::Seq | ValueKind::Map => value.get_item(key).ok().filter(|found| !found.is_undefined()),
            _ => None,
        },
    })
}

/// An attribute that is no method.
pub(crate) fn own(value: &Value, name: &str) -> Option<Value> {
    match py(value) {
        Some(Py::Module(module)) => modules::attribute(module, name),
        Some(Py::Record(record)) => {
            if name.starts_with('#') || record.class == "environ" {
                return None;
            }
            record.field(name).cloned()
        }
        Some(Py::Range { start, stop, step }) => match name {
            "start" => Some(Value::from(*start)),
            "stop" => Some(Value::from(*stop)),
            "step" => Some(Value::from(*step)),
            _ => None,
        },
        Some(Py::Builtin(builtin)) if name == "__name__" => Some(text(*builtin)),
        Some(Py::Builtin("dict")) if name == "fromkeys" => Some(Value::from_object(Py::Function("dict.fromkeys"))),
        Some(_) => match name {
            "__class__" => Some(super::object::builtin(super::builtins::class_named(&class_name(value))?)),
            _ => None,
        },
        None => match value.kind() {
            ValueKind::Number if value.is_integer() && name == "real" => Some(value.clone()),
            // Namespaces, loops, macros and imported templates belong to the engine below.
            ValueKind::Map | ValueKind::Plain | ValueKind::Seq | ValueKind::Iterable => {
                if name == "arguments" && class_name(value) == "Macro" {
                    let arguments = value.get_attr(name).ok()?;
                    return Some(tuple(arguments.try_iter().ok()?.collect()));
                }
                value.get_attr(name).ok().filter(|found| !found.is_undefined())
            }
            _ => None,
        },
    }
}

/// The class as error messages of Jinja2 show it.
fn object_type(value: &Value) -> String {
    let class = class_name(value);
    let module = match class.as_str() {
        "NoneType" => return "None".to_owned(),
        "Namespace" => "jinja2.utils.",
        "LoopContext" | "Macro" => "jinja2.runtime.",
        "TemplateModule" => "jinja2.environment.",
        "Markup" => "markupsafe.",
        "ParseResult" | "SplitResult" => "urllib.parse.",
        "IPNetwork" | "IPAddress" => "netaddr.ip.",
        "count" | "chain" | "cycle" => "itertools.",
        "Match" => "re.",
        _ => "",
    };
    format!("{module}{class} object")
}

fn no_attribute(value: &Value, name: &str) -> String {
    format!("'{}' has no attribute {}", object_type(value), python::str_repr(name))
}

/// The text about a missing item.
pub(crate) fn no_element(value: &Value, key: &str) -> String {
    format!("{} has no element {key}", object_type(value))
}
