//! Recipes in Python, run unmodified in a child process.
//!
//! One CPython per run, started when the first recipe needs it: the interpreter that the buildout is configured with. All
//! Python recipes of the run live in it, since they reach each other; it imports our own small `zc.buildout` (the folder
//! `python/` of this crate), whose objects ask the engine for everything. The way through the files: `process` starts and
//! stops it, `protocol` and `channel` are the messages, `host` makes the calls and serves those that come back (`serve`,
//! `download`), `recipe` is what the engine sees of a Python recipe, `errors` is what happens to exceptions on their way
//! through both sides. Where the code of a recipe is, `eggs` knows; `trace` is how a run with nothing to do gets along
//! without Python.
//!
//! upstream mode: everything is called in that one process, in order, as zc.buildout does. slapos mode: a part is installed
//! or updated in a fork of it, so that parts run side by side and what a recipe does to its process stays its own; the
//! fork's output goes to the part's log.
//!
//! The main process is called only by whoever holds the live buildout, or, in upstream mode, by the one part at work: so
//! calls on its channel never mix.

mod channel;
mod download;
mod errors;
mod host;
mod process;
mod protocol;
mod recipe;
mod serve;
mod shim;
mod trace;

pub use host::{PythonHost, PythonSettings};
pub use recipe::{extension, init, lookup, uninstall};
