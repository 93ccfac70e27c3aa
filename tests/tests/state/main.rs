//! What is remembered between runs, in which order parts run, and why.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod kept;
mod order;
mod reasons;
mod removal;
mod upstream;
