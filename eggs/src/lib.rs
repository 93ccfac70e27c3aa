//! Python distributions for buildouts: found, chosen, fetched, installed as eggs, and scripts that use them.

mod context;
mod develop;
mod distribution;
mod eggs;
mod environment;
mod error;
mod index;
mod install;
mod interpreter;
mod metadata;
mod name;
mod picked;
mod pins;
mod requirement;
mod resolve;
mod scripts;
mod settings;
mod specifier;
#[cfg(test)]
mod testing;
mod version;
mod working_set;

pub use context::{Command, Context, LOGGER, Level};
pub use develop::Develop;
pub use distribution::{Distribution, EntryPoint, Kind, Precedence};
pub use eggs::Eggs;
pub use error::{Cause, EggError, Status};
pub use interpreter::Interpreter;
pub use metadata::Metadata;
pub use name::{canonical_name, safe_name};
pub use picked::Picked;
pub use pins::Pins;
pub use requirement::Requirement;
pub use settings::{BuildExt, Install, Mode, Patches, ScriptSource, Scripts, Settings};
pub use version::Version;
pub use working_set::WorkingSet;
