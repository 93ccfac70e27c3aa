//! The engine as a recipe sees it during its initialisation.

use std::sync::Arc;

use indexmap::IndexMap;
use rbuildout_cache::Downloader;
use rbuildout_cache::archive::ArchiveError;
use rbuildout_cache::download::room_hint;
use rbuildout_parser::python::Value;
use rbuildout_parser::{Config, Diagnostic, Mode};
use rbuildout_recipes::run::{Level, Variables};
use rbuildout_recipes::{Host, RecipeError, Settings};

use super::place::place_in_text;
use super::sections::{Buildout, Message, Outcome};
use super::values;

pub(super) struct InitHost<'b, 'p> {
    buildout: &'b mut Buildout<'p>,
    name: Arc<str>,
    settings: Arc<Settings>,
}

impl<'b, 'p> InitHost<'b, 'p> {
    /// The settings must be there: see `Buildout::ensure_settings`.
    pub(super) fn new(buildout: &'b mut Buildout<'p>, name: Arc<str>) -> Self {
        let settings = buildout.settings.clone().expect("settings exist before the first recipe is initialised");
        Self { buildout, name, settings }
    }

    fn value(&mut self, section: &str, key: &str) -> Outcome<Option<Value>> {
        match self.buildout.option(section, key)? {
            Some(text) => values::read(self.buildout.mode, &text).map(Some),
            None => Ok(None),
        }
    }
}

fn host(error: Box<Diagnostic>) -> RecipeError {
    RecipeError::Host(error)
}

/// An error of a part's recipe as the engine reports it.
pub(crate) fn to_diagnostic(error: RecipeError, config: &Config, part: &str) -> Box<Diagnostic> {
    match error {
        RecipeError::At { error, place, hint } => {
            let mut diagnostic = to_diagnostic(*error, config, part);
            diagnostic.hint = diagnostic.hint.take().or(hint);
            place_in_text(config, part, diagnostic, &place)
        }
        RecipeError::User { message, hint, .. } => {
            let mut diagnostic = Diagnostic::user(message);
            diagnostic.hint = hint;
            Box::new(diagnostic)
        }
        RecipeError::Internal { class, message } => Box::new(Diagnostic::internal(&class, message)),
        RecipeError::Importing(error) => to_diagnostic(*error, config, part),
        RecipeError::Python { class, message, frames } => {
            let mut diagnostic = Diagnostic::internal(&class, message);
            diagnostic.frames = frames;
            Box::new(diagnostic)
        }
        RecipeError::Host(inner) => match inner.downcast::<Diagnostic>() {
            Ok(diagnostic) => diagnostic,
            Err(other) => Box::new(Diagnostic::user(other.to_string())),
        },
        RecipeError::Download(error) => {
            let message = match config.mode {
                Mode::Upstream => error.upstream_text(),
                Mode::Slapos => error.to_string(),
            };
            Box::new(Diagnostic::user(message).with_hint(error.hint()))
        }
        RecipeError::Archive(ref archive) => {
            let hint = match archive {
                ArchiveError::Unrecognized { .. } => {
                    Some("An archive is a tar, compressed or not, or a zip: correct the URL, or don't unpack it.")
                }
                ArchiveError::Escapes { .. } | ArchiveError::Conflict { .. } => {
                    Some("Make an archive without this entry, or take another version.")
                }
                _ => None,
            };
            let mut diagnostic = Diagnostic::user(error.to_string());
            diagnostic.hint = hint.map(str::to_owned);
            Box::new(diagnostic)
        }
        RecipeError::Io(error) => {
            let mut diagnostic = Diagnostic::user(error.to_string());
            diagnostic.hint = room_hint(&error).map(str::to_owned);
            Box::new(diagnostic)
        }
        RecipeError::Interrupted | RecipeError::Ended(_) | RecipeError::NeedsOriginal(_) => {
            Box::new(Diagnostic::user(error.to_string()))
        }
    }
}

impl Host for InitHost<'_, '_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn downloader(&self) -> &Arc<Downloader> {
        &self.buildout.surroundings.downloader
    }

    fn get(&mut self, key: &str) -> Result<Option<Value>, RecipeError> {
        let name = self.name.clone();
        self.value(&name, key).map_err(host)
    }

    fn peek(&mut self, key: &str) -> Result<Option<Value>, RecipeError> {
        let was_used = self.buildout.sections.get(&self.name).is_some_and(|live| live.data.contains_key(key));
        let value = self.get(key)?;
        if !was_used && let Some(live) = self.buildout.sections.get_mut(&self.name) {
            live.data.shift_remove(key);
        }
        Ok(value)
    }

    fn set(&mut self, key: &str, value: Value) -> Result<(), RecipeError> {
        let text = values::write(self.buildout.mode, value).map_err(host)?;
        if let Some(live) = self.buildout.sections.get_mut(&self.name) {
            live.data.insert(key.into(), text);
        }
        Ok(())
    }

    fn remove(&mut self, key: &str) {
        let name = self.name.clone();
        self.buildout.delete(&name, key);
    }

    fn keys(&mut self) -> Vec<String> {
        self.buildout.keys(&self.name).into_iter().map(|key| key.to_string()).collect()
    }

    fn touch(&mut self, section: &str) -> Result<(), RecipeError> {
        self.buildout.section(section).map_err(host)
    }

    fn get_from(&mut self, section: &str, key: &str) -> Result<Option<Value>, RecipeError> {
        if section.is_empty() {
            return self.get(key);
        }
        self.touch(section)?;
        self.value(section, key).map_err(host)
    }

    fn section(&mut self, section: &str) -> Result<IndexMap<String, Value>, RecipeError> {
        self.touch(section)?;
        let mut options = IndexMap::new();
        for key in self.buildout.keys(section) {
            if let Some(value) = self.value(section, &key).map_err(host)? {
                options.insert(key.to_string(), value);
            }
        }
        Ok(options)
    }

    fn substitute(&mut self, text: &str) -> Result<String, RecipeError> {
        let name = self.name.clone();
        self.buildout.substitute(&name, None, text, &mut Vec::new()).map_err(host)
    }

    fn record(&self, level: Level, text: &str) {
        let message = Message::Record { level, part: self.name.clone(), text: text.to_owned() };
        self.buildout.say(message);
    }

    fn print(&self, line: &str) {
        self.buildout.say(Message::Line(line.to_owned()));
    }

    fn environment(&self) -> Arc<Variables> {
        self.buildout.surroundings.python.host.environment().snapshot()
    }

    fn interrupted(&self) -> bool {
        self.buildout.interrupted()
    }

    fn signature(&mut self) -> Result<Option<String>, RecipeError> {
        if self.buildout.mode == Mode::Upstream {
            return Ok(None);
        }
        let name = self.name.clone();
        let signature = self.buildout.signature(&name).map_err(host)?;
        Ok(Some(signature.to_string()))
    }
}
