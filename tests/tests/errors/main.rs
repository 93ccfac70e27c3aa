//! Every kind of wrong input and of failure, with the error that it gives.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod archives;
mod commands;
mod downloads;
mod machine;
mod profile;
mod references;
mod sections;
mod templates;
