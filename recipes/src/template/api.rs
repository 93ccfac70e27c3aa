//! What the rest of the crate sees of the template engine.

use std::path::PathBuf;

use indexmap::IndexMap;
use rbuildout_parser::python::{PythonError, Value};

/// An engine that renders Jinja2 templates.
pub trait TemplateEngine {
    /// Renders a job to text.
    fn render(&self, job: &RenderJob) -> Result<String, TemplateError>;

    /// Says whether the engine can do the job, from the job alone: nothing is rendered.
    fn supports(&self, job: &RenderJob) -> Result<(), Unsupported>;
}

/// One template with all that its rendering depends on.
#[derive(Debug, Clone, Default)]
pub struct RenderJob {
    /// The text of the template.
    pub source: String,
    /// The URL of the template, or `<inline>`: only for messages.
    pub name: String,
    /// The names of the `context` option, in its order. The default names are added by the engine.
    pub context: IndexMap<String, ContextValue>,
    /// The `import-list` option; `None` without one.
    pub imports: Option<Imports>,
    /// The names of the `extensions` option.
    pub extensions: Vec<String>,
    /// The time of the rendering in seconds since the epoch, for the few functions that ask.
    pub now: u64,
    /// True if options are nothing but texts, as in upstream mode: templates have no `dumps` then.
    pub untyped: bool,
}

/// The meaning of one name of the context.
#[derive(Debug, Clone)]
pub enum ContextValue {
    /// Data.
    Value(Value),
    /// A Python module by its dotted name.
    Module(String),
}

/// Where templates are imported from.
#[derive(Debug, Clone)]
pub struct Imports {
    /// The delimiter between a folder alias and the path below it, `/` by default.
    pub delimiter: String,
    /// What the aliases mean.
    pub aliases: IndexMap<String, ImportSource>,
}

/// The meaning of an alias of the `import-list` option.
#[derive(Debug, Clone)]
pub enum ImportSource {
    /// A template as text; importable as the alias.
    Text(String),
    /// A file; importable as the alias.
    File(PathBuf),
    /// A folder; its files are importable as alias, delimiter, path.
    Folder(PathBuf),
}

/// A failed rendering, in the words of Python.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{exception}")]
pub struct TemplateError {
    /// The exception class (`jinja2.exceptions.UndefinedError`, `KeyError`, …) and its message.
    pub exception: PythonError,
    /// The template that failed: the name of the job or an imported name.
    pub template: String,
    /// The line in that template, from 1; 0 if unknown.
    pub line: usize,
}

impl TemplateError {
    /// `jinja2.exceptions.TemplateSyntaxError`.
    pub(crate) fn syntax(message: impl Into<String>, template: &str, line: usize) -> Self {
        Self {
            exception: PythonError::new("jinja2.exceptions.TemplateSyntaxError", message),
            template: template.to_owned(),
            line,
        }
    }

    /// True if the template needs something that only the Python engine has.
    pub fn is_unsupported(&self) -> bool {
        self.exception.is_unsupported()
    }
}

/// Why a job is beyond the engine and has to go to the Python recipe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// The context imports a Python module that has no native counterpart.
    #[error("imports Python module `{0}`")]
    Module(String),
    /// An extension that is no part of the engine.
    #[error("uses the Jinja2 extension `{0}`")]
    Extension(String),
    /// A construct of a template.
    #[error("template {template}, line {line}: {what}")]
    Construct {
        /// The template.
        template: String,
        /// The line, from 1.
        line: usize,
        /// What it uses.
        what: String,
    },
}
