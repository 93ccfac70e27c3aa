//! Doing what the plan says: preparation of all parts, the scheduler, installation and removal.

mod initialise;
mod install;
mod jobserver;
mod picked;
mod prepare;
mod rebootstrap;
mod remove;
mod schedule;
mod services;

pub use initialise::{Initialised, begin};
pub use install::{Finished, PartFailure, Signals, create_directories, install};
pub use prepare::{Prepared, Purpose, prepare};
pub use rebootstrap::REBOOTSTRAP;
