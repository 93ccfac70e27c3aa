//! The build core: profiles to a plan, a plan to installed parts.
//!
//! The way of a run: [`cli`] reads the command line, `session` loads the profile (`files`, `interpreter`), `buildout`
//! brings sections to life, `plan` compares them with what is installed, `run` does the work, `state` remembers it and
//! `ui` tells.

pub mod buildout;
pub mod cli;
pub mod files;
pub mod interpreter;
pub mod plan;
pub mod run;
pub mod session;
pub mod state;
pub mod ui;
