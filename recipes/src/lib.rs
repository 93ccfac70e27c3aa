//! Native recipes of rbuildout: the [`Recipe`] contract, the recipes themselves and the template engine.

mod api;
mod error;
mod native;
pub mod run;
pub mod template;

pub use api::{Distribution, Effects, Host, Installed, Mode, Part, Recipe, Settings, required, text};
pub use error::{CommandFailure, CommandStatus, Place, RecipeError, Text};
pub use native::{find, why_not_native};
