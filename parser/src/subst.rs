//! Substitution of `${section:option}`: the tokens of a value and what is wrong with them.
//!
//! `$$` separates pieces that are scanned on their own and is kept, so `$${x}` is never a reference. A token runs from
//! `${` to the first `}`; an unterminated one is plain text.

/// A piece of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// A reference; an empty section means the one being evaluated.
    Reference {
        token: &'a str,
        section: &'a str,
        option: &'a str,
    },
    /// A token that is no reference, with the reference's message.
    Malformed {
        token: &'a str,
        problem: Malformation,
    },
}

/// What is wrong with a token, in the reference's order of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformation {
    NoColon,
    ManyColons,
    Section,
    Option,
}

impl Malformation {
    /// The reference's message.
    pub fn message(self, token: &str) -> String {
        match self {
            Self::NoColon => format!("The substitution, {token},\ndoesn't contain a colon."),
            Self::ManyColons => format!("The substitution, {token},\nhas too many colons."),
            Self::Section => format!("The section name in substitution, {token},\nhas invalid characters."),
            Self::Option => format!("The option name in substitution, {token},\nhas invalid characters."),
        }
    }

    /// What to do about it.
    pub fn hint(self, token: &str) -> String {
        let inner = token.trim_start_matches("${").trim_end_matches('}');
        match self {
            Self::NoColon => {
                format!("Write `${{:{inner}}}` for an option of this section, or `$${{{inner}}}` for the text itself.")
            }
            Self::ManyColons => "A reference is `${section:option}`; references can't be nested.".to_owned(),
            Self::Section | Self::Option => {
                "Names in references are made of letters, digits, blanks, `.`, `_` and `-`.".to_owned()
            }
        }
    }
}

/// The longest value that substitution may make, in bytes.
pub const MAX_VALUE: usize = 16 << 20;

/// What is said of a value that would be longer.
pub fn too_long(section: &str, option: &str) -> String {
    format!("The value of {section}:{option} is longer than {} MiB after substitution.", MAX_VALUE >> 20)
}

/// True if a value may contain references: values without are their own result.
pub fn has_reference(value: &str) -> bool {
    value.contains("${")
}

/// Splits a value into its pieces; their texts in order are the value.
pub fn pieces(value: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut text_start = 0;
    let mut at = 0;
    while let Some(found) = value[at..].find('$') {
        let dollar = at + found;
        let rest = &value[dollar..];
        if rest.starts_with("$$") {
            at = dollar + 2;
            continue;
        }
        // The piece ends at the next `$$`: a token can't reach over it.
        let limit = rest.find("$$").unwrap_or(rest.len());
        let end = if rest.starts_with("${") { rest[..limit].find('}') } else { None };
        let Some(end) = end else {
            at = dollar + 1;
            continue;
        };
        if text_start < dollar {
            pieces.push(Piece::Text(&value[text_start..dollar]));
        }
        let token = &rest[..=end];
        pieces.push(classify(token));
        at = dollar + end + 1;
        text_start = at;
    }
    if text_start < value.len() {
        pieces.push(Piece::Text(&value[text_start..]));
    }
    pieces
}

/// A token is a reference if it is `${section:option}` with letters, digits, blanks, `.`, `_` and `-` in the names; only
/// the section may be empty.
fn classify(token: &str) -> Piece<'_> {
    let inner = &token[2..token.len() - 1];
    let valid = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'.' | b'_' | b'-'));
    let malformed = |problem| Piece::Malformed { token, problem };
    let Some((section, option)) = inner.split_once(':') else { return malformed(Malformation::NoColon) };
    if option.contains(':') {
        malformed(Malformation::ManyColons)
    } else if !valid(section.strip_suffix('\n').unwrap_or(section)) {
        malformed(Malformation::Section)
    } else if option.is_empty() || !valid(option.strip_suffix('\n').unwrap_or(option)) {
        malformed(Malformation::Option)
    } else {
        // One newline before the colon or the brace passes the reference's own test: the name is then not found.
        Piece::Reference { token, section, option }
    }
}

/// slapos mode: what a reader of the final value sees, `$${` as `${`.
pub fn unescape(value: &str) -> std::borrow::Cow<'_, str> {
    if value.contains("$${") {
        std::borrow::Cow::Owned(value.replace("$${", "${"))
    } else {
        std::borrow::Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Vec<String> {
        pieces(value)
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Reference { section, option, .. } => format!("<{section}|{option}>"),
                Piece::Malformed { problem, .. } => format!("{problem:?}"),
            })
            .collect()
    }

    #[test]
    fn pieces_of_values() {
        assert_eq!(shown("a ${b:c}d${:e}"), ["a ", "<b|c>", "d", "<|e>"]);
        assert_eq!(shown("$${b:k}"), ["$${b:k}"]);
        assert_eq!(shown("$$${b:k}"), ["$$", "<b|k>"]);
        assert_eq!(shown("$$$${b:k}"), ["$$$${b:k}"]);
        assert_eq!(shown("$a $ ${b:k"), ["$a $ ${b:k"]);
        assert_eq!(shown("${b:${b:k}}"), ["ManyColons", "}"]);
        assert_eq!(shown("${a$$b:c}"), ["${a$$b:c}"]);
        assert_eq!(shown("${ b :k}"), ["< b |k>"]);
    }

    #[test]
    fn malformed_tokens() {
        for (token, problem) in [
            ("${b}", Malformation::NoColon),
            ("${b:c:d}", Malformation::ManyColons),
            ("${b/c:d}", Malformation::Section),
            ("${b:d/e}", Malformation::Option),
            ("${b:}", Malformation::Option),
        ] {
            assert_eq!(pieces(token), [Piece::Malformed { token, problem }]);
        }
    }

    #[test]
    fn unescaping_touches_only_escaped_references() {
        assert_eq!(unescape("$$ $${a:b} $$$${c}"), "$$ ${a:b} $$${c}");
    }
}
