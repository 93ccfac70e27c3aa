//! The values of Python that configuration files, templates and recipes exchange.

use std::hash::{Hash, Hasher};

use indexmap::{IndexMap, IndexSet};

use super::error::{PythonError, Result};

/// A dict: insertion ordered, keys compared as Python compares them (`1 == 1.0 == True`).
pub type Dict = IndexMap<Value, Value>;

/// The elements of a set or frozenset, in insertion order.
pub type Set = IndexSet<Value>;

/// A Python value.
///
/// Integers are limited to 128 bits; arithmetic beyond that raises `OverflowError` instead of
/// giving a wrong number. `==` is Python's equality.
#[derive(Debug, Clone)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// `int`.
    Int(i128),
    /// `float`.
    Float(f64),
    /// `complex`: real and imaginary part.
    Complex(f64, f64),
    /// `str`. Lone surrogates cannot be represented.
    Str(String),
    /// `bytes`.
    Bytes(Vec<u8>),
    /// `bytearray`.
    ByteArray(Vec<u8>),
    /// `list`.
    List(Vec<Value>),
    /// `tuple`.
    Tuple(Vec<Value>),
    /// `dict`.
    Dict(Dict),
    /// `set`.
    Set(Set),
    /// `frozenset`.
    FrozenSet(Set),
    /// An object of another class: it can be printed, and nothing else.
    Opaque(Box<Opaque>),
}

/// An object of which only the printed forms are known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Opaque {
    /// The name of its class.
    pub type_name: String,
    /// What `str()` gives.
    pub text: String,
    /// What `repr()` gives.
    pub repr: String,
}

impl Value {
    /// The name of the class, as error messages show it.
    pub fn type_name(&self) -> &str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Complex(..) => "complex",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::ByteArray(_) => "bytearray",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::Set(_) => "set",
            Self::FrozenSet(_) => "frozenset",
            Self::Opaque(opaque) => &opaque.type_name,
        }
    }

    /// The truth value.
    pub fn truth(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(re, im) => *re != 0.0 || *im != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::Bytes(bytes) | Self::ByteArray(bytes) => !bytes.is_empty(),
            Self::List(items) | Self::Tuple(items) => !items.is_empty(),
            Self::Dict(dict) => !dict.is_empty(),
            Self::Set(items) | Self::FrozenSet(items) => !items.is_empty(),
            Self::Opaque(_) => true,
        }
    }

    /// The text of a `str`.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The integer of an `int` or `bool`.
    pub fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Bool(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    /// The number of an `int`, `bool` or `float` as a float.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            _ => self.as_int().map(|value| value as f64),
        }
    }

    /// Fails as Python's `hash()` does for mutable values.
    pub fn check_hashable(&self) -> Result<()> {
        match self {
            Self::List(_) | Self::Dict(_) | Self::Set(_) | Self::ByteArray(_) => {
                Err(PythonError::type_error(format!("unhashable type: '{}'", self.type_name())))
            }
            Self::Tuple(items) => items.iter().try_for_each(Self::check_hashable),
            _ => Ok(()),
        }
    }

    /// The elements that `for x in value` would visit.
    pub fn iterate(&self) -> Result<Vec<Value>> {
        Ok(match self {
            Self::List(items) | Self::Tuple(items) => items.clone(),
            Self::Set(items) | Self::FrozenSet(items) => items.iter().cloned().collect(),
            Self::Dict(dict) => dict.keys().cloned().collect(),
            Self::Str(text) => text.chars().map(|c| Self::Str(c.to_string())).collect(),
            Self::Bytes(bytes) | Self::ByteArray(bytes) => bytes.iter().map(|b| Self::Int(i128::from(*b))).collect(),
            _ => {
                return Err(PythonError::type_error(format!("'{}' object is not iterable", self.type_name())));
            }
        })
    }

    /// `len()`.
    #[expect(clippy::len_without_is_empty, reason = "emptiness is the truth value")]
    pub fn len(&self) -> Result<usize> {
        Ok(match self {
            Self::List(items) | Self::Tuple(items) => items.len(),
            Self::Set(items) | Self::FrozenSet(items) => items.len(),
            Self::Dict(dict) => dict.len(),
            Self::Str(text) => text.chars().count(),
            Self::Bytes(bytes) | Self::ByteArray(bytes) => bytes.len(),
            _ => {
                return Err(PythonError::type_error(format!("object of type '{}' has no len()", self.type_name())));
            }
        })
    }
}

/// A float that equals an integer, if `value` is one within 128 bits.
#[expect(clippy::float_cmp, reason = "the comparison is meant to be exact")]
pub(crate) fn float_as_int(value: f64) -> Option<i128> {
    let limit = 2f64.powi(126);
    (value.is_finite() && value.trunc() == value && value.abs() < limit).then_some(value as i128)
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Bytes(a) | Self::ByteArray(a), Self::Bytes(b) | Self::ByteArray(b)) => a == b,
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::Dict(a), Self::Dict(b)) => a == b,
            (Self::Set(a) | Self::FrozenSet(a), Self::Set(b) | Self::FrozenSet(b)) => a == b,
            (Self::Opaque(a), Self::Opaque(b)) => a == b,
            (Self::Complex(re, im), Self::Complex(re2, im2)) => re == re2 && im == im2,
            (Self::Complex(re, im), number) | (number, Self::Complex(re, im)) => {
                *im == 0.0 && Self::Float(*re) == *number
            }
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Float(float), number) | (number, Self::Float(float)) => match number.as_int() {
                Some(int) => float_as_int(*float) == Some(int),
                None => false,
            },
            _ => match (self.as_int(), other.as_int()) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            },
        }
    }
}

// NaN is not equal to itself, as in Python; a NaN key is then simply never found.
impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::None => 0u8.hash(state),
            Self::Bool(_) | Self::Int(_) => self.as_int().hash(state),
            Self::Float(value) => match float_as_int(*value) {
                Some(int) => Some(int).hash(state),
                None => value.to_bits().hash(state),
            },
            Self::Complex(re, im) => {
                if *im == 0.0 {
                    Self::Float(*re).hash(state);
                } else {
                    // Zeros are equal whatever their sign: the sum has none.
                    ((re + 0.0).to_bits(), (im + 0.0).to_bits()).hash(state);
                }
            }
            Self::Str(text) => text.hash(state),
            Self::Bytes(bytes) | Self::ByteArray(bytes) => bytes.hash(state),
            Self::List(items) | Self::Tuple(items) => items.hash(state),
            Self::Dict(dict) => dict.len().hash(state),
            Self::Set(items) | Self::FrozenSet(items) => items.len().hash(state),
            Self::Opaque(opaque) => opaque.hash(state),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(i128::from(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}
