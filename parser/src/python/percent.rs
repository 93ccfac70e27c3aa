//! `template % values`, exactly as Python does it.
//!
//! The right operand is a tuple (positional), a mapping (for `%(key)s`) or one value. As in CPython every value that
//! can be subscripted, except `str` and `tuple`, counts as a mapping, for which unused values are no error.

use super::error::{PythonError, Result};
use super::percent_spec::{Conversion, convert};
use super::subscript::item;
use super::value::Value;

/// Width and precision beyond this are refused: Python would try to allocate them.
const MAX_WIDTH: usize = 16 * 1024 * 1024;

/// `template % values`.
pub fn percent_format(template: &str, values: &Value) -> Result<String> {
    let mut lookup = |key: &str| item(values, &Value::from(key));
    let is_mapping = matches!(values, Value::Dict(_) | Value::List(_) | Value::Bytes(_) | Value::ByteArray(_));
    let operand = match values {
        Value::Tuple(items) => Operand::Tuple(items),
        _ => Operand::One(values.clone()),
    };
    let lookup: Lookup<'_, PythonError> = if is_mapping { Some(&mut lookup) } else { None };
    Formatter::new(template, operand, lookup).run()
}

/// `template % mapping` for a mapping that is not a [`Value`]: `lookup` answers its keys, `type_name` is the name of its
/// class in the message for a conversion without a key.
pub fn percent_format_with<E: From<PythonError>>(
    template: &str,
    type_name: &str,
    mut lookup: impl FnMut(&str) -> Result<Value, E>,
) -> Result<String, E> {
    Formatter::new(template, Operand::Unnamed(type_name), Some(&mut lookup)).run()
}

type Lookup<'a, E> = Option<&'a mut dyn FnMut(&str) -> Result<Value, E>>;

/// What conversions without a key take their values from.
enum Operand<'a> {
    Tuple(&'a [Value]),
    One(Value),
    /// A foreign mapping of this class name.
    Unnamed(&'a str),
    Exhausted,
}

struct Formatter<'a, E> {
    chars: Vec<char>,
    position: usize,
    out: String,
    operand: Operand<'a>,
    next: usize,
    lookup: Lookup<'a, E>,
}

impl<'a, E: From<PythonError>> Formatter<'a, E> {
    fn new(template: &str, operand: Operand<'a>, lookup: Lookup<'a, E>) -> Self {
        Self {
            chars: template.chars().collect(),
            position: 0,
            out: String::with_capacity(template.len()),
            operand,
            next: 0,
            lookup,
        }
    }

    fn run(mut self) -> Result<String, E> {
        while let Some(&c) = self.chars.get(self.position) {
            self.position += 1;
            if c == '%' {
                self.conversion()?;
            } else {
                self.out.push(c);
            }
        }
        let left_over = match self.operand {
            Operand::Tuple(items) => self.next < items.len(),
            Operand::One(_) | Operand::Unnamed(_) => true,
            Operand::Exhausted => false,
        };
        if left_over && self.lookup.is_none() {
            return Err(PythonError::type_error("not all arguments converted during string formatting").into());
        }
        Ok(self.out)
    }

    fn conversion(&mut self) -> Result<(), E> {
        let mut spec = Conversion::default();
        let start = self.position;
        if self.peek()? == '(' {
            self.position += 1;
            let key = self.key()?;
            let Some(lookup) = self.lookup.as_mut() else {
                return Err(PythonError::type_error("format requires a mapping").into());
            };
            self.operand = Operand::One(lookup(&key)?);
        }
        loop {
            match self.peek()? {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.blank = true,
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                _ => break,
            }
            self.position += 1;
        }
        if let Some(width) = self.number("width too big")? {
            spec.left |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        }
        if self.peek()? == '.' {
            self.position += 1;
            let precision = self.number("precision too big")?.unwrap_or(0);
            spec.precision = Some(usize::try_from(precision.max(0)).unwrap_or(usize::MAX));
        }
        if spec.width.max(spec.precision.unwrap_or(0)) > MAX_WIDTH {
            return Err(PythonError::new("MemoryError", format!("a width of more than {MAX_WIDTH}")).into());
        }
        if matches!(self.peek()?, 'h' | 'l' | 'L') {
            self.position += 1;
        }
        let kind = self.peek()?;
        self.position += 1;
        // With flags or a key, `%` is a conversion that does not exist.
        if kind == '%' && self.position == start + 1 {
            self.out.push('%');
            return Ok(());
        }
        let value = self.next_value(kind)?;
        match convert(&spec, kind, &value)? {
            Some(text) => self.out.push_str(&text),
            None => {
                return Err(PythonError::value_error(format!(
                    "unsupported format character '{}' (0x{:x}) at index {}",
                    if (' '..='~').contains(&kind) { kind } else { '?' },
                    u32::from(kind),
                    self.position - 1
                ))
                .into());
            }
        }
        Ok(())
    }

    fn peek(&self) -> Result<char, E> {
        self.chars.get(self.position).copied().ok_or_else(|| PythonError::value_error("incomplete format").into())
    }

    /// The text up to the parenthesis that closes the key; parentheses nest.
    fn key(&mut self) -> Result<String, E> {
        let mut depth = 1usize;
        let mut key = String::new();
        while let Some(&c) = self.chars.get(self.position) {
            self.position += 1;
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(key);
            }
            key.push(c);
        }
        Err(PythonError::value_error("incomplete format key").into())
    }

    /// A decimal number or `*`.
    fn number(&mut self, too_big: &'static str) -> Result<Option<i128>, E> {
        if self.peek()? == '*' {
            self.position += 1;
            return match self.next_value('*')? {
                Value::Int(value) => Ok(Some(value)),
                Value::Bool(value) => Ok(Some(i128::from(value))),
                _ => Err(PythonError::type_error("* wants int").into()),
            };
        }
        let mut number = None::<i128>;
        while let Some(digit) = self.peek()?.to_digit(10) {
            self.position += 1;
            let value = number.unwrap_or(0) * 10 + i128::from(digit);
            if value > i128::from(i64::MAX) {
                return Err(PythonError::value_error(too_big).into());
            }
            number = Some(value);
        }
        Ok(number)
    }

    fn next_value(&mut self, kind: char) -> Result<Value, E> {
        if let Operand::Tuple(items) = self.operand {
            if let Some(item) = items.get(self.next) {
                self.next += 1;
                return Ok(item.clone());
            }
        } else {
            match std::mem::replace(&mut self.operand, Operand::Exhausted) {
                Operand::One(value) => return Ok(value),
                Operand::Unnamed(type_name) => {
                    if matches!(kind, 's' | 'r' | 'a') {
                        return Err(PythonError::unsupported(format!(
                            "%{kind} of a whole {type_name} object is not supported"
                        ))
                        .into());
                    }
                    return Ok(Value::Opaque(Box::new(super::value::Opaque {
                        type_name: type_name.to_owned(),
                        text: String::new(),
                        repr: String::new(),
                    })));
                }
                Operand::Tuple(_) | Operand::Exhausted => {}
            }
        }
        Err(PythonError::type_error("not enough arguments for format string").into())
    }
}
