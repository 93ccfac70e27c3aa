//! Number and string literals.

use super::error::{PythonError, Result};
use super::value::Value;

/// The value of a number literal.
pub(crate) fn number(text: &str) -> Result<Value> {
    let clean = text.replace('_', "").to_ascii_lowercase();
    let bad = || PythonError::overflow(format!("the number {text} does not fit in 128 bits"));
    let radix = |digits: &str, radix| i128::from_str_radix(digits, radix).map(Value::Int).map_err(|_| bad());
    if let Some(digits) = clean.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = clean.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = clean.strip_prefix("0b") {
        return radix(digits, 2);
    }
    if let Some(imaginary) = clean.strip_suffix('j') {
        return imaginary.parse().map(|im| Value::Complex(0.0, im)).map_err(|_| bad());
    }
    if clean.contains(['.', 'e']) {
        return clean.parse().map(Value::Float).map_err(|_| bad());
    }
    if clean.len() > 1 && clean.starts_with('0') && clean.bytes().any(|digit| digit != b'0') {
        return Err(PythonError::new(
            "SyntaxError",
            "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
        ));
    }
    clean.parse().map(Value::Int).map_err(|_| bad())
}

/// The value of adjacent string literals, which Python joins.
pub(crate) fn strings<'a>(literals: impl Iterator<Item = &'a str>) -> Result<Value> {
    let mut result: Option<Value> = None;
    for literal in literals {
        let value = string(literal)?;
        result = Some(match (result, value) {
            (None, value) => value,
            (Some(Value::Str(a)), Value::Str(b)) => Value::Str(a + &b),
            (Some(Value::Bytes(a)), Value::Bytes(b)) => Value::Bytes([a, b].concat()),
            _ => {
                return Err(PythonError::new("SyntaxError", "cannot mix bytes and nonbytes literals"));
            }
        });
    }
    Ok(result.unwrap_or_else(|| Value::from("")))
}

fn string(literal: &str) -> Result<Value> {
    let quote_at = literal.find(['\'', '"']).unwrap_or(0);
    let (prefix, quoted) = literal.split_at(quote_at);
    let prefix = prefix.to_ascii_lowercase();
    let quotes = if quoted.len() >= 6 && (quoted.starts_with("'''") || quoted.starts_with("\"\"\"")) { 3 } else { 1 };
    let body = quoted.get(quotes..quoted.len() - quotes).unwrap_or_default().replace("\r\n", "\n");
    let is_bytes = prefix.contains('b');
    if is_bytes && !body.is_ascii() {
        return Err(PythonError::new("SyntaxError", "bytes can only contain ASCII literal characters"));
    }
    if prefix.contains('r') {
        return Ok(if is_bytes { Value::Bytes(body.into_bytes()) } else { Value::Str(body) });
    }
    if is_bytes { unescape_bytes(&body).map(Value::Bytes) } else { unescape(&body).map(Value::Str) }
}

/// Resolves the escapes of a text literal.
pub fn unescape(body: &str) -> Result<String> {
    let mut out = String::with_capacity(body.len());
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('x') => out.push(code_point(&mut chars, 2)?),
            Some('u') => out.push(code_point(&mut chars, 4)?),
            Some('U') => out.push(code_point(&mut chars, 8)?),
            Some('N') => {
                return Err(PythonError::unsupported("\\N{name} escapes are not supported"));
            }
            Some(c @ '0'..='7') => {
                let mut code = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    match chars.peek().and_then(|c| c.to_digit(8)) {
                        Some(digit) => {
                            code = code * 8 + digit;
                            chars.next();
                        }
                        None => break,
                    }
                }
                out.extend(char::from_u32(code));
            }
            Some(c) => simple_escape(&mut out, c),
            None => out.push('\\'),
        }
    }
    Ok(out)
}

fn simple_escape(out: &mut String, c: char) {
    match c {
        '\n' => {}
        '\\' | '\'' | '"' => out.push(c),
        'a' => out.push('\u{7}'),
        'b' => out.push('\u{8}'),
        'f' => out.push('\u{c}'),
        'n' => out.push('\n'),
        'r' => out.push('\r'),
        't' => out.push('\t'),
        'v' => out.push('\u{b}'),
        // An unknown escape stands for itself, backslash included.
        other => {
            out.push('\\');
            out.push(other);
        }
    }
}

fn code_point(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, length: usize) -> Result<char> {
    let mut code = 0u32;
    for _ in 0..length {
        let digit = chars
            .peek()
            .and_then(|c| c.to_digit(16))
            .ok_or_else(|| PythonError::new("SyntaxError", "(unicode error) truncated escape in a string literal"))?;
        code = code.wrapping_mul(16).wrapping_add(digit);
        chars.next();
    }
    char::from_u32(code).ok_or_else(|| PythonError::unsupported("lone surrogates are not supported"))
}

fn unescape_bytes(body: &str) -> Result<Vec<u8>> {
    // The escapes of both kinds of literals are the same, except that \u, \U and \N mean nothing in bytes.
    let guarded = body.replace("\\\\", "\\x5c");
    let guarded = ["\\u", "\\U", "\\N"]
        .iter()
        .fold(guarded, |text, escape| text.replace(escape, &format!("\\x5c{}", &escape[1..])));
    unescape(&guarded)?
        .chars()
        .map(|c| u8::try_from(u32::from(c)).map_err(|_| PythonError::value_error("bytes must be in range(0, 256)")))
        .collect()
}
