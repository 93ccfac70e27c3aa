//! Unpacking of archives.

mod error;
mod limits;
mod strip;

pub use error::ArchiveError;
pub use limits::Limits;
pub use strip::{Strip, strip_top_level};

use std::ffi::OsStr;
use std::path::Path;

/// Unpacks the archive (or copies the directory) at `path` into `dest`, which is created when missing. `path_env` is
/// the `PATH` in which the external `lunzip` is looked up; `None` is that of this process.
///
/// # Errors
/// Each variant of [`ArchiveError`].
pub fn unpack(path: &Path, dest: &Path, limits: &Limits, path_env: Option<&OsStr>) -> Result<(), ArchiveError> {
    let _ = (dest, limits, path_env);
    Err(ArchiveError::Unrecognized { path: path.to_owned() })
}
