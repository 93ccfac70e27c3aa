//! Sections and their options.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexSet;
use rbuildout_cache::Downloader;
use rbuildout_parser::{
    Diagnostic, MAX_VALUE, Map, Mode, PART_DEPENDENCIES, Piece, Profile, SECTION_NAME, UNUSABLE_LABEL, expand,
    has_reference, join, nearest, pieces, section_hint, too_long, unusable_recipe,
};
use rbuildout_recipes::run::Level;
use rbuildout_recipes::{Part, Settings, find, why_not_native};
use rustc_hash::FxHashMap;

use super::host::InitHost;
use super::place::place;

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
}

/// A part whose recipe has been initialised.
pub struct InitialisedPart {
    pub name: Arc<str>,
    /// Value of the `recipe` option.
    pub recipe: Arc<str>,
    pub part: Box<dyn Part>,
}

/// Raw options of a section that nobody read.
pub struct Unused {
    pub section: Arc<str>,
    pub options: Vec<Arc<str>>,
}

impl Unused {
    /// The reference's warning.
    pub fn message(&self) -> String {
        let names: Vec<String> = self.options.iter().map(|o| rbuildout_parser::python::str_repr(o)).collect();
        format!(
            "Section `{}` contains unused option(s): {}.\nThis may be an indication for either a typo in the option's \
             name or a bug in the used recipe.",
            self.section,
            names.join(" ")
        )
    }
}

/// The live state of a profile.
pub struct Buildout<'p> {
    pub(super) profile: &'p Profile,
    pub(super) mode: Mode,
    pub(super) sections: FxHashMap<Arc<str>, Live>,
    /// Parts in the order in which their construction ended.
    pub(super) parts: Map<Arc<str>, InitialisedPart>,
    /// Sections on whose behalf others are being read, innermost last.
    pub(super) behalf: Vec<Arc<str>>,
    pub(super) doing: Vec<Doing>,
    pub(super) settings: Option<Arc<Settings>>,
    pub(super) downloader: Arc<Downloader>,
    state_directory: PathBuf,
    pub(super) hashes: FxHashMap<Arc<str>, Arc<str>>,
    pub(super) hashing: Vec<Arc<str>>,
    pub(super) messages: RefCell<Vec<Message>>,
}

/// Something that a recipe said while it was initialised, when logging is not set up yet.
#[derive(Debug, Clone)]
pub enum Message {
    /// A record of a part's logger.
    Record { level: Level, part: Arc<str>, text: String },
    /// A line without a logger.
    Line(String),
}

/// How many sections and options may wait for each other: far more than any profile has, far less than the stack holds.
const MAX_NESTING: usize = 1000;

/// Chain of options being evaluated.
pub(super) type Chain = Vec<(Arc<str>, Arc<str>)>;
pub(super) type Outcome<T> = Result<T, Box<Diagnostic>>;

impl<'p> Buildout<'p> {
    /// A buildout in which no section is alive yet. `state_directory` is where the run keeps its own files.
    pub fn new(profile: &'p Profile, downloader: Arc<Downloader>, state_directory: PathBuf) -> Self {
        Self {
            profile,
            mode: profile.config.mode,
            sections: FxHashMap::default(),
            parts: Map::default(),
            behalf: Vec::new(),
            doing: Vec::new(),
            settings: None,
            downloader,
            state_directory,
            hashes: FxHashMap::default(),
            hashing: Vec::new(),
            messages: RefCell::default(),
        }
    }

    /// What is being done right now, outermost first: after an error, the reference's `While:` block.
    pub fn doing(&self) -> Vec<String> {
        self.doing.iter().map(ToString::to_string).collect()
    }

    /// What recipes said while they were initialised.
    pub fn take_messages(&self) -> Vec<Message> {
        self.messages.take()
    }

    /// Parts initialised so far, in install order.
    pub fn parts(&self) -> &Map<Arc<str>, InitialisedPart> {
        &self.parts
    }

    /// Gives the parts away, in install order.
    pub fn into_parts(self) -> Map<Arc<str>, InitialisedPart> {
        self.parts
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
        let name: Arc<str> = match self.profile.config.sections.get_key_value(name) {
            Some((known, _)) => known.clone(),
            None => name.into(),
        };
        self.doing.push(Doing::Getting(name.clone()));
        if self.doing.len() > MAX_NESTING {
            return Err(Box::new(self.too_deep()));
        }
        if !self.profile.config.sections.contains_key(&name) {
            let mut error = Diagnostic::user(format!("The referenced section, '{name}', was not defined."));
            error.hint = section_hint(&self.profile.config, &name);
            return Err(Box::new(error));
        }
        self.doing.push(Doing::Initialising(name.clone()));
        self.initialise(&name)?;
        self.doing.pop();
        self.doing.pop();
        Ok(())
    }

    fn too_deep(&mut self) -> Diagnostic {
        // A thousand lines of `While:` help nobody.
        self.doing.truncate(4);
        Diagnostic::user("The references between sections are nested too deeply.")
            .with_hint(format!("At most {MAX_NESTING} sections and options may wait for each other."))
    }

    fn record_dependency(&mut self, section: &Arc<str>, on: &str) -> Outcome<()> {
        let live = self.sections.entry(section.clone()).or_default();
        if live.depends.contains(on) {
            return Ok(());
        }
        if live.signature.is_some() {
            let message = format!("Section [{section}] reads [{on}] after its signature was computed");
            let hint = format!("Name [{on}] in an option of [{section}], for example `depends = ${{{on}:recipe}}`.");
            return Err(Box::new(Diagnostic::user(message).with_hint(hint)));
        }
        live.depends.insert(on.into());
        Ok(())
    }

    fn initialise(&mut self, name: &Arc<str>) -> Outcome<()> {
        let expanded = expand(&self.profile.config, name)?;
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
        // A dependency may have been recorded already, by a recipe that is being initialised.
        self.sections.entry(name.clone()).or_default().raw = raw;
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

    fn construct(&mut self, name: &Arc<str>, recipe: Arc<str>) -> Outcome<()> {
        let leads_out = |piece: &str| piece == ".." || piece == ".";
        if self.mode == Mode::Slapos && (name.starts_with('/') || name.split('/').any(leads_out)) {
            let error = Diagnostic::user(format!("The part name '{name}' leads out of the parts directory."))
                .with_hint("A part is installed under its name: use one without `.` and `..`, not beginning with `/`.");
            return Err(self.place(name, Box::new(error)));
        }
        self.doing.push(Doing::LoadingRecipe(recipe.split(':').next().unwrap_or_default().into()));
        let Some(found) = find(&recipe) else {
            return Err(Box::new(self.not_native(name, &recipe)));
        };
        self.doing.pop();
        self.ensure_settings()?;
        self.behalf.push(name.clone());
        let part = found.init(&mut InitHost::new(self, name.clone()));
        let part = part.map_err(|error| super::host::to_diagnostic(error, &self.profile.config, name));
        let part = part.map_err(|diagnostic| self.place(name, diagnostic))?;
        self.behalf.pop();
        self.parts.insert(name.clone(), InitialisedPart { name: name.clone(), recipe, part });
        Ok(())
    }

    fn not_native(&self, name: &str, recipe: &str) -> Diagnostic {
        let config = &self.profile.config;
        let entry = expand(config, name).ok().and_then(|section| section.options.get("recipe").cloned());
        let snippet = entry.as_ref().and_then(|entry| config.snippet(entry, recipe, UNUSABLE_LABEL));
        // upstream mode shows no hints: the reason goes into the message.
        let mut error = match self.mode {
            Mode::Upstream => {
                Diagnostic::user(format!("{}: {}", unusable_recipe(name, recipe), why_not_native(recipe)))
            }
            Mode::Slapos => Diagnostic::user(unusable_recipe(name, recipe)).with_hint(why_not_native(recipe)),
        };
        error = error.with_snippet(snippet);
        error.chain = entry.map(|entry| config.chain(&entry)).unwrap_or_default();
        error
    }

    fn place(&self, name: &str, error: Box<Diagnostic>) -> Box<Diagnostic> {
        place(&self.profile.config, name, error)
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

    fn circular(&self, link: &(Arc<str>, Arc<str>), chain: &Chain) -> Diagnostic {
        let mut error = Diagnostic::user("Circular reference in substitutions.\n");
        let names: Vec<String> = chain
            .iter()
            .skip_while(|open| *open != link)
            .map(|(section, option)| format!("{section}:{option}"))
            .collect();
        error.hint = Some(format!("The loop is {} -> {}:{}.", names.join(" -> "), link.0, link.1));
        self.explain(error, &link.0, &link.1, "", "part of the loop")
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

    fn missing(&self, written: &str, section: &str, option: &str) -> Diagnostic {
        let mut error = Diagnostic::user(format!("Referenced option does not exist: {section} {option}"));
        let Some(live) = self.sections.get(section) else { return error };
        let keys = live.raw.keys().chain(live.data.keys()).map(|key| &**key);
        error.hint = match nearest(option, keys) {
            Some(near) => Some(format!("Did you mean ${{{written}:{near}}}?")),
            None if live.raw.contains_key("recipe") && !self.parts.contains_key(section) => Some(format!(
                "[{section}] is itself being initialised: what its recipe sets is not known before that ends."
            )),
            None => None,
        };
        error
    }

    /// Shows an error about a part where `parts` names it, or else at its section, unless it has a place already.
    pub fn explain_part(&self, mut error: Box<Diagnostic>, name: &str, listed: bool) -> Box<Diagnostic> {
        if listed && error.snippets.is_empty() {
            *error = self.explain(*error, "buildout", "parts", name, "listed here");
        }
        self.place(name, error)
    }

    fn explain_in(
        &self,
        error: Diagnostic,
        name: &str,
        option: Option<&Arc<str>>,
        mark: &str,
        label: &str,
    ) -> Diagnostic {
        match option {
            Some(option) => self.explain(error, name, option, mark, label),
            None => error,
        }
    }

    /// Adds the lines of an option and its chain of definitions to an error.
    fn explain(&self, error: Diagnostic, name: &str, option: &str, mark: &str, label: &str) -> Diagnostic {
        let config = &self.profile.config;
        let Ok(section) = expand(config, name) else { return error };
        let Some(entry) = section.options.get(option) else { return error };
        let mut error = error.with_snippet(config.snippet(entry, mark, label));
        error.chain = config.chain(entry);
        error
    }

    /// Options of `[buildout]` that recipes are told; reading them initialises that section.
    pub fn ensure_settings(&mut self) -> Outcome<Arc<Settings>> {
        if let Some(settings) = &self.settings {
            return Ok(settings.clone());
        }
        self.section("buildout")?;
        let directory = self.required("buildout", "directory")?;
        if !directory.starts_with('/') {
            let error = Diagnostic::user(format!("The buildout directory '{directory}' is not absolute."))
                .with_hint("Give `buildout:directory` an absolute path.");
            return Err(Box::new(self.explain(error, "buildout", "directory", &directory, "relative to what?")));
        }
        let mut path = |option: &str| -> Outcome<PathBuf> {
            let value = self.required("buildout", option)?;
            Ok(PathBuf::from(join(&directory, &value)))
        };
        let bin_directory = path("bin-directory")?;
        let parts_directory = path("parts-directory")?;
        let eggs_directory = path("eggs-directory")?;
        let develop_eggs_directory = path("develop-eggs-directory")?;
        let offline = self.boolean("offline")?;
        let newest = self.boolean("newest")? && !offline;
        let shared = self.option("buildout", "shared-part-list")?;
        let settings = Settings {
            mode: match self.mode {
                Mode::Slapos => rbuildout_recipes::Mode::Slapos,
                Mode::Upstream => rbuildout_recipes::Mode::Upstream,
            },
            bin_directory,
            parts_directory,
            eggs_directory,
            develop_eggs_directory,
            offline,
            newest,
            shared_part_list: shared
                .iter()
                .flat_map(|text| text.lines())
                .map(|line| line.trim().trim_end_matches('/'))
                .filter(|line| !line.is_empty())
                .map(|line| PathBuf::from(join(&directory, line)))
                .collect(),
            keep_compile_dir: self.option("buildout", "keep-compile-dir")?.map(|value| value.to_string()),
            state_directory: self.state_directory.clone(),
            directory: PathBuf::from(&*directory),
        };
        let settings = Arc::new(settings);
        self.settings = Some(settings.clone());
        Ok(settings)
    }

    /// A `[buildout]` option that is exactly `true` or `false`.
    pub fn boolean(&mut self, option: &str) -> Outcome<bool> {
        match self.option("buildout", option)?.as_deref() {
            Some("true") => Ok(true),
            Some("false") | None => Ok(false),
            Some(other) => {
                let shown = rbuildout_parser::python::str_repr(other);
                let error = Diagnostic::user(format!("Invalid value for '{option}' option: {shown}"))
                    .with_hint("Write `true` or `false`.");
                Err(Box::new(self.explain(error, "buildout", option, other, "not a truth value")))
            }
        }
    }

    /// Raw options of a section that were never read, sorted.
    pub fn unused(&self, section: &str) -> Option<Unused> {
        let live = self.sections.get(section)?;
        let is_default = |key: &str| {
            let entry = self.profile.config.sections.get(section).and_then(|s| s.options.get(key));
            section == "buildout" && DEFAULT_OPTIONS.contains(&key) && entry.is_some()
        };
        let mut options: Vec<Arc<str>> =
            live.raw.keys().filter(|key| !live.data.contains_key(*key) && !is_default(key)).cloned().collect();
        options.sort_unstable();
        (!options.is_empty()).then(|| Unused { section: section.into(), options })
    }
}

/// Options of `[buildout]` that the engine itself reads, or that have built-in defaults: never unused.
const DEFAULT_OPTIONS: [&str; 44] = [
    "allow-hosts",
    "allow-picked-versions",
    "allow-unknown-extras",
    "bin-directory",
    "check-signature",
    "develop",
    "develop-eggs-directory",
    "directory",
    "download-cache",
    "dry-run",
    "eggs-directory",
    "executable",
    "extends-cache",
    "extensions",
    "find-links",
    "index",
    "install-from-cache",
    "installed",
    "keep-compile-dir",
    "log-format",
    "log-level",
    "mirrors",
    "networkcache-section",
    "newest",
    "offline",
    "parts",
    "parts-directory",
    "prefer-final",
    "python",
    "rebootstrap-prepend-paths",
    "relative-paths",
    "shared-part-list",
    "shared-parts",
    "show-picked-versions",
    "socket-timeout",
    "abi-tag-eggs",
    "unzip",
    "update-versions-file",
    "use-dependency-links",
    "verbosity",
    "versions",
    "build-time-part-list",
    "pre-rebootstrap-installed",
    "<",
];
