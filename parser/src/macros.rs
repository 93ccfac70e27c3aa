//! Macro expansion: `<= parent` (one parent a line) puts the parents' options beneath the section's own.

use std::sync::Arc;

use crate::config::{Action, Config, Entry, Map, Mode, Section};
use crate::diagnostic::Diagnostic;
use crate::load::section_hint;
use crate::merge::merge_section;
use crate::text::strip;

/// Option that names the parents.
pub const MACRO_OPTION: &str = "<";

/// How deep macros may be nested. Real profiles have six levels.
const MAX_DEPTH: usize = 200;

/// A section after macros.
#[derive(Debug, Clone)]
pub enum Expanded<'a> {
    /// It has no macro.
    Plain(&'a Section),
    Merged(Arc<Section>),
}

impl std::ops::Deref for Expanded<'_> {
    type Target = Section;

    fn deref(&self) -> &Section {
        match self {
            Self::Plain(section) => section,
            Self::Merged(section) => section,
        }
    }
}

/// Expands the macros of a section of the configuration. `doing` of an error says which sections were being loaded.
///
/// `[buildout]` is never expanded. Parents come from the raw configuration; nothing of them is left out.
pub fn expand<'a>(config: &'a Config, name: &str) -> Result<Expanded<'a>, Box<Diagnostic>> {
    let Some(section) = config.sections.get(name) else {
        let mut diagnostic = Diagnostic::user(format!("The referenced section, '{name}', was not defined."));
        diagnostic.hint = section_hint(config, name);
        return Err(Box::new(diagnostic));
    };
    if name == "buildout" || !section.options.contains_key(MACRO_OPTION) {
        return Ok(Expanded::Plain(section));
    }
    let mut stack = Vec::new();
    let merged = expand_inner(config, name, section, &mut stack)?;
    Ok(Expanded::Merged(Arc::new(merged)))
}

fn expand_inner<'a>(
    config: &'a Config,
    name: &'a str,
    section: &'a Section,
    stack: &mut Vec<&'a str>,
) -> Result<Section, Box<Diagnostic>> {
    let Some(parents) = section.options.get(MACRO_OPTION) else { return Ok(section.clone()) };
    stack.push(name);
    if stack.len() > MAX_DEPTH {
        let message = format!("The macros of section '{}' are nested more than {MAX_DEPTH} levels deep.", stack[0]);
        let mut error = failure(config, parents, "", message, "one level more", stack);
        error.doing.truncate(1);
        return Err(error);
    }
    let mut result = Section { options: Map::default(), defined: section.defined };
    for parent in parents.value.split('\n').map(strip).filter(|parent| !parent.is_empty()) {
        if stack.contains(&parent) {
            let message = format!("Infinite extending loop '{parent}'");
            return Err(failure(config, parents, parent, message, "this makes the loop", stack));
        }
        let Some((_, parent_section)) = config.sections.get_key_value(parent) else {
            let message = format!("No section named '{parent}'");
            let mut error = failure(config, parents, parent, message, "no such section", stack);
            error.hint = if parent.contains(' ') && parent.split(' ').all(|p| config.sections.contains_key(p)) {
                Some("Write one section a line: blanks do not separate the names after `<=`.".to_owned())
            } else {
                section_hint(config, parent)
            };
            return Err(error);
        };
        for (key, entry) in expand_inner(config, parent, parent_section, stack)?.options {
            result.options.insert(key, entry);
        }
    }
    overlay(config.mode, &mut result, section);
    result.options.shift_remove(MACRO_OPTION);
    stack.pop();
    Ok(result)
}

/// Puts a section's own options over what its parents gave.
fn overlay(mode: Mode, inherited: &mut Section, own: &Section) {
    if mode == Mode::Upstream {
        merge_section(inherited, own.clone());
        return;
    }
    for (key, entry) in &own.options {
        match inherited.options.get_mut(key) {
            Some(base) if entry.floating => replay(base, entry),
            _ => {
                inherited.options.insert(key.clone(), entry.clone());
            }
        }
    }
}

/// Applies the operations of an option that was never assigned to what a parent gave it.
fn replay(base: &mut Entry, floating: &Entry) {
    for event in &floating.history {
        match event.action {
            Action::Add => base.add(event.clone()),
            Action::Remove => base.subtract(event.clone()),
            Action::Set | Action::Override | Action::Directory => {}
        }
    }
}

fn failure(
    config: &Config,
    parents: &Entry,
    parent: &str,
    message: String,
    label: &str,
    stack: &[&str],
) -> Box<Diagnostic> {
    let mut diagnostic = Diagnostic::user(message).with_snippet(config.snippet(parents, parent, label));
    diagnostic.chain = config.chain(parents);
    diagnostic.doing = stack.iter().map(|name| format!("Loading input sections for '{name}'")).collect();
    Box::new(diagnostic)
}
