//! `template.format(*args, **kwargs)`.

use super::error::{PythonError, Result};
use super::format_spec::format_value;
use super::repr::{ascii, repr, to_str};
use super::value::Value;

/// Where the fields of a format string get their values from.
pub trait FormatArguments {
    /// The value of positional argument `position`, if there is one.
    fn positional(&mut self, position: usize) -> Option<Value>;
    /// The value of keyword argument `name`, if there is one.
    fn keyword(&mut self, name: &str) -> Option<Value>;
    /// `value.name` for the attribute access `{0.name}`.
    fn attribute(&mut self, value: &Value, name: &str) -> Result<Value> {
        Err(PythonError::attribute_error(value.type_name(), name))
    }
}

/// Positional and keyword arguments as plain values.
impl FormatArguments for (&[Value], &super::value::Dict) {
    fn positional(&mut self, position: usize) -> Option<Value> {
        self.0.get(position).cloned()
    }

    fn keyword(&mut self, name: &str) -> Option<Value> {
        self.1.get(&Value::from(name)).cloned()
    }
}

/// `template.format(...)`.
pub fn str_format(template: &str, arguments: &mut dyn FormatArguments) -> Result<String> {
    Walker { arguments, automatic: 0, manual: false }.walk(template, 2)
}

struct Walker<'a> {
    arguments: &'a mut dyn FormatArguments,
    automatic: usize,
    manual: bool,
}

impl Walker<'_> {
    fn walk(&mut self, template: &str, depth: u8) -> Result<String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if rest.starts_with(brace) {
                out.push_str(brace);
                rest = &rest[1..];
                continue;
            }
            if brace == "}" {
                return Err(PythonError::value_error("Single '}' encountered in format string"));
            }
            if rest.is_empty() {
                return Err(PythonError::value_error("Single '{' encountered in format string"));
            }
            let end = field_end(rest)?;
            if depth == 0 {
                return Err(PythonError::value_error("Max string recursion exceeded"));
            }
            out.push_str(&self.field(&rest[..end], depth)?);
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    fn field(&mut self, field: &str, depth: u8) -> Result<String> {
        let mut in_bracket = false;
        let split = field
            .find(|c| {
                match c {
                    '[' => in_bracket = true,
                    ']' => in_bracket = false,
                    _ => {}
                }
                !in_bracket && (c == '!' || c == ':')
            })
            .unwrap_or(field.len());
        let (name, tail) = field.split_at(split);
        let (conversion, spec) = if let Some(tail) = tail.strip_prefix('!') {
            let mut chars = tail.chars();
            let conversion = chars.next().ok_or_else(|| PythonError::value_error("unmatched '{' in format spec"))?;
            match chars.next() {
                None => (Some(conversion), ""),
                Some(':') => (Some(conversion), chars.as_str()),
                Some(_) => {
                    return Err(PythonError::value_error("expected ':' after conversion specifier"));
                }
            }
        } else {
            (None, tail.strip_prefix(':').unwrap_or(""))
        };
        let mut value = self.lookup(name)?;
        match conversion {
            None => {}
            Some('s') => value = Value::Str(to_str(&value)),
            Some('r') => value = Value::Str(repr(&value)),
            Some('a') => value = Value::Str(ascii(&value)),
            Some(other) => {
                return Err(PythonError::value_error(format!("Unknown conversion specifier {other}")));
            }
        }
        let spec = self.walk(spec, depth - 1)?;
        format_value(&value, &spec)
    }

    fn lookup(&mut self, name: &str) -> Result<Value> {
        let first_end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut rest) = name.split_at(first_end);
        let mut value = if first.is_empty() || first.bytes().all(|b| b.is_ascii_digit()) {
            let position = if first.is_empty() {
                if self.manual {
                    return Err(PythonError::value_error(
                        "cannot switch from manual field specification to automatic field numbering",
                    ));
                }
                self.automatic += 1;
                self.automatic - 1
            } else {
                if self.automatic > 0 {
                    return Err(PythonError::value_error(
                        "cannot switch from automatic field numbering to manual field specification",
                    ));
                }
                self.manual = true;
                first.parse().map_err(|_| PythonError::value_error("Too many decimal digits in format string"))?
            };
            self.arguments.positional(position).ok_or_else(|| {
                PythonError::index_error(format!("Replacement index {position} out of range for positional args tuple"))
            })?
        } else {
            self.arguments.keyword(first).ok_or_else(|| PythonError::new("KeyError", repr(&Value::from(first))))?
        };
        while !rest.is_empty() {
            if let Some(tail) = rest.strip_prefix('.') {
                let end = tail.find(['.', '[']).unwrap_or(tail.len());
                value = self.arguments.attribute(&value, &tail[..end])?;
                rest = &tail[end..];
            } else if let Some(tail) = rest.strip_prefix('[') {
                let end = tail.find(']').ok_or_else(|| PythonError::value_error("Missing ']' in format string"))?;
                let key = &tail[..end];
                let key = key.parse::<u32>().map_or_else(|_| Value::from(key), |n| Value::Int(i128::from(n)));
                value = super::subscript::item(&value, &key)?;
                rest = &tail[end + 1..];
            } else {
                return Err(PythonError::value_error("Only '.' or '[' may follow ']' in format field specifier"));
            }
        }
        Ok(value)
    }
}

/// The position of the brace that closes a field; braces nest in format specifications.
fn field_end(text: &str) -> Result<usize> {
    let mut depth = 1usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(at);
        }
    }
    Err(PythonError::value_error("expected '}' before end of string"))
}
