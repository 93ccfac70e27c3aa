//! Python objects as values of the engine below.
//!
//! Lists, dicts and sets are references with interior mutability, so that a change through one name is seen through all
//! others. A lock is only ever held for the moment of an access, never while other code runs.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use minijinja::{Error, State};
use rbuildout_parser::python::PythonError;

use super::dict::{Dict, Keyed};
use super::errors::UNDEFINED;
use super::{attributes, builtins, convert, iterate, methods, modules};

/// The result of helpers.
pub(crate) type Result<T = Value, E = Error> = std::result::Result<T, E>;

/// A Python object.
#[derive(Debug)]
pub(crate) enum Py {
    List(Mutex<Vec<Value>>),
    Tuple(Vec<Value>),
    Dict(Mutex<Dict>),
    Set {
        frozen: bool,
        items: Mutex<Keyed>,
    },
    /// `dict_keys`, `dict_values` or `dict_items` of a dict.
    View(&'static str, Value),
    Range {
        start: i128,
        stop: i128,
        step: i128,
    },
    /// An iterator of the class `class`: it can be used up.
    Iter {
        class: &'static str,
        state: Mutex<Cursor>,
    },
    /// A function or class of the default context, or a helper of the pre-pass.
    Builtin(&'static str),
    /// A function of a module, by its dotted name.
    Function(&'static str),
    /// A method of a value.
    Bound(Value, String),
    Module(&'static str),
    /// `functools.partial`.
    Partial {
        function: Value,
        args: Vec<Value>,
    },
    Slice([Value; 3]),
    Record(Record),
    Bytes(Vec<u8>),
    /// The undefined value of a conditional expression without `else`: it prints as nothing.
    Lenient(String),
}

/// An object of which the attributes are known in advance, such as a parsed URL.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    /// The name of its class.
    pub(crate) class: &'static str,
    pub(crate) fields: Vec<(&'static str, Value)>,
    /// The elements, if it is a named tuple.
    pub(crate) elements: Option<Vec<Value>>,
    pub(crate) text: String,
    pub(crate) repr: String,
}

impl Record {
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
}

/// What an iterator gives next.
#[derive(Debug)]
pub(crate) enum Cursor {
    Items(VecDeque<Value>),
    Count {
        next: i128,
        step: i128,
    },
    Cycle {
        items: Vec<Value>,
        at: usize,
    },
    /// The values of another iterator, with text as a tuple of its characters wherever it is unpacked. The text gives
    /// the form of the target: `n` for a name, parentheses around a nested target.
    Unpack(Value, String),
    /// An iterator over a list, which sees what is appended meanwhile.
    Live {
        list: Value,
        at: usize,
    },
}

impl Cursor {
    pub(crate) fn next(&mut self) -> Option<Value> {
        match self {
            Self::Items(items) => items.pop_front(),
            Self::Count { next, step } => {
                let value = *next;
                *next += *step;
                Some(Value::from(value))
            }
            Self::Cycle { items, at } => {
                let value = items.get(*at % items.len().max(1)).cloned();
                *at += 1;
                value
            }
            Self::Unpack(source, target) => {
                let next = match py(source) {
                    Some(Py::Iter { state, .. }) => lock(state).next()?,
                    _ => return None,
                };
                Some(unpackable(next, &mut target.chars()))
            }
            Self::Live { list, at } => {
                let value = match py(list) {
                    Some(Py::List(items)) => lock(items).get(*at).cloned(),
                    _ => None,
                };
                *at += 1;
                value
            }
        }
    }

    /// The number of values left, if it is known.
    pub(crate) fn left(&self) -> Option<usize> {
        match self {
            Self::Items(items) => Some(items.len()),
            Self::Unpack(source, _) => match py(source) {
                Some(Py::Iter { state, .. }) => lock(state).left(),
                _ => Some(0),
            },
            Self::Live { list, at } => match py(list) {
                Some(Py::List(items)) => Some(lock(items).len().saturating_sub(*at)),
                _ => Some(0),
            },
            Self::Count { .. } | Self::Cycle { .. } => None,
        }
    }
}

/// A value with its text taken apart wherever the rest of the target unpacks it.
fn unpackable(value: Value, target: &mut std::str::Chars<'_>) -> Value {
    let Ok(elements) = iterate::items(&value) else {
        return value;
    };
    let mut taken = Vec::with_capacity(elements.len());
    let mut elements = elements.into_iter();
    while let Some(form) = target.next() {
        match (form, elements.next()) {
            ('(', Some(element)) => taken.push(unpackable(element, target)),
            (')', next) => {
                taken.extend(next);
                break;
            }
            (_, Some(element)) => taken.push(element),
            (_, None) => {}
        }
    }
    taken.extend(elements);
    tuple(taken)
}

/// Locks; a panic of another holder does not matter, since the data are always whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The object inside a value.
pub(crate) fn py(value: &Value) -> Option<&Py> {
    value.downcast_object_ref::<Py>()
}

pub(crate) fn list(items: Vec<Value>) -> Value {
    Value::from_object(Py::List(Mutex::new(items)))
}

pub(crate) fn tuple(items: Vec<Value>) -> Value {
    Value::from_object(Py::Tuple(items))
}

pub(crate) fn dict(dict: Dict) -> Value {
    Value::from_object(Py::Dict(Mutex::new(dict)))
}

pub(crate) fn set(items: Keyed, frozen: bool) -> Value {
    Value::from_object(Py::Set { frozen, items: Mutex::new(items) })
}

pub(crate) fn iterator(class: &'static str, items: Vec<Value>) -> Value {
    cursor(class, Cursor::Items(items.into()))
}

pub(crate) fn cursor(class: &'static str, cursor: Cursor) -> Value {
    Value::from_object(Py::Iter { class, state: Mutex::new(cursor) })
}

pub(crate) fn builtin(name: &'static str) -> Value {
    Value::from_object(Py::Builtin(name))
}

pub(crate) fn text(text: impl Into<String>) -> Value {
    Value::from(text.into())
}

pub(crate) fn bytes(bytes: Vec<u8>) -> Value {
    Value::from_object(Py::Bytes(bytes))
}

/// The bytes of a `bytes` object.
pub(crate) fn bytes_in(value: &Value) -> Option<&[u8]> {
    match py(value) {
        Some(Py::Bytes(bytes)) => Some(bytes),
        _ => None,
    }
}

/// Splits the arguments of a call into positional and keyword arguments.
pub(crate) fn arguments(args: &[Value]) -> (&[Value], Vec<(String, Value)>) {
    let Some((last, rest)) = args.split_last() else {
        return (args, Vec::new());
    };
    if !last.is_kwargs() {
        return (args, Vec::new());
    }
    let pairs = last.as_object().and_then(minijinja::value::DynObject::try_iter_pairs);
    let kwargs =
        pairs.into_iter().flatten().map(|(key, value)| (key.as_str().unwrap_or_default().to_owned(), value)).collect();
    (rest, kwargs)
}

impl Object for Py {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.as_ref() {
            Self::List(_) | Self::Tuple(_) => ObjectRepr::Seq,
            Self::Dict(_) => ObjectRepr::Map,
            Self::Set { .. } | Self::View(..) | Self::Range { .. } | Self::Iter { .. } => ObjectRepr::Iterable,
            Self::Record(record) if record.elements.is_some() => ObjectRepr::Seq,
            _ => ObjectRepr::Plain,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.as_ref() {
            Self::List(items) => lock(items).get(key.as_usize()?).cloned(),
            Self::Tuple(items) => items.get(key.as_usize()?).cloned(),
            Self::Dict(dict) => lock(dict).get(key).ok().flatten(),
            _ => attributes::own(&Value::from_dyn_object(self.clone()), key.as_str()?),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        if let Self::Iter { .. } = self.as_ref() {
            return Enumerator::Iter(Box::new(Drain(self.clone())));
        }
        let value = Value::from_dyn_object(self.clone());
        match iterate::items(&value) {
            Ok(items) => Enumerator::Iter(Box::new(items.into_iter())),
            Err(_) => Enumerator::NonEnumerable,
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        iterate::length(&Value::from_dyn_object(self.clone()))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        match self.as_ref() {
            Self::Iter { .. } => true,
            Self::Lenient(_) => false,
            Self::Record(record) if record.elements.is_none() => true,
            _ => self.enumerator_len() != Some(0),
        }
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result {
        match self.as_ref() {
            Self::Lenient(reason) => Err(super::errors::raise(PythonError::new(UNDEFINED, reason.as_str()))),
            Self::Builtin("next") => match builtins::call("next", state, args) {
                // Jinja2 does not let this exception end the loops of its own code.
                Err(error) if super::errors::exception(&error).is_some_and(|e| e.class == "StopIteration") => {
                    Ok(super::errors::undefined(
                        "value was undefined because a callable raised a StopIteration exception".to_owned(),
                    ))
                }
                result => result,
            },
            Self::Builtin(name) => builtins::call(name, state, args),
            Self::Function(name) => modules::call(name, state, args),
            Self::Bound(receiver, name) => methods::call(receiver, state, name, args),
            Self::Partial { function, args: first } => {
                let all: Vec<Value> = first.iter().chain(args).cloned().collect();
                function.call(state, &all)
            }
            _ => Err(super::errors::type_error(format!(
                "'{}' object is not callable",
                convert::class_name(&Value::from_dyn_object(self.clone()))
            ))),
        }
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result {
        methods::call(&Value::from_dyn_object(self.clone()), state, method, args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&convert::display(&Value::from_dyn_object(self.clone())))
    }
}

/// Takes values out of an iterator object.
struct Drain(Arc<Py>);

impl Iterator for Drain {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        match self.0.as_ref() {
            Py::Iter { state, .. } => lock(state).next(),
            _ => None,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match self.0.as_ref() {
            Py::Iter { state, .. } => lock(state).left(),
            _ => Some(0),
        };
        (left.unwrap_or(0), left)
    }
}
