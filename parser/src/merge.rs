//! Applying one file over a configuration, in both modes.
//!
//! slapos mode keeps a log for each option: files are applied one after another, operators always work, and no operator
//! key survives. upstream mode merges pairs of configurations, in which operators are interpreted only where a section
//! meets an older one: in a section seen for the first time `x += 1` stays an option called `x +`.

use std::sync::Arc;

use crate::config::{Action, Config, Entry, Event, FileId, Map, Origin, Section};
use crate::lines::{ParsedFile, ParsedOption};
use crate::text::is_space;

/// Option that slapos mode adds to sections that mention it: the directory or URL of the file.
pub const PROFILE_BASE_LOCATION: &str = "_profile_base_location_";
const PROFILE_BASE_REFERENCE: &str = "${:_profile_base_location_}";

/// Operator of an option key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operator {
    Assign,
    Add,
    Remove,
}

/// Splits a raw key into the option's name and its operator.
fn split_key(key: &str) -> (&str, Operator) {
    let blank_or = |operator: char| move |c: char| c == operator || is_space(c);
    if key.ends_with('+') {
        (key.trim_end_matches(blank_or('+')), Operator::Add)
    } else if key.ends_with('-') {
        (key.trim_end_matches(blank_or('-')), Operator::Remove)
    } else {
        (key, Operator::Assign)
    }
}

/// slapos mode: applies a file's sections to the configuration.
pub(crate) fn apply_file(config: &mut Config, id: FileId, parsed: &ParsedFile, base: &str) {
    for section in &parsed.sections {
        let is_buildout = &*section.name == "buildout";
        let target = config.sections.entry(section.name.clone()).or_default();
        target.defined.get_or_insert((id, section.line));
        let visible = || section.options.iter().filter(|o| !(is_buildout && &*o.key == "extends"));
        apply_options(target, visible(), Origin::File(id));
        if visible().any(|option| option.value.contains(PROFILE_BASE_REFERENCE)) {
            assign(target, PROFILE_BASE_LOCATION.into(), base.into(), Origin::File(id), section.line);
        }
    }
}

/// slapos mode: applies options in the order `=`, `+=`, `-=`.
pub(crate) fn apply_options<'a>(
    target: &mut Section,
    options: impl Iterator<Item = &'a ParsedOption> + Clone,
    origin: Origin,
) {
    let mut operators = false;
    for option in options.clone() {
        let (_, operator) = split_key(&option.key);
        if operator == Operator::Assign {
            assign(target, option.key.clone(), option.value.clone(), origin, option.line);
        } else {
            operators = true;
        }
    }
    if !operators {
        return;
    }
    for wanted in [Operator::Add, Operator::Remove] {
        for option in options.clone() {
            let (name, operator) = split_key(&option.key);
            if operator != wanted || name.is_empty() {
                continue;
            }
            let entry = target
                .options
                .entry(name.into())
                .or_insert_with(|| Entry { floating: true, ..Entry::new("".into(), Origin::Implicit, 0) });
            operate(entry, wanted, option, origin);
        }
    }
}

fn assign(target: &mut Section, name: Arc<str>, value: Arc<str>, origin: Origin, line: u32) {
    match target.options.entry(name) {
        indexmap::map::Entry::Occupied(mut known) => known.get_mut().assign(value, origin, line),
        indexmap::map::Entry::Vacant(place) => {
            place.insert(Entry::new(value, origin, line));
        }
    }
}

fn operate(entry: &mut Entry, operator: Operator, option: &ParsedOption, origin: Origin) {
    let (action, line) = (if operator == Operator::Add { Action::Add } else { Action::Remove }, option.line);
    let event = Event { action, value: option.value.clone(), origin, line, key: Some(option.key.clone()) };
    match operator {
        Operator::Add => entry.add(event),
        Operator::Remove => entry.subtract(event),
        Operator::Assign => entry.assign(event.value, origin, line),
    }
}

/// upstream mode: a file as sections of its own, operator keys and all.
pub(crate) fn file_sections(id: FileId, parsed: &ParsedFile) -> Map<Arc<str>, Section> {
    let mut sections = Map::default();
    for section in &parsed.sections {
        let mut options = Map::default();
        for option in &section.options {
            if &*section.name == "buildout" && &*option.key == "extends" {
                continue;
            }
            let entry = Entry::new(option.value.clone(), Origin::File(id), option.line);
            options.insert(option.key.clone(), entry);
        }
        sections.insert(section.name.clone(), Section { options, defined: Some((id, section.line)) });
    }
    sections
}

/// upstream mode: merges `over` onto `base`.
pub(crate) fn merge_sections(base: &mut Map<Arc<str>, Section>, over: Map<Arc<str>, Section>) {
    for (name, section) in over {
        match base.entry(name) {
            indexmap::map::Entry::Occupied(mut known) => merge_section(known.get_mut(), section),
            indexmap::map::Entry::Vacant(place) => {
                place.insert(section);
            }
        }
    }
}

/// upstream mode: merges one section onto an older one of the same name, interpreting operators.
pub(crate) fn merge_section(base: &mut Section, mut over: Section) {
    for wanted in [Operator::Add, Operator::Remove] {
        let keys: Vec<Arc<str>> = over.options.keys().filter(|key| split_key(key).1 == wanted).cloned().collect();
        for key in keys {
            let (name, _) = split_key(&key);
            let Some(operand) = over.options.shift_remove(&key) else { continue };
            let start = over.options.get(name).or_else(|| base.options.get(name)).cloned();
            let mut entry = start.unwrap_or_else(|| Entry::new("".into(), Origin::Implicit, 0));
            let line = operand.history.last().map_or(0, |event| event.line);
            let option = ParsedOption { key: key.clone(), value: operand.value.clone(), line };
            operate(&mut entry, wanted, &option, operand.origin());
            over.options.insert(name.into(), entry);
        }
    }
    for (name, entry) in over.options {
        match base.options.entry(name) {
            indexmap::map::Entry::Occupied(mut known) => override_entry(known.get_mut(), entry),
            indexmap::map::Entry::Vacant(place) => {
                place.insert(entry);
            }
        }
    }
    if base.defined.is_none() {
        base.defined = over.defined;
    }
}

/// upstream mode: the history of an overridden option, as `annotate` tells it.
fn override_entry(base: &mut Entry, over: Entry) {
    match over.history.last() {
        Some(Event { action: Action::Add | Action::Remove, .. }) | None => *base = over,
        Some(event) => {
            let (origin, line) = (event.origin, event.line);
            base.assign(over.value, origin, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::parse;

    fn parsed(text: &str) -> ParsedFile {
        parse::<()>(text, &mut |_| Ok(true)).unwrap()
    }

    fn slapos(files: &[&str]) -> Config {
        let mut config = Config::new(crate::config::Mode::Slapos);
        for (index, text) in files.iter().enumerate() {
            apply_file(&mut config, FileId(index as u32), &parsed(text), "/base");
        }
        config
    }

    #[test]
    fn operators_of_one_file_apply_in_a_fixed_order() {
        let config = slapos(&["[a]\nx = 0\n", "[a]\nx += 3\nx -= 1\nx = 1\n 2\n"]);
        assert_eq!(&**config.value("a", "x").unwrap(), "2\n3");
    }

    #[test]
    fn slapos_leaves_no_operator_key() {
        let config = slapos(&["[a]\nx += 1\n", "[a]\nx += 2\n"]);
        let section = &config.sections["a"];
        assert_eq!(section.options.len(), 1);
        assert_eq!(&*section.options["x"].value, "\n1\n2");
        assert!(section.options["x"].floating);
    }

    #[test]
    fn upstream_keeps_operators_of_new_sections() {
        let mut base = file_sections(FileId(0), &parsed("[a]\nx += 1\n"));
        merge_sections(&mut base, file_sections(FileId(1), &parsed("[a]\nx += 2\n")));
        let section = &base["a"];
        assert_eq!(&*section.options["x +"].value, "1");
        assert_eq!(&*section.options["x"].value, "\n2");
    }

    #[test]
    fn three_spellings_of_an_operator_all_apply() {
        let config = slapos(&["[a]\nx=0\n", "[a]\nx+=1\nx += 2\nx  += 3\nx+=4\n"]);
        assert_eq!(&**config.value("a", "x").unwrap(), "0\n4\n2\n3");
    }

    #[test]
    fn base_location_is_added_where_it_is_mentioned() {
        let config = slapos(&["[a]\nx = ${:_profile_base_location_}/p\n[b]\ny = 1\n"]);
        assert_eq!(&**config.value("a", PROFILE_BASE_LOCATION).unwrap(), "/base");
        assert_eq!(config.value("b", PROFILE_BASE_LOCATION), None);
    }
}
