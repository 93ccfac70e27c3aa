//! The option `context`: one `type name expression` per line.
//!
//! | type | expression | value |
//! |---|---|---|
//! | `raw` | text | the text |
//! | `key` | `section:option`, the own section if empty | the option |
//! | `jsonkey` | likewise | what its JSON text says |
//! | `json` | JSON text | what it says |
//! | `section` | section | its options, as a dict |
//! | `import` | dotted name | the Python module |
//!
//! Errors, in Python's words: too few words in a line, an unknown type, a name twice or one that every template has.

use indexmap::IndexMap;
use rbuildout_parser::python::{Dict, Value, str_repr, to_str};

use super::json;
use crate::api::{Host, Mode, text};
use crate::error::RecipeError;
use crate::template::{ContextValue, in_every_template};

/// Reads the option.
pub(super) fn read(host: &mut dyn Host) -> Result<IndexMap<String, ContextValue>, RecipeError> {
    let untyped = host.settings().mode == Mode::Upstream;
    let lines = text(host, "context")?.unwrap_or_default();
    let mut context = IndexMap::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let [kind, name, expression] = three_words(line)?;
        let value = value(host, kind, expression)?;
        if in_every_template(name, untyped) || context.contains_key(name) {
            return Err(RecipeError::internal("ValueError", format!("Duplicate context entry {}", str_repr(name))));
        }
        context.insert(name.to_owned(), value);
    }
    Ok(context)
}

/// Splits a line at its first two blanks.
pub(super) fn three_words(line: &str) -> Result<[&str; 3], RecipeError> {
    let mut words = line.trim_start().splitn(2, char::is_whitespace);
    let first = words.next().filter(|word| !word.is_empty());
    let rest = words.next().map(str::trim_start).filter(|rest| !rest.is_empty());
    let mut words = rest.into_iter().flat_map(|rest| rest.splitn(2, char::is_whitespace));
    let (second, third) = (words.next(), words.next().map(str::trim_start).filter(|rest| !rest.is_empty()));
    match (first, second, third) {
        (Some(first), Some(second), Some(third)) => Ok([first, second, third]),
        (first, second, _) => {
            let found = usize::from(first.is_some()) + usize::from(second.is_some());
            let message = format!("not enough values to unpack (expected 3, got {found})");
            Err(RecipeError::internal("ValueError", message))
        }
    }
}

fn value(host: &mut dyn Host, kind: &str, expression: &str) -> Result<ContextValue, RecipeError> {
    Ok(ContextValue::Value(match kind {
        "raw" => Value::from(expression),
        "key" => option(host, expression)?,
        "jsonkey" => json::parse(&to_str(&option(host, expression)?))?,
        "json" => json::parse(expression)?,
        "section" => {
            let options = host.section(expression)?;
            Value::Dict(options.into_iter().map(|(key, value)| (Value::Str(key), value)).collect::<Dict>())
        }
        "import" => return Ok(ContextValue::Module(expression.to_owned())),
        other => return Err(RecipeError::internal("KeyError", str_repr(other))),
    }))
}

/// The option that `section:option` names.
pub(super) fn option(host: &mut dyn Host, expression: &str) -> Result<Value, RecipeError> {
    let Some((section, key)) = expression.split_once(':') else {
        return Err(RecipeError::internal("ValueError", "not enough values to unpack (expected 2, got 1)"));
    };
    if let Some(value) = host.get_from(section, key)? {
        return Ok(value);
    }
    let section = if section.is_empty() { host.name() } else { section };
    Err(RecipeError::missing_option(section, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_lines() {
        assert_eq!(three_words("raw  a b  c ").unwrap(), ["raw", "a", "b  c "]);
        let error = |line| three_words(line).unwrap_err().to_string();
        assert_eq!(error("raw a"), "ValueError: not enough values to unpack (expected 3, got 2)");
        assert_eq!(error("raw"), "ValueError: not enough values to unpack (expected 3, got 1)");
    }
}
