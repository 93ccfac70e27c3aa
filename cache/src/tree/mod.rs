//! Work on whole trees of files. Symbolic links are never followed, and read-only directories are no obstacle.
//!
//! All of it goes by directory descriptors (`openat` and its family), so that a path is resolved once per directory
//! and not once per file, and so that nothing can be swapped for a symbolic link on the way.
//!
//! Left out on purpose: owners, access lists and extended attributes (the reference does not keep them either), and
//! reflinks (a hard link is cheaper where it is possible at all).

mod copy;
mod links;
mod modes;
mod remove;
mod walk;

pub use copy::{copy, link_or_copy};
pub use links::clone_by_links;
pub use modes::make_read_only;
pub use remove::remove;
