//! The recipes of slapos.recipe.template.

mod output;
mod plain;
mod source;

pub(crate) use plain::Template;
