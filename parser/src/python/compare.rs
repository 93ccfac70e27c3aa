//! Comparisons: `== != < <= > >=`, `in`, and sorting.

use std::cmp::Ordering;

use super::error::{PythonError, Result};
use super::value::{Value, float_as_int};

/// A comparison operator with two operands of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl CompareOp {
    /// The operator as written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    fn accepts(self, ordering: Option<Ordering>) -> bool {
        match self {
            Self::Eq => ordering == Some(Ordering::Equal),
            Self::Ne => ordering != Some(Ordering::Equal),
            Self::Lt => ordering == Some(Ordering::Less),
            Self::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
            Self::Gt => ordering == Some(Ordering::Greater),
            Self::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// `a op b`. Fails with Python's `TypeError` where there is no order.
pub fn compare(op: CompareOp, a: &Value, b: &Value) -> Result<bool> {
    match op {
        CompareOp::Eq => return Ok(a == b),
        CompareOp::Ne => return Ok(a != b),
        _ => {}
    }
    match order(a, b) {
        Some(ordering) => Ok(op.accepts(ordering)),
        None => match (a, b) {
            (Value::List(left), Value::List(right)) | (Value::Tuple(left), Value::Tuple(right)) => {
                compare_sequences(op, left, right)
            }
            _ => Err(PythonError::type_error(format!(
                "'{}' not supported between instances of '{}' and '{}'",
                op.symbol(),
                a.type_name(),
                b.type_name()
            ))),
        },
    }
}

/// Sequences compare by their first pair of elements that is not equal, else by length.
fn compare_sequences(op: CompareOp, left: &[Value], right: &[Value]) -> Result<bool> {
    match left.iter().zip(right).find(|(a, b)| a != b) {
        Some((a, b)) => compare(op, a, b),
        None => Ok(op.accepts(Some(left.len().cmp(&right.len())))),
    }
}

/// The order of two values that are no sequences: `None` if their types have none,
/// `Some(None)` if these two values have none (NaN, sets of which neither contains the other).
#[expect(clippy::option_option, reason = "the two levels have the two meanings above")]
fn order(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    Some(match (a, b) {
        (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
        (Value::Bytes(a) | Value::ByteArray(a), Value::Bytes(b) | Value::ByteArray(b)) => Some(a.cmp(b)),
        (Value::Set(a) | Value::FrozenSet(a), Value::Set(b) | Value::FrozenSet(b)) => {
            match (a.is_subset(b), b.is_subset(a)) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (false, false) => None,
            }
        }
        _ => match (a.as_int(), b.as_int()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            (Some(int), None) => order_int_float(int, float_of(b)?),
            (None, Some(int)) => order_int_float(int, float_of(a)?).map(Ordering::reverse),
            (None, None) => float_of(a)?.partial_cmp(&float_of(b)?),
        },
    })
}

fn float_of(value: &Value) -> Option<f64> {
    match value {
        Value::Float(float) => Some(*float),
        _ => None,
    }
}

/// Compares without losing digits of large integers.
fn order_int_float(int: i128, float: f64) -> Option<Ordering> {
    if let Some(whole) = float_as_int(float.floor()) {
        return Some(int.cmp(&whole).then(if float > float.floor() { Ordering::Less } else { Ordering::Equal }));
    }
    (int as f64).partial_cmp(&float)
}

/// `element in container`.
pub fn contains(container: &Value, element: &Value) -> Result<bool> {
    match (container, element) {
        (Value::Str(text), Value::Str(part)) => Ok(text.contains(part.as_str())),
        (Value::Str(_), _) => Err(PythonError::type_error(format!(
            "'in <string>' requires string as left operand, not {}",
            element.type_name()
        ))),
        (Value::Bytes(bytes) | Value::ByteArray(bytes), Value::Bytes(part) | Value::ByteArray(part)) => {
            Ok(part.is_empty() || bytes.windows(part.len()).any(|window| window == part))
        }
        (Value::Bytes(bytes) | Value::ByteArray(bytes), Value::Int(byte)) => match u8::try_from(*byte) {
            Ok(byte) => Ok(bytes.contains(&byte)),
            Err(_) => Err(PythonError::value_error("byte must be in range(0, 256)")),
        },
        (Value::Dict(dict), _) => {
            element.check_hashable()?;
            Ok(dict.contains_key(element))
        }
        (Value::Set(set) | Value::FrozenSet(set), _) => {
            if !matches!(element, Value::Set(_)) {
                element.check_hashable()?;
            }
            Ok(set.contains(element))
        }
        (Value::List(items) | Value::Tuple(items), _) => Ok(items.contains(element)),
        _ => Err(PythonError::type_error(format!("argument of type '{}' is not iterable", container.type_name()))),
    }
}

/// `list.sort()`: stable; fails at the first pair without an order.
pub(crate) fn sort_values(values: &mut [Value]) -> Result<()> {
    let mut failure = None;
    values.sort_by(|a, b| less_first(a, b, &mut failure));
    failure.map_or(Ok(()), Err)
}

/// The order that sorting needs, from `<` alone as in Python; remembers the first failure.
pub(crate) fn less_first(a: &Value, b: &Value, failure: &mut Option<PythonError>) -> Ordering {
    if failure.is_some() {
        return Ordering::Equal;
    }
    match compare(CompareOp::Lt, a, b) {
        Ok(true) => Ordering::Less,
        Ok(false) => match compare(CompareOp::Lt, b, a) {
            Ok(true) => Ordering::Greater,
            _ => Ordering::Equal,
        },
        Err(error) => {
            *failure = Some(error);
            Ordering::Equal
        }
    }
}
