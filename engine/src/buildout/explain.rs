//! Errors with their place: lines of the profile, chain of definitions, hint.

use std::sync::Arc;

use rbuildout_parser::{Diagnostic, expand, nearest};

use super::place::place;
use super::sections::{Buildout, Chain, MAX_NESTING};

impl Buildout<'_> {
    pub(super) fn too_deep(&mut self) -> Diagnostic {
        // A thousand lines of `While:` help nobody.
        self.doing.truncate(4);
        Diagnostic::user("The references between sections are nested too deeply.")
            .with_hint(format!("At most {MAX_NESTING} sections and options may wait for each other."))
    }

    pub(super) fn circular(&self, link: &(Arc<str>, Arc<str>), chain: &Chain) -> Diagnostic {
        let mut error = Diagnostic::user("Circular reference in substitutions.\n");
        let names: Vec<String> = chain
            .iter()
            .skip_while(|open| *open != link)
            .map(|(section, option)| format!("{section}:{option}"))
            .collect();
        error.hint = Some(format!("The loop is {} -> {}:{}.", names.join(" -> "), link.0, link.1));
        self.explain(error, &link.0, &link.1, "", "part of the loop")
    }

    pub(super) fn missing(&self, written: &str, section: &str, option: &str) -> Diagnostic {
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

    pub(super) fn explain_in(
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
    pub(super) fn explain(&self, error: Diagnostic, name: &str, option: &str, mark: &str, label: &str) -> Diagnostic {
        let config = &*self.config;
        let Ok(section) = expand(config, name) else { return error };
        let Some(entry) = section.options.get(option) else { return error };
        let mut error = error.with_snippet(config.snippet(entry, mark, label));
        error.chain = config.chain(entry);
        error
    }

    /// Shows an error at the `recipe` option of a section.
    pub(super) fn place_recipe(&self, name: &str, recipe: &str, error: Diagnostic) -> Box<Diagnostic> {
        self.place(name, Box::new(self.explain(error, name, "recipe", recipe, "this recipe")))
    }

    pub(super) fn place(&self, name: &str, error: Box<Diagnostic>) -> Box<Diagnostic> {
        place(&self.config, name, error)
    }
}
