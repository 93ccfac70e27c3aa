//! The links of an index page (PEP 503).

use rbuildout_parser::python::Facts;

use crate::specifier::Specifiers;
use crate::version::Version;

/// A link on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    /// As written, entities resolved.
    pub(super) href: String,
    /// `data-requires-python`.
    pub(super) requires_python: Option<String>,
    /// `data-yanked` (PEP 592).
    pub(super) yanked: bool,
}

impl Anchor {
    /// Whether the interpreter may use what is linked. As in pip, a condition that can't be read is none.
    pub(super) fn fits(&self, facts: &Facts) -> bool {
        let Some(specifiers) = self.requires_python.as_deref().and_then(Specifiers::parse) else {
            return true;
        };
        let info = &facts.version_info;
        specifiers.contains(&Version::new(&format!("{}.{}.{}", info.major, info.minor, info.micro)))
    }
}

/// What a page says about its links.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    /// `<base href>`.
    pub(super) base: Option<String>,
    pub(super) anchors: Vec<Anchor>,
}

/// Finds all `<a href>` in `page`. Any text is a page.
pub(super) fn links(page: &str) -> Links {
    let mut found = Links::default();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let wanted = name.eq_ignore_ascii_case("a") || name.eq_ignore_ascii_case("base");
        if !wanted || !after.starts_with(|c: char| c.is_ascii_whitespace() || c == '/') {
            continue;
        }
        let (attributes, after) = attributes(after);
        rest = after;
        let get = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let Some(href) = get("href") else {
            continue;
        };
        if name.eq_ignore_ascii_case("base") {
            found.base.get_or_insert(href);
        } else {
            let anchor =
                Anchor { href, requires_python: get("data-requires-python"), yanked: get("data-yanked").is_some() };
            found.anchors.push(anchor);
        }
    }
    found
}

/// The attributes of a tag, names in lower case, and what comes after its `>`.
fn attributes(text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (found, after);
        }
        if rest.is_empty() {
            return (found, rest);
        }
        // A name has at least one character, whatever that is.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let more = rest[first..].find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'));
        let end = more.map_or(rest.len(), |more| first + more);
        let (name, after) = rest.split_at(end);
        rest = after.trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            match quote {
                Some(quote) => {
                    let inside = &after[1..];
                    let end = inside.find(quote).unwrap_or(inside.len());
                    value = &inside[..end];
                    rest = inside.get(end + 1..).unwrap_or_default();
                }
                None => {
                    let end = after.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(after.len());
                    (value, rest) = after.split_at(end);
                }
            }
        }
        found.push((name.to_ascii_lowercase(), unescape(value)));
    }
}

/// Resolves the entities that occur in URLs and conditions.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end <= 10);
        let known = end.and_then(|end| Some((entity(&rest[1..end])?, end + 1)));
        let (character, length) = known.unwrap_or(('&', 1));
        out.push(character);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn anchor(href: &str, python: Option<&str>, yanked: bool) -> Anchor {
        Anchor { href: href.into(), requires_python: python.map(Into::into), yanked }
    }

    #[test]
    fn real_pages() {
        let page = r#"<!DOCTYPE html><html><head><base href="../x/"></head><!-- <a href="no">-->
            <a class=x href="a-1.0.tar.gz#sha256=ab&amp;c" data-requires-python="&gt;=3.7" >a</a><br/>
            <A HREF='b.whl' data-yanked="">b</A><a name=x>c</a><abbr href=no><a href=c>"#;
        let found = links(page);
        assert_eq!(found.base.as_deref(), Some("../x/"));
        assert_eq!(
            found.anchors,
            [
                anchor("a-1.0.tar.gz#sha256=ab&c", Some(">=3.7"), false),
                anchor("b.whl", None, true),
                anchor("c", None, false)
            ]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(page in "(<a |<base|href|=|'|\"|>|/|&#x?|;|é|\\PC){0,40}") {
            links(&page);
        }
    }
}
