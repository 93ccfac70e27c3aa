//! Jinja2 templates.

mod api;
mod attributes;
mod builtins;
mod convert;
mod dict;
mod engine;
mod errors;
mod filters;
mod filters_list;
mod filters_text;
mod iterate;
mod jinja_tests;
mod json;
mod lexer;
mod loader;
mod methods;
mod modules;
mod object;
#[cfg(test)]
mod odd_arguments;
mod ops;
mod rewrite;
mod rewrite_expr;
mod rewrite_names;

pub use api::{ContextValue, ImportSource, Imports, RenderJob, TemplateEngine, TemplateError, Unsupported};
pub(crate) use builtins::in_every_template;
pub use engine::NativeEngine;
pub(crate) use loader::{Found, find, load};
