//! `format(value, spec)`: the format specification mini-language of `str.format` and f-strings.

use super::error::{PythonError, Result};
use super::float::{format_exponent, format_fixed, format_general, non_finite, repr_float};
use super::repr::to_str;
use super::value::Value;

/// Width and precision beyond this are refused.
const MAX_WIDTH: usize = 16 * 1024 * 1024;

#[derive(Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// `format(value, spec)`.
pub fn format_value(value: &Value, spec: &str) -> Result<String> {
    if spec.is_empty() {
        return Ok(to_str(value));
    }
    match value {
        Value::Str(_) | Value::Int(_) | Value::Bool(_) | Value::Float(_) => {}
        Value::Complex(..) => {
            return Err(PythonError::unsupported("format() of complex numbers is not supported"));
        }
        _ => {
            return Err(PythonError::type_error(format!(
                "unsupported format string passed to {}.__format__",
                value.type_name()
            )));
        }
    }
    let parsed = parse(spec, value)?;
    match (value, parsed.kind) {
        (Value::Str(text), None | Some('s')) => parsed.text(text),
        (Value::Bool(_), None) if parsed.kind.is_none() && parsed.grouping.is_none() => {
            parsed.integer(value.as_int().unwrap_or(0), 'd')
        }
        (Value::Int(_) | Value::Bool(_), None | Some('d' | 'n' | 'x' | 'X' | 'o' | 'b' | 'c')) => {
            parsed.integer(value.as_int().unwrap_or(0), parsed.kind.unwrap_or('d'))
        }
        (Value::Int(_) | Value::Bool(_) | Value::Float(_), Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%'))
        | (Value::Float(_), None | Some('n')) => Ok(parsed.float(value.as_float().unwrap_or(0.0))),
        (_, kind) => Err(PythonError::value_error(format!(
            "Unknown format code '{}' for object of type '{}'",
            kind.unwrap_or('?'),
            value.type_name()
        ))),
    }
}

fn parse(text: &str, value: &Value) -> Result<Spec> {
    let chars: Vec<char> = text.chars().collect();
    let mut spec = Spec::default();
    let mut at = 0;
    let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '=' | '^'));
    if is_align(chars.get(1)) {
        spec.fill = chars.first().copied();
        spec.align = chars.get(1).copied();
        at = 2;
    } else if is_align(chars.first()) {
        spec.align = chars.first().copied();
        at = 1;
    }
    if let Some(&c @ ('+' | '-' | ' ')) = chars.get(at) {
        spec.sign = Some(c);
        at += 1;
    }
    if chars.get(at) == Some(&'#') {
        spec.alternate = true;
        at += 1;
    }
    if spec.fill.is_none() && chars.get(at) == Some(&'0') {
        spec.zero = true;
        at += 1;
    }
    spec.width = number(&chars, &mut at)?.unwrap_or(0);
    if let Some(&c @ (',' | '_')) = chars.get(at) {
        spec.grouping = Some(c);
        at += 1;
    }
    if chars.get(at) == Some(&'.') {
        at += 1;
        spec.precision = number(&chars, &mut at)?;
        if spec.precision.is_none() {
            return Err(PythonError::value_error("Format specifier missing precision"));
        }
    }
    if let Some(&c) = chars.get(at) {
        spec.kind = Some(c);
        at += 1;
    }
    if at < chars.len() {
        return Err(PythonError::value_error(format!(
            "Invalid format specifier '{text}' for object of type '{}'",
            value.type_name()
        )));
    }
    Ok(spec)
}

fn number(chars: &[char], at: &mut usize) -> Result<Option<usize>> {
    let mut result = None::<usize>;
    while let Some(digit) = chars.get(*at).and_then(|c| c.to_digit(10)) {
        *at += 1;
        let value = result.unwrap_or(0) * 10 + digit as usize;
        if value > MAX_WIDTH {
            return Err(PythonError::value_error("Too many decimal digits in format string"));
        }
        result = Some(value);
    }
    Ok(result)
}

impl Spec {
    fn text(&self, text: &str) -> Result<String> {
        if self.sign.is_some() {
            return Err(PythonError::value_error("Sign not allowed in string format specifier"));
        }
        if self.align == Some('=') {
            return Err(PythonError::value_error("'=' alignment not allowed in string format specifier"));
        }
        let cut: String = match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        };
        let align = self.align.unwrap_or('<');
        Ok(self.pad("", &cut, align))
    }

    fn integer(&self, value: i128, kind: char) -> Result<String> {
        if self.precision.is_some() {
            return Err(PythonError::value_error("Precision not allowed in integer format specifier"));
        }
        let digits = value.unsigned_abs();
        let (prefix, body) = match kind {
            'x' => ("0x", format!("{digits:x}")),
            'X' => ("0X", format!("{digits:X}")),
            'o' => ("0o", format!("{digits:o}")),
            'b' => ("0b", format!("{digits:b}")),
            'c' => {
                let c = u32::try_from(value).ok().and_then(char::from_u32);
                let c = c.ok_or_else(|| PythonError::overflow("%c arg not in range(0x110000)"))?;
                return Ok(self.pad("", &c.to_string(), self.align.unwrap_or('<')));
            }
            _ => ("", digits.to_string()),
        };
        let size = if matches!(kind, 'd' | 'n') { 3 } else { 4 };
        let prefix = if self.alternate { prefix } else { "" };
        let lead = format!("{}{prefix}", self.sign_text(value < 0));
        let body = self.group(&body, size, lead.len());
        Ok(self.pad(&lead, &body, self.number_align()))
    }

    fn float(&self, value: f64) -> String {
        let magnitude = if value.is_nan() { value } else { value.abs() };
        let kind = self.kind.unwrap_or(' ');
        let precision = self.precision.unwrap_or(6);
        let mut body = match kind.to_ascii_lowercase() {
            'e' => format_exponent(magnitude, precision, self.alternate),
            'f' => format_fixed(magnitude, precision, self.alternate),
            '%' => format_fixed(magnitude * 100.0, precision, self.alternate) + "%",
            'g' | 'n' => format_general(magnitude, precision, self.alternate),
            _ => match self.precision {
                None => repr_float(magnitude),
                Some(_) if non_finite(magnitude).is_some() => repr_float(magnitude),
                Some(precision) => {
                    let text = format_general(magnitude, precision, self.alternate);
                    let has_point = text.contains('.') || text.contains('e');
                    if has_point { text } else { text + ".0" }
                }
            },
        };
        if kind.is_ascii_uppercase() {
            body = body.to_ascii_uppercase();
        }
        let lead = self.sign_text(value.is_sign_negative() && !value.is_nan());
        let split = body.find(['.', 'e', 'E', '%']).unwrap_or(body.len());
        let (whole, rest) = body.split_at(split);
        let body = if non_finite(value).is_some() {
            body.clone()
        } else {
            format!("{}{rest}", self.group(whole, 3, lead.len() + rest.len()))
        };
        self.pad(lead, &body, self.number_align())
    }

    fn number_align(&self) -> char {
        self.align.unwrap_or(if self.zero { '=' } else { '>' })
    }

    fn sign_text(&self, negative: bool) -> &'static str {
        match (negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        }
    }

    /// Inserts the grouping character; zero padding takes part in the groups.
    fn group(&self, digits: &str, size: usize, around: usize) -> String {
        let Some(separator) = self.grouping else {
            return digits.to_owned();
        };
        let join = |digits: &str| {
            let mut out = String::new();
            for (position, c) in digits.chars().enumerate() {
                if position > 0 && (digits.len() - position).is_multiple_of(size) {
                    out.push(separator);
                }
                out.push(c);
            }
            out
        };
        let mut digits = digits.to_owned();
        let mut text = join(&digits);
        if self.zero && self.align.is_none() {
            while text.len() + around < self.width {
                digits.insert(0, '0');
                text = join(&digits);
            }
        }
        text
    }

    fn pad(&self, lead: &str, body: &str, align: char) -> String {
        let fill = self.fill.unwrap_or(if self.zero { '0' } else { ' ' });
        let missing = self.width.saturating_sub(lead.chars().count() + body.chars().count());
        let fill = |count: usize| fill.to_string().repeat(count);
        match align {
            '<' => format!("{lead}{body}{}", fill(missing)),
            '^' => format!("{}{lead}{body}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{lead}{}{body}", fill(missing)),
            _ => format!("{}{lead}{body}", fill(missing)),
        }
    }
}
