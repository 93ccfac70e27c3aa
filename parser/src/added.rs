//! Sections that a recipe adds to a configuration that is loaded already.

use std::sync::Arc;

use crate::config::{Config, Entry, FileId, Mode, Origin, Section, SourceFile};
use crate::diagnostic::Diagnostic;
use crate::lines::{ParsedFile, parse};
use crate::loader::Conditions;
use crate::merge::{apply_options, file_sections};
use crate::syntax;
use crate::text::dedent;

/// What became of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// The sections that it defines, in order.
    Sections(Vec<Arc<str>>),
    /// It defines this one, which is there already: nothing was added.
    Exists(Arc<str>),
}

impl Config {
    /// Adds a section with these options. False if it is there already.
    pub fn add_section(&mut self, name: &str, options: impl IntoIterator<Item = (String, String)>) -> bool {
        if self.sections.contains_key(name) {
            return false;
        }
        let entry = |(key, value): (String, String)| (key.into(), Entry::new(value.into(), Origin::Computed, 0));
        let section = Section { options: options.into_iter().map(entry).collect(), defined: None };
        self.sections.insert(name.into(), section);
        true
    }

    /// Adds the sections of a text, whose lines may all be indented. It may have conditions and operators, but extends
    /// nothing. `name` is what messages call the text.
    pub fn add_text(&mut self, text: &str, name: &str, conditions: &dyn Conditions) -> Result<Added, Diagnostic> {
        let text = dedent(text);
        let parsed: ParsedFile = parse(&text, &mut |expression| conditions.holds(expression))
            .map_err(|errors| syntax::of_text(name, &text, errors))?;
        if let Some(section) = parsed.sections.iter().find(|section| self.sections.contains_key(&section.name)) {
            return Ok(Added::Exists(section.name.clone()));
        }
        let id = FileId(self.files.len() as u32);
        let names = parsed.sections.iter().map(|section| section.name.clone()).collect();
        match self.mode {
            Mode::Upstream => self.sections.extend(file_sections(id, &parsed)),
            Mode::Slapos => {
                for section in &parsed.sections {
                    let mut target = Section { defined: Some((id, section.line)), ..Section::default() };
                    apply_options(&mut target, section.options.iter(), Origin::File(id));
                    self.sections.insert(section.name.clone(), target);
                }
            }
        }
        self.files.push(Arc::new(SourceFile {
            name: name.to_owned(),
            display: name.to_owned(),
            base: String::new(),
            text: text.into(),
            parsed,
        }));
        Ok(Added::Sections(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Never;

    impl Conditions for Never {
        fn holds(&self, _: &str) -> Result<bool, Diagnostic> {
            Ok(false)
        }
    }

    #[test]
    fn texts_and_sections() {
        for mode in [Mode::Slapos, Mode::Upstream] {
            let mut config = Config::new(mode);
            assert!(config.add_section("a", [("x".to_owned(), "1".to_owned())]));
            assert!(!config.add_section("a", []));
            let added =
                config.add_text("\n    [b]\n    <= a\n    y = 2\n      3\n    [c:False]\n    z = 1\n", "t", &Never);
            assert_eq!(added, Ok(Added::Sections(vec!["b".into()])));
            assert_eq!(config.value("b", "y").map(|value| &**value), Some("2\n3"));
            assert_eq!(crate::expand(&config, "b").unwrap().options.len(), 2);
            let again = config.add_text("[d]\n[a]\n", "t", &Never);
            assert_eq!(again, Ok(Added::Exists("a".into())));
            assert!(!config.sections.contains_key("d"));
        }
    }
}
