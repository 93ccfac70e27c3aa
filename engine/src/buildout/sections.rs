//! Sections and their options.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indexmap::IndexSet;
use rbuildout_cache::Downloader;
use rbuildout_parser::installed::InstalledState;
use rbuildout_parser::{
    Conditions, Config, Diagnostic, MAX_VALUE, Map, Mode, PART_DEPENDENCIES, Piece, Profile, SECTION_NAME, expand,
    has_reference, pieces, section_hint, too_long,
};
use rbuildout_recipes::run::Level;
use rbuildout_recipes::{Natives, Part, Settings};
use rustc_hash::{FxHashMap, FxHashSet};

use super::construct::Python;

/// Something being done, for the `While:` block of errors.
#[derive(Debug, Clone)]
pub(super) enum Doing {
    Getting(Arc<str>),
    Initialising(Arc<str>),
    Option(Arc<str>, Arc<str>),
    LoadingRecipe(Arc<str>),
}

impl std::fmt::Display for Doing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Getting(section) => write!(f, "Getting section {section}."),
            Self::Initialising(section) => write!(f, "Initializing section {section}."),
            Self::Option(section, option) => write!(f, "Getting option {section}:{option}."),
            Self::LoadingRecipe(recipe) => write!(f, "Loading recipe '{recipe}'."),
        }
    }
}

/// One live section.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// After macros, in order.
    pub(super) raw: Map<Arc<str>, Arc<str>>,
    pub(super) cooked: FxHashMap<Arc<str>, Arc<str>>,
    pub(super) data: Map<Arc<str>, Arc<str>>,
    /// Raw keys that a recipe removed.
    pub(super) depends: IndexSet<Arc<str>>,
    /// The signature, once somebody asked for it; dependencies can't be added any more.
    pub(super) signature: Option<Arc<str>>,
    /// A recipe asked for the signature: it is among the options from then on, until parts are installed.
    pub(super) signed: bool,
    /// A recipe has said that it reads more all the same.
    pub(super) open: bool,
}

/// A part whose recipe has been initialised.
#[derive(Clone)]
pub struct InitialisedPart {
    pub name: Arc<str>,
    /// Value of the `recipe` option.
    pub recipe: Arc<str>,
    pub part: Arc<dyn Part>,
}

/// What a buildout needs besides its profile.
pub struct Surroundings<'p> {
    pub downloader: Arc<Downloader>,
    /// Where the run keeps its own files.
    pub state_directory: PathBuf,
    pub python: Arc<Python>,
    /// Which recipes are native.
    pub natives: Natives,
    /// For sections that recipes add.
    pub conditions: &'p dyn Conditions,
    /// Set once the run is to stop.
    pub interrupted: Arc<AtomicBool>,
}

/// The live state of a profile.
pub struct Buildout<'p> {
    pub(super) profile: &'p Profile,
    /// That of the profile, and what recipes have added.
    pub(super) config: Cow<'p, Config>,
    pub(super) mode: Mode,
    pub(super) sections: FxHashMap<Arc<str>, Live>,
    /// Parts in the order in which their construction ended.
    pub(super) parts: Map<Arc<str>, InitialisedPart>,
    /// Sections on whose behalf others are being read, innermost last.
    pub(super) behalf: Vec<Arc<str>>,
    pub(super) doing: Vec<Doing>,
    pub(super) settings: Option<Arc<Settings>>,
    pub(super) surroundings: Surroundings<'p>,
    /// What of a section's recipe goes into its signature.
    pub(super) tokens: FxHashMap<Arc<str>, Vec<String>>,
    /// Sections that all later ones depend on.
    pub(super) barriers: Vec<Arc<str>>,
    /// Sections whose recipe has options of its own.
    pub(super) virtuals: FxHashSet<Arc<str>>,
    /// Options that recipes have set in sections that are not alive yet.
    pub(super) early: FxHashMap<Arc<str>, Map<Arc<str>, Arc<str>>>,
    /// What is said goes there at once, when there is such a place.
    pub(super) teller: Option<Teller>,
    pub(super) hashes: FxHashMap<Arc<str>, Arc<str>>,
    pub(super) hashing: Vec<Arc<str>>,
    pub(super) messages: RefCell<Vec<Message>>,
    /// Distributions whose recipes were said to be native.
    pub(super) said_native: FxHashSet<&'static str>,
    /// The plan stands: parts are being installed.
    pub(super) installing: bool,
    /// What is installed, once that is known.
    pub(super) installed: Option<Arc<InstalledState>>,
}

/// Something that a recipe said while it was initialised, when logging is not set up yet.
#[derive(Debug, Clone)]
pub enum Message {
    /// A record of a part's logger.
    Record { level: Level, part: Arc<str>, text: String },
    /// A record of any logger with Python's level.
    Foreign { level: i64, logger: String, text: String },
    /// A line without a logger.
    Line(String),
}

/// Who hears what recipes say.
pub type Teller = Box<dyn Fn(&Message) + Send>;

/// How many sections and options may wait for each other: far more than any profile has, far less than the stack holds.
pub(super) const MAX_NESTING: usize = 1000;

/// Chain of options being evaluated.
pub(super) type Chain = Vec<(Arc<str>, Arc<str>)>;
pub(super) type Outcome<T> = Result<T, Box<Diagnostic>>;

impl<'p> Buildout<'p> {
    /// A buildout in which no section is alive yet.
    pub fn new(profile: &'p Profile, surroundings: Surroundings<'p>) -> Self {
        Self {
            profile,
            config: Cow::Borrowed(&profile.config),
            mode: profile.config.mode,
            sections: FxHashMap::default(),
            parts: Map::default(),
            behalf: Vec::new(),
            doing: Vec::new(),
            settings: None,
            surroundings,
            tokens: FxHashMap::default(),
            barriers: Vec::new(),
            virtuals: FxHashSet::default(),
            early: FxHashMap::default(),
            teller: None,
            hashes: FxHashMap::default(),
            hashing: Vec::new(),
            messages: RefCell::default(),
            said_native: FxHashSet::default(),
            installing: false,
            installed: None,
        }
    }

    /// From now on parts are installed.
    pub fn begin_installing(&mut self) {
        self.installing = true;
        for live in self.sections.values_mut() {
            live.signed = false;
        }
    }

    /// Tells recipes what is installed now.
    pub fn set_installed(&mut self, installed: Arc<InstalledState>) {
        self.installed = Some(installed);
    }

    /// What is being done right now, outermost first: after an error, the reference's `While:` block.
    pub fn doing(&self) -> Vec<String> {
        self.doing.iter().map(ToString::to_string).collect()
    }

    /// From now on what recipes say goes to `teller`, what they have said already first.
    pub fn tell(&mut self, teller: Teller) {
        for message in self.messages.take() {
            teller(&message);
        }
        self.teller = Some(teller);
    }

    /// Tells what a recipe says, or keeps it until somebody listens.
    pub(super) fn say(&self, message: Message) {
        match &self.teller {
            Some(teller) => teller(&message),
            None => self.messages.borrow_mut().push(message),
        }
    }

    /// The configuration, with what recipes have added.
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn natives(&self) -> &Natives {
        &self.surroundings.natives
    }

    pub fn python(&self) -> &Arc<Python> {
        &self.surroundings.python
    }

    pub(super) fn interrupted(&self) -> bool {
        self.surroundings.interrupted.load(Ordering::Relaxed)
    }

    /// Parts initialised so far, in install order.
    pub fn parts(&self) -> &Map<Arc<str>, InitialisedPart> {
        &self.parts
    }

    /// Sections that a section was seen to read: its dependencies.
    pub fn depends(&self, section: &str) -> impl Iterator<Item = &Arc<str>> {
        self.sections.get(section).into_iter().flat_map(|live| live.depends.iter())
    }

    /// Raw value of an option of a live section, after macros.
    pub fn raw_value(&self, section: &str, option: &str) -> Option<Arc<str>> {
        self.sections.get(section)?.raw.get(option).cloned()
    }

    /// Initialises a section unless it is alive, and records who needed it.
    pub fn section(&mut self, name: &str) -> Outcome<()> {
        if name != "buildout"
            && let Some(behalf) = self.behalf.last()
            && &**behalf != name
        {
            let behalf = behalf.clone();
            self.record_dependency(&behalf, name)?;
        }
        if self.sections.contains_key(name) {
            return Ok(());
        }
        let name: Arc<str> = match self.config.sections.get_key_value(name) {
            Some((known, _)) => known.clone(),
            None => name.into(),
        };
        self.doing.push(Doing::Getting(name.clone()));
        if self.doing.len() > MAX_NESTING {
            return Err(Box::new(self.too_deep()));
        }
        if !self.config.sections.contains_key(&name) {
            let mut error = Diagnostic::user(format!("The referenced section, '{name}', was not defined."));
            error.hint = section_hint(&self.config, &name);
            return Err(Box::new(error));
        }
        if self.interrupted() {
            return Err(Box::new(Diagnostic::user("Interrupted.")));
        }
        self.doing.push(Doing::Initialising(name.clone()));
        self.initialise(&name)?;
        self.doing.pop();
        self.doing.pop();
        Ok(())
    }

    fn record_dependency(&mut self, section: &Arc<str>, on: &str) -> Outcome<()> {
        let live = self.sections.entry(section.clone()).or_default();
        if live.depends.contains(on) {
            return Ok(());
        }
        if live.signature.is_some() && !live.open {
            let message = format!("Section [{section}] reads [{on}] after its signature was computed");
            let hint = format!("Name [{on}] in an option of [{section}], for example `depends = ${{{on}:recipe}}`.");
            return Err(Box::new(Diagnostic::user(message).with_hint(hint)));
        }
        live.depends.insert(on.into());
        Ok(())
    }

    fn initialise(&mut self, name: &Arc<str>) -> Outcome<()> {
        let expanded = expand(&self.config, name)?;
        let raw: Map<Arc<str>, Arc<str>> = expanded
            .options
            .iter()
            .map(|(key, entry)| {
                let joined = if &**name == "buildout" { self.profile.raw(name, key) } else { None };
                (key.clone(), joined.unwrap_or(&entry.value).clone())
            })
            .collect();
        let mut forced: Vec<Arc<str>> =
            raw.iter().filter(|(_, value)| has_reference(value)).map(|(key, _)| key.clone()).collect();
        forced.sort_unstable();
        let recipe_option = raw.contains_key("recipe");
        let dependencies = raw.get(PART_DEPENDENCIES).cloned();
        let barriers: Vec<Arc<str>> = self.barriers.iter().filter(|barrier| *barrier != name).cloned().collect();
        let early = self.early.remove(name).unwrap_or_default();
        // A dependency may have been recorded already, by a recipe that is being initialised.
        let live = self.sections.entry(name.clone()).or_default();
        live.raw = raw;
        live.data.extend(early);
        if &**name != "buildout" {
            live.depends.extend(barriers);
        }
        for key in forced {
            let Some(raw) = self.sections[name].raw.get(&key).cloned() else { continue };
            self.doing.push(Doing::Option(name.clone(), key.clone()));
            let mut chain = vec![(name.clone(), key.clone())];
            let value = self.substitute(name, Some(&key), &raw, &mut chain)?;
            self.doing.pop();
            if let Some(live) = self.sections.get_mut(name) {
                live.cooked.insert(key, value.into());
            }
        }
        if &**name == "buildout" {
            return Ok(());
        }
        for dependency in dependencies.iter().flat_map(|text| text.split_whitespace()) {
            self.section(dependency)?;
        }
        if recipe_option
            && let Some(recipe) = self.option(name, "recipe")?
            && !recipe.is_empty()
        {
            self.construct(name, recipe)?;
        }
        Ok(())
    }

    /// Final text of an option (`$$` still escaped), or `None`. Counts as a use of the option.
    pub fn option(&mut self, section: &str, key: &str) -> Outcome<Option<Arc<str>>> {
        self.evaluate(section, key, &mut Vec::new())
    }

    /// Final text of an option that must exist: `Missing option: section:key` otherwise.
    pub fn required(&mut self, section: &str, key: &str) -> Outcome<Arc<str>> {
        match self.option(section, key)? {
            Some(value) => Ok(value),
            None => Err(Box::new(Diagnostic::user(format!("Missing option: {section}:{key}")))),
        }
    }

    fn evaluate(&mut self, section: &str, key: &str, chain: &mut Chain) -> Outcome<Option<Arc<str>>> {
        if self.virtuals.contains(section)
            && let Some(value) = self.lookup(section, key)?
        {
            return Ok(Some(value));
        }
        let Some(live) = self.sections.get_mut(section) else { return Ok(None) };
        if let Some(value) = live.data.get(key) {
            return Ok(Some(value.clone()));
        }
        let Some((key, raw)) = live.raw.get_key_value(key).map(|(k, v)| (k.clone(), v.clone())) else {
            return Ok(None);
        };
        let value = match live.cooked.get(&key) {
            Some(value) => value.clone(),
            None if has_reference(&raw) => {
                let Some((section, _)) = self.sections.get_key_value(section) else { return Ok(None) };
                let link = (section.clone(), key.clone());
                self.doing.push(Doing::Option(link.0.clone(), key.clone()));
                if self.doing.len() > MAX_NESTING {
                    return Err(Box::new(self.too_deep()));
                }
                if chain.contains(&link) {
                    return Err(Box::new(self.circular(&link, chain)));
                }
                let section = link.0.clone();
                chain.push(link);
                let value = self.substitute(&section, Some(&key), &raw, chain)?;
                chain.pop();
                self.doing.pop();
                value.into()
            }
            None => raw,
        };
        if let Some(live) = self.sections.get_mut(section) {
            live.data.insert(key, value.clone());
        }
        Ok(Some(value))
    }

    /// Substitutes a text in the context of a section. `option` is the option that it belongs to, if any.
    pub(super) fn substitute(
        &mut self,
        name: &Arc<str>,
        option: Option<&Arc<str>>,
        text: &str,
        chain: &mut Chain,
    ) -> Outcome<String> {
        let mut result = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => result.push_str(text),
                Piece::Malformed { token, problem } => {
                    let error = Diagnostic::user(problem.message(token)).with_hint(problem.hint(token));
                    return Err(Box::new(self.explain_in(error, name, option, token, "not a reference")));
                }
                Piece::Reference { token, section, option: wanted } => {
                    let target: Arc<str> = if section.is_empty() { name.clone() } else { section.into() };
                    if !section.is_empty() {
                        self.behalf.push(name.clone());
                        let got = self.section(&target);
                        got.map_err(|error| {
                            if error.snippets.is_empty() {
                                Box::new(self.explain_in(*error, name, option, token, "referenced here"))
                            } else {
                                error
                            }
                        })?;
                        self.behalf.pop();
                    }
                    match self.evaluate(&target, wanted, chain)? {
                        Some(value) if result.len() + value.len() > MAX_VALUE => {
                            let error = Diagnostic::user(too_long(name, option.map_or("", |option| option)));
                            return Err(Box::new(self.explain_in(error, name, option, token, "makes it too long")));
                        }
                        Some(value) => result.push_str(&value),
                        None if wanted == SECTION_NAME => result.push_str(name),
                        None => {
                            let error = self.missing(section, &target, wanted);
                            return Err(Box::new(self.explain_in(error, name, option, token, "no such option")));
                        }
                    }
                }
            }
        }
        Ok(result)
    }
}
