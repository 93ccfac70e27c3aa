//! What the pre-pass learns about a template besides its text: names, filters, tests, and unsupported constructs.

use std::collections::BTreeSet;

use super::api::{TemplateError, Unsupported};
use super::rewrite_expr::string_literal;
use super::{filters, jinja_tests};

/// Names that every template sees, even one imported without context.
const GLOBALS: [&str; 6] = ["range", "dict", "lipsum", "cycler", "joiner", "namespace"];

/// Observations of the pre-pass about one template.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) template: String,
    /// Names that the template binds anywhere.
    pub(crate) bound: BTreeSet<String>,
    /// The names it may see, if it is imported without context.
    pub(crate) visible: Option<BTreeSet<String>>,
    pub(crate) unsupported: Vec<Unsupported>,
    /// The first unknown filter or test outside of conditional blocks.
    pub(crate) assertion: Option<TemplateError>,
    /// How many conditional blocks are open.
    pub(crate) conditional: usize,
    /// How many macros are open.
    pub(crate) macros: usize,
    /// The parameters without default of the open macros.
    pub(crate) params: Vec<Vec<String>>,
    /// Imported names that are literals, and whether with context.
    pub(crate) imports: Vec<String>,
}

impl Names {
    /// The text that reads the variable `name`.
    pub(crate) fn read(&mut self, name: &str) -> String {
        if self.macros > 0 && matches!(name, "varargs" | "kwargs") && !self.bound.contains(name) {
            self.unsupported(0, format!("the macro variable {name}"));
        }
        if self.params.iter().flatten().any(|param| param == name) {
            return format!("__param__({name}, {})", string_literal(name));
        }
        match &self.visible {
            Some(visible) if !visible.contains(name) && !GLOBALS.contains(&name) => {
                format!("__missing__({})", string_literal(name))
            }
            _ => name.to_owned(),
        }
    }

    pub(crate) fn bind(&mut self, name: &str) {
        self.bound.insert(name.to_owned());
    }

    pub(crate) fn unsupported(&mut self, line: usize, what: impl Into<String>) {
        self.unsupported.push(Unsupported::Construct { template: self.template.clone(), line, what: what.into() });
    }

    pub(crate) fn filter(&mut self, name: &str, line: usize) {
        if filters::PYTHON_ONLY.contains(&name) {
            self.unsupported(line, format!("the filter {name}"));
        } else if !filters::NAMES.contains(&name) {
            self.unknown("filter", name, line);
        }
    }

    pub(crate) fn test(&mut self, name: &str, line: usize) {
        if !jinja_tests::NAMES.contains(&name) {
            self.unknown("test", name, line);
        }
    }

    fn unknown(&mut self, what: &str, name: &str, line: usize) {
        if self.conditional == 0 && self.assertion.is_none() {
            let mut error = TemplateError::syntax(format!("No {what} named '{name}'."), &self.template, line);
            error.exception.class = "jinja2.exceptions.TemplateAssertionError".into();
            self.assertion = Some(error);
        }
    }
}
