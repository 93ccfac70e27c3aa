//! The text of `annotate`: every raw option with where it comes from.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::config::{Action, Config, Entry, Event, Origin};
use crate::profile::normalise;
use crate::text::split_lines;

/// The reference's `annotate` output, byte for byte. `only` restricts it to some sections; `directory` is the buildout
/// directory, which source paths are shown relative to.
pub fn annotate(config: &Config, only: &[String], verbose: bool, directory: Option<&str>) -> String {
    let mut out = String::from("\nAnnotated sections\n==================\n");
    let mut names: Vec<&str> = config.sections.keys().map(|name| &**name).collect();
    names.sort_unstable();
    for name in names {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        let _ = write!(out, "\n[{name}]\n");
        let mut shown = config.sections[name].shown();
        shown.sort_unstable_keys();
        for (key, entry) in &shown {
            value(&mut out, key, entry);
            if verbose {
                history(&mut out, config, entry, directory);
            } else {
                sources(&mut out, config, entry, directory);
            }
        }
    }
    out
}

fn value(out: &mut String, key: &str, entry: &Entry) {
    out.push_str(key);
    out.push('=');
    if entry.value.is_empty() {
        out.push('\n');
        return;
    }
    out.push(' ');
    let lines = split_lines(&entry.value);
    // A single line is shown as it is, with the line break that may end it.
    let lines = if lines.len() > 1 { &lines[..] } else { &[&*entry.value] };
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
}

fn sources(out: &mut String, config: &Config, entry: &Entry, directory: Option<&str>) {
    let is_base = |event: &Event| !matches!(event.action, Action::Add | Action::Remove);
    let start = entry.history.iter().rposition(is_base).unwrap_or(0);
    for (index, event) in entry.history[start..].iter().enumerate() {
        let source = source(config, event.origin, directory);
        let prefix = match event.action {
            Action::Add if index > 0 => "+=  ",
            Action::Remove if index > 0 => "-=  ",
            _ => "    ",
        };
        out.push_str(prefix);
        out.push_str(&source);
        out.push('\n');
    }
}

fn history(out: &mut String, config: &Config, entry: &Entry, directory: Option<&str>) {
    out.push('\n');
    for event in entry.history.iter().rev() {
        let place = match event.origin {
            Origin::Default | Origin::Computed | Origin::CommandLine => "AS",
            Origin::File(_) | Origin::Implicit => "IN",
        };
        let _ = writeln!(out, "   {place} {}", source(config, event.origin, directory));
        let word = event.action.word();
        if event.value.contains('\n') {
            let _ = writeln!(out, "   {word} VALUE =");
            for line in event.value.split('\n') {
                let _ = writeln!(out, "      {line}");
            }
        } else {
            let _ = writeln!(out, "   {word} VALUE = {}", event.value);
        }
    }
    out.push('\n');
}

fn source<'a>(config: &'a Config, origin: Origin, directory: Option<&str>) -> Cow<'a, str> {
    let name = match origin {
        Origin::File(id) => config.file(id).display.as_str(),
        _ => config.origin_name(origin),
    };
    match directory.and_then(|directory| name.strip_prefix(directory)) {
        Some(_) => relative(name, directory.unwrap_or_default()).into(),
        None => name.into(),
    }
}

/// Python's `os.path.relpath` for absolute paths.
fn relative(path: &str, start: &str) -> String {
    let (path, start) = (normalise(path), normalise(start));
    let parts = |text: &str| text.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (path, start) = (parts(&path), parts(&start));
    let common = path.iter().zip(&start).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), start.len() - common);
    let result: Vec<String> = up.chain(path[common..].iter().cloned()).collect();
    if result.is_empty() { ".".to_owned() } else { result.join("/") }
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn relative_paths() {
        assert_eq!(relative("/a/b/c.cfg", "/a/b"), "c.cfg");
        assert_eq!(relative("/a/bc/c.cfg", "/a/b"), "../bc/c.cfg");
        assert_eq!(relative("/a/b/x/../c.cfg", "/a/b"), "c.cfg");
    }
}
