//! Numbers in options, read as Python's `int` does.

use rbuildout_parser::python::str_repr;

use crate::error::RecipeError;

/// An octal file mode: `0755`, `755` or `0o755`.
pub(crate) fn octal(text: &str) -> Result<u32, RecipeError> {
    integer(text, 8).and_then(|value| u32::try_from(value).map_err(|_| invalid(text, 8)))
}

/// A decimal integer.
pub(crate) fn decimal(text: &str) -> Result<i64, RecipeError> {
    integer(text, 10)
}

fn integer(text: &str, base: u32) -> Result<i64, RecipeError> {
    let digits = text.trim();
    let digits = if base == 8 { digits.strip_prefix("0o").unwrap_or(digits) } else { digits };
    // Python allows single underscores between digits.
    let plain = digits.replace('_', "");
    let misplaced = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    i64::from_str_radix(&plain, base).ok().filter(|_| !misplaced).ok_or_else(|| invalid(text, base))
}

fn invalid(text: &str, base: u32) -> RecipeError {
    let message = format!("invalid literal for int() with base {base}: {}", str_repr(text));
    RecipeError::internal("ValueError", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_python() {
        assert_eq!(octal("0755").unwrap(), 0o755);
        assert_eq!(octal(" 0o644 ").unwrap(), 0o644);
        assert_eq!(decimal("1_0").unwrap(), 10);
        let error = octal("rwx").unwrap_err();
        assert_eq!(error.to_string(), "ValueError: invalid literal for int() with base 8: 'rwx'");
    }
}
