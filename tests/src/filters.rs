//! What is replaced in outputs before they are compared.

use std::path::Path;

use regex::Regex;

/// Replacements, in order.
#[derive(Debug, Default)]
pub struct Filters {
    texts: Vec<(String, String)>,
    patterns: Vec<(Regex, &'static str)>,
}

/// Times and identities that no two runs share.
const COMMON: [(&str, &str); 6] = [
    (r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}( UTC|,\d{3})", "[TIME]$1"),
    (r"done in \d+\.\d s", "done in [TIME] s"),
    (r"(?m)^(\s*(?:took|real) )\d+\.\d+", "${1}[TIME]"),
    (r#""(seconds|remaining_seconds)": [0-9.]+"#, r#""$1": "[TIME]""#),
    (r#""started": \d+"#, r#""started": "[TIME]""#),
    (r"/ccache/cc|/ccache/gcc", "/cc"),
];

impl Filters {
    pub fn new(root: &Path) -> Self {
        let mut filters = Self::default();
        filters.text(&root.to_string_lossy(), "[DIR]");
        for (pattern, replacement) in COMMON {
            filters.pattern(pattern, replacement);
        }
        filters
    }

    pub fn text(&mut self, text: &str, replacement: &str) {
        self.texts.push((text.to_owned(), replacement.to_owned()));
    }

    pub fn pattern(&mut self, pattern: &str, replacement: &'static str) {
        self.patterns.push((Regex::new(pattern).expect("patterns of filters are constants"), replacement));
    }

    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.texts {
            text = text.replace(from, to);
        }
        for (pattern, replacement) in &self.patterns {
            text = pattern.replace_all(&text, *replacement).into_owned();
        }
        text
    }
}
