//! The Python modules that templates may import, as far as real templates use them.

mod collections;
mod files;
pub(crate) mod hashes;
pub(crate) mod net;
mod regexes;
mod shell;
mod table;
pub(crate) mod urls;

pub(crate) use table::{attribute, call, has_method, import, record_method};
