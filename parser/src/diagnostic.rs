//! What is wrong with a profile, with all that a person needs to mend it.
//!
//! A [`Diagnostic`] is self-contained: it carries the lines that it is about, so that it can be rendered, stored or sent
//! without the profile. Its message is the reference's text, since people and tests match on it; snippet, chain of
//! definitions and hint are ours.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub class: Class,
    /// The reference's text, possibly of several lines.
    pub message: String,
    /// What was being done, outermost first: the reference's `While:` block.
    #[serde(rename = "while")]
    pub doing: Vec<String>,
    pub snippets: Vec<Snippet>,
    /// Every definition of the option in question, oldest first.
    pub chain: Vec<Definition>,
    pub hint: Option<String>,
    /// Where in Python code it came from, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
}

/// A line of a Python traceback.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Frame {
    pub file: String,
    pub line: u32,
    /// Empty for a line that can't be compiled.
    pub function: String,
    /// The source line, if it is known; where it can't be compiled, with a mark in a second line.
    pub text: Option<String>,
}

/// The reference's two kinds of errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Shown as `Error: message`.
    User,
    /// An exception that the reference reports as an internal error, by its dotted class name.
    Internal(String),
}

/// Lines of a source file with one marked range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snippet {
    /// Path or URL.
    pub file: String,
    /// Number of the first line of `text`, from 1.
    pub line: u32,
    /// Whole lines.
    pub text: String,
    /// Byte range in `text` that is marked.
    pub mark: Range<usize>,
    /// What to say of the marked range.
    pub label: String,
}

/// A place that set or changed an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Path, URL, or `COMMAND_LINE_VALUE` and its like.
    pub source: String,
    /// Line in that file, if it is one.
    pub line: Option<u32>,
    /// `=`, `+=` or `-=`.
    pub operator: &'static str,
    /// First line of the operand.
    pub value: String,
}

impl Diagnostic {
    pub fn user(message: impl Into<String>) -> Self {
        Self::new(Class::User, message)
    }

    pub fn internal(class: &str, message: impl Into<String>) -> Self {
        Self::new(Class::Internal(class.to_owned()), message)
    }

    fn new(class: Class, message: impl Into<String>) -> Self {
        let (snippets, chain) = (Vec::new(), Vec::new());
        let (doing, frames) = (Vec::new(), Vec::new());
        Self { class, message: message.into(), doing, snippets, chain, hint: None, frames }
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn with_snippet(mut self, snippet: Option<Snippet>) -> Self {
        self.snippets.extend(snippet);
        self
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// Why something could not be done: the error that stopped it, and others found in the same pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub error: Box<Diagnostic>,
    pub others: Vec<Diagnostic>,
}

impl Failure {
    /// The first one and the others, or `None` if there are none.
    pub fn of(errors: impl IntoIterator<Item = Diagnostic>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let error = Box::new(errors.next()?);
        Some(Self { error, others: errors.collect() })
    }

    /// All of them, the first one first.
    pub fn all(&self) -> impl Iterator<Item = &Diagnostic> {
        std::iter::once(&*self.error).chain(&self.others)
    }
}

impl From<Box<Diagnostic>> for Failure {
    fn from(error: Box<Diagnostic>) -> Self {
        Self { error, others: Vec::new() }
    }
}

impl From<Diagnostic> for Failure {
    fn from(error: Diagnostic) -> Self {
        Box::new(error).into()
    }
}

/// The known name nearest to a wrong one, if it is near enough to be what was meant.
pub fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).clamp(1, 4);
    known
        .filter(|name| name.len().abs_diff(wrong.len()) <= limit)
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, _)| (1..=limit).contains(distance))
        .min_by_key(|(distance, name)| (*distance, name.len()))
        .map(|(_, name)| name)
}

/// Edit distance with transpositions of neighbours counted as one.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name() {
        let known = ["zlib", "openssl", "buildout", "libxml2"];
        assert_eq!(nearest("zlb", known.into_iter()), Some("zlib"));
        assert_eq!(nearest("buidlout", known.into_iter()), Some("buildout"));
        assert_eq!(nearest("libxml3", known.into_iter()), Some("libxml2"));
        assert_eq!(nearest("perl", known.into_iter()), None);
        assert_eq!(nearest("zlib", known.into_iter()), None);
    }
}
