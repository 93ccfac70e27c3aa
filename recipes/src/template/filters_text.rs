//! Filters over text.

use minijinja::value::Value;
use rbuildout_parser::python;

use super::convert::{string, to_python};
use super::errors::{raise, value_error};
use super::filters::Args;
use super::iterate::{is_mapping, items, pairs};
use super::object::{Result, text, tuple};

/// Applies a filter of this module; `None` if it is none.
pub(crate) fn apply(name: &str, value: &Value, args: &Args<'_>) -> Option<Result> {
    let shown = || string(value);
    Some(match name {
        "string" => shown().map(|shown| if value.is_safe() { value.clone() } else { text(shown) }),
        "safe" => shown().map(Value::from_safe_string),
        "escape" | "e" if value.is_safe() => Ok(value.clone()),
        "escape" | "e" | "forceescape" => shown().map(|shown| Value::from_safe_string(escape_text(&shown))),
        "upper" | "lower" | "capitalize" => shown().and_then(|shown| method(&shown, name, &[])),
        "title" => shown().map(|shown| text(title(&shown))),
        "trim" => shown().and_then(|shown| match args.some(0, "chars")? {
            Some(chars) => method(&shown, "strip", &[to_python(chars)?]),
            None => method(&shown, "strip", &[]),
        }),
        "center" => shown().and_then(|shown| {
            let width = args.int(0, "width", 80)?;
            method(&shown, "center", &[python::Value::Int(width)])
        }),
        "replace" => shown().and_then(|shown| replace(&shown, args)),
        "indent" => shown().and_then(|shown| indent(&shown, args)),
        "format" => shown().and_then(|shown| format(&shown, args)),
        "truncate" => shown().and_then(|shown| truncate(&shown, args)),
        "wordcount" => shown().map(|shown| {
            let is_word = |c: char| c == '_' || c.is_alphanumeric();
            Value::from(shown.split(|c| !is_word(c)).filter(|word| !word.is_empty()).count())
        }),
        "urlencode" => urlencode(value),
        "filesizeformat" => filesize(value, args),
        "xmlattr" => xmlattr(value, args),
        _ => return None,
    })
}

fn method(shown: &str, name: &str, args: &[python::Value]) -> Result {
    python::str_method(shown, name, args, &python::Dict::new())
        .unwrap_or_else(|| Err(python::PythonError::attribute_error("str", name)))
        .map(super::convert::from_python)
        .map_err(raise)
}

/// The escapes of markupsafe.
pub(crate) fn escape_text(shown: &str) -> String {
    let mut out = String::with_capacity(shown.len());
    for c in shown.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Words start after blanks, `-` and opening brackets.
fn title(shown: &str) -> String {
    let mut out = String::with_capacity(shown.len());
    let mut start = true;
    for c in shown.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = c.is_whitespace() || matches!(c, '-' | '(' | '{' | '[' | '<');
    }
    out
}

fn replace(shown: &str, args: &Args<'_>) -> Result {
    let (old, new) = (args.text(0, "old", "")?, args.text(1, "new", "")?);
    Ok(text(match args.some(2, "count")? {
        Some(_) => match usize::try_from(args.int(2, "count", -1)?) {
            Ok(count) => shown.replacen(&old, &new, count),
            Err(_) => shown.replace(&old, &new),
        },
        None => shown.replace(&old, &new),
    }))
}

fn indent(shown: &str, args: &Args<'_>) -> Result {
    let width = match args.get(0, "width") {
        Some(width) if width.as_str().is_some() => args.text(0, "width", "")?,
        _ => " ".repeat(usize::try_from(args.int(0, "width", 4)?).unwrap_or(0).min(10_000)),
    };
    let first = args.flag(1, "first", false)?;
    let blank = args.flag(2, "blank", false)?;
    // The added line end makes the last line count even if it is empty.
    let with_end = format!("{shown}\n");
    let python::Value::List(lines) = python::str_method(&with_end, "splitlines", &[], &python::Dict::new())
        .unwrap_or_else(|| Ok(python::Value::List(Vec::new())))
        .map_err(raise)?
    else {
        return Ok(text(shown));
    };
    let mut out = String::new();
    for (position, line) in lines.iter().enumerate() {
        let line = line.as_str().unwrap_or_default();
        if position > 0 {
            out.push('\n');
            if blank || !line.is_empty() {
                out.push_str(&width);
            }
        }
        out.push_str(line);
    }
    Ok(text(if first { width + &out } else { out }))
}

/// `"%s"|format(a)`.
fn format(shown: &str, args: &Args<'_>) -> Result {
    let values = if args.named().is_empty() {
        to_python(&tuple(args.positional().to_vec()))?
    } else {
        let mut named = python::Dict::new();
        for (name, value) in args.named() {
            named.insert(python::Value::from(name.as_str()), to_python(value)?);
        }
        python::Value::Dict(named)
    };
    python::percent_format(shown, &values).map(text).map_err(raise)
}

fn truncate(shown: &str, args: &Args<'_>) -> Result {
    let length = usize::try_from(args.int(0, "length", 255)?).unwrap_or(0);
    let kill_words = args.flag(1, "killwords", false)?;
    let end = args.text(2, "end", "...")?;
    let leeway = match args.some(3, "leeway")? {
        Some(_) => usize::try_from(args.int(3, "leeway", 5)?).unwrap_or(5),
        None => 5,
    };
    let end_length = end.chars().count();
    if length < end_length {
        return Err(raise(python::PythonError::new(
            "AssertionError",
            format!("expected length >= {end_length}, got {length}"),
        )));
    }
    if shown.chars().count() <= length + leeway {
        return Ok(text(shown));
    }
    let cut: String = shown.chars().take(length - end_length).collect();
    if kill_words {
        return Ok(text(cut + &end));
    }
    let kept = cut.rsplit_once(' ').map_or(cut.as_str(), |(kept, _)| kept);
    Ok(text(format!("{kept}{end}")))
}

/// A mapping or pairs as a query, other values as a path.
fn urlencode(value: &Value) -> Result {
    let quote = |value: &Value, for_query: bool| -> Result<String> {
        let bytes = match super::object::bytes_in(value) {
            Some(bytes) if value.as_str().is_none() => bytes.to_vec(),
            _ => string(value)?.into_bytes(),
        };
        let quoted = super::modules::urls::quote(&bytes, if for_query { "" } else { "/" });
        Ok(if for_query { quoted.replace("%20", "+") } else { quoted })
    };
    let is_text = value.as_str().is_some() || super::object::bytes_in(value).is_some();
    if is_text || (!is_mapping(value) && items(value).is_err()) {
        return quote(value, false).map(text);
    }
    let pairs = if is_mapping(value) { pairs(value)? } else { super::methods::entries(value)? };
    let parts = pairs
        .iter()
        .map(|(key, value)| Ok(format!("{}={}", quote(key, true)?, quote(value, true)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(text(parts.join("&")))
}

fn filesize(value: &Value, args: &Args<'_>) -> Result {
    let binary = args.flag(0, "binary", false)?;
    let python::Value::Float(bytes) = python::to_float(&to_python(value)?).map_err(raise)? else {
        return Err(value_error("not a number"));
    };
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    if (bytes - 1.0).abs() < f64::EPSILON {
        return Ok(text("1 Byte"));
    }
    if bytes < base {
        return Ok(text(format!("{} Bytes", bytes.trunc())));
    }
    let prefixes: [&str; 8] = if binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    let mut unit = base;
    for (position, prefix) in prefixes.iter().enumerate() {
        let next = unit * base;
        if bytes < next || position + 1 == prefixes.len() {
            return Ok(text(format!("{} {prefix}", python::format_fixed(base * bytes / next, 1, false))));
        }
        unit = next;
    }
    Ok(text(""))
}

fn xmlattr(value: &Value, args: &Args<'_>) -> Result {
    let space = args.flag(0, "autospace", true)?;
    let mut parts = Vec::new();
    for (key, value) in pairs(value)? {
        if value.is_none() || value.is_undefined() {
            continue;
        }
        let key = string(&key)?;
        if key.contains([' ', '\t', '\n', '\u{c}', '\r', '/', '>', '=']) {
            return Err(value_error(format!("Invalid character in attribute name: {}", python::str_repr(&key))));
        }
        parts.push(format!("{}=\"{}\"", escape_text(&key), escape_text(&string(&value)?)));
    }
    let joined = parts.join(" ");
    let lead = if space && !joined.is_empty() { " " } else { "" };
    Ok(Value::from_safe_string(format!("{lead}{joined}")))
}
