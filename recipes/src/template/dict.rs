//! Dicts and sets: ordered, with Python's equality of keys.

use indexmap::IndexMap;
use minijinja::value::Value;
use rbuildout_parser::python;

use super::convert;
use super::errors::raise;
use super::object::Result;

/// The elements of a set by their key.
pub(crate) type Keyed = IndexMap<python::Value, Value>;

/// A dict.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dict(IndexMap<python::Value, (Value, Value)>);

/// The form of a value under which it is found again.
pub(crate) fn key_of(value: &Value) -> Result<python::Value> {
    let key = convert::to_python(value)?;
    key.check_hashable().map_err(raise)?;
    Ok(key)
}

impl Dict {
    pub(crate) fn get(&self, key: &Value) -> Result<Option<Value>> {
        // Text is by far the most frequent key, and needs no conversion to fail or to nest.
        Ok(self.0.get(&key_of(key)?).map(|(_, value)| value.clone()))
    }

    pub(crate) fn get_str(&self, key: &str) -> Option<Value> {
        self.0.get(&python::Value::from(key)).map(|(_, value)| value.clone())
    }

    /// Inserts or replaces; a replaced entry keeps its place and its key.
    pub(crate) fn insert(&mut self, key: Value, value: Value) -> Result<()> {
        match self.0.entry(key_of(&key)?) {
            indexmap::map::Entry::Occupied(mut entry) => entry.get_mut().1 = value,
            indexmap::map::Entry::Vacant(entry) => {
                entry.insert((key, value));
            }
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: &Value) -> Result<Option<Value>> {
        Ok(self.0.shift_remove(&key_of(key)?).map(|(_, value)| value))
    }

    pub(crate) fn pop_last(&mut self) -> Option<(Value, Value)> {
        self.0.pop().map(|(_, pair)| pair)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Keys and values in order.
    pub(crate) fn pairs(&self) -> Vec<(Value, Value)> {
        self.0.values().cloned().collect()
    }
}

/// A set of values.
pub(crate) fn keyed(values: Vec<Value>) -> Result<Keyed> {
    let mut items = Keyed::new();
    for value in values {
        items.entry(key_of(&value)?).or_insert(value);
    }
    Ok(items)
}
