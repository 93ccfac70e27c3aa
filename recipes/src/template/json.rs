//! `json.dumps` and `json.loads` as Python's module does them.

use std::fmt::Write as _;

use minijinja::value::Value;
use rbuildout_parser::python::{self, PythonError};

use super::convert::{from_python, to_python};
use super::errors::{raise, type_error};
use super::object::Result;

/// The arguments of `dumps`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Options {
    pub(crate) sort_keys: bool,
    pub(crate) keep_unicode: bool,
    /// The text of one level; `None` for one line.
    pub(crate) indent: Option<String>,
    pub(crate) item_separator: Option<String>,
    pub(crate) key_separator: Option<String>,
}

/// The `indent` argument: a number of blanks or a text.
pub(crate) fn indent(value: Option<&Value>) -> Option<String> {
    value.filter(|value| !value.is_none()).map(|value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => " ".repeat(value.as_usize().unwrap_or(0).min(1000)),
    })
}

/// `json.dumps(value, …)`.
pub(crate) fn dumps(value: &Value, options: &Options) -> Result<String> {
    if value.is_undefined() {
        return Err(type_error("Object of type StrictUndefined is not JSON serializable"));
    }
    let mut out = String::new();
    write(&mut out, &to_python(value)?, options, 0)?;
    Ok(out)
}

fn write(out: &mut String, value: &python::Value, options: &Options, depth: usize) -> Result<()> {
    match value {
        python::Value::None => out.push_str("null"),
        python::Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        python::Value::Int(value) => out.push_str(&value.to_string()),
        python::Value::Float(value) => out.push_str(&float(*value)),
        python::Value::Str(text) => write_text(out, text, options),
        python::Value::List(items) | python::Value::Tuple(items) => {
            let mut writer = Container::new(out, '[', ']', options, depth, items.is_empty());
            for item in items {
                writer.next(out);
                write(out, item, options, depth + 1)?;
            }
            writer.end(out);
        }
        python::Value::Dict(dict) => {
            let mut entries: Vec<_> = dict.iter().collect();
            if options.sort_keys {
                let mut failure = None;
                entries.sort_by(|(a, _), (b, _)| super::ops::order(a, b, &mut failure));
                if let Some(error) = failure {
                    return Err(raise(error));
                }
            }
            let mut writer = Container::new(out, '{', '}', options, depth, entries.is_empty());
            for (key, value) in entries {
                writer.next(out);
                let key = match key {
                    python::Value::Str(key) => key.clone(),
                    python::Value::None => "null".to_owned(),
                    python::Value::Bool(key) => key.to_string(),
                    python::Value::Int(key) => key.to_string(),
                    python::Value::Float(key) => float(*key),
                    other => {
                        return Err(type_error(format!(
                            "keys must be str, int, float, bool or None, not {}",
                            other.type_name()
                        )));
                    }
                };
                write_text(out, &key, options);
                out.push_str(options.key_separator.as_deref().unwrap_or(": "));
                write(out, value, options, depth + 1)?;
            }
            writer.end(out);
        }
        other => {
            return Err(type_error(format!("Object of type {} is not JSON serializable", other.type_name())));
        }
    }
    Ok(())
}

fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        python::repr_float(value)
    }
}

/// Brackets, separators and line ends of a list or object.
struct Container {
    close: char,
    first: bool,
    empty: bool,
    separator: String,
    /// Line end and indentation of the elements, and of the closing bracket.
    breaks: Option<(String, String)>,
}

impl Container {
    fn new(out: &mut String, open: char, close: char, options: &Options, depth: usize, empty: bool) -> Self {
        out.push(open);
        let breaks = options
            .indent
            .as_ref()
            .map(|indent| (format!("\n{}", indent.repeat(depth + 1)), format!("\n{}", indent.repeat(depth))));
        let default = if breaks.is_some() { "," } else { ", " };
        Self {
            close,
            first: true,
            empty,
            separator: options.item_separator.clone().unwrap_or_else(|| default.to_owned()),
            breaks,
        }
    }

    fn next(&mut self, out: &mut String) {
        if !self.first {
            out.push_str(&self.separator);
        }
        self.first = false;
        if let Some((inner, _)) = &self.breaks {
            out.push_str(inner);
        }
    }

    fn end(self, out: &mut String) {
        if let Some((_, outer)) = self.breaks.filter(|_| !self.empty) {
            out.push_str(&outer);
        }
        out.push(self.close);
    }
}

fn write_text(out: &mut String, text: &str, options: &Options) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' || (c > '~' && !options.keep_unicode) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// `json.loads(text)`.
pub(crate) fn loads(text: &str) -> Result {
    let parsed: serde_json::Value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        raise(PythonError::new("json.decoder.JSONDecodeError", format!("{error}: line {line} column {column}")))
    })?;
    Ok(from_python(plain(parsed)))
}

/// A JSON value as Python reads it.
pub(crate) fn plain(value: serde_json::Value) -> python::Value {
    match value {
        serde_json::Value::Null => python::Value::None,
        serde_json::Value::Bool(value) => python::Value::Bool(value),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => python::Value::Int(i128::from(value)),
            (None, Some(value)) => python::Value::Int(i128::from(value)),
            (None, None) => {
                let text = number.to_string();
                match text.parse() {
                    Ok(value) if !text.contains(['.', 'e', 'E']) => python::Value::Int(value),
                    _ => python::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
                }
            }
        },
        serde_json::Value::String(text) => python::Value::Str(text),
        serde_json::Value::Array(items) => python::Value::List(items.into_iter().map(plain).collect()),
        serde_json::Value::Object(entries) => python::Value::Dict(
            entries.into_iter().map(|(key, value)| (python::Value::Str(key), plain(value))).collect(),
        ),
    }
}
