//! What to say of the errors of the line layer.

use crate::diagnostic::{Diagnostic, Snippet};
use crate::lines::SyntaxError;
use crate::python::str_repr;
use crate::text::is_space;

/// An error in the file `name`, which messages call `display`. Its message is the reference's.
pub(crate) fn diagnostic(name: &str, display: &str, text: &str, error: SyntaxError<Diagnostic>) -> Diagnostic {
    let line_of = |number: u32| shorten(text.lines().nth(number as usize - 1).unwrap_or_default()).to_owned();
    let snippet = |number: u32, label: &str| {
        let line = line_of(number);
        Snippet {
            file: name.to_owned(),
            line: number,
            mark: 0..line.trim_end().len(),
            text: line,
            label: label.to_owned(),
        }
    };
    match error {
        SyntaxError::MissingSectionHeader { line, text: bad } => {
            let message = format!(
                "File contains no section headers.\nfile: {display}, line: {line}\n{}",
                str_repr(shorten(&bad))
            );
            let hint = if bad.starts_with('\u{feff}') {
                "The file starts with a byte order mark: save it as UTF-8 without one."
            } else if bad.starts_with('[') {
                "A section header is `[name]` or `[name:condition]`: a name has no blanks, brackets or braces."
            } else {
                "Options belong to a section: begin the file with a header such as `[buildout]`."
            };
            Diagnostic::internal("zc.buildout.configparser.MissingSectionHeaderError", message)
                .with_snippet(Some(snippet(line, "not inside a section")))
                .with_hint(hint)
        }
        SyntaxError::BadLines(lines) => {
            let mut message = format!("File contains parsing errors: {display}");
            for (number, line) in &lines {
                message.push_str(&format!("\n\t[line {number:2}]: {}", str_repr(shorten(line))));
            }
            let mut diagnostic = Diagnostic::internal("zc.buildout.configparser.ParsingError", message);
            for (number, line) in &lines {
                diagnostic.snippets.push(snippet(*number, bad_line_label(line)));
            }
            diagnostic.with_hint(
                "A line is a header `[section]`, an option `name = value`, or indented to continue the value above.",
            )
        }
        SyntaxError::Condition { line, error, .. } => {
            let mut error = error;
            error.snippets.insert(0, snippet(line, "condition of this section"));
            error
        }
    }
}

/// The first of the errors of a text that is no file: the one that the reference raises.
pub(crate) fn of_text(name: &str, text: &str, errors: Vec<SyntaxError<Diagnostic>>) -> Diagnostic {
    let first = errors.into_iter().next().map(|error| diagnostic(name, name, text, error));
    first.unwrap_or_else(|| Diagnostic::user(format!("{name} can't be read")))
}

/// A line, cut where nobody reads on.
fn shorten(line: &str) -> &str {
    const LIMIT: usize = 2000;
    let end = line.char_indices().map(|(at, _)| at).nth(LIMIT);
    end.map_or(line, |end| &line[..end])
}

fn bad_line_label(line: &str) -> &'static str {
    if line.starts_with(is_space) {
        "continues no option"
    } else if line.starts_with('[') {
        "not a section header"
    } else if line.contains('=') {
        "not an option name"
    } else {
        "no `=` here"
    }
}
