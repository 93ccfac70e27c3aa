//! Python's `%` formatting of a text with a mapping, as commands and environments use it.

use rbuildout_parser::python::{Value, percent_format_with};

use crate::error::RecipeError;

/// Formats `text`. `lookup` gives the text for a key; `class` is the Python class of the mapping, for error messages.
pub(crate) fn format_with(
    text: &str,
    class: &str,
    lookup: impl Fn(&str) -> Result<String, RecipeError>,
) -> Result<String, RecipeError> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    percent_format_with(text, class, |key| lookup(key).map(Value::Str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_with_a_mapping() {
        let lookup = |key: &str| match key {
            "a" => Ok("1%".to_owned()),
            _ => Err(RecipeError::missing_option("p", key)),
        };
        let format = |text| format_with(text, "Options", lookup).map_err(|error| error.to_string());
        assert_eq!(format("x%(a)s %% y"), Ok("x1% % y".to_owned()));
        assert_eq!(format("plain"), Ok("plain".to_owned()));
        assert_eq!(format("%(bogus)s"), Err("Missing option: p:bogus".to_owned()));
        assert_eq!(format("%d"), Err("TypeError: %d format: a real number is required, not Options".to_owned()));
    }
}
