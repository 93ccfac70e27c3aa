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
    // Bytes that a break may begin with.
    let may_break = |byte: &u8| matches!(byte, b'\n'..=b'\r' | 0x1c..=0x1e | 0xc2 | 0xe2);
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = bytes[at..].iter().position(may_break) {
        at += found;
        let Some(c) = text[at..].chars().next() else { break };
        let line = &text[start..at];
        at += c.len_utf8();
        if is_break(c) {
            lines.push(line);
            at += usize::from(c == '\r' && bytes.get(at) == Some(&b'\n'));
            start = at;
        }
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// Python's `textwrap.dedent`: removes the longest common leading run of blanks and tabs of all lines that are not
/// blank; blank lines become empty.
pub fn dedent(text: &str) -> String {
    // Where the text of a line begins; `None` for a blank one.
    let margin_of = |line: &str| line.bytes().position(|byte| byte != b' ' && byte != b'\t');
    let mut margin: Option<&str> = None;
    for (line, width) in text.split('\n').filter_map(|line| Some((line, margin_of(line)?))) {
        let indent = &line[..width];
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
        if margin_of(line).is_some() {
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
    fn lines_as_python_splits_them() {
        assert_eq!(
            split_lines("a\nb\r\nc\rd\u{85}e\u{2028}f\u{e9}\u{20ac}\u{2027}\x1cg\n"),
            ["a", "b", "c", "d", "e", "f\u{e9}\u{20ac}\u{2027}", "g"]
        );
        assert_eq!(split_lines("\n\r"), ["", ""]);
        assert_eq!(split_lines(""), [""; 0]);
    }

    #[test]
    fn python_blanks_include_the_separators() {
        assert_eq!(strip("\x1f\u{a0} a \x1c\n"), "a");
    }
}
