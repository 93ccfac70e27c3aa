//! `repr()` and `str()`, exact for CPython 3.11.

use super::float::repr_float;
use super::printable::is_printable;
use super::value::{Set, Value};

/// `repr(value)`. The elements of sets, which Python prints in hash order, are sorted if they can be.
pub fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(&mut out, value);
    out
}

/// `str(value)`.
pub fn to_str(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        Value::Opaque(opaque) => opaque.text.clone(),
        _ => repr(value),
    }
}

/// `repr` of a `str`: single quotes unless the text has a single and no double quote.
pub fn str_repr(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_str(&mut out, text);
    out
}

/// `repr` of a `bytes`.
pub fn bytes_repr(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 3);
    write_bytes(&mut out, bytes);
    out
}

/// `ascii(value)`: `repr` with everything outside ASCII escaped.
pub fn ascii(value: &Value) -> String {
    let mut out = String::new();
    for c in repr(value).chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            write_escape(&mut out, c);
        }
    }
    out
}

pub(crate) fn write_repr(out: &mut String, value: &Value) {
    match value {
        Value::None => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(int) => out.push_str(&int.to_string()),
        Value::Float(float) => out.push_str(&repr_float(*float)),
        Value::Complex(re, im) => write_complex(out, *re, *im),
        Value::Str(text) => write_str(out, text),
        Value::Bytes(bytes) => write_bytes(out, bytes),
        Value::ByteArray(bytes) => {
            out.push_str("bytearray(");
            write_bytes(out, bytes);
            out.push(')');
        }
        Value::List(items) => {
            out.push('[');
            write_items(out, items);
            out.push(']');
        }
        Value::Tuple(items) => {
            out.push('(');
            write_items(out, items);
            if items.len() == 1 {
                out.push(',');
            }
            out.push(')');
        }
        Value::Dict(dict) => {
            out.push('{');
            for (position, (key, value)) in dict.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                write_repr(out, key);
                out.push_str(": ");
                write_repr(out, value);
            }
            out.push('}');
        }
        Value::Set(items) if items.is_empty() => out.push_str("set()"),
        Value::Set(items) => {
            out.push('{');
            write_items(out, &sorted_set(items));
            out.push('}');
        }
        Value::FrozenSet(items) if items.is_empty() => out.push_str("frozenset()"),
        Value::FrozenSet(items) => {
            out.push_str("frozenset({");
            write_items(out, &sorted_set(items));
            out.push_str("})");
        }
        Value::Opaque(opaque) => out.push_str(&opaque.repr),
    }
}

fn write_items<'a>(out: &mut String, items: impl IntoIterator<Item = &'a Value>) {
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            out.push_str(", ");
        }
        write_repr(out, item);
    }
}

/// The elements of a set in a stable order: sorted if they are comparable, else as inserted.
pub(crate) fn sorted_set(items: &Set) -> Vec<Value> {
    let mut sorted: Vec<Value> = items.iter().cloned().collect();
    if super::compare::sort_values(&mut sorted).is_err() {
        return items.iter().cloned().collect();
    }
    sorted
}

fn write_str(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    out.reserve(text.len() + 1);
    // Nearly all text is printable ASCII and stands for itself.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\\' && *byte != quote as u8;
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|byte| !is_plain(&byte)).unwrap_or(rest.len());
        out.push_str(&rest[..plain]);
        rest = &rest[plain..];
        let mut chars = rest.chars();
        let Some(c) = chars.next() else { break };
        rest = chars.as_str();
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => write_escape(out, c),
        }
    }
    out.push(quote);
}

/// `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
fn write_escape(out: &mut String, c: char) {
    let code = u32::from(c);
    out.push_str(&match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    });
}

fn write_bytes(out: &mut String, bytes: &[u8]) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    out.push('b');
    out.push(char::from(quote));
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if byte == quote => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(char::from(quote));
}

fn write_complex(out: &mut String, re: f64, im: f64) {
    let part = |value: f64| {
        let text = repr_float(value);
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    };
    if re == 0.0 && re.is_sign_positive() {
        out.push_str(&part(im));
        out.push('j');
    } else {
        out.push('(');
        out.push_str(&part(re));
        if im.is_sign_positive() || im.is_nan() {
            out.push('+');
        }
        out.push_str(&part(im));
        out.push_str("j)");
    }
}
