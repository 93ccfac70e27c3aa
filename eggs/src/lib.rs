//! Python distributions for buildouts: found, chosen, fetched, installed as eggs, and scripts that use them.
//!
//! [`Eggs`] is one value for a run, shared by its threads. It is made of an [`Interpreter`] (asked once what it has), a
//! downloader and [`Settings`]; what it needs of the run besides - where records go, how programs are started - comes with
//! each call as a [`Context`].
//!
//! | call | what it does |
//! |---|---|
//! | [`Eggs::install`] | requirements to a [`WorkingSet`]; what is missing is installed, if there is an eggs directory |
//! | [`Eggs::build`] | builds one source distribution with options of `build_ext` |
//! | [`Eggs::develop`] | makes a project usable where it is: an `.egg-link` |
//! | [`Eggs::scripts`] | scripts and interpreters with a working set on their path |
//! | [`Eggs::sorted`], [`Eggs::working_set_of`], [`Eggs::installed`] | working sets in other orders, of directories, of the interpreter |
//! | [`Eggs::picked`] | versions that no pin chose, for the report |
//!
//! The way of a request (`resolve`): the pins are applied to each requirement; what is installed is looked at (`environment`,
//! which reads places as `pkg_resources` does, and `metadata`); if that is not good enough, the index and the links are
//! asked (`index`), the best candidate is fetched and made an egg (`install`). Requirements of requirements follow breadth
//! first. The order, the choice, the records and the errors are those of zc.buildout 3.0.1; slapos mode differs where the
//! fork does (sources only, patches, build environments), and its errors say who required what and which pin helps.
//!
//! Two things make it quick. What pins decide is made ahead by other threads, in hidden directories of the eggs directory
//! (`resolve/ahead.rs`). A wheel is unpacked and converted once (`install/wheel.rs`), into a store in the cache directory
//! (`install/store.rs`), and eggs are hard links to it. Nothing is half done: an egg is renamed to its place when whole.
//!
//! Different from the reference on purpose:
//!
//! * Names of projects are compared as PEP 503 says, so that `zc.recipe.egg` is found in `zc_recipe_egg-3.0-*.whl`. Pins are
//!   looked up by the lower-cased name as written, like there.
//! * Eggs that pip made (`.dist-info` in an `.egg`) are seen everywhere, not only in the eggs directory.
//! * The index is pip's, if the profile names none. Withdrawn releases (PEP 592) are for exact pins only. The list of all
//!   projects of an index is never read.
//! * Texts that are no version of PEP 440 can be pinned.
//! * With `allow-unknown-extras`, the other requirements of the distribution are kept.
//! * slapos mode: the order of a new working set is that of one that is there already.
//! * Wheels and eggs with names that lead out, or with links, are refused.
//!
//! Left out on purpose: zipped eggs as such (they are unpacked), version control URLs, `.exe` installers, JSON indexes.

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
mod tools;
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
pub use settings::{BuildExt, Install, Mode, Patches, ScriptSource, Scripts, Settings, ToolSource};
pub use version::Version;
pub use working_set::WorkingSet;
