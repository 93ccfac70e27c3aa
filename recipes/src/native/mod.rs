//! The native recipes.

mod build;
mod cmmi;
mod collective_template;
pub(crate) mod common;
mod debug;
mod egg;
mod mkdirectory;
mod plone_command;
mod registry;
mod symbolic_link;
mod template;
mod wrapper;

pub use registry::{NATIVES_VARIABLE, Natives, find, natives};

use crate::api::Distribution;

const BUILD: Distribution = Distribution { project: "slapos.recipe.build", version: "0.66" };
const COOKBOOK: Distribution = Distribution { project: "slapos.cookbook", version: "1.0.514" };
const TEMPLATE: Distribution = Distribution { project: "slapos.recipe.template", version: "5.1" };
