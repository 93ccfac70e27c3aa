//! A merged configuration: sections of options, each option with its whole history.

use std::borrow::Cow;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxHasher;

use crate::diagnostic::{Definition, Snippet};
use crate::lines::ParsedFile;

/// Insertion-ordered map with the fast hash that the crate uses everywhere.
pub type Map<K, V> = IndexMap<K, V, BuildHasherDefault<FxHasher>>;

/// Which reference is followed where the two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// zc.buildout 3.0.1+slapos: each file once, an operation log, `_profile_base_location_`, typed values.
    Slapos,
    /// zc.buildout 3.0.1.
    Upstream,
}

/// A file that was read, and what it says.
#[derive(Debug)]
pub struct SourceFile {
    /// Absolute path or URL.
    pub name: String,
    /// How messages call it (a downloaded file also says where it was put).
    pub display: String,
    /// Directory or URL that relative names in it refer to, without trailing slash.
    pub base: String,
    pub text: Arc<str>,
    pub parsed: ParsedFile,
}

/// Index of a file in [`Config::files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// Who gave an option its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    File(FileId),
    Default,
    Computed,
    CommandLine,
    /// The empty value that an operator starts from when there is none.
    Implicit,
}

/// What happened to an option at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Set,
    Override,
    Add,
    Remove,
    /// A relative directory was made absolute.
    Directory,
}

impl Action {
    /// The word that `annotate -v` prints.
    pub fn word(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Override => "OVERRIDE",
            Self::Add => "ADD",
            Self::Remove => "REMOVE",
            Self::Directory => "DIRECTORY",
        }
    }
}

/// One entry of an option's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub action: Action,
    /// The operand, not the result.
    pub value: Arc<str>,
    pub origin: Origin,
    /// Line in the file of `origin`, from 1; 0 if it is not a file.
    pub line: u32,
    /// Key of an operation as written (`x +`).
    pub key: Option<Arc<str>>,
}

/// An option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub value: Arc<str>,
    pub history: Vec<Event>,
    /// True while nothing but `+=` and `-=` has touched it: what a macro brings then comes beneath these.
    pub floating: bool,
}

impl Entry {
    pub fn new(value: Arc<str>, origin: Origin, line: u32) -> Self {
        let history = vec![Event { action: Action::Set, value: value.clone(), origin, line, key: None }];
        Self { value, history, floating: false }
    }

    /// Who had the last word.
    pub fn origin(&self) -> Origin {
        self.history.last().map_or(Origin::Implicit, |event| event.origin)
    }

    /// Records an assignment over what there was.
    pub fn assign(&mut self, value: Arc<str>, origin: Origin, line: u32) {
        self.value = value.clone();
        self.history.push(Event { action: Action::Override, value, origin, line, key: None });
        self.floating = false;
    }

    /// Applies `+=`: the operand's lines come after those there are.
    pub fn add(&mut self, event: Event) {
        self.value = format!("{}\n{}", self.value, event.value).into();
        self.history.push(event);
    }

    /// Applies `-=`: every line that is exactly one of the operand's lines goes.
    pub fn subtract(&mut self, event: Event) {
        let gone: Vec<&str> = event.value.split('\n').collect();
        let kept: Vec<&str> = self.value.split('\n').filter(|line| !gone.contains(line)).collect();
        self.value = kept.join("\n").into();
        self.history.push(event);
    }
}

impl Entry {
    /// The option as it were without some of its operations; `None` if nothing is left.
    fn without(&self, gone: &dyn Fn(&Event) -> bool) -> Option<Self> {
        let mut events = self.history.iter().filter(|event| !gone(event)).peekable();
        let start = events.next()?;
        if start.origin == Origin::Implicit && events.peek().is_none() {
            return None;
        }
        let mut entry = Self::new(start.value.clone(), start.origin, start.line);
        for event in events {
            match event.action {
                Action::Add => entry.add(event.clone()),
                Action::Remove => entry.subtract(event.clone()),
                Action::Set | Action::Override | Action::Directory => {
                    entry.value = event.value.clone();
                    entry.history.push(event.clone());
                }
            }
        }
        Some(entry)
    }
}

/// A section: options in the order of their first appearance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    pub options: Map<Arc<str>, Entry>,
    /// Where it is first defined; `None` for one that no file defines.
    pub defined: Option<(FileId, u32)>,
}

impl Section {
    pub fn value(&self, option: &str) -> Option<&Arc<str>> {
        self.options.get(option).map(|entry| &entry.value)
    }

    /// Options as the raw configuration shows them.
    ///
    /// In a section with a macro, the operations of the file that first defines it wait for what the macro brings: they
    /// stand under their own keys (`x +`).
    pub fn shown(&self) -> Map<Arc<str>, Cow<'_, Entry>> {
        let first = self.defined.filter(|_| self.options.contains_key(crate::macros::MACRO_OPTION));
        let waits =
            |event: &Event| event.key.is_some() && first.is_some_and(|(file, _)| event.origin == Origin::File(file));
        let mut shown = Map::with_capacity_and_hasher(self.options.len(), BuildHasherDefault::default());
        for (name, entry) in &self.options {
            if !entry.history.iter().any(waits) {
                shown.insert(name.clone(), Cow::Borrowed(entry));
                continue;
            }
            if let Some(rest) = entry.without(&waits) {
                shown.insert(name.clone(), Cow::Owned(rest));
            }
            for event in entry.history.iter().filter(|event| waits(event)) {
                let Some(key) = &event.key else { continue };
                match shown.entry(key.clone()) {
                    indexmap::map::Entry::Occupied(mut known) => known.get_mut().to_mut().add(event.clone()),
                    indexmap::map::Entry::Vacant(place) => {
                        place.insert(Cow::Owned(Entry::new(event.value.clone(), event.origin, event.line)));
                    }
                }
            }
        }
        shown
    }
}

/// A merged configuration, before macros and substitution.
#[derive(Debug, Clone)]
pub struct Config {
    pub mode: Mode,
    pub sections: Map<Arc<str>, Section>,
    /// Files in the order of their first visit.
    pub files: Vec<Arc<SourceFile>>,
}

impl Config {
    pub fn new(mode: Mode) -> Self {
        Self { mode, sections: Map::default(), files: Vec::new() }
    }

    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn value(&self, section: &str, option: &str) -> Option<&Arc<str>> {
        self.sections.get(section)?.value(option)
    }

    /// Name of an origin: path, URL, or the reference's word for what is no file.
    pub fn origin_name(&self, origin: Origin) -> &str {
        match origin {
            Origin::File(id) => &self.file(id).name,
            Origin::Default => "DEFAULT_VALUE",
            Origin::Computed => "COMPUTED_VALUE",
            Origin::CommandLine => "COMMAND_LINE_VALUE",
            Origin::Implicit => "IMPLICIT_VALUE",
        }
    }

    /// The chain of definitions of an option, oldest first.
    pub fn chain(&self, entry: &Entry) -> Vec<Definition> {
        let shown = entry.history.iter().filter(|event| event.origin != Origin::Implicit);
        shown
            .map(|event| Definition {
                source: self.origin_name(event.origin).to_owned(),
                line: matches!(event.origin, Origin::File(_)).then_some(event.line),
                operator: match event.action {
                    Action::Add => "+=",
                    Action::Remove => "-=",
                    Action::Set | Action::Override | Action::Directory => "=",
                },
                value: first_line(&event.value),
            })
            .collect()
    }

    /// The lines that define an option, with `mark` (a piece of the value) marked if it is found there, else the key.
    ///
    /// The newest definition that contains `mark` is shown.
    pub fn snippet(&self, entry: &Entry, mark: &str, label: impl Into<String>) -> Option<Snippet> {
        let in_file = |event: &&Event| matches!(event.origin, Origin::File(_));
        let event =
            entry.history.iter().rev().filter(in_file).find(|event| event.value.contains(mark)).or_else(|| {
                // What the command line says last is in no file.
                let last = entry.history.last().filter(|event| in_file(event) || mark.is_empty());
                last.and_then(|_| entry.history.iter().rev().find(in_file))
            })?;
        let Origin::File(id) = event.origin else { return None };
        Some(self.snippet_at(id, event.line, mark, label))
    }

    /// Lines of a file from `line` on, up to the one that contains `mark`.
    pub fn snippet_at(&self, id: FileId, line: u32, mark: &str, label: impl Into<String>) -> Snippet {
        let file = self.file(id);
        snippet_of(&file.name, &file.text, line, mark, label)
    }
}

/// Lines of a text from `line` on (at most eight), up to the one that contains the first line of `mark`.
pub(crate) fn snippet_of(file: &str, text: &str, line: u32, mark: &str, label: impl Into<String>) -> Snippet {
    let mark = mark.split('\n').next().unwrap_or_default();
    let lines: Vec<&str> = text.lines().skip(line.saturating_sub(1) as usize).take(40).collect();
    // The option's own lines: its first, then those that are indented, blank or comments.
    let own = 1 + lines.iter().skip(1).take_while(|l| !l.starts_with(|c: char| !c.is_whitespace() && c != '#')).count();
    let own = &lines[..own.min(lines.len())];
    // The key is no place for a piece of the value.
    let skip = |index: usize, line: &str| if index == 0 { line.find('=').map_or(0, |at| at + 1) } else { 0 };
    let find = |(index, line): (usize, &&str)| {
        let from = skip(index, line);
        (!mark.is_empty()).then(|| line[from..].find(mark).map(|at| (index, from + at))).flatten()
    };
    let found = own.iter().enumerate().find_map(find);
    let at = found.map(|(index, _)| index);
    let (first, shown): (usize, &[&str]) = match at {
        Some(at) if at >= 8 => (at, &own[at..=at]),
        Some(at) => (0, &own[..=at]),
        None => (0, own.get(..1).unwrap_or_default()),
    };
    let text = shown.join("\n");
    let marked_line = text.rfind('\n').map_or(0, |at| at + 1);
    let start = found.map_or(0, |(_, column)| marked_line + column);
    let end = match at {
        Some(_) => start + mark.len(),
        None => text.find(['=', '\n']).map_or(text.len(), |end| text[..end].trim_end().len().max(1).min(text.len())),
    };
    Snippet { file: file.to_owned(), line: line + first as u32, text, mark: start..end, label: label.into() }
}

fn first_line(value: &str) -> String {
    let mut lines = value.split('\n').filter(|line| !line.trim().is_empty());
    match (lines.next(), lines.next()) {
        (Some(first), Some(_)) => format!("{} ...", first.trim()),
        (Some(first), None) => first.trim().to_owned(),
        (None, _) => String::new(),
    }
}
