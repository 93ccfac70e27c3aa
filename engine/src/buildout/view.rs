//! The live buildout as Python recipes see it.

use std::sync::Arc;

use indexmap::IndexMap;
use rbuildout_cache::Downloader;
use rbuildout_parser::installed::{InstalledState, SIGNATURE_OPTION};
use rbuildout_parser::{Added, Mode, expand, parse_sections};
use rbuildout_recipes::{Depends, LiveBuildout, RecipeError, Settings};
use serde_json::{Value, json};

use super::sections::{Buildout, Message, Outcome};

/// All sections of a buildout, for one call.
pub struct View<'b, 'p> {
    buildout: &'b mut Buildout<'p>,
    settings: Arc<Settings>,
}

impl<'b, 'p> View<'b, 'p> {
    /// Brings `[buildout]` to life if it is not.
    pub fn new(buildout: &'b mut Buildout<'p>) -> Outcome<Self> {
        let settings = buildout.ensure_settings()?;
        Ok(Self { buildout, settings })
    }

    /// Does something after which whoever asked may go on: if it fails, what was being done goes into the error and is
    /// over.
    fn attempt<T>(&mut self, act: impl FnOnce(&mut Buildout<'p>) -> Outcome<T>) -> Result<T, RecipeError> {
        let buildout = &mut *self.buildout;
        let (doing, behalf, hashing) = (buildout.doing.len(), buildout.behalf.len(), buildout.hashing.len());
        act(buildout).map_err(|mut error| {
            let mut inner: Vec<String> =
                buildout.doing.drain(doing.min(buildout.doing.len())..).map(|doing| doing.to_string()).collect();
            inner.append(&mut error.doing);
            error.doing = inner;
            buildout.behalf.truncate(behalf);
            buildout.hashing.truncate(hashing);
            RecipeError::Host(error)
        })
    }
}

impl View<'_, '_> {
    /// The signature, if the recipe of the section asked for it.
    fn signed(&self, section: &str) -> Option<String> {
        let live = self.buildout.sections.get(section).filter(|live| live.signed)?;
        live.signature.as_deref().map(str::to_owned)
    }
}

fn texts<'a>(options: impl IntoIterator<Item = (&'a Arc<str>, &'a Arc<str>)>) -> IndexMap<String, String> {
    options.into_iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

/// The form that it has in `buildout` objects: the parts, and a section `buildout` about them.
fn installed_part_options(installed: &InstalledState) -> Value {
    let names: Vec<&str> = installed.parts.keys().map(|name| &**name).collect();
    let mut all = json!({
        "buildout": { "installed_develop_eggs": &*installed.develop_eggs, "parts": names.join(" ") },
    });
    for (name, options) in &installed.parts {
        all[&**name] = json!(texts(options));
    }
    all
}

impl LiveBuildout for View<'_, '_> {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn downloader(&self) -> &Arc<Downloader> {
        &self.buildout.surroundings.downloader
    }

    fn sections(&self) -> Vec<String> {
        self.buildout.config.sections.keys().map(ToString::to_string).collect()
    }

    fn has(&self, section: &str) -> bool {
        self.buildout.config.sections.contains_key(section)
    }

    fn is_alive(&self, section: &str) -> bool {
        self.buildout.sections.contains_key(section)
    }

    fn touch(&mut self, section: &str) -> Result<(), RecipeError> {
        self.attempt(|buildout| buildout.section(section))
    }

    fn option(&mut self, section: &str, key: &str) -> Result<Option<String>, RecipeError> {
        let value = self.attempt(|buildout| buildout.option(section, key))?;
        Ok(value.map(|value| match self.buildout.mode {
            Mode::Slapos if !value.starts_with("!py") => rbuildout_parser::unescape(&value).into_owned(),
            _ => value.to_string(),
        }))
    }

    fn used(&mut self, section: &str, keys: &[String]) -> Result<(), RecipeError> {
        keys.iter().try_for_each(|key| self.attempt(|buildout| buildout.option(section, key)).map(drop))
    }

    fn keys(&mut self, section: &str) -> Vec<String> {
        let signed = self.signed(section).map(|_| SIGNATURE_OPTION.to_owned());
        self.buildout.keys(section).iter().map(ToString::to_string).chain(signed).collect()
    }

    fn raw(&self, section: &str) -> IndexMap<String, String> {
        if let Some(live) = self.buildout.sections.get(section) {
            return texts(&live.raw);
        }
        let Ok(expanded) = expand(&self.buildout.config, section) else { return IndexMap::new() };
        texts(expanded.options.iter().map(|(key, entry)| (key, &entry.value)))
    }

    fn copy(&mut self, section: &str) -> Result<IndexMap<String, String>, RecipeError> {
        let mut options = texts(&self.attempt(|buildout| buildout.saved(section))?);
        options.extend(self.signed(section).map(|signature| (SIGNATURE_OPTION.to_owned(), signature)));
        Ok(options)
    }

    fn set(&mut self, section: &str, key: &str, value: &str) {
        let options = match self.buildout.sections.get_mut(section) {
            Some(live) => &mut live.data,
            None => self.buildout.early.entry(section.into()).or_default(),
        };
        options.insert(key.into(), value.into());
    }

    fn delete(&mut self, section: &str, key: &str) -> bool {
        self.buildout.delete(section, key)
    }

    fn substitute(&mut self, section: &str, text: &str) -> Result<String, RecipeError> {
        self.attempt(|buildout| buildout.substitute(&section.into(), None, text, &mut Vec::new()))
    }

    fn add(&mut self, section: &str, options: IndexMap<String, String>) -> Result<bool, RecipeError> {
        if !self.buildout.config.to_mut().add_section(section, options) {
            return Ok(false);
        }
        self.touch(section)?;
        Ok(true)
    }

    fn parse(&mut self, text: &str) -> Result<Option<String>, RecipeError> {
        let by = self.buildout.behalf.last().map_or_else(|| "a recipe".to_owned(), |name| format!("[{name}]"));
        let name = format!("sections added by {by}");
        let conditions = self.buildout.surroundings.conditions;
        let added = self.buildout.config.to_mut().add_text(text, &name, conditions);
        match added.map_err(|error| RecipeError::Host(Box::new(error)))? {
            Added::Exists(name) => Ok(Some(name.to_string())),
            Added::Sections(names) => {
                for name in names {
                    self.touch(&name)?;
                }
                Ok(None)
            }
        }
    }

    fn read_sections(&self, text: &str, name: &str) -> Result<IndexMap<String, IndexMap<String, String>>, RecipeError> {
        let sections = parse_sections(text, name, self.buildout.surroundings.conditions);
        let sections = sections.map_err(|error| RecipeError::Host(Box::new(error)))?;
        let options = |section: rbuildout_parser::ParsedSection| {
            let options = texts(section.options.iter().map(|option| (&option.key, &option.value)));
            (section.name.to_string(), options)
        };
        Ok(sections.into_iter().map(options).collect())
    }

    fn set_virtual(&mut self, section: &str) {
        self.buildout.virtuals.insert(section.into());
    }

    fn state(&self, key: &str) -> Value {
        match key {
            "_parts" => json!(self.buildout.parts.keys().map(|name| &**name).collect::<Vec<_>>()),
            "installed_part_options" => self.buildout.installed.as_deref().map_or(Value::Null, installed_part_options),
            _ => Value::Null,
        }
    }

    fn recipe(&mut self, section: &str) -> Result<Option<String>, RecipeError> {
        let Some(found) = self.buildout.parts.get(section).cloned() else { return Ok(None) };
        let in_python = found.part.in_python(self)?;
        Ok((!in_python).then(|| found.recipe.to_string()))
    }

    fn construct(&mut self, section: &str) -> Result<(), RecipeError> {
        let name: Arc<str> = section.into();
        self.attempt(|buildout| {
            let recipe = buildout.required(&name, "recipe")?;
            buildout.construct(&name, recipe)
        })
    }

    fn signature(&mut self, section: &str) -> Result<Option<String>, RecipeError> {
        if self.buildout.mode == Mode::Upstream {
            return Ok(None);
        }
        let signature = self.attempt(|buildout| buildout.signature(section))?;
        if let Some(live) = self.buildout.sections.get_mut(section) {
            live.signed = true;
        }
        Ok(Some(signature.to_string()))
    }

    fn depends(&self, section: &str) -> Depends {
        let live = self.buildout.sections.get(section);
        let frozen = live.is_some_and(|live| live.signature.is_some() && !live.open);
        Depends { names: self.buildout.depends(section).map(ToString::to_string).collect(), frozen }
    }

    fn set_depends(&mut self, section: &str, depends: Depends) {
        if let Some(live) = self.buildout.sections.get_mut(section) {
            live.depends = depends.names.into_iter().map(Arc::from).collect();
            live.open = !depends.frozen;
        }
    }

    fn barrier(&mut self, section: &str) {
        let section: Arc<str> = section.into();
        if !self.buildout.barriers.contains(&section) {
            self.buildout.barriers.push(section);
        }
    }

    fn versions(&mut self) -> Result<IndexMap<String, String>, RecipeError> {
        let behalf = std::mem::take(&mut self.buildout.behalf);
        let read = self.attempt(|buildout| {
            let name = buildout.option("buildout", "versions")?.filter(|name| !name.is_empty());
            let Some(name) = name else { return Ok(IndexMap::new()) };
            buildout.section(&name)?;
            Ok(texts(&buildout.saved(&name)?))
        });
        self.buildout.behalf = behalf;
        read
    }

    fn record(&self, logger: &str, level: i64, text: &str) {
        let (logger, text) = (logger.to_owned(), text.to_owned());
        self.buildout.say(Message::Foreign { level, logger, text });
    }

    fn interrupted(&self) -> bool {
        self.buildout.interrupted()
    }
}
