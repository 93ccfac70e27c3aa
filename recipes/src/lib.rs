//! Recipes of rbuildout: the [`Recipe`] contract, the native recipes, the template engine and the host of Python recipes.

mod api;
pub mod eggs;
mod error;
mod live;
mod native;
pub mod python;
pub mod run;
pub mod template;

pub use api::{DevelopEggs, Distribution, Effects, Host, Installed, Mode, Part, Recipe, Settings, required, text};
pub use error::{CommandFailure, CommandStatus, Place, RecipeError, Text};
pub use live::{Depends, LiveBuildout, WithLive};
pub use native::{NATIVES_VARIABLE, Natives, find, natives};
