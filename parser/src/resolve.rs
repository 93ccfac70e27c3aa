//! The static view of a profile: every section after macros and substitution, without running a recipe.
//!
//! An option that no section has, of a section that has a recipe, can only come from the recipe: whatever needs it is
//! marked as such. Everything else that can't be found is a mistake of the profile, reported with its place.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::config::{Entry, Map, Section};
use crate::diagnostic::{Diagnostic, nearest};
use crate::load::section_hint;
use crate::macros::{Expanded, expand};
use crate::profile::Profile;
use crate::subst::{MAX_VALUE, Piece, has_reference, pieces, too_long};

/// Option that every section seems to have: its own name.
pub const SECTION_NAME: &str = "_buildout_section_name_";

/// How many options may wait for each other.
const MAX_NESTING: usize = 500;

/// What an option resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// Its text, `$${` still escaped.
    Value(Arc<str>),
    /// It needs option `option` of `[section]`, which only that section's recipe can set.
    NeedsRecipe { section: Arc<str>, option: Arc<str> },
    /// It can't be resolved, and no recipe could change that.
    Error(Box<Diagnostic>),
}

/// Resolves the options of one profile, each once.
pub struct Resolver<'a> {
    profile: &'a Profile,
    sections: FxHashMap<Arc<str>, Result<Expanded<'a>, Box<Diagnostic>>>,
    options: FxHashMap<(Arc<str>, Arc<str>), Resolved>,
    open: Vec<(Arc<str>, Arc<str>)>,
}

impl<'a> Resolver<'a> {
    pub fn new(profile: &'a Profile) -> Self {
        Self { profile, sections: FxHashMap::default(), options: FxHashMap::default(), open: Vec::new() }
    }

    /// A section after macros.
    pub fn section(&mut self, name: &str) -> Result<Expanded<'a>, Box<Diagnostic>> {
        if let Some(known) = self.sections.get(name) {
            return known.clone();
        }
        let expanded = expand(&self.profile.config, name);
        self.sections.insert(name.into(), expanded.clone());
        expanded
    }

    /// All options of a section, resolved.
    pub fn resolve_section(&mut self, name: &str) -> Result<Map<Arc<str>, Resolved>, Box<Diagnostic>> {
        let section = self.section(name)?;
        let name: Arc<str> = name.into();
        Ok(section.options.keys().map(|option| (option.clone(), self.option(&name, option))).collect())
    }

    /// One option, resolved. It must exist in the section after macros.
    pub fn option(&mut self, section: &Arc<str>, option: &Arc<str>) -> Resolved {
        let key = (section.clone(), option.clone());
        if let Some(known) = self.options.get(&key) {
            return known.clone();
        }
        let resolved = self.evaluate(&key);
        self.options.insert(key, resolved.clone());
        resolved
    }

    fn evaluate(&mut self, key: &(Arc<str>, Arc<str>)) -> Resolved {
        let (section_name, option) = key;
        let section = match self.section(section_name) {
            Ok(section) => section,
            Err(error) => return Resolved::Error(error),
        };
        let raw =
            if &**section_name == "buildout" { self.profile.raw("buildout", option) } else { section.value(option) };
        let Some(raw) = raw.cloned() else {
            return Resolved::Error(Box::new(Diagnostic::user(format!("Missing option: {section_name}:{option}"))));
        };
        if !has_reference(&raw) {
            return Resolved::Value(raw);
        }
        if self.open.contains(key) {
            let entry = &section.options[option];
            let mut error = Diagnostic::user("Circular reference in substitutions.\n");
            let round = self.open.iter().skip_while(|open| *open != key);
            let names: Vec<String> = round.map(|(s, o)| format!("{s}:{o}")).collect();
            error.hint = Some(format!("The loop is {} -> {section_name}:{option}.", names.join(" -> ")));
            return Resolved::Error(self.explain(error, entry, "", "part of the loop"));
        }
        if self.open.len() > MAX_NESTING {
            let error = Diagnostic::user("The references between sections are nested too deeply.");
            return Resolved::Error(Box::new(error));
        }
        self.open.push(key.clone());
        let resolved = self.substitute(section_name, &section, option, &raw);
        self.open.pop();
        resolved
    }

    fn substitute(&mut self, name: &Arc<str>, section: &Section, option: &str, raw: &str) -> Resolved {
        let mut result = String::with_capacity(raw.len());
        for piece in pieces(raw) {
            match piece {
                Piece::Text(text) => result.push_str(text),
                Piece::Malformed { token, problem } => {
                    let error = Diagnostic::user(problem.message(token)).with_hint(problem.hint(token));
                    return Resolved::Error(self.explain(error, &section.options[option], token, "not a reference"));
                }
                Piece::Reference { token, section: target, option: wanted } => {
                    match self.reference(name, section, option, token, target, wanted) {
                        Resolved::Value(value) if result.len() + value.len() > MAX_VALUE => {
                            let error = Diagnostic::user(too_long(name, option));
                            let entry = &section.options[option];
                            return Resolved::Error(self.explain(error, entry, token, "makes it too long"));
                        }
                        Resolved::Value(value) => result.push_str(&value),
                        other => return other,
                    }
                }
            }
        }
        Resolved::Value(result.into())
    }

    fn reference(
        &mut self,
        name: &Arc<str>,
        section: &Section,
        option: &str,
        token: &str,
        target: &str,
        wanted: &str,
    ) -> Resolved {
        let target_name: Arc<str> = if target.is_empty() { name.clone() } else { target.into() };
        let target_section = if self.profile.config.sections.contains_key(&target_name) {
            match self.section(&target_name) {
                Ok(section) => section,
                Err(error) => return Resolved::Error(error),
            }
        } else {
            let mut error = Diagnostic::user(format!("The referenced section, '{target_name}', was not defined."));
            error.hint = section_hint(&self.profile.config, &target_name);
            return Resolved::Error(self.explain(error, &section.options[option], token, "no such section"));
        };
        if target_section.options.contains_key(wanted) {
            return self.option(&target_name, &wanted.into());
        }
        if wanted == SECTION_NAME {
            return Resolved::Value(name.clone());
        }
        if target_section.value("recipe").is_some_and(|recipe| !recipe.is_empty()) {
            return Resolved::NeedsRecipe { section: target_name, option: wanted.into() };
        }
        let mut error = Diagnostic::user(format!("Referenced option does not exist: {target_name} {wanted}"));
        error.hint = nearest(wanted, target_section.options.keys().map(|key| &**key))
            .map(|near| format!("Did you mean ${{{target}:{near}}}?"));
        Resolved::Error(self.explain(error, &section.options[option], token, "no such option"))
    }

    fn explain(&self, error: Diagnostic, entry: &Entry, mark: &str, label: &str) -> Box<Diagnostic> {
        let config = &self.profile.config;
        let mut error = error.with_snippet(config.snippet(entry, mark, label));
        error.chain = config.chain(entry);
        Box::new(error)
    }
}

/// Every mistake in the sections that `[buildout] parts` leads to, found without running a recipe.
///
/// `published` says whether a recipe sets an option although the profile need not, `None` if the recipe is not known.
pub fn mistakes(profile: &Profile, published: &dyn Fn(&str, &str) -> Option<bool>) -> Vec<Diagnostic> {
    let mut resolver = Resolver::new(profile);
    let buildout: Arc<str> = "buildout".into();
    let mut queue: Vec<Arc<str>> = vec![buildout.clone()];
    let mut seen = rustc_hash::FxHashSet::default();
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut note = |error: Diagnostic| {
        if !found.iter().any(|known| known.message == error.message && known.snippets == error.snippets) {
            found.push(error);
        }
    };
    if let Resolved::Value(parts) = resolver.option(&buildout, &"parts".into()) {
        queue.extend(parts.split_whitespace().rev().map(Arc::from));
    }
    while let Some(name) = queue.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let section = match resolver.section(&name) {
            Ok(section) => section,
            Err(error) => {
                let parts = profile.config.sections[&buildout].options.get("parts");
                note(match parts.filter(|_| error.snippets.is_empty()) {
                    Some(parts) => *resolver.explain(*error, parts, &name, "listed here"),
                    None => *error,
                });
                continue;
            }
        };
        for (option, entry) in &section.options {
            match resolver.option(&name, option) {
                Resolved::Error(error) => note(*error),
                Resolved::NeedsRecipe { section: owner, option: wanted } => {
                    let recipe = resolver.section(&owner).ok().and_then(|s| s.value("recipe").cloned());
                    if let Some(recipe) = recipe
                        && published(&recipe, &wanted) == Some(false)
                    {
                        let message = format!("Referenced option does not exist: {owner} {wanted}");
                        let error = Diagnostic::user(message)
                            .with_hint(format!("Recipe {recipe} of [{owner}] does not set `{wanted}`."));
                        let mark = format!("${{{owner}:{wanted}}}");
                        note(*resolver.explain(error, entry, &mark, "no such option"));
                    }
                }
                Resolved::Value(_) => {}
            }
            for piece in pieces(&entry.value) {
                if let Piece::Reference { section, .. } = piece
                    && profile.config.sections.contains_key(section)
                {
                    queue.push(section.into());
                }
            }
        }
    }
    found
}
