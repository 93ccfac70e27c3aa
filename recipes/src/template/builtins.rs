//! The functions of the default context, and the helpers that the pre-pass calls.

use minijinja::State;
use minijinja::value::{Value, ValueKind};
use rbuildout_parser::python::{self, PythonError, UnaryOp};

use super::convert::{class_name, from_python, string, to_python};
use super::dict::{Dict, keyed};
use super::errors::{defined, raise, type_error, undefined, unsupported, value_error};
use super::iterate::{items, iter, length, truth};
use super::object::{Cursor, Py, Result, arguments, dict, iterator, list, lock, py, set, text, tuple};
use super::rewrite::ISOLATED;
use super::{attributes, filters, jinja_tests, methods, ops};

/// The names of the default context that are functions or classes.
pub(crate) const CONTEXT: &[&str] = &[
    "abs",
    "all",
    "any",
    "bin",
    "bool",
    "bytes",
    "callable",
    "chr",
    "complex",
    "dict",
    "divmod",
    "enumerate",
    "filter",
    "float",
    "format",
    "frozenset",
    "hex",
    "int",
    "isinstance",
    "iter",
    "len",
    "list",
    "map",
    "max",
    "min",
    "next",
    "oct",
    "ord",
    "pow",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
    "zip",
    "assert",
    "dumps",
];

/// True for a name that every template has, with that of the module among them. `untyped`: see `RenderJob`.
pub(crate) fn in_every_template(name: &str, untyped: bool) -> bool {
    name == "six" || CONTEXT.contains(&name) && !(untyped && name == "dumps")
}

/// Functions that every template sees: those of Jinja2, and the helpers.
pub(crate) const GLOBALS: &[&str] = &[
    "range",
    "dict",
    "cycler",
    "joiner",
    "__math__",
    "__cmp__",
    "__cat__",
    "__neg__",
    "__pos__",
    "__float__",
    "__list__",
    "__tuple__",
    "__dict__",
    "__slice__",
    "__attr__",
    "__item__",
    "__filter__",
    "__test__",
    "__for__",
    "__eval__",
    "__unpack__",
    "__noelse__",
    "__missing__",
    "__param__",
    "__template__",
];

const CLASSES: &[&str] = &[
    "bool",
    "bytes",
    "complex",
    "dict",
    "enumerate",
    "filter",
    "float",
    "frozenset",
    "int",
    "list",
    "map",
    "range",
    "reversed",
    "set",
    "str",
    "tuple",
    "zip",
];

/// True if the name is one of a class.
pub(crate) fn is_class(name: &str) -> bool {
    CLASSES.contains(&name)
}

/// The class of this name.
pub(crate) fn class_named(name: &str) -> Option<&'static str> {
    CLASSES.iter().copied().find(|class| *class == name)
}

/// Calls a function of the default context or a helper.
pub(crate) fn call(name: &'static str, state: &mut State<'_, '_>, args: &[Value]) -> Result {
    let (given, kwargs) = arguments(args);
    if name.starts_with("__") {
        return helper(name, state, given, args);
    }
    let keyword = |wanted: &str| kwargs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    if let Some(missing) = given.iter().find(|value| value.is_undefined())
        // These do not look into the value, or not in a way that an undefined value notices.
        && !matches!(name, "dict" | "assert" | "range" | "hex" | "oct" | "bin" | "chr" | "isinstance" | "callable")
    {
        return Err(super::errors::undefined_error(missing));
    }
    match (name, given) {
        ("dumps", [value]) => python::dumps(&to_python(value)?).map(text).map_err(raise),
        ("assert", [condition, rest @ ..]) => {
            if truth(condition)? {
                return Ok(text(""));
            }
            let message = match rest {
                [] => String::new(),
                [one] => string(one)?,
                many => python::repr(&to_python(&tuple(many.to_vec()))?),
            };
            Err(raise(PythonError::new("AssertionError", message)))
        }
        ("repr", [value]) => Ok(text(python::repr(&to_python(value)?))),
        ("str", []) => Ok(text("")),
        ("str", [value]) => string(value).map(text),
        ("str", [bytes, encoding, ..]) if super::object::bytes_in(bytes).is_some() => {
            methods::call(bytes, state, "decode", std::slice::from_ref(encoding))
        }
        ("len", [value]) => length(value)
            .map(Value::from)
            .ok_or_else(|| type_error(format!("object of type '{}' has no len()", class_name(value)))),
        ("int", []) => Ok(Value::from(0)),
        ("int", [value]) => {
            let base = keyword("base").and_then(Value::as_usize).unwrap_or(10);
            integer(value, base)
        }
        ("int", [value, base]) => integer(value, base.as_usize().unwrap_or(10)),
        ("float", []) => Ok(Value::from(0.0)),
        ("float", [value]) => python::to_float(&to_python(value)?).map(from_python).map_err(raise),
        ("bool", []) => Ok(Value::from(false)),
        ("bool", [value]) => Ok(Value::from(value.is_true())),
        ("list", []) => Ok(list(Vec::new())),
        ("list", [value]) => items(value).map(list),
        ("tuple", []) => Ok(tuple(Vec::new())),
        ("tuple", [value]) => items(value).map(tuple),
        ("set" | "frozenset", []) => Ok(set(keyed(Vec::new())?, name == "frozenset")),
        ("set" | "frozenset", [value]) => Ok(set(keyed(items(value)?)?, name == "frozenset")),
        ("dict", [] | [_]) => {
            let mut result = Dict::default();
            if let Some(value) = given.first() {
                for (key, value) in methods::entries(value)? {
                    result.insert(key, value)?;
                }
            }
            for (key, value) in kwargs {
                result.insert(Value::from(key), value)?;
            }
            Ok(dict(result))
        }
        ("range", _) => range(given),
        ("enumerate", [value, rest @ ..]) => {
            let start = rest.first().or(keyword("start")).map_or(Ok(0), |start| i128::try_from(start.clone()))?;
            let pairs = (start..).zip(items(value)?);
            Ok(iterator("enumerate", pairs.map(|(position, item)| tuple(vec![Value::from(position), item])).collect()))
        }
        ("zip", _) => {
            let mut columns = given.iter().map(iter).collect::<Result<Vec<_>>>()?;
            Ok(zip(&mut columns))
        }
        ("map", [function, sources @ ..]) if !sources.is_empty() => {
            let mut columns = sources.iter().map(iter).collect::<Result<Vec<_>>>()?;
            let rows = items(&zip(&mut columns))?;
            let results = rows.iter().map(|row| function.call(state, &items(row)?)).collect::<Result<Vec<_>>>()?;
            Ok(iterator("map", results))
        }
        ("filter", [function, source]) => {
            let mut kept = Vec::new();
            for item in items(source)? {
                let holds = if function.is_none() {
                    item.is_true()
                } else {
                    function.call(state, std::slice::from_ref(&item))?.is_true()
                };
                if holds {
                    kept.push(item);
                }
            }
            Ok(iterator("filter", kept))
        }
        ("sorted", [value]) => {
            let mut elements = items(value)?;
            sort(&mut elements, &kwargs, state)?;
            Ok(list(elements))
        }
        ("reversed", [value]) => {
            let mut elements = items(value)?;
            elements.reverse();
            Ok(iterator("reversed", elements))
        }
        ("iter", [value]) => iter(value),
        ("next", [value, rest @ ..]) => match py(value) {
            Some(Py::Iter { state, .. }) => {
                let next = lock(state).next();
                next.or_else(|| rest.first().cloned()).ok_or_else(|| raise(PythonError::new("StopIteration", "")))
            }
            _ => Err(type_error(format!("'{}' object is not an iterator", class_name(value)))),
        },
        ("all", [value]) => Ok(Value::from(items(value)?.iter().all(Value::is_true))),
        ("any", [value]) => Ok(Value::from(items(value)?.iter().any(Value::is_true))),
        ("sum", [value, rest @ ..]) => {
            let start = rest.first().or(keyword("start")).cloned().unwrap_or_else(|| Value::from(0));
            if start.as_str().is_some() {
                return Err(type_error("sum() can't sum strings [use ''.join(seq) instead]"));
            }
            items(value)?.iter().try_fold(start, |total, item| ops::math("+", &total, item))
        }
        ("min" | "max", [_, ..]) => extreme(name, given, keyword("key"), keyword("default"), state),
        ("abs", [value]) => {
            let negative = ops::compare("<", value, &Value::from(0))
                .map_err(|_| type_error(format!("bad operand type for abs(): '{}'", class_name(value))))?;
            ops::sign(if negative { UnaryOp::Neg } else { UnaryOp::Pos }, value)
        }
        ("round", [value, rest @ ..]) => round(value, rest.first().or(keyword("ndigits"))),
        ("divmod", [a, b]) => Ok(tuple(vec![ops::math("//", a, b)?, ops::math("%", a, b)?])),
        ("pow", [a, b]) => ops::math("**", a, b),
        ("bin" | "oct" | "hex", [value]) => {
            let number = value_int(value)?;
            let sign = if number < 0 { "-" } else { "" };
            let number = number.unsigned_abs();
            Ok(text(match name {
                "bin" => format!("{sign}0b{number:b}"),
                "oct" => format!("{sign}0o{number:o}"),
                _ => format!("{sign}0x{number:x}"),
            }))
        }
        ("chr", [value]) => u32::try_from(value_int(value)?)
            .ok()
            .and_then(char::from_u32)
            .map(|c| text(c.to_string()))
            .ok_or_else(|| value_error("chr() arg not in range(0x110000)")),
        ("ord", [value]) => {
            let characters: Vec<char> = value.as_str().unwrap_or_default().chars().collect();
            match characters.as_slice() {
                [c] => Ok(Value::from(u32::from(*c))),
                other => {
                    Err(type_error(format!("ord() expected a character, but string of length {} found", other.len())))
                }
            }
        }
        ("format", [value, rest @ ..]) => {
            let spec = rest.first().and_then(Value::as_str).unwrap_or_default();
            python::format_value(&to_python(value)?, spec).map(text).map_err(raise)
        }
        ("bytes", [value, rest @ ..]) => match to_python(value)? {
            python::Value::Str(_) if !rest.is_empty() => methods::call(value, state, "encode", rest),
            python::Value::Str(_) => Err(type_error("string argument without an encoding")),
            python::Value::Bytes(bytes) => Ok(super::object::bytes(bytes)),
            python::Value::List(numbers) | python::Value::Tuple(numbers) => numbers
                .iter()
                .map(|number| number.as_int().and_then(|number| u8::try_from(number).ok()))
                .collect::<Option<Vec<u8>>>()
                .map(super::object::bytes)
                .ok_or_else(|| value_error("bytes must be in range(0, 256)")),
            _ => Err(unsupported("bytes() of this argument")),
        },
        ("bytes", []) => Ok(super::object::bytes(Vec::new())),
        ("callable", [value]) => Ok(Value::from(jinja_tests::is_callable(value))),
        ("isinstance", [value, class]) => is_instance(value, class).map(Value::from),
        ("cycler" | "joiner", _) => Err(unsupported(format!("{name}()"))),
        _ => Err(type_error(format!("{name}() was called with {} arguments, which is not supported", given.len()))),
    }
}

fn value_int(value: &Value) -> Result<i128> {
    let plain = if value.is_undefined() { python::Value::None } else { to_python(value)? };
    plain
        .as_int()
        .ok_or_else(|| type_error(format!("'{}' object cannot be interpreted as an integer", class_name(value))))
}

fn integer(value: &Value, base: usize) -> Result {
    python::to_int(&to_python(value)?, u32::try_from(base).unwrap_or(10)).map(from_python).map_err(raise)
}

fn zip(columns: &mut [Value]) -> Value {
    let mut rows = Vec::new();
    'rows: while !columns.is_empty() {
        let mut row = Vec::with_capacity(columns.len());
        for column in columns.iter() {
            let next = match py(column) {
                Some(Py::Iter { state, .. }) => lock(state).next(),
                _ => None,
            };
            match next {
                Some(value) => row.push(value),
                None => break 'rows,
            }
        }
        rows.push(tuple(row));
    }
    iterator("zip", rows)
}

fn range(args: &[Value]) -> Result {
    let numbers = args.iter().map(value_int).collect::<Result<Vec<_>>>()?;
    let (start, stop, step) = match numbers.as_slice() {
        [stop] => (0, *stop, 1),
        [start, stop] => (*start, *stop, 1),
        [start, stop, step] => (*start, *stop, *step),
        [] => return Err(type_error("range expected at least 1 argument, got 0")),
        _ => {
            return Err(type_error(format!("range expected at most 3 arguments, got {}", args.len())));
        }
    };
    if step == 0 {
        return Err(value_error("range() arg 3 must not be zero"));
    }
    Ok(Value::from_object(Py::Range { start, stop, step }))
}

/// Sorts as `list.sort(key=…, reverse=…)` does.
pub(crate) fn sort(elements: &mut Vec<Value>, kwargs: &[(String, Value)], state: &mut State<'_, '_>) -> Result<()> {
    let keyword = |wanted: &str| kwargs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    let reverse = keyword("reverse").is_some_and(Value::is_true);
    // Reversing twice keeps the order of equal elements, as Python does.
    if reverse {
        elements.reverse();
    }
    match keyword("key").filter(|key| !key.is_none()) {
        Some(function) => {
            let mut keyed = Vec::with_capacity(elements.len());
            for element in elements.drain(..) {
                let key = function.call(state, std::slice::from_ref(&element))?;
                keyed.push(tuple(vec![key, element]));
            }
            ops::sort_by_key(&mut keyed, |pair| attributes::item(pair, &Value::from(0)))?;
            for pair in keyed {
                elements.push(attributes::item(&pair, &Value::from(1))?);
            }
        }
        None => ops::sort_by_key(elements, |element| Ok(element.clone()))?,
    }
    if reverse {
        elements.reverse();
    }
    Ok(())
}

fn extreme(
    name: &str,
    given: &[Value],
    key: Option<&Value>,
    default: Option<&Value>,
    state: &mut State<'_, '_>,
) -> Result {
    let candidates = if let [one] = given { items(one)? } else { given.to_vec() };
    let mut best: Option<(Value, Value)> = None;
    for candidate in candidates {
        let rank = match key {
            Some(function) if !function.is_none() => function.call(state, std::slice::from_ref(&candidate))?,
            _ => candidate.clone(),
        };
        let better = match &best {
            None => true,
            Some((_, best)) => ops::compare(if name == "min" { "<" } else { ">" }, &rank, best)?,
        };
        if better {
            best = Some((candidate, rank));
        }
    }
    best.map(|(candidate, _)| candidate)
        .or_else(|| default.cloned())
        .ok_or_else(|| value_error(format!("{name}() arg is an empty sequence")))
}

/// `round(value[, digits])`: halves go to the even neighbour.
pub(crate) fn round(value: &Value, digits: Option<&Value>) -> Result {
    let digits = digits.filter(|digits| !digits.is_none());
    match (to_python(value)?, digits) {
        (number @ (python::Value::Int(_) | python::Value::Bool(_)), None) => {
            Ok(from_python(python::Value::Int(number.as_int().unwrap_or(0))))
        }
        (python::Value::Float(number), None) => {
            python::to_int(&python::Value::Float(number.round_ties_even()), 10).map(from_python).map_err(raise)
        }
        (number @ (python::Value::Int(_) | python::Value::Bool(_)), Some(digits)) if value_int(digits)? >= 0 => {
            Ok(from_python(number))
        }
        (python::Value::Float(number), Some(digits)) if value_int(digits)? >= 0 => {
            // The decimal text of the number is exact, so this rounds correctly.
            let digits = usize::try_from(value_int(digits)?).unwrap_or(0).min(400);
            Ok(Value::from(format!("{number:.digits$}").parse().unwrap_or(number)))
        }
        (python::Value::Float(_) | python::Value::Int(_) | python::Value::Bool(_), Some(_)) => {
            Err(unsupported("round() to negative digits"))
        }
        _ => Err(type_error(format!("type {} doesn't define __round__ method", class_name(value)))),
    }
}

fn is_instance(value: &Value, class: &Value) -> Result<bool> {
    match py(class) {
        Some(Py::Tuple(classes)) => {
            for class in classes {
                if is_instance(value, class)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Some(Py::Builtin(name)) if is_class(name) => {
            let actual = class_name(value);
            Ok(actual == **name
                || (*name == "int" && actual == "bool")
                || (*name == "str" && actual == "Markup")
                || (*name == "tuple" && matches!(actual.as_str(), "ParseResult" | "SplitResult")))
        }
        _ => Err(type_error("isinstance() arg 2 must be a type, a tuple of types, or a union")),
    }
}

/// The helpers that the pre-pass calls; `all` includes keyword arguments.
fn helper(name: &'static str, state: &mut State<'_, '_>, args: &[Value], all: &[Value]) -> Result {
    match (name, args) {
        ("__attr__", [value, key]) => attributes::attribute(value, key.as_str().unwrap_or_default()),
        ("__item__", [value, key]) => attributes::item(value, key),
        ("__list__", _) => Ok(list(args.to_vec())),
        ("__tuple__", _) => Ok(tuple(args.to_vec())),
        ("__dict__", _) => {
            let mut result = Dict::default();
            for pair in args.chunks_exact(2) {
                result.insert(pair[0].clone(), pair[1].clone())?;
            }
            Ok(dict(result))
        }
        ("__slice__", [start, stop, step]) => {
            Ok(Value::from_object(Py::Slice([start.clone(), stop.clone(), step.clone()])))
        }
        ("__float__", [digits]) => python::to_float(&to_python(digits)?).map(from_python).map_err(raise),
        ("__math__", [first, rest @ ..]) => rest
            .chunks_exact(2)
            .try_fold(first.clone(), |left, pair| ops::math(pair[0].as_str().unwrap_or("+"), &left, &pair[1])),
        ("__cmp__", [first, rest @ ..]) => {
            let mut left = first;
            for pair in rest.chunks_exact(2) {
                if !ops::compare(pair[0].as_str().unwrap_or("=="), left, &pair[1])? {
                    return Ok(Value::from(false));
                }
                left = &pair[1];
            }
            Ok(Value::from(true))
        }
        ("__cat__", _) => ops::concat(args),
        ("__neg__", [value]) => ops::sign(UnaryOp::Neg, value),
        ("__pos__", [value]) => ops::sign(UnaryOp::Pos, value),
        ("__filter__", [filter, value, ..]) => {
            filters::apply(filter.as_str().unwrap_or_default(), state, value, &all[2..])
        }
        ("__test__", [test, value, rest @ ..]) => {
            jinja_tests::apply(test.as_str().unwrap_or_default(), value, rest).map(Value::from)
        }
        ("__for__", [value]) => loop_over(value),
        ("__for__", [value, target]) => Ok(super::object::cursor(
            "iterator",
            Cursor::Unpack(loop_over(value)?, target.as_str().unwrap_or_default().to_owned()),
        )),
        ("__unpack__", [value]) => match value.kind() {
            ValueKind::String => items(value).map(list),
            _ => Ok(value.clone()),
        },
        ("__eval__", [_]) => Ok(text("")),
        ("__noelse__", [line]) => Ok(Value::from_object(Py::Lenient(format!(
            "the inline if-expression on line {line} evaluated to false and no else section was defined."
        )))),
        ("__param__", [value, name]) if value.is_undefined() => {
            Ok(undefined(format!("parameter {} was not provided", python::str_repr(name.as_str().unwrap_or_default()))))
        }
        ("__param__", [value, _]) => Ok(value.clone()),
        ("__missing__", [name]) => {
            Ok(undefined(format!("{} is undefined", python::str_repr(name.as_str().unwrap_or_default()))))
        }
        ("__template__", [template, with_context]) => {
            defined(template)?;
            Ok(match template.as_str() {
                Some(name) if !with_context.is_true() => text(format!("{name}{ISOLATED}")),
                _ => template.clone(),
            })
        }
        _ => Err(unsupported(format!("{name} with {} arguments", args.len()))),
    }
}

/// What a `for` statement visits. Lists are visited live, as Python does.
fn loop_over(value: &Value) -> Result {
    match py(value) {
        Some(Py::Iter { .. }) => Ok(value.clone()),
        Some(Py::List(_)) => Ok(super::object::cursor("list_iterator", Cursor::Live { list: value.clone(), at: 0 })),
        _ => items(value).map(|items| iterator("iterator", items)),
    }
}
