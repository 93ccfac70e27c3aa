//! Text rules that the format takes from Python: what a blank is, how lines end, how a block is dedented.

/// Python's `str.isspace` for one character.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// Python's `str.strip()`.
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Python's `str.rstrip()`.
pub fn rstrip(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// Physical lines of a text, each with its `\n`, under universal newlines: `\r\n` and lone `\r` have become `\n`.
///
/// Texts without `\r` (nearly all) are borrowed.
pub fn universal_newlines(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\r') {
        std::borrow::Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        std::borrow::Cow::Borrowed(text)
    }
}

/// Python's `str.splitlines()`: a line break at the end begins no further line.
pub fn split_lines(text: &str) -> Vec<&str> {
    let is_break = |c: char| {
        matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c' | '\x1d' | '\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
    };
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_break(*c)) {
        lines.push(&rest[..at]);
        let end = at + c.len_utf8();
        rest = rest[end..].strip_prefix('\n').filter(|_| c == '\r').unwrap_or(&rest[end..]);
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// Python's `textwrap.dedent`: removes the longest common leading run of blanks and tabs of all lines that are not
/// blank; blank lines become empty.
pub fn dedent(text: &str) -> String {
    let margin_of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let is_blank = |line: &str| line.chars().all(|c| c == ' ' || c == '\t');
    let mut margin: Option<&str> = None;
    for line in text.split('\n').filter(|line| !is_blank(line)) {
        let indent = &line[..margin_of(line)];
        margin = Some(match margin {
            None => indent,
            Some(known) => {
                let common = known.bytes().zip(indent.bytes()).take_while(|(a, b)| a == b).count();
                &known[..common]
            }
        });
    }
    let width = margin.map_or(0, str::len);
    let mut result = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            result.push('\n');
        }
        if !is_blank(line) {
            result.push_str(&line[width..]);
        }
    }
    result
}

/// Value of an option that was written as a block: dedented, without leading blank lines and trailing blanks.
pub fn dedent_block(value: &str) -> String {
    let text = dedent(rstrip(value));
    let mut rest = text.as_str();
    while let Some(end) = rest.find('\n') {
        if !rest[..end].chars().all(is_space) {
            break;
        }
        rest = &rest[end + 1..];
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dedent_follows_textwrap() {
        assert_eq!(dedent("    a\n      b\n\n  \n    c"), "a\n  b\n\n\nc");
        assert_eq!(dedent("\ta\n        b"), "\ta\n        b");
        assert_eq!(dedent(" \ta\n  b"), "\ta\n b");
    }

    #[test]
    fn block_loses_its_leading_blank_lines_only() {
        assert_eq!(dedent_block("\n\n\n  foo\n\n\n  bar\n"), "foo\n\n\nbar");
        assert_eq!(dedent_block("\n      foo\n  bar"), "    foo\nbar");
    }

    #[test]
    fn python_blanks_include_the_separators() {
        assert_eq!(strip("\x1f\u{a0} a \x1c\n"), "a");
    }
}
