//! Built-in functions, classes and methods of expressions.

use super::compare::{CompareOp, compare, sort_values};
use super::error::{PythonError, Result};
use super::eval::check_elements;
use super::ops::{BinaryOp, UnaryOp, binary, unary};
use super::repr::{ascii, repr, to_str};
use super::value::{Dict, Set, Value};

/// The built-ins that conditions may use.
pub(crate) const SUPPORTED: &[&str] = &[
    "abs",
    "all",
    "any",
    "ascii",
    "bool",
    "bytearray",
    "bytes",
    "chr",
    "complex",
    "dict",
    "enumerate",
    "float",
    "frozenset",
    "getattr",
    "hasattr",
    "int",
    "len",
    "list",
    "max",
    "min",
    "open",
    "ord",
    "range",
    "repr",
    "reversed",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
    "zip",
];

/// Other names that every Python knows: using one is unsupported, not a `NameError`.
pub(crate) const KNOWN: &[&str] = &[
    "__import__",
    "bin",
    "breakpoint",
    "callable",
    "classmethod",
    "compile",
    "delattr",
    "dir",
    "divmod",
    "eval",
    "exec",
    "filter",
    "format",
    "globals",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "isinstance",
    "issubclass",
    "iter",
    "locals",
    "map",
    "memoryview",
    "next",
    "object",
    "oct",
    "pow",
    "print",
    "property",
    "round",
    "setattr",
    "slice",
    "staticmethod",
    "super",
    "type",
    "vars",
    "Exception",
    "NotImplemented",
    "Ellipsis",
    "__debug__",
    "__name__",
    "__builtins__",
];

/// The longest `range` that is expanded.
const MAX_RANGE: i128 = 1_000_000;

/// Calls a built-in.
pub(crate) fn call(name: &'static str, args: &[Value], kwargs: &Dict) -> Result<Value> {
    let no_keywords = || match kwargs.keys().next() {
        Some(_) if name != "dict" => {
            Err(PythonError::unsupported(format!("keyword arguments of {name}() are not supported")))
        }
        _ => Ok(()),
    };
    no_keywords()?;
    match (name, args) {
        ("str", []) => Ok(Value::from("")),
        ("str", [value]) => Ok(Value::Str(to_str(value))),
        ("repr", [value]) => Ok(Value::Str(repr(value))),
        ("ascii", [value]) => Ok(Value::Str(ascii(value))),
        ("bool", []) => Ok(Value::Bool(false)),
        ("bool", [value]) => Ok(Value::Bool(value.truth())),
        ("int", []) => Ok(Value::Int(0)),
        ("int", [value]) => to_int(value, 10),
        ("int", [value @ Value::Str(_), base]) => match base.as_int() {
            Some(base @ (0 | 2..=36)) => to_int(value, u32::try_from(base).unwrap_or(10)),
            _ => Err(PythonError::value_error("int() base must be >= 2 and <= 36, or 0")),
        },
        ("float", []) => Ok(Value::Float(0.0)),
        ("float", [value]) => to_float(value),
        ("complex", []) => Ok(Value::Complex(0.0, 0.0)),
        ("complex", [re]) if re.as_float().is_some() => Ok(Value::Complex(re.as_float().unwrap_or(0.0), 0.0)),
        ("complex", [re, im]) => match (re.as_float(), im.as_float()) {
            (Some(re), Some(im)) => Ok(Value::Complex(re, im)),
            _ => Err(PythonError::unsupported("complex() of these arguments is not supported")),
        },
        ("len", [value]) => Ok(Value::Int(i128::try_from(value.len()?).unwrap_or(i128::MAX))),
        ("list", []) => Ok(Value::List(Vec::new())),
        ("list", [value]) => value.iterate().map(Value::List),
        ("tuple", []) => Ok(Value::Tuple(Vec::new())),
        ("tuple", [value]) => value.iterate().map(Value::Tuple),
        ("set", []) => Ok(Value::Set(Set::new())),
        ("set", [value]) => set_of(value.iterate()?).map(Value::Set),
        ("frozenset", []) => Ok(Value::FrozenSet(Set::new())),
        ("frozenset", [value]) => set_of(value.iterate()?).map(Value::FrozenSet),
        ("dict", []) => Ok(Value::Dict(kwargs.clone())),
        ("dict", [value]) => {
            let mut dict = dict_of(value)?;
            dict.extend(kwargs.iter().map(|(key, value)| (key.clone(), value.clone())));
            Ok(Value::Dict(dict))
        }
        ("bytes", []) => Ok(Value::Bytes(Vec::new())),
        ("bytearray", []) => Ok(Value::ByteArray(Vec::new())),
        ("bytes", _) => bytes_of(args).map(Value::Bytes),
        ("bytearray", _) => bytes_of(args).map(Value::ByteArray),
        ("abs", [value]) => match value {
            Value::Complex(re, im) => Ok(Value::Float(re.hypot(*im))),
            Value::Float(number) => Ok(Value::Float(number.abs())),
            value if value.as_int().is_some_and(|number| number < 0) => unary(UnaryOp::Neg, value),
            value if value.as_int().is_some() => unary(UnaryOp::Pos, value),
            value => Err(PythonError::type_error(format!("bad operand type for abs(): '{}'", value.type_name()))),
        },
        ("all", [value]) => Ok(Value::Bool(value.iterate()?.iter().all(Value::truth))),
        ("any", [value]) => Ok(Value::Bool(value.iterate()?.iter().any(Value::truth))),
        ("sum", [value]) => sum(value, Value::Int(0)),
        ("sum", [value, start]) => sum(value, start.clone()),
        ("min" | "max", [value]) => extreme(name, value.iterate()?),
        ("min" | "max", [_, ..]) => extreme(name, args.to_vec()),
        ("sorted", [value]) => {
            let mut items = value.iterate()?;
            sort_values(&mut items)?;
            Ok(Value::List(items))
        }
        ("reversed", [value]) => {
            let mut items = value.iterate()?;
            items.reverse();
            Ok(Value::List(items))
        }
        ("enumerate", [value]) => Ok(Value::List(
            (0..)
                .zip(value.iterate()?)
                .map(|(position, item)| Value::Tuple(vec![Value::Int(position), item]))
                .collect(),
        )),
        ("zip", _) => {
            let columns = args.iter().map(Value::iterate).collect::<Result<Vec<_>>>()?;
            let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
            let row = |row: usize| Value::Tuple(columns.iter().map(|column| column[row].clone()).collect());
            Ok(Value::List((0..rows).map(row).collect()))
        }
        ("range", [_] | [_, _] | [_, _, _]) => range(args),
        ("ord", [Value::Str(text)]) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Ok(Value::Int(i128::from(u32::from(c)))),
                _ => Err(PythonError::type_error(format!(
                    "ord() expected a character, but string of length {} found",
                    text.chars().count()
                ))),
            }
        }
        ("chr", [value]) => value
            .as_int()
            .and_then(|code| u32::try_from(code).ok())
            .and_then(char::from_u32)
            .map(|c| Value::Str(c.to_string()))
            .ok_or_else(|| PythonError::value_error("chr() arg not in range(0x110000)")),
        _ => Err(PythonError::unsupported(format!("{name}() with these {} arguments is not supported", args.len()))),
    }
}

/// A set of hashable values.
pub(crate) fn set_of(values: Vec<Value>) -> Result<Set> {
    check_elements(&values)
}

/// `int(value)` and `int(text, base)`.
pub fn to_int(value: &Value, base: u32) -> Result<Value> {
    if !matches!(base, 0 | 2..=36) {
        return Err(PythonError::value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    match value {
        Value::Str(text) => {
            let bad =
                || PythonError::value_error(format!("invalid literal for int() with base {base}: {}", repr(value)));
            let clean = super::str_methods::strip_whitespace(text);
            let (sign, digits) = match clean.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", clean.strip_prefix('+').unwrap_or(clean)),
            };
            let lower = digits.to_ascii_lowercase();
            let prefixed = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find_map(|(prefix, radix)| {
                (base == radix || base == 0).then(|| lower.strip_prefix(prefix).map(|rest| (rest, radix))).flatten()
            });
            let (digits, radix) = prefixed.unwrap_or((lower.as_str(), if base == 0 { 10 } else { base }));
            let misplaced = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
            let digits = digits.replace('_', "");
            if digits.is_empty() || misplaced || !digits.chars().all(|c| c.is_digit(radix)) {
                return Err(bad());
            }
            i128::from_str_radix(&format!("{sign}{digits}"), radix)
                .map(Value::Int)
                .map_err(|_| PythonError::overflow("the integer does not fit in 128 bits"))
        }
        Value::Float(number) if number.is_nan() => Err(PythonError::value_error("cannot convert float NaN to integer")),
        Value::Float(number) if number.is_infinite() => {
            Err(PythonError::overflow("cannot convert float infinity to integer"))
        }
        Value::Float(number) => super::value::float_as_int(number.trunc())
            .map(Value::Int)
            .ok_or_else(|| PythonError::overflow("the integer does not fit in 128 bits")),
        value => value.as_int().map(Value::Int).ok_or_else(|| {
            PythonError::type_error(format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                value.type_name()
            ))
        }),
    }
}

/// `float(value)`.
pub fn to_float(value: &Value) -> Result<Value> {
    match value {
        Value::Str(text) => {
            let clean = super::str_methods::strip_whitespace(text).replace('_', "");
            let numeric = clean.bytes().any(|b| b.is_ascii_digit())
                || matches!(
                    clean.trim_start_matches(['+', '-']).to_ascii_lowercase().as_str(),
                    "inf" | "infinity" | "nan"
                );
            clean
                .parse()
                .ok()
                .filter(|_| numeric)
                .map(Value::Float)
                .ok_or_else(|| PythonError::value_error(format!("could not convert string to float: {}", repr(value))))
        }
        value => value.as_float().map(Value::Float).ok_or_else(|| {
            PythonError::type_error(format!(
                "float() argument must be a string or a real number, not '{}'",
                value.type_name()
            ))
        }),
    }
}

fn dict_of(value: &Value) -> Result<Dict> {
    if let Value::Dict(dict) = value {
        return Ok(dict.clone());
    }
    let mut dict = Dict::new();
    for (position, pair) in value.iterate()?.into_iter().enumerate() {
        let pair = pair.iterate().map_err(|_| {
            PythonError::type_error(format!(
                "cannot convert dictionary update sequence element #{position} to a sequence"
            ))
        })?;
        let length = pair.len();
        let Ok([key, value]) = <[Value; 2]>::try_from(pair) else {
            return Err(PythonError::value_error(format!(
                "dictionary update sequence element #{position} has length {length}; 2 is required"
            )));
        };
        key.check_hashable()?;
        dict.insert(key, value);
    }
    Ok(dict)
}

/// `dict.fromkeys(keys[, value])`.
pub(crate) fn dict_fromkeys(args: &[Value]) -> Result<Value> {
    let (keys, value) = match args {
        [keys] => (keys, Value::None),
        [keys, value] => (keys, value.clone()),
        _ => {
            return Err(PythonError::type_error("fromkeys expected at least 1 argument, got 0"));
        }
    };
    let mut dict = Dict::new();
    for key in keys.iterate()? {
        key.check_hashable()?;
        dict.insert(key, value.clone());
    }
    Ok(Value::Dict(dict))
}

fn bytes_of(args: &[Value]) -> Result<Vec<u8>> {
    match args {
        [Value::Bytes(bytes) | Value::ByteArray(bytes)] => Ok(bytes.clone()),
        [Value::List(items) | Value::Tuple(items)] => items
            .iter()
            .map(|item| {
                item.as_int()
                    .and_then(|byte| u8::try_from(byte).ok())
                    .ok_or_else(|| PythonError::value_error("bytes must be in range(0, 256)"))
            })
            .collect(),
        [Value::Str(_)] => Err(PythonError::type_error("string argument without an encoding")),
        [text @ Value::Str(_), encoding] => {
            let Value::Str(text) = text else {
                return Ok(Vec::new());
            };
            match super::str_methods::str_method(text, "encode", std::slice::from_ref(encoding), &Dict::new()) {
                Some(Ok(Value::Bytes(bytes))) => Ok(bytes),
                Some(Err(error)) => Err(error),
                _ => Err(PythonError::unsupported("this encoding is not supported")),
            }
        }
        _ => Err(PythonError::unsupported("bytes() of these arguments is not supported")),
    }
}

fn sum(value: &Value, start: Value) -> Result<Value> {
    if matches!(start, Value::Str(_)) {
        return Err(PythonError::type_error("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    value.iterate()?.iter().try_fold(start, |total, item| binary(BinaryOp::Add, &total, item))
}

fn extreme(name: &str, items: Vec<Value>) -> Result<Value> {
    let mut items = items.into_iter();
    let mut best =
        items.next().ok_or_else(|| PythonError::value_error(format!("{name}() arg is an empty sequence")))?;
    let op = if name == "min" { CompareOp::Lt } else { CompareOp::Gt };
    for item in items {
        if compare(op, &item, &best)? {
            best = item;
        }
    }
    Ok(best)
}

fn range(args: &[Value]) -> Result<Value> {
    let part = |position: usize| {
        args[position].as_int().ok_or_else(|| {
            PythonError::type_error(format!(
                "'{}' object cannot be interpreted as an integer",
                args[position].type_name()
            ))
        })
    };
    let (start, stop, step) = match args.len() {
        1 => (0, part(0)?, 1),
        2 => (part(0)?, part(1)?, 1),
        _ => (part(0)?, part(1)?, part(2)?),
    };
    if step == 0 {
        return Err(PythonError::value_error("range() arg 3 must not be zero"));
    }
    if stop.abs_diff(start) / step.unsigned_abs() > MAX_RANGE.unsigned_abs() {
        return Err(PythonError::unsupported("a range of more than a million numbers is not supported"));
    }
    let mut items = Vec::new();
    let mut next = start;
    while (step > 0 && next < stop) || (step < 0 && next > stop) {
        items.push(Value::Int(next));
        next += step;
    }
    Ok(Value::List(items))
}

/// True if `value.name` is a method that [`method`] or `str_method` knows.
pub(crate) fn has_method(value: &Value, name: &str) -> bool {
    match value {
        Value::Str(text) => super::str_methods::str_method(text, name, &[], &Dict::new()).is_some(),
        _ => method(value, name, &[]).is_some(),
    }
}

/// Data attributes of numbers.
pub(crate) fn data_attribute(value: &Value, name: &str) -> Option<Value> {
    match (value, name) {
        (Value::Complex(re, _), "real") => Some(Value::Float(*re)),
        (Value::Complex(_, im), "imag") => Some(Value::Float(*im)),
        _ => None,
    }
}

/// Calls a method of a value that is no string; `None` if there is no such method.
pub(crate) fn method(value: &Value, name: &str, args: &[Value]) -> Option<Result<Value>> {
    Some(match (value, name, args) {
        (Value::Dict(dict), "keys", _) => Ok(Value::List(dict.keys().cloned().collect())),
        (Value::Dict(dict), "values", _) => Ok(Value::List(dict.values().cloned().collect())),
        (Value::Dict(dict), "items", _) => {
            Ok(Value::List(dict.iter().map(|(key, value)| Value::Tuple(vec![key.clone(), value.clone()])).collect()))
        }
        (Value::Dict(dict), "get", [key, rest @ ..]) => {
            key.check_hashable().map(|()| dict.get(key).or(rest.first()).cloned().unwrap_or(Value::None))
        }
        (Value::Dict(_), "get", []) => Err(PythonError::type_error("get expected at least 1 argument, got 0")),
        (Value::Dict(_) | Value::List(_) | Value::Set(_), "copy", _) => Ok(value.clone()),
        (Value::List(items) | Value::Tuple(items), "count", [item]) => {
            let count = items.iter().filter(|other| *other == item).count();
            Ok(Value::Int(i128::try_from(count).unwrap_or(i128::MAX)))
        }
        (Value::List(items) | Value::Tuple(items), "index", [item]) => {
            items.iter().position(|other| other == item).map_or_else(
                || Err(PythonError::value_error(format!("{} is not in list", repr(item)))),
                |position| Ok(Value::Int(i128::try_from(position).unwrap_or(i128::MAX))),
            )
        }
        (Value::List(_) | Value::Tuple(_), "count" | "index", _) => {
            Err(PythonError::type_error(format!("{name}() takes exactly one argument ({} given)", args.len())))
        }
        (Value::Bytes(bytes), "decode", _) => String::from_utf8(bytes.clone())
            .map(Value::Str)
            .map_err(|_| PythonError::new("UnicodeDecodeError", "'utf-8' codec can't decode the bytes")),
        _ => return None,
    })
}
