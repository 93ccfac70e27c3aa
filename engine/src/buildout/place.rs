//! Where an error of a part is: in the profile, or in a text that its recipe works on.

use rbuildout_parser::{Config, Diagnostic, Event, Frame, Mode, Origin, Snippet, expand, nearest};
use rbuildout_recipes::{Place, Text};

/// Shows an error of a part at the section that makes it, unless it has a place already.
pub fn place(config: &Config, name: &str, mut error: Box<Diagnostic>) -> Box<Diagnostic> {
    if error.hint.is_none() {
        error.hint = missing_option(config, &error.message);
    }
    if error.snippets.is_empty() {
        error.snippets.extend(quoted_option(config, name, &error.message));
        if error.snippets.is_empty()
            && let Some((id, line)) = config.sections.get(name).and_then(|section| section.defined)
        {
            error.snippets.push(config.snippet_at(id, line, "", "in this part"));
        }
    }
    error
}

/// What to do about the reference's `Missing option: section:option`.
fn missing_option(config: &Config, message: &str) -> Option<String> {
    let (section, option) = message.strip_prefix("Missing option: ")?.split_once(':')?;
    let expanded = expand(config, section).ok()?;
    // Of names this short every other one is near.
    let near = nearest(option, expanded.options.keys().map(|key| &**key)).filter(|_| option.len() > 2);
    Some(match near {
        Some(near) => format!("[{section}] has an option `{near}`: correct one of the two names."),
        None if option == "recipe" => format!("Add `recipe = ...` to [{section}], or don't name it as a part."),
        None => format!("Set the option `{option}` in [{section}]."),
    })
}

/// The option of a section that a message quotes, if there is one.
fn quoted_option(config: &Config, name: &str, message: &str) -> Option<Snippet> {
    let section = expand(config, name).ok()?;
    let quoted =
        |key: &str| ['\'', '"', '`'].into_iter().any(|quote| message.contains(&format!("{quote}{key}{quote}")));
    let (_, entry) = section.options.iter().find(|(key, _)| quoted(key))?;
    config.snippet(entry, "", "this option")
}

/// Shows an error in a text that a recipe works on, and then its part, unless it has a place already.
pub(super) fn place_in_text(config: &Config, name: &str, mut error: Box<Diagnostic>, at: &Place) -> Box<Diagnostic> {
    if !error.snippets.is_empty() {
        return error;
    }
    match &at.text {
        Text::File(file) => {
            error.snippets.push(line_snippet(file, at.line, &at.content, at.mark.clone()));
            let section = config.sections.get(name).and_then(|section| section.defined);
            error.snippets.extend(section.map(|(id, line)| config.snippet_at(id, line, "", "in this part")));
        }
        Text::Option(option) => error.snippets.extend(option_line(config, name, option, at)),
    }
    if config.mode == Mode::Upstream {
        // There errors have no snippets, but a traceback.
        error.frames.extend(error.snippets.iter().rev().map(|snippet| Frame {
            file: snippet.file.clone(),
            line: snippet.line,
            function: name.to_owned(),
            text: Some(snippet.text.trim().to_owned()),
        }));
    }
    error
}

/// The line of the profile that a line of an option's value comes from, or the option if it can't be told.
fn option_line(config: &Config, name: &str, option: &str, at: &Place) -> Option<Snippet> {
    let section = expand(config, name).ok()?;
    let entry = section.options.get(option)?;
    let content = at.content.trim();
    let events = || entry.history.iter().rev();
    // A line with references is another one in the profile.
    let unsubstituted = |event: &Event| {
        let raw = event.value.lines().nth(at.line.checked_sub(1)?)?.trim().to_owned();
        let (before, _) = raw.split_once("${")?;
        if content.starts_with(before) { value_line(config, event, at.line, &raw) } else { None }
    };
    let found = events().find_map(|event| value_line(config, event, at.line, content));
    found.or_else(|| events().find_map(unsubstituted)).or_else(|| config.snippet(entry, content, ""))
}

/// The line of a definition that has this content; if there are several, that nearest to line `wanted` of the value.
fn value_line(config: &Config, event: &Event, wanted: usize, content: &str) -> Option<Snippet> {
    let Origin::File(id) = event.origin else { return None };
    let file = config.file(id);
    let first = event.line.saturating_sub(1) as usize;
    let begins = |line: &str| line.split_once('=').is_some_and(|(_, value)| !value.trim().is_empty());
    // A value begins in the line of its name or in the next one.
    let wanted = wanted.saturating_sub(usize::from(file.text.lines().nth(first).is_some_and(begins)));
    let lines = file.text.lines().enumerate().skip(first).take_while(|(index, line)| {
        // An option goes on in lines that are indented, blank or comments.
        *index == first || !line.starts_with(|c: char| !c.is_whitespace() && c != '#')
    });
    let same = lines.filter_map(|(index, line)| {
        let from = if index == first { line.find('=').map_or(0, |at| at + 1) } else { 0 };
        let start = line.len() - line[from..].trim_start().len();
        let holds = if index == first { line[start..].ends_with(content) } else { line[start..].trim_end() == content };
        (holds && !content.is_empty()).then_some((index, line))
    });
    let (index, line) = same.min_by_key(|(index, _)| (index - first).abs_diff(wanted))?;
    let start = line.rfind(content)?;
    Some(line_snippet(&file.name, index + 1, line, start..start + content.len()))
}

/// One line, cut where nobody reads on.
fn line_snippet(file: &str, line: usize, content: &str, mark: std::ops::Range<usize>) -> Snippet {
    const LIMIT: usize = 400;
    let end = content.char_indices().map(|(at, _)| at).nth(LIMIT).unwrap_or(content.len());
    let mark = if mark.start < end { mark.start..mark.end.min(end) } else { 0..end };
    let line = u32::try_from(line).unwrap_or(u32::MAX);
    Snippet { file: file.to_owned(), line, text: content[..end].to_owned(), mark, label: String::new() }
}
