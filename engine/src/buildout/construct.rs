//! Recipes: finding them and making parts of sections.

use std::sync::Arc;

use rbuildout_parser::installed::SIGNATURE_OPTION;
use rbuildout_parser::python::str_repr;
use rbuildout_parser::{Diagnostic, Mode};
use rbuildout_recipes::eggs::{Active, Group, Loaded};
use rbuildout_recipes::python::PythonHost;
use rbuildout_recipes::{Part, Recipe, RecipeError};

use super::host::{InitHost, to_diagnostic};
use super::sections::{Buildout, Doing, InitialisedPart, Message, Outcome};
use super::view::View;

/// What runs recipes in Python.
pub struct Python {
    pub host: Arc<PythonHost>,
    pub eggs: Arc<Active>,
}

/// A recipe that was found.
enum Found {
    Native(&'static dyn Recipe),
    Python(Loaded),
}

impl Buildout<'_> {
    /// Constructs the recipe of a section, which becomes a part.
    pub(super) fn construct(&mut self, name: &Arc<str>, recipe: Arc<str>) -> Outcome<()> {
        let leads_out = |piece: &str| piece == ".." || piece == ".";
        if self.mode == Mode::Slapos && (name.starts_with('/') || name.split('/').any(leads_out)) {
            let error = Diagnostic::user(format!("The part name '{name}' leads out of the parts directory."))
                .with_hint("A part is installed under its name: use one without `.` and `..`, not beginning with `/`.");
            return Err(self.place(name, Box::new(error)));
        }
        self.ensure_settings()?;
        let (requirement, _) = split(&recipe).map_err(|error| self.place_recipe(name, &recipe, *error))?;
        self.doing.push(Doing::LoadingRecipe(requirement.into()));
        let found = match self.surroundings.natives.find(&recipe) {
            Some(native) => Found::Native(native),
            None => {
                self.doing.pop();
                let loaded = self.load(&recipe).map_err(|error| self.place_recipe(name, &recipe, *error))?;
                self.doing.push(Doing::LoadingRecipe(requirement.into()));
                Found::Python(loaded)
            }
        };
        self.doing.pop();
        self.behalf.push(name.clone());
        let part: Result<Arc<dyn Part>, RecipeError> = match &found {
            Found::Native(native) => {
                let distribution = match self.mode {
                    Mode::Slapos => native.distribution(),
                    Mode::Upstream => native.upstream_distribution(),
                };
                // zc.buildout says at this moment what it finds of the distribution.
                if self.mode == Mode::Upstream
                    && distribution.project != "zc.buildout"
                    && self.said_native.insert(distribution.project)
                {
                    let text = format!("The recipes of {} are built in.", distribution.project);
                    self.say(Message::Foreign { level: 10, logger: "zc.buildout".to_owned(), text });
                }
                let token = format!("{}-{}", distribution.project, distribution.version);
                self.tokens.insert(name.clone(), vec![token]);
                native.init(&mut InitHost::new(self, name.clone())).map(Arc::from)
            }
            Found::Python(loaded) => {
                self.tokens.insert(name.clone(), loaded.tokens.clone());
                let host = self.surroundings.python.host.clone();
                rbuildout_recipes::python::init(&host, &mut View::new(self)?, name, loaded).map(Arc::from)
            }
        };
        let part = part.map_err(|error| {
            let importing = matches!(error, RecipeError::Importing(_));
            let mut diagnostic = to_diagnostic(error, &self.config, name);
            if importing {
                let (requirement, entry) = recipe.split_once(':').unwrap_or((&recipe, "default"));
                diagnostic.doing.insert(0, format!("Loading zc.buildout recipe entry {requirement}:{entry}."));
            }
            diagnostic
        });
        let part = part.map_err(|diagnostic| self.place(name, diagnostic))?;
        self.behalf.pop();
        self.parts.insert(name.clone(), InitialisedPart { name: name.clone(), recipe, part });
        if self.installing && self.mode == Mode::Upstream {
            // zc.buildout makes no signature for a part that it meets so late, and misses it when the part that asked is done.
            self.doing.truncate(self.doing.len().saturating_sub(2));
            return Err(Box::new(Diagnostic::user(format!("Missing option: {name}:{SIGNATURE_OPTION}"))));
        }
        Ok(())
    }

    /// Constructs the Python original of a part whose native recipe can't do what the part asks for. It finds the options as
    /// the profile has them, and must publish what the native one did: other parts have read that.
    pub fn original(&mut self, name: &Arc<str>) -> Outcome<Arc<dyn Part>> {
        let recipe = self.required(name, "recipe")?;
        let loaded = self.load(&recipe).map_err(|error| self.place_recipe(name, &recipe, *error))?;
        let native = self.surroundings.natives.find(&recipe);
        let published: &[&str] = native.map_or(&[], |native| native.publishes());
        let before = self.published(name, published)?;
        if let Some(live) = self.sections.get_mut(name) {
            let (raw, data) = (&live.raw, &mut live.data);
            data.retain(|key, _| !raw.contains_key(key) && !published.contains(&&**key));
        }
        let host = self.surroundings.python.host.clone();
        self.behalf.push(name.clone());
        let part = View::new(self).map(|mut live| rbuildout_recipes::python::init(&host, &mut live, name, &loaded));
        self.behalf.pop();
        let part = part?.map_err(|error| to_diagnostic(error, &self.config, name));
        let part = part.map_err(|diagnostic| self.place(name, diagnostic))?;
        let after = self.published(name, published)?;
        if let Some(at) = (0..published.len()).find(|at| before[*at] != after[*at]) {
            let error = Diagnostic::user(format!(
                "The recipe in Python gives the option `{}` another value than the built-in one, which other parts have read.",
                published[at]
            ));
            let hint = format!("Set RBUILDOUT_NATIVE to the recipes that shall be built in, without {recipe}.");
            return Err(self.place(name, Box::new(error.with_hint(hint))));
        }
        Ok(Arc::from(part))
    }

    fn published(&mut self, name: &Arc<str>, keys: &[&str]) -> Outcome<Vec<Option<Arc<str>>>> {
        keys.iter().map(|key| self.option(name, key)).collect()
    }

    /// Finds the code of a recipe in Python. What is being done goes into an error, in place of `Loading recipe`.
    fn load(&mut self, recipe: &str) -> Outcome<Loaded> {
        let (requirement, entry) = split(recipe)?;
        let eggs = self.surroundings.python.eggs.clone();
        let doing = |what: String| {
            move |mut error: Box<Diagnostic>| {
                error.doing.insert(0, what);
                error
            }
        };
        let active = eggs.is_active(&mut View::new(self)?, requirement);
        let active = active.map_err(|error| to_diagnostic(error, &self.config, "buildout"));
        if !active.map_err(doing(format!("Loading recipe {}.", str_repr(requirement))))? {
            let installed = eggs.activate(&mut View::new(self)?, &[requirement.to_owned()]);
            let installed = installed.map_err(|error| to_diagnostic(error, &self.config, "buildout"));
            installed.map_err(doing(format!("Installing recipe {requirement}.")))?;
        }
        let found = self.entry_point(requirement, Group::Recipe, entry).and_then(|found| {
            let message = format!("Entry point ('{}', '{entry}') not found", Group::Recipe.name());
            found.ok_or_else(|| Box::new(Diagnostic::internal("ImportError", message)))
        });
        found.map_err(doing(format!("Loading zc.buildout recipe entry {requirement}:{entry}.")))
    }

    /// The entry point of a requirement, if its distribution has one of that name.
    pub fn entry_point(&mut self, requirement: &str, group: Group, entry: &str) -> Outcome<Option<Loaded>> {
        let eggs = self.surroundings.python.eggs.clone();
        let loaded = eggs.load(&mut View::new(self)?, requirement, group, entry);
        loaded.map_err(|error| to_diagnostic(error, &self.config, "buildout"))
    }

    /// An option that only the recipe of a section knows.
    pub(super) fn lookup(&mut self, section: &str, key: &str) -> Outcome<Option<Arc<str>>> {
        let host = self.surroundings.python.host.clone();
        let value = rbuildout_recipes::python::lookup(&host, &mut View::new(self)?, section, key);
        value.map(|value| value.map(Arc::from)).map_err(|error| to_diagnostic(error, &self.config, section))
    }
}

/// Requirement and entry point of a `recipe` option.
pub(crate) fn split(recipe: &str) -> Outcome<(&str, &str)> {
    let (requirement, entry) = recipe.split_once(':').unwrap_or((recipe, "default"));
    if entry.contains(':') {
        return Err(Box::new(Diagnostic::internal("ValueError", "too many values to unpack (expected 2)")));
    }
    Ok((requirement, entry))
}
