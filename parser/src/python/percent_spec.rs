//! One conversion of `%` formatting: a value, a type character, flags, width and precision.

use super::error::{PythonError, Result};
use super::float::{format_exponent, format_fixed, format_general};
use super::repr::{ascii, repr, to_str};
use super::value::{Value, float_as_int};

/// Flags, width and precision of a conversion.
#[derive(Debug, Default, Clone)]
pub(crate) struct Conversion {
    pub(crate) left: bool,
    pub(crate) plus: bool,
    pub(crate) blank: bool,
    pub(crate) alternate: bool,
    pub(crate) zero: bool,
    pub(crate) width: usize,
    pub(crate) precision: Option<usize>,
}

/// The text of `value` under the conversion `kind`; `None` for an unknown type character.
pub(crate) fn convert(spec: &Conversion, kind: char, value: &Value) -> Result<Option<String>> {
    Ok(Some(match kind {
        's' => spec.text(&to_str(value)),
        'r' => spec.text(&repr(value)),
        'a' => spec.text(&ascii(value)),
        'c' => spec.pad("", &character(value)?, false),
        'd' | 'i' | 'u' => {
            let number = decimal(kind, value)?;
            spec.integer(number < 0, "", &number.unsigned_abs().to_string())
        }
        'x' | 'X' | 'o' => {
            let number = exact_integer(kind, value)?;
            let digits = number.unsigned_abs();
            let (prefix, digits) = match kind {
                'x' => ("0x", format!("{digits:x}")),
                'X' => ("0X", format!("{digits:X}")),
                _ => ("0o", format!("{digits:o}")),
            };
            let prefix = if spec.alternate { prefix } else { "" };
            spec.integer(number < 0, prefix, &digits)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let number = value
                .as_float()
                .ok_or_else(|| PythonError::type_error(format!("must be real number, not {}", value.type_name())))?;
            spec.float(kind, number)
        }
        _ => return Ok(None),
    }))
}

impl Conversion {
    fn text(&self, text: &str) -> String {
        match self.precision {
            Some(precision) => {
                let cut: String = text.chars().take(precision).collect();
                self.pad("", &cut, false)
            }
            None => self.pad("", text, false),
        }
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.blank) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        }
    }

    fn integer(&self, negative: bool, prefix: &str, digits: &str) -> String {
        let mut body = digits.to_owned();
        if let Some(precision) = self.precision
            && body.len() < precision
        {
            body = format!("{body:0>precision$}");
        }
        self.pad(&format!("{}{prefix}", self.sign(negative)), &body, true)
    }

    fn float(&self, kind: char, number: f64) -> String {
        let precision = self.precision.unwrap_or(6);
        let magnitude = if number.is_nan() { number } else { number.abs() };
        let mut body = match kind.to_ascii_lowercase() {
            'e' => format_exponent(magnitude, precision, self.alternate),
            'f' => format_fixed(magnitude, precision, self.alternate),
            _ => format_general(magnitude, precision, self.alternate),
        };
        if kind.is_ascii_uppercase() {
            body = body.to_ascii_uppercase();
        }
        let negative = number.is_sign_negative() && !number.is_nan();
        self.pad(self.sign(negative), &body, true)
    }

    /// Fills up to the width: on the right with `-`, with zeros after the sign for numbers with `0`, else on the left.
    fn pad(&self, lead: &str, body: &str, numeric: bool) -> String {
        let length = lead.len() + body.chars().count();
        let missing = self.width.saturating_sub(length);
        if self.left {
            format!("{lead}{body}{}", " ".repeat(missing))
        } else if numeric && self.zero {
            format!("{lead}{}{body}", "0".repeat(missing))
        } else {
            format!("{}{lead}{body}", " ".repeat(missing))
        }
    }
}

fn decimal(kind: char, value: &Value) -> Result<i128> {
    if let Value::Float(number) = value {
        if number.is_nan() {
            return Err(PythonError::value_error("cannot convert float NaN to integer"));
        }
        if number.is_infinite() {
            return Err(PythonError::overflow("cannot convert float infinity to integer"));
        }
        return float_as_int(number.trunc())
            .ok_or_else(|| PythonError::overflow("the integer does not fit in 128 bits"));
    }
    value.as_int().ok_or_else(|| {
        PythonError::type_error(format!("%{kind} format: a real number is required, not {}", value.type_name()))
    })
}

fn exact_integer(kind: char, value: &Value) -> Result<i128> {
    value.as_int().ok_or_else(|| {
        PythonError::type_error(format!("%{kind} format: an integer is required, not {}", value.type_name()))
    })
}

fn character(value: &Value) -> Result<String> {
    match value {
        Value::Str(text) if text.chars().count() == 1 => Ok(text.clone()),
        Value::Int(_) | Value::Bool(_) => {
            let code = value.as_int().and_then(|code| u32::try_from(code).ok());
            match code {
                Some(code) if code < 0x0011_0000 => match char::from_u32(code) {
                    Some(c) => Ok(c.to_string()),
                    None => Err(PythonError::unsupported("lone surrogates are not supported")),
                },
                _ => Err(PythonError::overflow("%c arg not in range(0x110000)")),
            }
        }
        _ => Err(PythonError::type_error("%c requires int or char")),
    }
}
