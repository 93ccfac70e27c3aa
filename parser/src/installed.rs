//! The format of `.installed.cfg`: what is installed, as the reference writes and reads it.
//!
//! Blanks at the edges of lines, which the line layer would lose, are written as `%(__buildout_space__)s` and its like.
//! Not every text survives (a leading tab, a non-breaking space at the edge of a line, the tokens themselves): such a
//! part is reinstalled at every run, as by the reference.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::config::Map;
use crate::diagnostic::Diagnostic;
use crate::lines::parse;
use crate::syntax;

/// Options of a part as saved, including the two below.
pub type SavedOptions = Map<Arc<str>, Arc<str>>;

/// Paths that the part owns, one a line.
pub const INSTALLED_OPTION: &str = "__buildout_installed__";
pub const SIGNATURE_OPTION: &str = "__buildout_signature__";

/// Content of an `.installed.cfg`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstalledState {
    pub develop_eggs: Arc<str>,
    /// Parts in the order of their installation.
    pub parts: Map<Arc<str>, SavedOptions>,
}

/// Reads the text of an `.installed.cfg`. Repeated sections are merged, later values win, so that appended stanzas work.
pub fn read(text: &str, path: &str) -> Result<InstalledState, Diagnostic> {
    let file = parse(text, &mut |_| Ok(true)).map_err(|errors| {
        let first = errors.into_iter().next().expect("what can't be parsed has an error");
        syntax::diagnostic(path, path, text, first)
    })?;
    let mut sections: Map<Arc<str>, SavedOptions> = Map::default();
    for section in file.sections {
        let options = sections.entry(section.name).or_default();
        options.reserve(section.options.len());
        for option in section.options {
            options.insert(option.key, unescape(&option.value));
        }
    }
    let buildout = sections.shift_remove("buildout").unwrap_or_default();
    let develop_eggs = buildout.get("installed_develop_eggs").cloned().unwrap_or_else(|| "".into());
    let mut state = InstalledState { develop_eggs, parts: Map::default() };
    let parts = buildout.get("parts").cloned().unwrap_or_else(|| "".into());
    for name in parts.split_whitespace() {
        // A part that is listed without a section was never written whole: it counts as not installed.
        if let Some(options) = sections.swap_remove(name) {
            state.parts.insert(name.into(), options);
        }
    }
    Ok(state)
}

/// Writes the whole file: one `[buildout]` section, then the parts in order, options sorted.
pub fn write(state: &InstalledState) -> String {
    let mut out = String::from("[buildout]\n");
    let names: Vec<&str> = state.parts.keys().map(|name| &**name).collect();
    option(&mut out, "installed_develop_eggs", &state.develop_eggs);
    option(&mut out, "parts", &names.join(" "));
    for (name, options) in &state.parts {
        out.push('\n');
        section(&mut out, name, options);
    }
    out
}

/// Writes one section in the file's notation.
pub fn section<'a>(out: &mut String, name: &str, options: impl IntoIterator<Item = (&'a Arc<str>, &'a Arc<str>)>) {
    let _ = writeln!(out, "[{name}]");
    let mut options: Vec<_> = options.into_iter().collect();
    options.sort_unstable_by(|a, b| a.0.cmp(b.0));
    for (key, value) in options {
        option(out, key, value);
    }
}

/// Writes one option in the file's notation.
pub fn option(out: &mut String, key: &str, value: &str) {
    out.push_str(key);
    out.push_str(" = ");
    escape(out, value);
    out.push('\n');
}

fn is_edge_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\x0b' | '\x0c')
}

fn push_blank(out: &mut String, c: char) {
    match c {
        ' ' => out.push_str("%(__buildout_space__)s"),
        '\r' => out.push_str("%(__buildout_space_r__)s"),
        '\x0c' => out.push_str("%(__buildout_space_f__)s"),
        '\x0b' => out.push_str("%(__buildout_space_v__)s"),
        '\n' => out.push_str("%(__buildout_space_n__)s"),
        other => out.push(other),
    }
}

/// Appends a value with its line edges made safe.
fn escape(out: &mut String, value: &str) {
    let is_any_blank = |c: char| is_edge_blank(c) || c == '\n';
    if !value.contains('\n') && !value.starts_with(is_edge_blank) && !value.ends_with(is_edge_blank) {
        out.push_str(value);
        return;
    }
    let mut escaped = String::with_capacity(value.len() + 64);
    let mut rest = value;
    let mut at_start = true;
    while !rest.is_empty() {
        let blank_end = rest.find(|c| !is_any_blank(c)).unwrap_or(rest.len());
        let run = &rest[..blank_end];
        let at_end = blank_end == rest.len();
        if let Some(newline) = run.find('\n') {
            run[..newline].chars().for_each(|c| push_blank(&mut escaped, c));
            escaped.push_str("\n\t");
            run[newline + 1..].chars().for_each(|c| push_blank(&mut escaped, c));
        } else if at_start || at_end {
            run.chars().for_each(|c| push_blank(&mut escaped, c));
        } else {
            escaped.push_str(run);
        }
        at_start = false;
        rest = &rest[blank_end..];
        let text_end = rest.find(is_any_blank).unwrap_or(rest.len());
        escaped.push_str(&rest[..text_end]);
        rest = &rest[text_end..];
    }
    let mut body = escaped.as_str();
    if let Some(stripped) = body.strip_prefix("\n\t") {
        out.push_str("%(__buildout_space_n__)s");
        body = stripped;
    }
    match body.strip_suffix("\n\t") {
        Some(stripped) => {
            out.push_str(stripped);
            out.push_str("%(__buildout_space_n__)s");
        }
        None => out.push_str(body),
    }
}

fn unescape(value: &Arc<str>) -> Arc<str> {
    if !value.contains("%(") {
        return value.clone();
    }
    value
        .replace("%(__buildout_space__)s", " ")
        .replace("%(__buildout_space_n__)s", "\n")
        .replace("%(__buildout_space_r__)s", "\r")
        .replace("%(__buildout_space_f__)s", "\x0c")
        .replace("%(__buildout_space_v__)s", "\x0b")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(value: &str) -> String {
        let mut out = String::new();
        escape(&mut out, value);
        out
    }

    #[test]
    fn escapes_of_the_reference() {
        let space = "%(__buildout_space__)s";
        let newline = "%(__buildout_space_n__)s";
        assert_eq!(escaped("a\nb"), "a\n\tb");
        assert_eq!(escaped("a\n\nb"), format!("a\n\t{newline}b"));
        assert_eq!(escaped("a\n  b"), format!("a\n\t{space}{space}b"));
        assert_eq!(escaped("x "), format!("x{space}"));
        assert_eq!(escaped("\nx\n"), format!("{newline}x{newline}"));
        assert_eq!(escaped("x\n\n"), format!("x\n\t{newline}"));
        assert_eq!(escaped("a\r\nb"), "a%(__buildout_space_r__)s\n\tb");
        assert_eq!(escaped("a  b"), "a  b");
        assert_eq!(escaped("a\n[x]\n#c"), "a\n\t[x]\n\t#c");
        assert_eq!(escaped("x \ny"), format!("x{space}\n\ty"));
    }

    #[test]
    fn state_round_trips() {
        let mut state = InstalledState::default();
        for (name, value) in [("b", "a = b"), ("a", "one\n  two\n\nthree \n"), ("c", ""), ("d", "\n\n x")] {
            let mut options = SavedOptions::default();
            options.insert("recipe".into(), "r".into());
            options.insert("v".into(), value.into());
            state.parts.insert(name.into(), options);
        }
        let text = write(&state);
        assert_eq!(read(&text, "x").unwrap(), state);
        assert!(text.starts_with("[buildout]\ninstalled_develop_eggs = \nparts = b a c d\n\n[b]\nrecipe = r\n"));
    }

    #[test]
    fn appended_stanzas_win() {
        let text = "[buildout]\nparts = a b\n\n[a]\nx = 1\n\n[b]\nx = 2\n\n[buildout]\nparts = b\n";
        let state = read(text, "x").unwrap();
        assert_eq!(state.parts.keys().map(|k| &**k).collect::<Vec<_>>(), ["b"]);
    }
}
