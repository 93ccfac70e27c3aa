//! The distributions of a run: those that recipes and extensions come from, and those that recipes ask for.
//!
//! There is one *active* working set, as in a process of zc.buildout: what the interpreter has, then whatever recipes and
//! extensions needed. zc.buildout itself is in it although no file of it is used: the program stands in for it.

mod active;
mod context;
mod develop;
mod load;
mod serve;
mod signature;
mod work;

pub(crate) use active::to_error;
pub use active::{Active, ActiveSettings, Say};
pub use load::{Group, Loaded};
pub(crate) use work::EggWork;
