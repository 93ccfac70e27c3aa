//! The methods of `str`.

use super::error::{PythonError, Result};
use super::str_format::str_format;
use super::subscript::Slice;
use super::value::{Dict, Value};

/// The most bytes that `replace` may insert.
const MAX_REPLACED: usize = 64 << 20;
/// Width of a filled text beyond which it is refused.
const MAX_WIDTH: usize = 64 << 20;

/// Calls the method `name` of the string `text`; `None` if `str` has no such method.
pub fn str_method(text: &str, name: &str, args: &[Value], kwargs: &Dict) -> Option<Result<Value>> {
    let call = Call { text, name, args, kwargs };
    call.transform().or_else(|| call.split_and_join()).or_else(|| call.ask())
}

/// Removes what `str.strip()` removes.
pub fn strip_whitespace(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `str.isspace()` of a character: Unicode white space and the four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The line ends of `str.splitlines()`, other than `\r\n`.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

struct Call<'a> {
    text: &'a str,
    name: &'a str,
    args: &'a [Value],
    kwargs: &'a Dict,
}

#[expect(clippy::unnecessary_wraps, reason = "it ends functions that can fail")]
fn text_value(text: impl Into<String>) -> Result<Value> {
    Ok(Value::Str(text.into()))
}

impl Call<'_> {
    /// Argument `position`, by position or by name.
    fn arg(&self, position: usize, name: &str) -> Option<&Value> {
        self.args.get(position).or_else(|| self.kwargs.get(&Value::from(name)))
    }

    fn arity(&self, least: usize, most: usize) -> Result<()> {
        const WITH_KEYWORDS: [&str; 5] = ["split", "rsplit", "splitlines", "encode", "expandtabs"];
        if !self.kwargs.is_empty() && !WITH_KEYWORDS.contains(&self.name) {
            return Err(PythonError::type_error(format!("str.{}() takes no keyword arguments", self.name)));
        }
        let given = self.args.len() + self.kwargs.len();
        if (least..=most).contains(&given) {
            return Ok(());
        }
        let name = self.name;
        let (bound, limit) = if given < least { ("at least", least) } else { ("at most", most) };
        Err(PythonError::type_error(if most == 0 {
            format!("str.{name}() takes no arguments ({given} given)")
        } else if least == most && most == 1 {
            format!("str.{name}() takes exactly one argument ({given} given)")
        } else {
            let plural = if limit == 1 { "" } else { "s" };
            format!("{name} expected {bound} {limit} argument{plural}, got {given}")
        }))
    }

    fn str_arg(&self, position: usize, name: &str) -> Result<&str> {
        match self.arg(position, name) {
            Some(Value::Str(text)) => Ok(text),
            Some(other) => Err(PythonError::type_error(format!(
                "{}() argument {} must be str, not {}",
                self.name,
                position + 1,
                other.type_name()
            ))),
            None => Err(PythonError::type_error(format!(
                "{} expected at least {} argument, got {}",
                self.name,
                position + 1,
                self.args.len()
            ))),
        }
    }

    fn int_arg(&self, position: usize, name: &str, default: i128) -> Result<i128> {
        match self.arg(position, name) {
            None => Ok(default),
            Some(value) => value.as_int().ok_or_else(|| {
                PythonError::type_error(format!("'{}' object cannot be interpreted as an integer", value.type_name()))
            }),
        }
    }

    fn transform(&self) -> Option<Result<Value>> {
        let text = self.text;
        let plain = |result: String| self.arity(0, 0).map(|()| Value::Str(result));
        Some(match self.name {
            "upper" => plain(text.to_uppercase()),
            "lower" => plain(text.to_lowercase()),
            "casefold" => plain(text.to_lowercase().replace('ß', "ss").replace('ς', "σ")),
            "swapcase" => plain(
                text.chars()
                    .map(|c| if c.is_uppercase() { c.to_lowercase().to_string() } else { c.to_uppercase().to_string() })
                    .collect(),
            ),
            "capitalize" => plain(capitalize(text)),
            "title" => plain(title(text)),
            "strip" | "lstrip" | "rstrip" => self.strip(),
            "removeprefix" => self
                .arity(1, 1)
                .and_then(|()| self.str_arg(0, "prefix"))
                .and_then(|prefix| text_value(text.strip_prefix(prefix).unwrap_or(text))),
            "removesuffix" => self
                .arity(1, 1)
                .and_then(|()| self.str_arg(0, "suffix"))
                .and_then(|suffix| text_value(text.strip_suffix(suffix).unwrap_or(text))),
            "zfill" | "ljust" | "rjust" | "center" => self.fill(),
            "expandtabs" => self.int_arg(0, "tabsize", 8).map(|size| {
                let size = usize::try_from(size).unwrap_or(0);
                Value::Str(expand_tabs(text, size.min(4096)))
            }),
            "replace" => self.replace(),
            "format" => str_format(text, &mut (self.args, self.kwargs)).map(Value::Str),
            "format_map" => match self.args {
                [Value::Dict(mapping)] => str_format(text, &mut ([].as_slice(), mapping)).map(Value::Str),
                _ => Err(PythonError::type_error("format_map() takes exactly one mapping")),
            },
            "encode" => self.encode(),
            "translate" | "maketrans" => Err(PythonError::unsupported(format!("str.{}() is not supported", self.name))),
            _ => return None,
        })
    }

    fn strip(&self) -> Result<Value> {
        self.arity(0, 1)?;
        let set: Option<Vec<char>> = match self.args.first() {
            None | Some(Value::None) => None,
            Some(Value::Str(chars)) => Some(chars.chars().collect()),
            Some(_) => {
                return Err(PythonError::type_error(format!("{} arg must be None or str", self.name)));
            }
        };
        let matches = |c: char| set.as_ref().map_or_else(|| is_space(c), |set| set.contains(&c));
        text_value(match self.name {
            "lstrip" => self.text.trim_start_matches(matches),
            "rstrip" => self.text.trim_end_matches(matches),
            _ => self.text.trim_matches(matches),
        })
    }

    fn fill(&self) -> Result<Value> {
        self.arity(1, if self.name == "zfill" { 1 } else { 2 })?;
        let width = usize::try_from(self.int_arg(0, "width", 0)?.max(0)).unwrap_or(usize::MAX);
        let length = self.text.chars().count();
        if width > MAX_WIDTH {
            return Err(PythonError::new("MemoryError", format!("a width of more than {MAX_WIDTH}")));
        }
        let missing = width.saturating_sub(length);
        if self.name == "zfill" {
            let zeros = "0".repeat(missing);
            return text_value(match self.text.strip_prefix(['+', '-']) {
                Some(rest) => format!("{}{zeros}{rest}", &self.text[..1]),
                None => format!("{zeros}{}", self.text),
            });
        }
        let fill = match self.args.get(1) {
            None => ' ',
            Some(Value::Str(fill)) if fill.chars().count() == 1 => fill.chars().next().unwrap_or(' '),
            Some(_) => {
                return Err(PythonError::type_error("The fill character must be exactly one character long"));
            }
        };
        let pad = |count: usize| fill.to_string().repeat(count);
        text_value(match self.name {
            "ljust" => format!("{}{}", self.text, pad(missing)),
            "rjust" => format!("{}{}", pad(missing), self.text),
            _ => {
                let left = missing / 2 + (missing & width & 1);
                format!("{}{}{}", pad(left), self.text, pad(missing - left))
            }
        })
    }

    fn replace(&self) -> Result<Value> {
        self.arity(2, 3)?;
        let (old, new) = (self.str_arg(0, "old")?, self.str_arg(1, "new")?);
        let count = self.int_arg(2, "count", -1)?;
        let found = if old.is_empty() { self.text.len() + 1 } else { self.text.len() / old.len() };
        if found.saturating_mul(new.len()) > MAX_REPLACED {
            return Err(PythonError::unsupported("str.replace() of more than 64 MiB"));
        }
        text_value(match usize::try_from(count) {
            Ok(count) => self.text.replacen(old, new, count),
            Err(_) => self.text.replace(old, new),
        })
    }

    fn encode(&self) -> Result<Value> {
        let encoding = match self.arg(0, "encoding") {
            None => "utf-8".to_owned(),
            Some(_) => self.str_arg(0, "encoding")?.to_lowercase().replace('_', "-"),
        };
        let strict = match self.arg(1, "errors") {
            None => true,
            Some(errors) => errors.as_str() == Some("strict"),
        };
        let limit = match encoding.as_str() {
            "utf-8" | "utf8" => return Ok(Value::Bytes(self.text.as_bytes().to_vec())),
            "ascii" | "us-ascii" => 0x80,
            "latin-1" | "latin1" | "iso-8859-1" => 0x100,
            other => {
                return Err(PythonError::unsupported(format!("the encoding {other} is not supported")));
            }
        };
        let mut bytes = Vec::new();
        for (position, c) in self.text.chars().enumerate() {
            match u8::try_from(u32::from(c)) {
                Ok(byte) if u32::from(byte) < limit => bytes.push(byte),
                _ if !strict => {
                    return Err(PythonError::unsupported("error handlers of encode() are not supported"));
                }
                _ => {
                    let codec = if limit == 0x80 { "ascii" } else { "latin-1" };
                    return Err(PythonError::new(
                        "UnicodeEncodeError",
                        format!(
                            "'{codec}' codec can't encode character {} in position {position}: ordinal not in range({limit})",
                            super::repr::ascii(&Value::Str(c.to_string()))
                        ),
                    ));
                }
            }
        }
        Ok(Value::Bytes(bytes))
    }

    fn split_and_join(&self) -> Option<Result<Value>> {
        let text = self.text;
        let three = |parts: [&str; 3]| Ok(Value::Tuple(parts.map(Value::from).to_vec()));
        Some(match self.name {
            "join" => self.join(),
            "split" | "rsplit" => self.split(),
            "splitlines" => {
                let keep = self.arg(0, "keepends").is_some_and(Value::truth);
                Ok(Value::List(split_lines(text, keep).into_iter().map(Value::from).collect()))
            }
            "partition" | "rpartition" => self.arity(1, 1).and_then(|()| self.str_arg(0, "sep")).and_then(|sep| {
                if sep.is_empty() {
                    return Err(PythonError::value_error("empty separator"));
                }
                if self.name == "partition" {
                    match text.split_once(sep) {
                        Some((a, b)) => three([a, sep, b]),
                        None => three([text, "", ""]),
                    }
                } else {
                    match text.rsplit_once(sep) {
                        Some((a, b)) => three([a, sep, b]),
                        None => three(["", "", text]),
                    }
                }
            }),
            _ => return None,
        })
    }

    fn join(&self) -> Result<Value> {
        self.arity(1, 1)?;
        let items = self.args[0].iterate().map_err(|_| PythonError::type_error("can only join an iterable"))?;
        let mut parts = Vec::with_capacity(items.len());
        for (position, item) in items.iter().enumerate() {
            match item {
                Value::Str(part) => parts.push(part.as_str()),
                other => {
                    return Err(PythonError::type_error(format!(
                        "sequence item {position}: expected str instance, {} found",
                        other.type_name()
                    )));
                }
            }
        }
        text_value(parts.join(self.text))
    }

    fn split(&self) -> Result<Value> {
        self.arity(0, 2)?;
        let limit = usize::try_from(self.int_arg(1, "maxsplit", -1)?).unwrap_or(usize::MAX);
        let right = self.name == "rsplit";
        let parts = match self.arg(0, "sep") {
            None | Some(Value::None) => split_whitespace(self.text, limit, right),
            Some(Value::Str(sep)) if sep.is_empty() => {
                return Err(PythonError::value_error("empty separator"));
            }
            Some(Value::Str(sep)) => {
                let pieces = limit.saturating_add(1);
                if right {
                    let mut parts: Vec<&str> = self.text.rsplitn(pieces, sep.as_str()).collect();
                    parts.reverse();
                    parts
                } else {
                    self.text.splitn(pieces, sep.as_str()).collect()
                }
            }
            Some(other) => {
                return Err(PythonError::type_error(format!("must be str or None, not {}", other.type_name())));
            }
        };
        Ok(Value::List(parts.into_iter().map(Value::from).collect()))
    }

    fn ask(&self) -> Option<Result<Value>> {
        let text = self.text;
        let all =
            |test: fn(char) -> bool| self.arity(0, 0).map(|()| Value::Bool(!text.is_empty() && text.chars().all(test)));
        Some(match self.name {
            "startswith" | "endswith" => self.affix(),
            "find" | "rfind" | "index" | "rindex" | "count" => self.find(),
            "isdigit" => all(|c| {
                c.is_ascii_digit()
                    || matches!(c, '²' | '³' | '¹')
                    || (!c.is_ascii() && c.is_numeric() && !c.is_alphabetic())
            }),
            "isdecimal" => all(|c| c.is_ascii_digit()),
            "isnumeric" => all(char::is_numeric),
            "isalpha" => all(char::is_alphabetic),
            "isalnum" => all(char::is_alphanumeric),
            "isspace" => all(is_space),
            "isascii" => Ok(Value::Bool(text.is_ascii())),
            "isprintable" => Ok(Value::Bool(text.chars().all(super::printable::is_printable))),
            "isupper" => Ok(Value::Bool(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase))),
            "islower" => Ok(Value::Bool(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase))),
            "istitle" => Ok(Value::Bool(text.chars().any(char::is_alphabetic) && title(text) == text)),
            "isidentifier" => {
                let mut chars = text.chars();
                let start = |c: char| c == '_' || c.is_alphabetic();
                Ok(Value::Bool(chars.next().is_some_and(start) && chars.all(|c| start(c) || c.is_numeric())))
            }
            _ => return None,
        })
    }

    /// The part of the text that the optional arguments `start` and `end` select, and where it starts (in characters).
    fn window(&self) -> Result<Option<(usize, String)>> {
        let part = |position| self.args.get(position).unwrap_or(&Value::None);
        let slice = Slice::of(part(1), part(2), &Value::None)?;
        let length = self.text.chars().count();
        let clamp = |value: i128| {
            let length = i128::try_from(length).unwrap_or(i128::MAX);
            let value = if value < 0 { (value + length).max(0) } else { value };
            usize::try_from(value).unwrap_or(usize::MAX)
        };
        let start = slice.start.map_or(0, clamp);
        let stop = slice.stop.map_or(length, clamp).min(length);
        if start > length || (start > stop && slice.stop.is_some()) {
            return Ok(None);
        }
        Ok(Some((start, self.text.chars().skip(start).take(stop.saturating_sub(start)).collect())))
    }

    fn affix(&self) -> Result<Value> {
        self.arity(1, 3)?;
        let window = self.window()?;
        let test = |affix: &Value| match affix {
            Value::Str(affix) => Ok(window.as_ref().is_some_and(|(_, text)| {
                if self.name == "startswith" {
                    text.starts_with(affix.as_str())
                } else {
                    text.ends_with(affix.as_str())
                }
            })),
            other => Err(PythonError::type_error(format!(
                "{} first arg must be str or a tuple of str, not {}",
                self.name,
                other.type_name()
            ))),
        };
        match &self.args[0] {
            Value::Tuple(affixes) => {
                for affix in affixes {
                    if test(affix)? {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            affix => test(affix).map(Value::Bool),
        }
    }

    fn find(&self) -> Result<Value> {
        self.arity(1, 3)?;
        let part = self.str_arg(0, "sub")?;
        let window = self.window()?;
        if self.name == "count" {
            let count =
                window.map_or(
                    0,
                    |(_, text)| {
                        if part.is_empty() { text.chars().count() + 1 } else { text.matches(part).count() }
                    },
                );
            return Ok(Value::Int(i128::try_from(count).unwrap_or(i128::MAX)));
        }
        let found = window.and_then(|(start, text)| {
            let at = if self.name.starts_with('r') { text.rfind(part) } else { text.find(part) }?;
            i128::try_from(start + text[..at].chars().count()).ok()
        });
        match found {
            Some(position) => Ok(Value::Int(position)),
            None if self.name.ends_with("find") => Ok(Value::Int(-1)),
            None => Err(PythonError::value_error("substring not found")),
        }
    }
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect())
}

fn title(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn expand_tabs(text: &str, size: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let count = if size == 0 { 0 } else { size - column % size };
                out.push_str(&" ".repeat(count));
                column += count;
            }
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

/// `str.splitlines()`.
fn split_lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_line_end) {
        let tail = &rest[at..];
        let end_length = if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(0, char::len_utf8) };
        lines.push(if keep_ends { &rest[..at + end_length] } else { &rest[..at] });
        rest = &rest[at + end_length..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// `str.split(None, limit)` or `str.rsplit(None, limit)`.
fn split_whitespace(text: &str, limit: usize, right: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_matches(is_space);
    if right {
        rest = text.trim_end_matches(is_space);
        while !rest.trim_start_matches(is_space).is_empty() {
            // With a limit the first piece keeps its inner and leading blanks.
            if parts.len() == limit {
                parts.push(rest);
                break;
            }
            let at = rest.char_indices().rev().find(|(_, c)| is_space(*c)).map_or(0, |(at, c)| at + c.len_utf8());
            parts.push(&rest[at..]);
            rest = rest[..at].trim_end_matches(is_space);
        }
        parts.reverse();
        return parts;
    }
    while !rest.is_empty() {
        match rest.find(is_space) {
            Some(at) if parts.len() < limit => {
                parts.push(&rest[..at]);
                rest = rest[at..].trim_start_matches(is_space);
            }
            _ => {
                // With a limit the last piece keeps its inner and trailing blanks.
                let offset = rest.as_ptr() as usize - text.as_ptr() as usize;
                let whole = &text[offset..];
                parts.push(if parts.len() == limit { whole } else { rest });
                break;
            }
        }
    }
    parts
}
