//! Typed option values: `!py!` and a Python expression.
//!
//! A value that is not a string is stored as `!py!` followed by what `pprint.saferepr` prints (dict items sorted by
//! key), with `$` and `;` escaped so that neither substitution nor comments touch it. Reading evaluates the rest of the
//! first line as a Python expression in which only a few constructors have names (see the section on typed values of
//! the buildout manual of the SlapOS fork).

use super::compare::less_first;
use super::error::{PythonError, Result};
use super::eval::eval_literal;
use super::repr::{sorted_set, write_repr};
use super::value::Value;

/// The text that typed values start with, as [`dumps`] writes it.
pub const MAGIC: &str = "!py!";

/// Serialises a value.
///
/// Fails with `ValueError` if it would not read back as an equal value.
pub fn dumps(value: &Value) -> Result<String> {
    let text = safe_repr(value);
    let escaped = text.replace('$', "\\x24").replace(';', "\\x3b");
    match eval_literal(&escaped) {
        Ok(read) if read == *value => Ok(format!("{MAGIC}{escaped}")),
        _ => Err(PythonError::value_error(format!("Value cannot be serialised: {text}"))),
    }
}

/// Reads a serialised value: `!py`, a version (which must be empty), `!`, and an expression up to the end of the line.
pub fn loads(text: &str) -> Result<Value> {
    let bad = || PythonError::value_error(format!("not a serialised value: {text}"));
    let rest = text.strip_prefix("!py").ok_or_else(bad)?;
    let line = rest.split('\n').next().unwrap_or(rest);
    let (version, data) = line.split_once('!').ok_or_else(bad)?;
    if !version.is_empty() {
        return Err(PythonError::value_error(format!("unknown version {version} of a serialised value")));
    }
    eval_literal(data)
}

/// `pprint.saferepr(value)`: `repr` with the items of dicts sorted by key.
pub fn safe_repr(value: &Value) -> String {
    let mut out = String::new();
    write_safe(&mut out, value);
    out
}

fn write_safe(out: &mut String, value: &Value) {
    match value {
        Value::Dict(dict) => {
            let mut items: Vec<(&Value, &Value)> = dict.iter().collect();
            items.sort_by(|(a, _), (b, _)| key_order(a, b));
            out.push('{');
            for (position, (key, value)) in items.into_iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                write_safe(out, key);
                out.push_str(": ");
                write_safe(out, value);
            }
            out.push('}');
        }
        Value::List(items) => {
            out.push('[');
            write_items(out, items);
            out.push(']');
        }
        Value::Tuple(items) => {
            out.push('(');
            write_items(out, items);
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        // Python 2 and 3 differ in the display of sets; both read the display.
        Value::Set(items) if !items.is_empty() => {
            out.push('{');
            write_items(out, &sorted_set(items));
            out.push('}');
        }
        _ => write_repr(out, value),
    }
}

fn write_items(out: &mut String, items: &[Value]) {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push_str(", ");
        }
        write_safe(out, item);
    }
}

/// The order of keys: Python's, or by the name of the class where there is none.
fn key_order(a: &Value, b: &Value) -> std::cmp::Ordering {
    let mut failure = None;
    let ordering = less_first(a, b, &mut failure);
    if failure.is_some() {
        let class = |value: &Value| format!("<class '{}'>", value.type_name());
        return class(a).cmp(&class(b));
    }
    ordering
}
