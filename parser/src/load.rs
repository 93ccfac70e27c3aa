//! Loading a profile with everything that it extends.
//!
//! slapos mode reads each file once, at its first visit in depth-first order, and applies a file after all that it
//! extends: the configuration is the sequential application of a post-order list. upstream mode merges the tree node by
//! node and so reads shared files again and again; each file is still *parsed* once.
//!
//! Order of precedence, low to high: built-in defaults, user defaults (beneath the first file that extends nothing), the
//! files, files of a command-line `buildout:extends`, command-line assignments.

use std::sync::{Arc, Mutex};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::config::{Config, FileId, Map, Mode, Origin, Section, SourceFile, snippet_of};
use crate::diagnostic::{Diagnostic, Failure, nearest};
use crate::lines::{ParsedOption, ParsedSection, parse};
use crate::loader::{Conditions, DownloadOptions, Loader, is_url, resolve};
use crate::merge::{apply_file, apply_options, file_sections, merge_section, merge_sections};
use crate::profile::{Profile, finish};
use crate::python::str_repr;
use crate::syntax;
use crate::text::is_space;

/// An assignment of the command line, option with its operator (`x`, `x +`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub section: String,
    pub option: String,
    pub value: String,
}

/// What to load.
#[derive(Debug, Clone)]
pub struct Request {
    pub mode: Mode,
    /// Absolute path or URL of the main file; `None` for commands that need no configuration.
    pub main: Option<String>,
    /// Built-in defaults of `[buildout]`.
    pub defaults: Vec<(&'static str, String)>,
    /// `buildout:directory`, unless the main file is a URL.
    pub directory: Option<String>,
    /// Path of the user defaults, if they are to be used.
    pub user_defaults: Option<String>,
    /// Sorted by (section, option), one for each pair.
    pub assignments: Vec<Assignment>,
    /// What relative names on the command line are relative to.
    pub working_directory: String,
    /// Home directory, for `~` in directories.
    pub home: Option<String>,
}

/// Files parsed so far, shared by all profiles of a run.
///
/// The parsed form depends on the conditions, so one library serves one target interpreter.
pub struct Library<'a> {
    loader: &'a dyn Loader,
    conditions: &'a dyn Conditions,
    files: Mutex<FxHashMap<String, Arc<SourceFile>>>,
}

impl<'a> Library<'a> {
    pub fn new(loader: &'a dyn Loader, conditions: &'a dyn Conditions) -> Self {
        Self { loader, conditions, files: Mutex::default() }
    }

    /// Loads a profile. slapos mode tells of all files that can be reached what is wrong with them; the first error, with
    /// which upstream mode ends, is the one that the reference meets.
    pub fn load(&self, request: &Request) -> Result<Profile, Failure> {
        self.load_inner(request).map_err(|mut failure| {
            failure.error.doing.insert(0, "Initializing.".to_owned());
            failure
        })
    }

    fn load_inner(&self, request: &Request) -> Result<Profile, Failure> {
        let mut pass = Pass {
            library: self,
            mode: request.mode,
            config: Config::new(request.mode),
            ids: FxHashMap::default(),
            seen: FxHashSet::default(),
            active: Vec::new(),
            user_defaults: None,
            download: DownloadOptions { newest: true, directory: request.directory.clone(), ..Default::default() },
            visits: 0,
            errors: Vec::new(),
            unreachable: false,
        };
        // Whether it stopped or not: what is wrong is in `errors`.
        let _: Result<(), Stop> = pass.read(request);
        match Failure::of(pass.errors) {
            Some(failure) => Err(failure),
            None => Ok(finish(pass.config, request)?),
        }
    }

    /// The file of that name, read and parsed at the first call.
    fn file(&self, name: &str, base: &str, options: &DownloadOptions) -> Result<Arc<SourceFile>, FileError> {
        if let Some(file) = self.files.lock().expect("no panic while locked").get(name) {
            return Ok(file.clone());
        }
        let loaded = self.loader.read(name, options).map_err(|error| FileError::Unreadable(Box::new(error)))?;
        let parsed = parse(&loaded.text, &mut |expression| self.conditions.holds(expression));
        let parsed = parsed.map_err(|errors| {
            let errors = errors.into_iter();
            FileError::Wrong(errors.map(|e| syntax::diagnostic(name, &loaded.display, &loaded.text, e)).collect())
        })?;
        let file = Arc::new(SourceFile {
            name: name.to_owned(),
            display: loaded.display,
            base: base.to_owned(),
            text: loaded.text.into(),
            parsed,
        });
        self.files.lock().expect("no panic while locked").insert(name.to_owned(), file.clone());
        Ok(file)
    }
}

/// Why there is no file.
enum FileError {
    /// It can't be read, or downloaded.
    Unreadable(Box<Diagnostic>),
    /// All that is wrong in it.
    Wrong(Vec<Diagnostic>),
}

/// Nothing more can be read; `Pass::errors` says why.
struct Stop;

/// State of the loading of one profile.
struct Pass<'a> {
    library: &'a Library<'a>,
    mode: Mode,
    config: Config,
    ids: FxHashMap<String, FileId>,
    /// slapos mode: files already applied or being applied.
    seen: FxHashSet<String>,
    /// Files being loaded, outermost first.
    active: Vec<String>,
    /// User defaults until the first leaf takes them.
    user_defaults: Option<UserDefaults>,
    download: DownloadOptions,
    /// How often a file was opened.
    visits: usize,
    /// What is wrong with the files so far, in the order of their visits.
    errors: Vec<Diagnostic>,
    /// A download has failed: others would only make people wait for the same network.
    unreachable: bool,
}

/// How deep files may extend each other, and how often they may be visited in one configuration (zc.buildout visits the
/// files of the largest real profile 217,513 times).
const MAX_DEPTH: usize = 200;
const MAX_VISITS: usize = 1_000_000;

#[derive(Clone)]
struct UserDefaults {
    /// As sections, for the merges of upstream mode.
    sections: Map<Arc<str>, Section>,
    /// As the files in the order of their application, for slapos mode.
    order: Vec<FileId>,
}

impl Pass<'_> {
    /// Reads and merges everything.
    fn read(&mut self, request: &Request) -> Result<(), Stop> {
        self.defaults(request);
        if let Some(path) = request.user_defaults.as_deref().filter(|path| self.library.loader.exists(path)) {
            self.read_user_defaults(path, &request.assignments)?;
        }
        if let Some(main) = &request.main {
            if !is_url(main) && !self.library.loader.exists(main) {
                let message = format!("Couldn't open {main}");
                let hint = "Name the profile with `-c FILE`, or run in the directory of a `buildout.cfg`.";
                self.errors.push(Diagnostic::user(message).with_hint(hint));
                return Err(Stop);
            }
            self.root(main, &request.assignments)?;
        }
        self.command_line_extends(request)?;
        self.assignments(&request.assignments);
        Ok(())
    }

    fn defaults(&mut self, request: &Request) {
        let section = self.config.sections.entry("buildout".into()).or_default();
        let directory = request.directory.iter().map(|d| ("directory", d, Origin::Computed));
        let defaults = request.defaults.iter().map(|(name, value)| (*name, value, Origin::Default));
        for (name, value, origin) in directory.chain(defaults) {
            let entry = crate::config::Entry::new(value.as_str().into(), origin, 0);
            section.options.insert(name.into(), entry);
        }
    }

    fn read_user_defaults(&mut self, path: &str, assignments: &[Assignment]) -> Result<(), Stop> {
        let (name, base) = resolve("", path, false);
        self.download_options(&name, &base, assignments)?;
        let defaults = match self.mode {
            Mode::Upstream => UserDefaults { sections: self.tree(&name, &base, "")?, order: Vec::new() },
            Mode::Slapos => {
                let mut order = Vec::new();
                self.visit(&name, &base, "", &mut order);
                self.seen.clear();
                UserDefaults { sections: Map::default(), order }
            }
        };
        let options = |key: &str| match self.mode {
            Mode::Upstream => defaults.sections.get("buildout").and_then(|s| s.value(key)).map(ToString::to_string),
            Mode::Slapos => defaults.order.iter().rev().find_map(|id| {
                let section = self.config.file(*id).parsed.section("buildout")?;
                section.option(key).map(|option| option.value.to_string())
            }),
        };
        let found = DOWNLOAD_OPTIONS.map(options);
        for (key, value) in DOWNLOAD_OPTIONS.into_iter().zip(found) {
            set_download_option(&mut self.download, key, value.as_deref());
        }
        self.user_defaults = Some(defaults);
        Ok(())
    }

    /// What a root file and the command line say about the download of what it extends.
    fn download_options(&mut self, name: &str, base: &str, assignments: &[Assignment]) -> Result<(), Stop> {
        let root = self.file(name, base, "")?;
        let own = root.parsed.section("buildout");
        for key in DOWNLOAD_OPTIONS {
            let own = own.and_then(|section| section.option(key)).map(|option| &*option.value);
            set_download_option(&mut self.download, key, own);
            let given = assignments.iter().find(|a| a.section == "buildout" && a.option == key);
            set_download_option(&mut self.download, key, given.map(|a| a.value.as_str()));
        }
        Ok(())
    }

    /// Loads the main file over what there is.
    fn root(&mut self, name: &str, assignments: &[Assignment]) -> Result<(), Stop> {
        let (name, base) = resolve("", name, false);
        self.download_options(&name, &base, assignments)?;
        match self.mode {
            Mode::Upstream => {
                let sections = self.tree(&name, &base, "")?;
                merge_sections(&mut self.config.sections, sections);
            }
            Mode::Slapos => {
                let mut order = Vec::new();
                self.visit(&name, &base, "", &mut order);
                for id in order {
                    self.apply(id);
                }
            }
        }
        Ok(())
    }

    fn command_line_extends(&mut self, request: &Request) -> Result<(), Stop> {
        let wanted = request.assignments.iter().find(|a| a.section == "buildout" && a.option == "extends");
        let Some(wanted) = wanted else { return Ok(()) };
        for name in wanted.value.split_whitespace() {
            let (name, base) = resolve(&request.working_directory, name, false);
            match self.mode {
                Mode::Upstream => {
                    // The reference gives each of these files the user defaults anew.
                    if let Some(path) = request.user_defaults.as_deref().filter(|p| self.library.loader.exists(p)) {
                        self.user_defaults = None;
                        self.read_user_defaults(path, &request.assignments)?;
                    }
                    let sections = self.tree(&name, &base, "")?;
                    merge_sections(&mut self.config.sections, sections);
                }
                Mode::Slapos => {
                    let mut order = Vec::new();
                    self.seen.clear();
                    self.visit(&name, &base, "", &mut order);
                    for id in order {
                        self.apply(id);
                    }
                }
            }
        }
        Ok(())
    }

    fn assignments(&mut self, assignments: &[Assignment]) {
        let mut sections: Map<&str, Vec<ParsedOption>> = Map::default();
        for assignment in assignments.iter().filter(|a| !(a.section == "buildout" && a.option == "extends")) {
            sections.entry(&assignment.section).or_default().push(ParsedOption {
                key: assignment.option.as_str().into(),
                value: assignment.value.as_str().into(),
                line: 0,
            });
        }
        for (name, options) in sections {
            match self.mode {
                Mode::Slapos => {
                    let section = self.config.sections.entry(name.into()).or_default();
                    apply_options(section, options.iter(), Origin::CommandLine);
                }
                Mode::Upstream => {
                    let mut over = Section::default();
                    for option in options {
                        let entry = crate::config::Entry::new(option.value, Origin::CommandLine, 0);
                        over.options.insert(option.key, entry);
                    }
                    match self.config.sections.get_mut(name) {
                        Some(section) => merge_section(section, over),
                        None => {
                            self.config.sections.insert(name.into(), over);
                        }
                    }
                }
            }
        }
    }

    /// Identity of a file in this configuration.
    fn identify(&mut self, file: Arc<SourceFile>) -> FileId {
        if let Some(id) = self.ids.get(&file.name) {
            return *id;
        }
        let id = FileId(self.config.files.len() as u32);
        self.ids.insert(file.name.clone(), id);
        self.config.files.push(file);
        id
    }

    /// The file of that name, which `includer` extends.
    fn file(&mut self, name: &str, base: &str, includer: &str) -> Result<Arc<SourceFile>, Stop> {
        match self.library.file(name, base, &self.download) {
            Ok(file) => return Ok(file),
            Err(FileError::Wrong(errors)) => {
                // What is wrong with a condition may be the interpreter's fault and then is the same for all of them.
                for error in errors {
                    if !self.errors.iter().any(|known| known.message == error.message) {
                        self.errors.push(error);
                    }
                }
            }
            Err(FileError::Unreadable(mut error)) => {
                if error.snippets.is_empty() && !includer.is_empty() {
                    error.snippets.extend(self.extends_snippet(includer, name));
                }
                self.errors.push(*error);
                self.unreachable |= is_url(name) && !self.download.is_offline();
            }
        }
        Err(Stop)
    }

    /// Opens a file that `includer` extends and returns it with the names that it extends itself.
    fn open(&mut self, name: &str, base: &str, includer: &str) -> Result<(FileId, Vec<String>), Stop> {
        if self.active.iter().any(|active| active == name) {
            let stack: Vec<String> = self.active.iter().map(|active| str_repr(active)).collect();
            let message = format!("Recursive file include [{}] {name}", stack.join(", "));
            let diagnostic = Diagnostic::user(message).with_snippet(self.extends_snippet(includer, name));
            self.errors.push(diagnostic.with_hint("Remove this file from the `extends` of one of these files."));
            return Err(Stop);
        }
        self.visits += 1;
        if self.active.len() > MAX_DEPTH || self.visits > MAX_VISITS {
            let diagnostic = Diagnostic::user(format!("Too many files are extended, at {name}."))
                .with_snippet(self.extends_snippet(includer, name))
                .with_hint(format!(
                    "Files may be nested {MAX_DEPTH} deep and visited {MAX_VISITS} times; without --upstream each file \
                     is visited once."
                ));
            self.errors.push(diagnostic);
            return Err(Stop);
        }
        if let Some(cache) =
            self.download.extends_cache.as_deref().filter(|cache| !includer.is_empty() && has_reference(cache))
        {
            let message = format!("extends-cache '{cache}' may not contain ${{section:variable}} to expand.");
            self.errors.push(Diagnostic::internal("ValueError", message));
            return Err(Stop);
        }
        let file = self.file(name, base, includer)?;
        let extends = match file.parsed.section("buildout") {
            Some(section) => {
                if section.options.iter().any(|option| &*option.key == "extended-by") {
                    let message = format!("No-longer supported \"extended-by\" option found in {}.", file.name);
                    self.errors.push(Diagnostic::user(message));
                    return Err(Stop);
                }
                let extends = section.option("extends").map(|option| option.value.clone());
                extends
                    .iter()
                    .flat_map(|text| text.split(is_space))
                    .filter(|n| !n.is_empty())
                    .map(str::to_owned)
                    .collect()
            }
            None => Vec::new(),
        };
        Ok((self.identify(file), extends))
    }

    /// slapos mode: appends the file and all that it extends to `order`, each once. A file with errors is left out, so
    /// that those of the others are found too.
    fn visit(&mut self, name: &str, base: &str, includer: &str, order: &mut Vec<FileId>) {
        if self.seen.contains(name) && !self.active.iter().any(|active| active == name) {
            return;
        }
        if self.unreachable && is_url(name) {
            return;
        }
        let opened = self.open(name, base, includer);
        self.seen.insert(name.to_owned());
        let Ok((id, extends)) = opened else { return };
        self.active.push(name.to_owned());
        let base = self.config.file(id).base.clone();
        if extends.is_empty()
            && let Some(defaults) = self.user_defaults.take()
        {
            order.extend(defaults.order);
        }
        for extended in &extends {
            let (extended, base) = resolve(&base, extended, true);
            self.visit(&extended, &base, name, order);
        }
        self.active.pop();
        order.push(id);
    }

    fn apply(&mut self, id: FileId) {
        let file = self.config.files[id.0 as usize].clone();
        apply_file(&mut self.config, id, &file.parsed, &file.base);
    }

    /// upstream mode: the sections of a file merged over those of the files that it extends.
    fn tree(&mut self, name: &str, base: &str, includer: &str) -> Result<Map<Arc<str>, Section>, Stop> {
        let (id, extends) = self.open(name, base, includer)?;
        self.active.push(name.to_owned());
        let file = self.config.files[id.0 as usize].clone();
        let own = file_sections(id, &file.parsed);
        let mut below: Option<Map<Arc<str>, Section>> = None;
        if extends.is_empty() {
            below = self.user_defaults.take().map(|defaults| defaults.sections);
        }
        for extended in &extends {
            let (extended, base) = resolve(&file.base, extended, false);
            let sections = self.tree(&extended, &base, name)?;
            match &mut below {
                None => below = Some(sections),
                Some(below) => merge_sections(below, sections),
            }
        }
        self.active.pop();
        let Some(mut merged) = below else { return Ok(own) };
        merge_sections(&mut merged, own);
        Ok(merged)
    }

    /// The `extends` of a file, with the name that led to `wanted` marked.
    fn extends_snippet(&self, includer: &str, wanted: &str) -> Option<crate::diagnostic::Snippet> {
        let file = self.config.file(*self.ids.get(includer)?);
        let option = file.parsed.section("buildout")?.option("extends")?;
        let written =
            option.value.split_whitespace().find(|n| resolve(&file.base, n, self.mode == Mode::Slapos).0 == wanted);
        Some(snippet_of(&file.name, &file.text, option.line, written.unwrap_or("extends"), "extended here"))
    }
}

const DOWNLOAD_OPTIONS: [&str; 4] = ["extends-cache", "offline", "install-from-cache", "newest"];

fn has_reference(text: &str) -> bool {
    text.split_once("${").is_some_and(|(_, rest)| rest.contains('}'))
}

fn set_download_option(options: &mut DownloadOptions, key: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    match key {
        "extends-cache" => options.extends_cache = (!value.is_empty()).then(|| value.to_owned()),
        "newest" => options.newest = value == "true",
        "offline" => options.offline = value == "true",
        _ => options.install_from_cache = value == "true",
    }
}

/// Sections of a text given by a recipe or read from `.installed.cfg`.
pub fn parse_sections(
    text: &str,
    display: &str,
    conditions: &dyn Conditions,
) -> Result<Vec<ParsedSection>, Diagnostic> {
    let parsed = parse(text, &mut |expression| conditions.holds(expression));
    parsed.map(|file| file.sections).map_err(|errors| syntax::of_text(display, text, errors))
}

/// Hint for a section name that does not exist.
pub fn section_hint(config: &Config, wrong: &str) -> Option<String> {
    let near = nearest(wrong, config.sections.keys().map(|name| &**name))?;
    Some(format!("Did you mean [{near}]?"))
}
