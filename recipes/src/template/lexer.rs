//! The lexical rules of Jinja2: text, comments, raw blocks, and the tokens inside tags.

use super::api::TemplateError;

/// A piece of a template.
#[derive(Debug, Clone)]
pub(crate) enum Segment<'a> {
    /// Text, comments and raw blocks: left as they are.
    Verbatim(&'a str),
    /// `{{ … }}` or `{% … %}`.
    Tag(Tag<'a>),
}

/// A tag with its delimiters and its tokens.
#[derive(Debug, Clone)]
pub(crate) struct Tag<'a> {
    pub(crate) is_block: bool,
    pub(crate) open: &'a str,
    /// Empty if the template ends in the tag.
    pub(crate) close: &'a str,
    pub(crate) tokens: Vec<Token>,
    /// Line of the opening delimiter, from 1.
    pub(crate) line: usize,
    /// Line ends between the last token and the closing delimiter.
    pub(crate) newlines: usize,
}

impl Tag<'_> {
    /// Whether the template ends in the tag.
    pub(crate) fn is_cut(&self) -> bool {
        self.close.is_empty()
    }

    /// The end of the tag as messages name it.
    pub(crate) fn end_name(&self) -> &'static str {
        if self.is_block { "end of statement block" } else { "end of print statement" }
    }
}

/// A token inside a tag.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// Line ends before the token.
    pub(crate) newlines: usize,
    pub(crate) line: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Name(String),
    /// The value of a string literal, and the line ends inside the literal.
    Text(String, usize),
    Int(String),
    Float(String),
    Op(&'static str),
    End,
}

const OPERATORS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
];

/// Makes line ends uniform and removes the last one, as Jinja2 does.
pub(crate) fn normalize_newlines(source: &str) -> String {
    source.replace("\r\n", "\n").replace('\r', "\n")
}

/// Takes a template apart. `source` has normalised line ends.
pub(crate) fn segments<'a>(source: &'a str, name: &str) -> Result<Vec<Segment<'a>>, TemplateError> {
    let mut lexer = Lexer { source, name, at: 0, line: 1, counted: 0 };
    let mut segments = Vec::new();
    while lexer.at < source.len() {
        lexer.segment(&mut segments)?;
    }
    Ok(segments)
}

struct Lexer<'a, 'n> {
    source: &'a str,
    name: &'n str,
    at: usize,
    line: usize,
    /// The position up to which line ends are counted in `line`.
    counted: usize,
}

impl<'a> Lexer<'a, '_> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn line(&mut self) -> usize {
        self.line += self.source[self.counted..self.at].matches('\n').count();
        self.counted = self.at;
        self.line
    }

    fn error(&mut self, message: impl Into<String>) -> TemplateError {
        let line = self.line();
        TemplateError::syntax(message, self.name, line)
    }

    fn segment(&mut self, segments: &mut Vec<Segment<'a>>) -> Result<(), TemplateError> {
        let rest = self.rest();
        let start = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min();
        let Some(start) = start else {
            segments.push(Segment::Verbatim(rest));
            self.at = self.source.len();
            return Ok(());
        };
        if start > 0 {
            segments.push(Segment::Verbatim(&rest[..start]));
            self.at += start;
        }
        let rest = self.rest();
        if let Some(comment) = rest.strip_prefix("{#") {
            let Some(end) = comment.find("#}") else {
                return Err(self.error("Missing end of comment tag"));
            };
            segments.push(Segment::Verbatim(&rest[..end + 4]));
            self.at += end + 4;
            return Ok(());
        }
        if let Some(length) = raw_tag(rest, "raw") {
            let mut end = length;
            loop {
                let Some(next) = rest[end..].find("{%") else {
                    return Err(self.error("Missing end of raw directive"));
                };
                end += next;
                if let Some(length) = raw_tag(&rest[end..], "endraw") {
                    end += length;
                    break;
                }
                end += 2;
            }
            segments.push(Segment::Verbatim(&rest[..end]));
            self.at += end;
            return Ok(());
        }
        let tag = self.tag()?;
        segments.push(Segment::Tag(tag));
        Ok(())
    }

    fn tag(&mut self) -> Result<Tag<'a>, TemplateError> {
        let line = self.line();
        let rest = self.rest();
        let is_block = rest.starts_with("{%");
        let marked = rest[2..].starts_with('-') || (is_block && rest[2..].starts_with('+'));
        let open = &rest[..if marked { 3 } else { 2 }];
        self.at += open.len();
        let closers: &[&str] = if is_block { &["-%}", "+%}", "%}"] } else { &["-}}", "}}"] };
        let mut tokens = Vec::new();
        let mut brackets: Vec<char> = Vec::new();
        loop {
            let before = self.at;
            let trimmed = self.rest().trim_start();
            self.at = self.source.len() - trimmed.len();
            let newlines = self.source[before..self.at].matches('\n').count();
            if trimmed.is_empty() {
                return Ok(Tag { is_block, open, close: "", tokens, line, newlines: 0 });
            }
            if brackets.is_empty()
                && let Some(close) = closers.iter().find(|close| trimmed.starts_with(**close))
            {
                self.at += close.len();
                return Ok(Tag { is_block, open, close: &trimmed[..close.len()], tokens, line, newlines });
            }
            let token_line = self.line();
            let kind = self.token(trimmed, &mut brackets)?;
            tokens.push(Token { kind, newlines, line: token_line });
        }
    }

    /// The token at the start of `rest`, which is not empty.
    fn token(&mut self, rest: &'a str, brackets: &mut Vec<char>) -> Result<Kind, TemplateError> {
        let first = rest.chars().next().unwrap_or_default();
        if first.is_ascii_digit() {
            let (length, is_float) = number_length(rest);
            let text = rest[..length].replace('_', "");
            self.at += length;
            return Ok(if is_float { Kind::Float(text) } else { Kind::Int(text) });
        }
        if first == '_' || first.is_alphabetic() {
            let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            self.at += length;
            return Ok(Kind::Name(rest[..length].to_owned()));
        }
        if first == '"' || first == '\'' {
            let Some(length) = string_length(rest, first) else {
                return Err(self.error(format!("unexpected char {} at {}", quoted(first), self.at)));
            };
            let body = &rest[1..length - 1];
            let newlines = body.matches('\n').count();
            let text = rbuildout_parser::python::unescape(body).map_err(|error| self.error(error.message))?;
            self.at += length;
            return Ok(Kind::Text(text, newlines));
        }
        let Some(op) = OPERATORS.iter().find(|op| rest.starts_with(**op)) else {
            return Err(self.error(format!("unexpected char {} at {}", quoted(first), self.at)));
        };
        match *op {
            "(" => brackets.push(')'),
            "[" => brackets.push(']'),
            "{" => brackets.push('}'),
            ")" | "]" | "}" => match brackets.pop() {
                None => return Err(self.error(format!("unexpected '{op}'"))),
                Some(expected) if !op.starts_with(expected) => {
                    return Err(self.error(format!("unexpected '{op}', expected '{expected}'")));
                }
                Some(_) => {}
            },
            _ => {}
        }
        self.at += op.len();
        Ok(Kind::Op(op))
    }
}

fn quoted(c: char) -> String {
    rbuildout_parser::python::str_repr(&c.to_string())
}

/// The length of `{% name %}` at the start of `text`, with any white space control.
fn raw_tag(text: &str, name: &str) -> Option<usize> {
    let rest = text.strip_prefix("{%")?;
    let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest).trim_start();
    let rest = rest.strip_prefix(name)?.trim_start();
    let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    let rest = rest.strip_prefix("%}")?;
    Some(text.len() - rest.len())
}

fn string_length(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}

fn number_length(text: &str) -> (usize, bool) {
    let bytes = text.as_bytes();
    let run = |from: usize, digit: fn(&u8) -> bool| {
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            let separator = *byte == b'_' && at > from && bytes.get(at + 1).is_some_and(digit);
            if !digit(byte) && !separator {
                break;
            }
            at += 1;
        }
        at
    };
    if bytes[0] == b'0'
        && let Some(marker) = bytes.get(1)
    {
        let digit: Option<fn(&u8) -> bool> = match marker {
            b'x' | b'X' => Some(u8::is_ascii_hexdigit),
            b'o' | b'O' => Some(|b| (b'0'..=b'7').contains(b)),
            b'b' | b'B' => Some(|b| (b'0'..=b'1').contains(b)),
            _ => None,
        };
        if let Some(digit) = digit {
            let end = run(2, digit);
            if end > 2 {
                return (end, false);
            }
        }
    }
    let decimal: fn(&u8) -> bool = u8::is_ascii_digit;
    let mut end = run(0, decimal);
    let mut is_float = false;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(decimal) {
        end = run(end + 1, decimal);
        is_float = true;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(decimal) {
            end = run(end + 1 + sign, decimal);
            is_float = true;
        }
    }
    (end, is_float)
}
