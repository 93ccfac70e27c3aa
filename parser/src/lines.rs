//! The line layer: the text of one file to sections of raw options.
//!
//! Lines are classified one by one in the reference's order (comment, continuation, header, option, error); only
//! headers go through the grammar. A value that starts on the option's own line loses the indentation and the blank
//! lines of what follows; one that starts below it keeps its relative indentation. Keys keep their operator (`x +`).
//!
//! Quirks kept on purpose: a section whose condition is false leaves the *previous* section current, so that malformed
//! lines in it are still errors; a comment in column 0 never ends a value.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::grammar;
use crate::text::{dedent_block, is_space, rstrip, strip, universal_newlines};

/// One file after the line layer, conditions decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParsedFile {
    pub sections: Vec<ParsedSection>,
}

/// A section of one file; repeated headers are merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedSection {
    pub name: Arc<str>,
    /// Line of the first header, from 1.
    pub line: u32,
    pub options: Vec<ParsedOption>,
}

/// An option as written; of repeated keys the last value stands at the first one's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedOption {
    /// Name with its operator and the blanks before it: `x`, `x +`, `x-`.
    pub key: Arc<str>,
    pub value: Arc<str>,
    /// Line of the key, from 1.
    pub line: u32,
}

impl ParsedFile {
    pub fn section(&self, name: &str) -> Option<&ParsedSection> {
        self.sections.iter().find(|section| &*section.name == name)
    }
}

impl ParsedSection {
    pub fn option(&self, key: &str) -> Option<&ParsedOption> {
        self.options.iter().find(|option| &*option.key == key)
    }
}

/// Why a file is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyntaxError<C> {
    /// An option or junk before any section header: line number and the line with its newline.
    MissingSectionHeader { line: u32, text: String },
    /// All lines that are neither header, option nor continuation.
    BadLines(Vec<(u32, String)>),
    /// The condition of the header in this line could not be evaluated.
    Condition { line: u32, text: String, error: C },
}

struct Draft {
    key: Arc<str>,
    value: String,
    line: u32,
}

struct DraftSection {
    name: Arc<str>,
    line: u32,
    options: Vec<Draft>,
    /// Where an option is, once there are too many to look at each.
    index: FxHashMap<Arc<str>, usize>,
}

impl DraftSection {
    /// Most sections are smaller than what makes an index worth its while.
    const INDEXED: usize = 16;

    fn position(&self, key: &str) -> Option<usize> {
        if self.options.len() <= Self::INDEXED {
            return self.options.iter().position(|option| &*option.key == key);
        }
        self.index.get(key).copied()
    }

    /// Adds an option that is not there yet and returns its place.
    fn push(&mut self, key: &str, line: u32) -> usize {
        let at = self.options.len();
        self.options.push(Draft { key: key.into(), value: String::new(), line });
        if at == Self::INDEXED {
            self.index = self.options.iter().enumerate().map(|(at, option)| (option.key.clone(), at)).collect();
        } else if at > Self::INDEXED {
            self.index.insert(self.options[at].key.clone(), at);
        }
        at
    }
}

/// Parses a file. `condition` decides the expressions of section headers, in order.
///
/// Fails with all errors of the file, the one that the reference raises first; it raises [`SyntaxError::BadLines`] only at
/// the end of the file.
pub fn parse<C>(
    text: &str,
    condition: &mut dyn FnMut(&str) -> Result<bool, C>,
) -> Result<ParsedFile, Vec<SyntaxError<C>>> {
    let text = universal_newlines(text);
    let mut sections: Vec<DraftSection> = Vec::new();
    let mut by_name: FxHashMap<Arc<str>, usize> = FxHashMap::default();
    let mut current: Option<usize> = None;
    let mut option: Option<usize> = None;
    let mut block = false;
    let mut active = true;
    let mut errors = Vec::new();
    let mut bad = Vec::new();

    for (index, line) in text.split_inclusive('\n').enumerate() {
        let number = index as u32 + 1;
        let Some(first) = line.chars().next() else { continue };
        if first == '#' || first == ';' {
            continue;
        }
        if let (true, Some(section), Some(at)) = (is_space(first), current, option) {
            if active {
                let value = &mut sections[section].options[at].value;
                let more = if block { rstrip(line) } else { strip(line) };
                if block || !more.is_empty() {
                    value.push('\n');
                    value.push_str(more);
                }
            }
            continue;
        }
        if let Some(header) = grammar::header(line) {
            active = true;
            if let Some(expression) = header.expression {
                // After an error the section counts as there, so that what is wrong in it is found too.
                active = condition(expression).unwrap_or_else(|error| {
                    errors.push(SyntaxError::Condition { line: number, text: line.to_owned(), error });
                    true
                });
            }
            if active {
                current = Some(match by_name.get(header.name) {
                    Some(&known) => known,
                    None => {
                        let name: Arc<str> = header.name.into();
                        by_name.insert(name.clone(), sections.len());
                        let index = FxHashMap::default();
                        sections.push(DraftSection { name, line: number, options: Vec::new(), index });
                        sections.len() - 1
                    }
                });
                option = None;
            }
            continue;
        }
        let blank = strip(line).is_empty();
        let Some(section) = current else {
            // One header too few is one error, whatever the number of lines that miss it.
            if !blank && !errors.iter().any(|error| matches!(error, SyntaxError::MissingSectionHeader { .. })) {
                errors.push(SyntaxError::MissingSectionHeader { line: number, text: line.to_owned() });
            }
            continue;
        };
        if let Some((key, value)) = split_option(line) {
            if active {
                let section = &mut sections[section];
                let value = strip(value);
                block = value.is_empty();
                let at = section.position(key).unwrap_or_else(|| section.push(key, number));
                let draft = &mut section.options[at];
                draft.value.clear();
                draft.value.push_str(value);
                draft.line = number;
                option = Some(at);
            }
        } else if !(blank && option.is_none()) {
            bad.push((number, line.to_owned()));
        }
    }
    if !bad.is_empty() {
        errors.push(SyntaxError::BadLines(bad));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(ParsedFile { sections: sections.into_iter().map(finish).collect() })
}

fn finish(section: DraftSection) -> ParsedSection {
    let options = section.options.into_iter().map(|draft| ParsedOption {
        value: if draft.value.starts_with(is_space) { dedent_block(&draft.value).into() } else { draft.value.into() },
        key: draft.key,
        line: draft.line,
    });
    ParsedSection { name: section.name, line: section.line, options: options.collect() }
}

/// Key (with operator) and value of an option line, or `None` if it is not one.
fn split_option(line: &str) -> Option<(&str, &str)> {
    if let Some(rest) = line.strip_prefix("=>") {
        return Some((PART_DEPENDENCIES, rest));
    }
    let name_end =
        line.find(|c: char| is_space(c) || matches!(c, '{' | '}' | '[' | ']' | '=' | ':')).unwrap_or(line.len());
    if name_end == 0 {
        return None;
    }
    let rest = line[name_end..].trim_start_matches([' ', '\t']);
    let after_operator = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let value = after_operator.strip_prefix('=')?;
    let key = rstrip(&line[..line.len() - after_operator.len()]);
    Some((key, value))
}

/// Option that `=> a b` sets.
pub const PART_DEPENDENCIES: &str = "<part-dependencies>";

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Vec<(String, String)> {
        let file = parse::<()>(&format!("[a]\n{text}"), &mut |_| Ok(true)).unwrap();
        let section = &file.sections[0];
        section.options.iter().map(|o| (o.key.to_string(), o.value.to_string())).collect()
    }

    fn one(text: &str) -> String {
        options(text)[0].1.clone()
    }

    #[test]
    fn inline_and_block_values() {
        assert_eq!(one("x = foo\n      bar\n\n    baz   \n"), "foo\nbar\nbaz");
        assert_eq!(one("x =\n    foo\n      bar\n\n    baz   \n"), "foo\n  bar\n\nbaz");
        assert_eq!(one("x =\n      foo\n  bar\n"), "    foo\nbar");
        assert_eq!(one("x =\n\tfoo\n        bar\n"), "\tfoo\n        bar");
        assert_eq!(one("x =   \n   \n   foo\n"), "foo");
        assert_eq!(one("x =\n\n\n# c\n\n  foo\n\n\n  bar\n\n\n"), "foo\n\n\nbar");
        assert_eq!(one("x =\n  foo\n# gone\n; gone\n  # kept\n  bar\n"), "foo\n# kept\nbar");
        assert_eq!(one("x = a=b ; c # d\n"), "a=b ; c # d");
        assert_eq!(one("x = 1\n\x0cfoo\n"), "1\nfoo");
        assert_eq!(one("x = 1\r\n  y\r\n"), "1\ny");
        assert_eq!(options("x = 1\n [b]\ny = 2\n"), [("x".into(), "1\n[b]".into()), ("y".into(), "2".into())]);
    }

    #[test]
    fn keys_keep_their_operators() {
        let keys = |text| options(text).into_iter().map(|(k, _)| k).collect::<Vec<_>>();
        assert_eq!(
            keys("x+=1\nx += 1\nx  -=3\nc++ = 5\n< = a\n<= b\n=> c d\n"),
            ["x+", "x +", "x  -", "c++", "<", PART_DEPENDENCIES]
        );
        assert_eq!(options("x += 1\nx = 0\nx += 2\n"), [("x +".into(), "2".into()), ("x".into(), "0".into())]);
    }

    #[test]
    fn options_of_large_sections_are_found_again() {
        let names: Vec<String> = (0..40).map(|at| format!("x{at}")).collect();
        let lines = names.iter().chain(&names).enumerate().map(|(at, name)| format!("{name} = {at}"));
        let text = lines.collect::<Vec<_>>().join("\n");
        let expected: Vec<(String, String)> =
            names.iter().enumerate().map(|(at, name)| (name.clone(), (at + 40).to_string())).collect();
        assert_eq!(options(&text), expected);
    }

    #[test]
    fn bogus_lines_are_all_reported() {
        let text = "[a]\nfoo bar = 1\nx = 1\nfoo:bar = 1\nx + = 1\n${x}=1\n= foo\n";
        let errors = parse::<()>(text, &mut |_| Ok(true)).unwrap_err();
        let [SyntaxError::BadLines(lines)] = &errors[..] else { panic!() };
        assert_eq!(lines.iter().map(|l| l.0).collect::<Vec<_>>(), [2, 4, 5, 6, 7]);
    }

    #[test]
    fn false_section_keeps_the_previous_one_current() {
        let file = parse::<()>("[a]\nx = 1\n[b:no]\ny = 2\n  z\n[a:yes]\nw = 3\n", &mut |e| Ok(e == "yes")).unwrap();
        assert_eq!(file.sections.len(), 1);
        assert_eq!(file.sections[0].options.len(), 2);
        let first = parse::<()>("[a:no]\nx = 1\n", &mut |_| Ok(false));
        assert_eq!(first, Err(vec![SyntaxError::MissingSectionHeader { line: 2, text: "x = 1\n".into() }]));
    }

    #[test]
    fn all_errors_of_a_file() {
        let text = "x = 1\ny = 2\n[a:no]\nfoo bar\n[b:no]\nz = 3\n";
        let errors = parse(text, &mut |_| Err(7)).unwrap_err();
        assert_eq!(
            errors,
            [
                SyntaxError::MissingSectionHeader { line: 1, text: "x = 1\n".into() },
                SyntaxError::Condition { line: 3, text: "[a:no]\n".into(), error: 7 },
                SyntaxError::Condition { line: 5, text: "[b:no]\n".into(), error: 7 },
                SyntaxError::BadLines(vec![(4, "foo bar\n".into())]),
            ]
        );
    }
}
