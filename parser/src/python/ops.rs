//! Arithmetic: the binary and unary operators on values.

use super::error::{PythonError, Result};
use super::percent::percent_format;
use super::value::Value;

/// Results of repetition beyond this many elements or bytes are refused with `MemoryError`.
const MAX_REPEATED: usize = 64 * 1024 * 1024;

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `%`
    Mod,
    /// `**`
    Pow,
    /// `|`
    BitOr,
    /// `&`
    BitAnd,
    /// `^`
    BitXor,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
}

/// A unary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `+`
    Pos,
    /// `~`
    Invert,
}

impl BinaryOp {
    /// The operator as error messages show it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::FloorDiv => "//",
            Self::Mod => "%",
            Self::Pow => "** or pow()",
            Self::BitOr => "|",
            Self::BitAnd => "&",
            Self::BitXor => "^",
            Self::ShiftLeft => "<<",
            Self::ShiftRight => ">>",
        }
    }
}

/// `op a`.
pub fn unary(op: UnaryOp, a: &Value) -> Result<Value> {
    let int = |value: Option<i128>| value.map(Value::Int).ok_or_else(too_large);
    match (op, a.as_int(), a) {
        (UnaryOp::Neg, Some(value), _) => int(value.checked_neg()),
        (UnaryOp::Pos, Some(value), _) => Ok(Value::Int(value)),
        (UnaryOp::Invert, Some(value), _) => Ok(Value::Int(!value)),
        (UnaryOp::Neg, _, Value::Float(value)) => Ok(Value::Float(-value)),
        (UnaryOp::Pos, _, Value::Float(value)) => Ok(Value::Float(*value)),
        (UnaryOp::Neg, _, Value::Complex(re, im)) => Ok(Value::Complex(-re, -im)),
        (UnaryOp::Pos, _, Value::Complex(re, im)) => Ok(Value::Complex(*re, *im)),
        _ => Err(PythonError::type_error(format!(
            "bad operand type for unary {}: '{}'",
            match op {
                UnaryOp::Neg => "-",
                UnaryOp::Pos => "+",
                UnaryOp::Invert => "~",
            },
            a.type_name()
        ))),
    }
}

/// `a op b`.
pub fn binary(op: BinaryOp, a: &Value, b: &Value) -> Result<Value> {
    match (op, a, b) {
        (BinaryOp::Mod, Value::Str(template), _) => percent_format(template, b).map(Value::Str),
        (BinaryOp::Mod, Value::Bytes(_) | Value::ByteArray(_), _) => {
            Err(PythonError::unsupported("% formatting of bytes is not supported"))
        }
        (BinaryOp::Add, Value::Str(a), Value::Str(b)) => Ok(Value::Str(format!("{a}{b}"))),
        (BinaryOp::Add, Value::Str(_), _) => {
            Err(PythonError::type_error(format!("can only concatenate str (not \"{}\") to str", b.type_name())))
        }
        (BinaryOp::Add, Value::Bytes(a), Value::Bytes(b) | Value::ByteArray(b)) => {
            Ok(Value::Bytes([a.as_slice(), b].concat()))
        }
        (BinaryOp::Add, Value::ByteArray(a), Value::Bytes(b) | Value::ByteArray(b)) => {
            Ok(Value::ByteArray([a.as_slice(), b].concat()))
        }
        (BinaryOp::Add, Value::Bytes(_), _) => {
            Err(PythonError::type_error(format!("can't concat {} to bytes", b.type_name())))
        }
        (BinaryOp::Add, Value::List(a), Value::List(b)) => Ok(Value::List([a.as_slice(), b].concat())),
        (BinaryOp::Add, Value::List(_), _) => {
            Err(PythonError::type_error(format!("can only concatenate list (not \"{}\") to list", b.type_name())))
        }
        (BinaryOp::Add, Value::Tuple(a), Value::Tuple(b)) => Ok(Value::Tuple([a.as_slice(), b].concat())),
        (BinaryOp::Add, Value::Tuple(_), _) => {
            Err(PythonError::type_error(format!("can only concatenate tuple (not \"{}\") to tuple", b.type_name())))
        }
        (BinaryOp::Mul, sequence, count) | (BinaryOp::Mul, count, sequence)
            if is_sequence(sequence) && !is_number(sequence) =>
        {
            repeat(sequence, count)
        }
        (BinaryOp::BitOr, Value::Dict(a), Value::Dict(b)) => {
            let mut merged = a.clone();
            merged.extend(b.iter().map(|(key, value)| (key.clone(), value.clone())));
            Ok(Value::Dict(merged))
        }
        (_, Value::Set(left) | Value::FrozenSet(left), Value::Set(right) | Value::FrozenSet(right)) => {
            let result = match op {
                BinaryOp::BitOr => left | right,
                BinaryOp::BitAnd => left & right,
                BinaryOp::BitXor => left ^ right,
                BinaryOp::Sub => left - right,
                _ => return Err(bad_operands(op, a, b)),
            };
            Ok(if matches!(a, Value::Set(_)) { Value::Set(result) } else { Value::FrozenSet(result) })
        }
        _ => numeric(op, a, b),
    }
}

fn is_number(value: &Value) -> bool {
    value.as_float().is_some() || matches!(value, Value::Complex(..))
}

fn is_sequence(value: &Value) -> bool {
    matches!(value, Value::Str(_) | Value::Bytes(_) | Value::ByteArray(_) | Value::List(_) | Value::Tuple(_))
}

fn repeat(sequence: &Value, count: &Value) -> Result<Value> {
    let Some(count) = count.as_int() else {
        return Err(PythonError::type_error(format!(
            "can't multiply sequence by non-int of type '{}'",
            count.type_name()
        )));
    };
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    let check = |length: usize| match length.checked_mul(count) {
        Some(total) if total <= MAX_REPEATED => Ok(()),
        _ => Err(PythonError::new("MemoryError", format!("the result has more than {MAX_REPEATED} elements"))),
    };
    Ok(match sequence {
        Value::Str(text) => {
            check(text.len())?;
            Value::Str(text.repeat(count))
        }
        Value::Bytes(bytes) => {
            check(bytes.len())?;
            Value::Bytes(bytes.repeat(count))
        }
        Value::ByteArray(bytes) => {
            check(bytes.len())?;
            Value::ByteArray(bytes.repeat(count))
        }
        Value::List(items) => {
            check(items.len() * 64)?;
            Value::List(repeat_items(items, count))
        }
        Value::Tuple(items) => {
            check(items.len() * 64)?;
            Value::Tuple(repeat_items(items, count))
        }
        _ => return Err(bad_operands(BinaryOp::Mul, sequence, sequence)),
    })
}

fn repeat_items(items: &[Value], count: usize) -> Vec<Value> {
    let total = items.len() * count;
    items.iter().cycle().take(total).cloned().collect()
}

fn numeric(op: BinaryOp, a: &Value, b: &Value) -> Result<Value> {
    if let (Some(x), Some(y)) = (a.as_int(), b.as_int()) {
        if let (Value::Bool(x), Value::Bool(y)) = (a, b) {
            match op {
                BinaryOp::BitOr => return Ok(Value::Bool(x | y)),
                BinaryOp::BitAnd => return Ok(Value::Bool(x & y)),
                BinaryOp::BitXor => return Ok(Value::Bool(x ^ y)),
                _ => {}
            }
        }
        return integers(op, x, y);
    }
    if let (Some(x), Some(y)) = (a.as_float(), b.as_float()) {
        return floats(op, x, y).ok_or_else(|| bad_operands(op, a, b))?;
    }
    match (complex_of(a), complex_of(b)) {
        (Some(x), Some(y)) => complex(op, x, y).ok_or_else(|| bad_operands(op, a, b))?,
        _ => Err(bad_operands(op, a, b)),
    }
}

fn integers(op: BinaryOp, x: i128, y: i128) -> Result<Value> {
    let int = |value: Option<i128>| value.map(Value::Int).ok_or_else(too_large);
    let zero = |what: &'static str| PythonError::new("ZeroDivisionError", what);
    match op {
        BinaryOp::Add => int(x.checked_add(y)),
        BinaryOp::Sub => int(x.checked_sub(y)),
        BinaryOp::Mul => int(x.checked_mul(y)),
        BinaryOp::Div if y == 0 => Err(zero("division by zero")),
        BinaryOp::Div => Ok(Value::Float(x as f64 / y as f64)),
        BinaryOp::FloorDiv if y == 0 => Err(zero("integer division or modulo by zero")),
        BinaryOp::FloorDiv => {
            let quotient = x.checked_div(y).ok_or_else(too_large)?;
            Ok(Value::Int(if x % y != 0 && ((x < 0) != (y < 0)) { quotient - 1 } else { quotient }))
        }
        BinaryOp::Mod if y == 0 => Err(zero("integer modulo by zero")),
        BinaryOp::Mod => {
            let remainder = x.checked_rem(y).unwrap_or(0);
            Ok(Value::Int(if remainder != 0 && ((remainder < 0) != (y < 0)) { remainder + y } else { remainder }))
        }
        BinaryOp::Pow if y < 0 => floats(op, x as f64, y as f64).ok_or_else(too_large)?,
        BinaryOp::Pow => match (x, u32::try_from(y)) {
            (0 | 1, _) => Ok(Value::Int(if y == 0 { 1 } else { x })),
            (-1, _) => Ok(Value::Int(if y % 2 == 0 { 1 } else { -1 })),
            (_, Ok(exponent)) => int(x.checked_pow(exponent)),
            (_, Err(_)) => Err(too_large()),
        },
        BinaryOp::BitOr => Ok(Value::Int(x | y)),
        BinaryOp::BitAnd => Ok(Value::Int(x & y)),
        BinaryOp::BitXor => Ok(Value::Int(x ^ y)),
        BinaryOp::ShiftLeft | BinaryOp::ShiftRight if y < 0 => Err(PythonError::value_error("negative shift count")),
        BinaryOp::ShiftLeft => {
            let factor = u32::try_from(y).ok().and_then(|y| 2i128.checked_pow(y));
            if x == 0 {
                return Ok(Value::Int(0));
            }
            int(factor.and_then(|factor| x.checked_mul(factor)))
        }
        BinaryOp::ShiftRight => {
            let count = u32::try_from(y).unwrap_or(127).min(127);
            Ok(Value::Int(x >> count))
        }
    }
}

fn floats(op: BinaryOp, x: f64, y: f64) -> Option<Result<Value>> {
    let zero = |what: &'static str| Err(PythonError::new("ZeroDivisionError", what));
    Some(match op {
        BinaryOp::Add => Ok(Value::Float(x + y)),
        BinaryOp::Sub => Ok(Value::Float(x - y)),
        BinaryOp::Mul => Ok(Value::Float(x * y)),
        BinaryOp::Div if y == 0.0 => zero("float division by zero"),
        BinaryOp::Div => Ok(Value::Float(x / y)),
        BinaryOp::FloorDiv if y == 0.0 => zero("float floor division by zero"),
        BinaryOp::FloorDiv => Ok(Value::Float(((x - modulo(x, y)) / y).round())),
        BinaryOp::Mod if y == 0.0 => zero("float modulo"),
        BinaryOp::Mod => Ok(Value::Float(modulo(x, y))),
        BinaryOp::Pow if x == 0.0 && y < 0.0 => zero("0.0 cannot be raised to a negative power"),
        BinaryOp::Pow if x < 0.0 && y.fract() != 0.0 => {
            Err(PythonError::unsupported("a negative number to a fractional power is not supported"))
        }
        BinaryOp::Pow => {
            let result = x.powf(y);
            if result.is_infinite() && x.is_finite() && y.is_finite() {
                Err(PythonError::overflow("(34, 'Numerical result out of range')"))
            } else {
                Ok(Value::Float(result))
            }
        }
        _ => return None,
    })
}

/// The remainder with the sign of the divisor.
fn modulo(x: f64, y: f64) -> f64 {
    let remainder = x % y;
    if remainder != 0.0 && ((remainder < 0.0) != (y < 0.0)) {
        remainder + y
    } else if remainder == 0.0 {
        0.0f64.copysign(y)
    } else {
        remainder
    }
}

fn complex_of(value: &Value) -> Option<(f64, f64)> {
    match value {
        Value::Complex(re, im) => Some((*re, *im)),
        _ => value.as_float().map(|re| (re, 0.0)),
    }
}

fn complex(op: BinaryOp, (a, b): (f64, f64), (c, d): (f64, f64)) -> Option<Result<Value>> {
    Some(match op {
        BinaryOp::Add => Ok(Value::Complex(a + c, b + d)),
        BinaryOp::Sub => Ok(Value::Complex(a - c, b - d)),
        BinaryOp::Mul => Ok(Value::Complex(a * c - b * d, a * d + b * c)),
        BinaryOp::Div | BinaryOp::Pow => {
            Err(PythonError::unsupported("division and powers of complex numbers are not supported"))
        }
        _ => return None,
    })
}

fn too_large() -> PythonError {
    PythonError::overflow("the integer does not fit in 128 bits")
}

/// `TypeError: unsupported operand type(s) for -: 'str' and 'int'`.
fn bad_operands(op: BinaryOp, a: &Value, b: &Value) -> PythonError {
    PythonError::type_error(format!(
        "unsupported operand type(s) for {}: '{}' and '{}'",
        op.symbol(),
        a.type_name(),
        b.type_name()
    ))
}
