//! `allow-hosts`.

use regex::Regex;

/// Patterns of hosts, as Python's `fnmatch` has them.
#[derive(Debug)]
pub(super) struct Hosts(Vec<Regex>);

impl Hosts {
    pub(super) fn new(patterns: &[String]) -> Self {
        Self(patterns.iter().filter_map(|pattern| Regex::new(&translate(pattern)).ok()).collect())
    }

    /// Whether `url` may be used. What is on this machine always may.
    pub(super) fn allow(&self, url: &str) -> bool {
        let Some((scheme, rest)) = url.split_once("://") else {
            return true;
        };
        if scheme.eq_ignore_ascii_case("file") {
            return true;
        }
        let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        self.0.iter().any(|pattern| pattern.is_match(host))
    }
}

/// `pattern` as a regular expression.
fn translate(pattern: &str) -> String {
    let mut out = String::from("(?s)^");
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => match rest.as_str().char_indices().skip(1).find(|(_, c)| *c == ']') {
                Some((end, _)) => {
                    let set = &rest.as_str()[..end];
                    let (negated, set) = set.strip_prefix('!').map_or((false, set), |set| (true, set));
                    out.push_str(if negated { "[^" } else { "[" });
                    for c in set.chars() {
                        if matches!(c, '\\' | '[' | ']' | '^' | '&' | '~') {
                            out.push('\\');
                        }
                        out.push(c);
                    }
                    out.push(']');
                    rest = rest.as_str()[end + 1..].chars();
                }
                None => out.push_str("\\["),
            },
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let allow = |pattern: &str, url: &str| Hosts::new(&[pattern.to_owned()]).allow(url);
        assert!(allow("*.example.com", "https://a.example.com/x"));
        assert!(!allow("*.example.com", "https://example.com/x"));
        assert!(!allow("example.com", "https://example.com:8080/"));
        assert!(allow("[a-c]?", "http://bx"));
        assert!(!allow("[!a-c]?", "http://bx"));
        assert!(allow("x[", "http://x["));
        assert!(allow("nothing", "file:///x"));
        assert!(allow("nothing", "/x"));
    }
}
