//! What the tests of the whole command share: a directory of its own for each test, runs of the command, archives,
//! a small HTTP server, and trees of files to compare.

mod archive;
mod binary;
mod filters;
mod outcome;
mod sandbox;
mod server;
pub mod targets;
mod tree;

pub use archive::{Archive, md5};
pub use binary::{binary, repository, tool};
pub use filters::Filters;
pub use outcome::Outcome;
pub use sandbox::{Running, Sandbox};
pub use server::{Answer, Server};
pub use tree::{Tree, difference};
