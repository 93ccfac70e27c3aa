//! The pest grammar of section headers (`header.pest`).

use pest::Parser;
use pest_derive::Parser;

use crate::text::strip;

#[derive(Parser)]
#[grammar = "header.pest"]
struct Grammar;

/// A section header line, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    pub(crate) name: &'a str,
    /// Condition, trimmed; `None` also for an empty one (`[a:]`).
    pub(crate) expression: Option<&'a str>,
}

/// Parses a whole line (its newline may be there) as a section header.
pub(crate) fn header(line: &str) -> Option<Header<'_>> {
    if !line.starts_with('[') {
        return None;
    }
    // Nearly all headers are `[name]` and nothing else: a scan finds these at a tenth of the grammar's cost, which is a
    // sixth of a run with nothing to do over 1,000 parts.
    let bytes = line.as_bytes();
    let end = bytes[1..].iter().position(|byte| !is_plain_name(*byte)).map_or(bytes.len(), |at| at + 1);
    if end > 1 && matches!(&bytes[end..], b"]\n" | b"]") {
        return Some(Header { name: &line[1..end], expression: None });
    }
    let mut pairs = Grammar::parse(Rule::header, line).ok()?.next()?.into_inner();
    let name = pairs.next()?.as_str();
    let expression = pairs
        .find(|pair| pair.as_rule() == Rule::expression)
        .map(|pair| strip(pair.as_str()))
        .filter(|text| !text.is_empty());
    Some(Header { name, expression })
}

fn is_plain_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        assert_eq!(header("[a]\n"), Some(Header { name: "a", expression: None }));
        assert_eq!(header("[ a-b.c/d@e ] # x\n"), Some(Header { name: "a-b.c/d@e", expression: None }));
        assert_eq!(header("[a:x[0]] ; c ]\n"), Some(Header { name: "a", expression: Some("x[0]") }));
        assert_eq!(header("[a: ]\n"), Some(Header { name: "a", expression: None }));
        assert_eq!(
            header(r#"[a:"\x23" == chr(35)] # c ]"#),
            Some(Header { name: "a", expression: Some(r#""\x23" == chr(35)"#) })
        );
        for wrong in ["[a] junk", "[a b]", "[]", "[a{b}]", "[a", "a]"] {
            assert_eq!(header(wrong), None, "{wrong}");
        }
    }
}
