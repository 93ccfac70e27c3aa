//! Methods of values.

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, State};
use rbuildout_parser::python::{self, PythonError};

use super::convert::{class_name, from_python, to_python};
use super::dict::{Dict, key_of, keyed};
use super::errors::{UNDEFINED, defined, raise, type_error, undefined_error, value_error};
use super::iterate::{items, pairs};
use super::object::{Py, Result, arguments, dict, list, lock, py, set};
use super::{attributes, modules, ops};

pub(crate) const LIST: &[&str] = &[
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "index",
    "count",
    "sort",
    "reverse",
    "copy",
    "__setitem__",
    "__getitem__",
    "__delitem__",
    "__len__",
    "__contains__",
    "__iter__",
];
pub(crate) const DICT: &[&str] = &[
    "get",
    "items",
    "keys",
    "values",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "clear",
    "copy",
    "fromkeys",
    "__setitem__",
    "__getitem__",
    "__delitem__",
    "__contains__",
    "__len__",
    "__iter__",
];
pub(crate) const SET: &[&str] = &[
    "add",
    "remove",
    "discard",
    "pop",
    "update",
    "union",
    "intersection",
    "difference",
    "symmetric_difference",
    "issubset",
    "issuperset",
    "isdisjoint",
    "clear",
    "copy",
    "__len__",
    "__contains__",
    "__iter__",
];
pub(crate) const SEQUENCE: &[&str] = &["index", "count", "__getitem__", "__len__", "__contains__", "__iter__"];
pub(crate) const BYTES: &[&str] = &["decode", "hex", "startswith", "endswith", "strip", "split"];

/// True if the class of `value` has the method `name`.
pub(crate) fn has(value: &Value, name: &str) -> bool {
    match py(value) {
        Some(Py::List(_)) => LIST.contains(&name),
        Some(Py::Dict(_)) => DICT.contains(&name),
        Some(Py::Set { .. }) => SET.contains(&name),
        Some(Py::Tuple(_) | Py::Range { .. }) => SEQUENCE.contains(&name),
        Some(Py::Iter { .. }) => matches!(name, "__next__" | "__iter__"),
        Some(Py::View(..)) => matches!(name, "__len__" | "__iter__" | "__contains__"),
        Some(Py::Record(record)) => modules::has_method(record, name),
        Some(Py::Bytes(_)) => BYTES.contains(&name),
        Some(_) => false,
        None => match value.kind() {
            ValueKind::String => {
                python::str_method("", name, &[], &python::Dict::new()).is_some()
                    || matches!(name, "__len__" | "__contains__" | "__getitem__")
            }
            ValueKind::Number => value.is_integer() && name == "bit_length",
            ValueKind::Map if value.is_kwargs() => DICT.contains(&name),
            _ => false,
        },
    }
}

/// `receiver.name(*args)`.
pub(crate) fn call(receiver: &Value, state: &mut State<'_, '_>, name: &str, args: &[Value]) -> Result {
    if receiver.is_undefined() {
        return Err(undefined_error(receiver));
    }
    if let Some(Py::Lenient(reason)) = py(receiver) {
        return Err(raise(PythonError::new(UNDEFINED, reason.as_str())));
    }
    if !has(receiver, name) {
        let target = attributes::attribute(receiver, name)?;
        if target.is_undefined() {
            return Err(Error::from(minijinja::ErrorKind::UndefinedError));
        }
        return target.call(state, args);
    }
    let (positional, kwargs) = arguments(args);
    match py(receiver) {
        Some(Py::List(_)) => list_method(receiver, state, name, positional, &kwargs),
        Some(Py::Dict(_)) => dict_method(receiver, name, positional, &kwargs),
        Some(Py::Set { frozen, .. }) => set_method(receiver, *frozen, name, positional),
        Some(Py::Tuple(_) | Py::Range { .. } | Py::View(..) | Py::Iter { .. }) => {
            sequence_method(receiver, name, positional)
        }
        Some(Py::Record(record)) => modules::record_method(record, name, positional),
        _ => plain_method(receiver, name, positional, &kwargs),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it ends functions that can fail")]
fn none() -> Result {
    Ok(Value::from(()))
}

/// The positional arguments, if their number is right.
fn arity(class: &str, name: &str, args: &[Value], least: usize, most: usize) -> Result<()> {
    let given = args.len();
    if (least..=most).contains(&given) {
        return Ok(());
    }
    Err(type_error(if most == 0 {
        format!("{class}.{name}() takes no arguments ({given} given)")
    } else if least == 1 && most == 1 {
        format!("{class}.{name}() takes exactly one argument ({given} given)")
    } else if given < least {
        let plural = if least == 1 { "" } else { "s" };
        format!("{name} expected at least {least} argument{plural}, got {given}")
    } else {
        let plural = if most == 1 { "" } else { "s" };
        format!("{name} expected at most {most} argument{plural}, got {given}")
    }))
}

fn shown(value: &Value) -> String {
    to_python(value).map_or_else(|_| class_name(value), |value| python::repr(&value))
}

fn position_of(elements: &[Value], wanted: &Value) -> Result<Option<usize>> {
    for (position, element) in elements.iter().enumerate() {
        if ops::equal(element, wanted)? {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

fn sequence_method(receiver: &Value, name: &str, args: &[Value]) -> Result {
    match name {
        "__len__" => Ok(Value::from(super::iterate::length(receiver).unwrap_or(0))),
        "__iter__" => super::iterate::iter(receiver),
        "__next__" => match py(receiver) {
            Some(Py::Iter { state, .. }) => {
                lock(state).next().ok_or_else(|| raise(PythonError::new("StopIteration", "")))
            }
            _ => Err(type_error("not an iterator")),
        },
        _ => {
            let class = class_name(receiver);
            arity(&class, name, args, 1, if name == "index" { 3 } else { 1 })?;
            match name {
                "__contains__" => ops::contains(receiver, &args[0]).map(Value::from),
                "__getitem__" => get_item(receiver, &args[0]),
                "count" => {
                    let mut count = 0;
                    for item in items(receiver)? {
                        count += usize::from(ops::equal(&item, &args[0])?);
                    }
                    Ok(Value::from(count))
                }
                _ => position_of(&items(receiver)?, &args[0])?.map(Value::from).ok_or_else(|| {
                    value_error(if class == "tuple" {
                        "tuple.index(x): x not in tuple".to_owned()
                    } else {
                        format!("{} is not in {class}", shown(&args[0]))
                    })
                }),
            }
        }
    }
}

/// `value[key]` with Python's exceptions.
pub(crate) fn get_item(value: &Value, key: &Value) -> Result {
    defined(value)?;
    if let Some(Py::Slice(parts)) = py(key) {
        return ops::slice(value, parts);
    }
    if let Some(found) = attributes::element(value, key)? {
        return Ok(found);
    }
    Err(raise(match py(value) {
        Some(Py::Dict(_)) => {
            key_of(key)?;
            PythonError::new("KeyError", shown(key))
        }
        _ => match python::item(&to_python(value)?, &to_python(key)?) {
            Err(error) => error,
            Ok(_) => PythonError::index_error("index out of range"),
        },
    }))
}

fn list_method(
    receiver: &Value,
    state: &mut State<'_, '_>,
    name: &str,
    args: &[Value],
    kwargs: &[(String, Value)],
) -> Result {
    let Some(Py::List(cell)) = py(receiver) else {
        return Err(type_error("not a list"));
    };
    let (least, most) = match name {
        "append" | "extend" | "remove" | "count" | "__getitem__" | "__delitem__" | "__contains__" => (1, 1),
        "insert" | "__setitem__" => (2, 2),
        "pop" => (0, 1),
        "index" => (1, 3),
        _ => (0, 0),
    };
    arity("list", name, args, least, most)?;
    let at = |key: &Value, length: usize, what: &str| {
        python::index(&to_python(key)?, length, "list").map_err(|mut error| {
            if error.class == "IndexError" {
                what.clone_into(&mut error.message);
            }
            raise(error)
        })
    };
    match name {
        "append" => lock(cell).push(args[0].clone()),
        "extend" => {
            let more = items(&args[0])?;
            lock(cell).extend(more);
        }
        "insert" => {
            let position = i128::try_from(args[0].clone()).map_err(|_| {
                type_error(format!("'{}' object cannot be interpreted as an integer", class_name(&args[0])))
            })?;
            let mut elements = lock(cell);
            let length = i128::try_from(elements.len()).unwrap_or(i128::MAX);
            let position = if position < 0 { position + length } else { position };
            elements.insert(usize::try_from(position.clamp(0, length)).unwrap_or(0), args[1].clone());
        }
        "remove" => {
            let position = position_of(&items(receiver)?, &args[0])?
                .ok_or_else(|| value_error("list.remove(x): x not in list"))?;
            lock(cell).remove(position);
        }
        "pop" => {
            let length = lock(cell).len();
            if length == 0 {
                return Err(raise(PythonError::index_error("pop from empty list")));
            }
            let position = match args.first() {
                Some(key) => at(key, length, "pop index out of range")?,
                None => length - 1,
            };
            return Ok(lock(cell).remove(position));
        }
        "clear" => lock(cell).clear(),
        "reverse" => lock(cell).reverse(),
        "copy" => return Ok(list(items(receiver)?)),
        "sort" => {
            let mut elements = items(receiver)?;
            super::builtins::sort(&mut elements, kwargs, state)?;
            *lock(cell) = elements;
        }
        "__setitem__" => {
            let length = lock(cell).len();
            let position = at(&args[0], length, "list assignment index out of range")?;
            lock(cell)[position] = args[1].clone();
        }
        "__delitem__" => {
            let length = lock(cell).len();
            let position = at(&args[0], length, "list assignment index out of range")?;
            lock(cell).remove(position);
        }
        _ => return sequence_method(receiver, name, args),
    }
    none()
}

fn dict_method(receiver: &Value, name: &str, args: &[Value], kwargs: &[(String, Value)]) -> Result {
    let view = |kind| Ok(Value::from_object(Py::View(kind, receiver.clone())));
    let (least, most) = match name {
        "get" | "setdefault" | "pop" | "fromkeys" => (1, 2),
        "update" => (0, 1),
        "__setitem__" => (2, 2),
        "__getitem__" | "__delitem__" | "__contains__" => (1, 1),
        _ => (0, 0),
    };
    arity("dict", name, args, least, most)?;
    let second = || args.get(1).cloned().unwrap_or_else(|| Value::from(()));
    let Some(Py::Dict(cell)) = py(receiver) else {
        return Err(type_error("not a dict"));
    };
    match name {
        "items" => return view("dict_items"),
        "keys" => return view("dict_keys"),
        "values" => return view("dict_values"),
        "get" => return Ok(lock(cell).get(&args[0])?.unwrap_or_else(second)),
        "setdefault" => {
            let mut dict = lock(cell);
            return match dict.get(&args[0])? {
                Some(value) => Ok(value),
                None => {
                    dict.insert(args[0].clone(), second())?;
                    Ok(second())
                }
            };
        }
        "pop" => {
            return match (lock(cell).remove(&args[0])?, args.get(1)) {
                (Some(value), _) => Ok(value),
                (None, Some(default)) => Ok(default.clone()),
                (None, None) => Err(raise(PythonError::new("KeyError", shown(&args[0])))),
            };
        }
        "popitem" => {
            return match lock(cell).pop_last() {
                Some((key, value)) => Ok(super::object::tuple(vec![key, value])),
                None => Err(raise(PythonError::new("KeyError", "'popitem(): dictionary is empty'"))),
            };
        }
        "update" => {
            let mut more = Vec::new();
            if let Some(other) = args.first() {
                more = entries(other)?;
            }
            let mut dict = lock(cell);
            for (key, value) in more {
                dict.insert(key, value)?;
            }
            for (key, value) in kwargs {
                dict.insert(Value::from(key.as_str()), value.clone())?;
            }
        }
        "clear" => lock(cell).clear(),
        "copy" => return Ok(dict(lock(cell).clone())),
        "fromkeys" => return from_keys(args),
        "__setitem__" => lock(cell).insert(args[0].clone(), args[1].clone())?,
        "__delitem__" => {
            if lock(cell).remove(&args[0])?.is_none() {
                return Err(raise(PythonError::new("KeyError", shown(&args[0]))));
            }
        }
        _ => return sequence_method(receiver, name, args),
    }
    none()
}

/// The entries that `dict(value)` and `dict.update(value)` take.
pub(crate) fn entries(value: &Value) -> Result<Vec<(Value, Value)>> {
    if super::iterate::is_mapping(value) {
        return pairs(value);
    }
    let mut entries = Vec::new();
    for (position, pair) in items(value)?.into_iter().enumerate() {
        let parts = items(&pair).map_err(|_| {
            type_error(format!("cannot convert dictionary update sequence element #{position} to a sequence"))
        })?;
        let length = parts.len();
        let Ok([key, value]) = <[Value; 2]>::try_from(parts) else {
            return Err(value_error(format!(
                "dictionary update sequence element #{position} has length {length}; 2 is required"
            )));
        };
        entries.push((key, value));
    }
    Ok(entries)
}

/// `dict.fromkeys(keys[, value])`.
pub(crate) fn from_keys(args: &[Value]) -> Result {
    arity("dict", "fromkeys", args, 1, 2)?;
    let value = args.get(1).cloned().unwrap_or_else(|| Value::from(()));
    let mut result = Dict::default();
    for key in items(&args[0])? {
        result.insert(key, value.clone())?;
    }
    Ok(dict(result))
}

fn set_method(receiver: &Value, frozen: bool, name: &str, args: &[Value]) -> Result {
    let Some(Py::Set { items: cell, .. }) = py(receiver) else {
        return Err(type_error("not a set"));
    };
    if frozen && matches!(name, "add" | "remove" | "discard" | "pop" | "update" | "clear") {
        return Err(raise(PythonError::attribute_error("frozenset", name)));
    }
    let own = lock(cell).clone();
    let mut others = Vec::new();
    if !matches!(name, "add" | "remove" | "discard" | "__contains__") {
        for other in args {
            others.push(keyed(items(other)?)?);
        }
    }
    let in_all = |key: &python::Value| others.iter().all(|other| other.contains_key(key));
    let in_any = |key: &python::Value| others.iter().any(|other| other.contains_key(key));
    match name {
        "add" => {
            arity("set", name, args, 1, 1)?;
            let key = key_of(&args[0])?;
            lock(cell).entry(key).or_insert_with(|| args[0].clone());
            none()
        }
        "remove" | "discard" => {
            arity("set", name, args, 1, 1)?;
            let removed = lock(cell).shift_remove(&key_of(&args[0])?);
            if removed.is_none() && name == "remove" {
                return Err(raise(PythonError::new("KeyError", shown(&args[0]))));
            }
            none()
        }
        "pop" => match items(receiver)?.first() {
            Some(first) => {
                lock(cell).shift_remove(&key_of(first)?);
                Ok(first.clone())
            }
            None => Err(raise(PythonError::new("KeyError", "'pop from an empty set'"))),
        },
        "update" => {
            lock(cell).extend(others.into_iter().flatten());
            none()
        }
        "clear" => {
            lock(cell).clear();
            none()
        }
        "copy" => Ok(set(own, frozen)),
        "union" => Ok(set(own.into_iter().chain(others.into_iter().flatten()).collect(), frozen)),
        "intersection" => Ok(set(own.into_iter().filter(|(key, _)| in_all(key)).collect(), frozen)),
        "difference" => Ok(set(own.into_iter().filter(|(key, _)| !in_any(key)).collect(), frozen)),
        "symmetric_difference" => {
            arity("set", name, args, 1, 1)?;
            let other = others.remove(0);
            let left = own.clone().into_iter().filter(|(key, _)| !other.contains_key(key));
            let right = other.clone().into_iter().filter(|(key, _)| !own.contains_key(key));
            Ok(set(left.chain(right).collect(), frozen))
        }
        "issubset" => Ok(Value::from(own.keys().all(in_all))),
        "issuperset" => Ok(Value::from(others.iter().all(|other| other.keys().all(|key| own.contains_key(key))))),
        "isdisjoint" => Ok(Value::from(!own.keys().any(in_any))),
        _ => sequence_method(receiver, name, args),
    }
}

/// Methods of text, bytes and numbers.
fn plain_method(receiver: &Value, name: &str, args: &[Value], kwargs: &[(String, Value)]) -> Result {
    if matches!(name, "__len__" | "__contains__" | "__getitem__") {
        return match (name, args) {
            ("__len__", []) => Ok(Value::from(super::iterate::length(receiver).unwrap_or(0))),
            ("__contains__", [part]) => ops::contains(receiver, part).map(Value::from),
            ("__getitem__", [key]) => get_item(receiver, key),
            _ => Err(type_error("expected 1 argument")),
        };
    }
    let given = args.iter().map(argument).collect::<Result<Vec<_>>>()?;
    let named = kwargs
        .iter()
        .map(|(name, value)| Ok((python::Value::from(name.as_str()), argument(value)?)))
        .collect::<Result<python::Dict>>()?;
    if let Some(text) = receiver.as_str() {
        return python::str_method(text, name, &given, &named)
            .unwrap_or_else(|| Err(PythonError::attribute_error("str", name)))
            .map(from_python)
            .map_err(raise);
    }
    if let Some(bytes) = super::object::bytes_in(receiver) {
        return bytes_method(bytes, name, &given);
    }
    match to_python(receiver)? {
        python::Value::Int(number) => Ok(Value::from(u128::BITS - number.unsigned_abs().leading_zeros())),
        _ if receiver.is_kwargs() => {
            let copy = dict(Dict::default());
            if let Some(Py::Dict(cell)) = py(&copy) {
                for (key, value) in pairs(receiver)? {
                    lock(cell).insert(key, value)?;
                }
            }
            dict_method(&copy, name, args, kwargs)
        }
        _ => Err(raise(PythonError::new(UNDEFINED, name))),
    }
}

/// Iterators given to `join` and the like are taken apart first.
fn argument(value: &Value) -> Result<python::Value> {
    match py(value) {
        None if value.is_undefined() => Ok(python::Value::Opaque(Box::new(python::Opaque {
            type_name: "StrictUndefined".to_owned(),
            text: String::new(),
            repr: "Undefined".to_owned(),
        }))),
        Some(Py::Iter { .. } | Py::View(..) | Py::Range { .. }) => to_python(&list(items(value)?)),
        Some(Py::Record(record)) if record.elements.is_some() => to_python(&super::object::tuple(items(value)?)),
        _ => to_python(value),
    }
}

fn bytes_method(bytes: &[u8], name: &str, args: &[python::Value]) -> Result {
    match (name, args) {
        ("decode", _) => {
            let encoding = args.first().and_then(python::Value::as_str).unwrap_or("utf-8").to_lowercase();
            match encoding.replace('_', "-").as_str() {
                "utf-8" | "utf8" | "ascii" | "us-ascii" => {
                    String::from_utf8(bytes.to_vec()).map(Value::from).map_err(|error| {
                        let at = error.utf8_error().valid_up_to();
                        raise(PythonError::new(
                            "UnicodeDecodeError",
                            format!(
                                "'utf-8' codec can't decode byte 0x{:02x} in position {at}: invalid start byte",
                                bytes.get(at).copied().unwrap_or(0)
                            ),
                        ))
                    })
                }
                "latin-1" | "latin1" | "iso-8859-1" => {
                    Ok(Value::from(bytes.iter().map(|byte| char::from(*byte)).collect::<String>()))
                }
                other => Err(super::errors::unsupported(format!("the encoding {other}"))),
            }
        }
        ("hex", []) => Ok(Value::from(modules::hashes::hex(bytes))),
        ("startswith", [python::Value::Bytes(part)]) => Ok(Value::from(bytes.starts_with(part))),
        ("endswith", [python::Value::Bytes(part)]) => Ok(Value::from(bytes.ends_with(part))),
        ("strip", []) => Ok(super::object::bytes(bytes.trim_ascii().to_vec())),
        _ => Err(super::errors::unsupported(format!("bytes.{name}() with these arguments"))),
    }
}
