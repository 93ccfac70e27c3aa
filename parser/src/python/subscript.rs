//! `value[key]` and `value[start:stop:step]`.

use super::error::{PythonError, Result};
use super::repr::repr;
use super::value::Value;

/// The three parts of a slice; absent ones are `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slice {
    /// First position.
    pub start: Option<i128>,
    /// Position after the last one.
    pub stop: Option<i128>,
    /// Distance between positions.
    pub step: Option<i128>,
}

impl Slice {
    /// A slice of three values as Python checks them.
    pub fn of(start: &Value, stop: &Value, step: &Value) -> Result<Self> {
        let part = |value: &Value| match value {
            Value::None => Ok(None),
            _ => value.as_int().map(Some).ok_or_else(|| {
                PythonError::type_error("slice indices must be integers or None or have an __index__ method")
            }),
        };
        Ok(Self { start: part(start)?, stop: part(stop)?, step: part(step)? })
    }

    /// The positions that the slice selects out of `length`.
    pub fn positions(&self, length: usize) -> Result<Vec<usize>> {
        let step = self.step.unwrap_or(1);
        if step == 0 {
            return Err(PythonError::value_error("slice step cannot be zero"));
        }
        let length = i128::try_from(length).unwrap_or(i128::MAX);
        let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let clamp = |value: i128| {
            let value = if value < 0 { value.saturating_add(length) } else { value };
            value.clamp(low, high)
        };
        let mut position = self.start.map_or(if step > 0 { low } else { high }, clamp);
        let stop = self.stop.map_or(if step > 0 { high } else { low }, clamp);
        let mut positions = Vec::new();
        while (step > 0 && position < stop) || (step < 0 && position > stop) {
            positions.push(usize::try_from(position).unwrap_or(0));
            position = position.saturating_add(step);
        }
        Ok(positions)
    }
}

/// The position that `key` names in a sequence of `length` elements of the class `type_name`.
pub fn index(key: &Value, length: usize, type_name: &str) -> Result<usize> {
    let Some(position) = key.as_int() else {
        let what = match type_name {
            "str" => "string",
            "bytes" => "byte",
            other => other,
        };
        return Err(PythonError::type_error(if what == "string" {
            format!("string indices must be integers, not '{}'", key.type_name())
        } else {
            format!("{what} indices must be integers or slices, not {}", key.type_name())
        }));
    };
    let length = i128::try_from(length).unwrap_or(i128::MAX);
    let absolute = if position < 0 { position + length } else { position };
    if (0..length).contains(&absolute) {
        Ok(usize::try_from(absolute).unwrap_or(0))
    } else {
        Err(PythonError::index_error(match type_name {
            "str" => "string index out of range".to_owned(),
            "bytes" => "index out of range".to_owned(),
            other => format!("{other} index out of range"),
        }))
    }
}

/// `value[key]`.
pub fn item(value: &Value, key: &Value) -> Result<Value> {
    match value {
        Value::List(items) | Value::Tuple(items) => Ok(items[index(key, items.len(), value.type_name())?].clone()),
        Value::Str(text) => {
            let position = index(key, text.chars().count(), "str")?;
            Ok(Value::Str(text.chars().skip(position).take(1).collect()))
        }
        Value::Bytes(bytes) | Value::ByteArray(bytes) => {
            Ok(Value::Int(i128::from(bytes[index(key, bytes.len(), value.type_name())?])))
        }
        Value::Dict(dict) => {
            key.check_hashable()?;
            dict.get(key).cloned().ok_or_else(|| PythonError::new("KeyError", repr(key)))
        }
        _ => Err(PythonError::type_error(format!("'{}' object is not subscriptable", value.type_name()))),
    }
}

/// `value[start:stop:step]`.
pub fn slice(value: &Value, slice: &Slice) -> Result<Value> {
    fn pick<T: Clone>(items: &[T], slice: &Slice) -> Result<Vec<T>> {
        Ok(slice.positions(items.len())?.into_iter().map(|position| items[position].clone()).collect())
    }
    Ok(match value {
        Value::List(items) => Value::List(pick(items, slice)?),
        Value::Tuple(items) => Value::Tuple(pick(items, slice)?),
        Value::Bytes(bytes) => Value::Bytes(pick(bytes, slice)?),
        Value::ByteArray(bytes) => Value::ByteArray(pick(bytes, slice)?),
        Value::Str(text) => {
            let chars: Vec<char> = text.chars().collect();
            Value::Str(pick(&chars, slice)?.into_iter().collect())
        }
        Value::Dict(_) => return Err(PythonError::type_error("unhashable type: 'slice'")),
        _ => {
            return Err(PythonError::type_error(format!("'{}' object is not subscriptable", value.type_name())));
        }
    })
}
