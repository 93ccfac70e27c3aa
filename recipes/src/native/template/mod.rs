//! The recipes of slapos.recipe.template.

mod context;
mod failure;
mod imports;
mod jinja2;
mod json;
mod output;
mod plain;
mod source;

pub(crate) use jinja2::Jinja2;
pub(crate) use plain::Template;
