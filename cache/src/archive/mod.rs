//! Unpacking of archives.
//!
//! Input: a local file (or directory) of any format a profile may name, told by its first bytes and never by its name:
//! tar, plain or compressed by gzip, bzip2, xz, lzma, zstd or lzip; zip; a directory is copied.
//!
//! What comes out is what the reference's drivers make of it: names that are absolute or have a `..` component are
//! skipped, devices and fifos are dropped, symbolic links are kept as they are even when they dangle or point outside,
//! modes and times are those of the archive (zip: modes only), owners are not restored. Three things differ:
//!
//! * Nothing is ever written outside the destination. The reference writes through a symbolic link that an earlier
//!   entry made; here such an entry ends the extraction with an error, while a link that stays inside works.
//! * Modes and times of directories are set last, so that a read-only directory can be filled.
//! * An archive that is cut off or broken is an error, also where Python's tarfile takes the rest for the end.
//!
//! One thread decompresses and another writes (module `stream`); the writer works by directory descriptors (module `dest`).
//!
//! Left out on purpose: holes (a sparse file is unpacked to its full size, except in the pax formats), access lists,
//! extended attributes, multi-volume archives, encrypted zip files.

mod dest;
mod detect;
mod error;
mod limits;
mod sparse;
mod stream;
mod strip;
mod untar;
mod unzip;

use std::ffi::OsStr;
use std::path::Path;

pub use dest::Skipped;
pub use error::ArchiveError;
pub use limits::Limits;
pub use strip::{Strip, strip_top_level};

use dest::Dest;
use detect::Format;

/// Unpacks the archive (or copies the directory) at `path` into `dest`, which is created when missing.
///
/// `path_env` is the `PATH` in which `lunzip` is looked for, which the reference needs for lzip; `None` is that of this
/// process. Without the program, lzip is decompressed here as all other formats are.
///
/// Returns the entries that were skipped for their names.
///
/// # Errors
/// Each variant of [`ArchiveError`] but [`ArchiveError::NotOneDirectory`]. What was unpacked until then stays.
pub fn unpack(path: &Path, dest: &Path, limits: &Limits, path_env: Option<&OsStr>) -> Result<Skipped, ArchiveError> {
    if fs_err::metadata(path)?.is_dir() {
        fs_err::create_dir_all(dest)?;
        crate::tree::copy(path, dest)?;
        return Ok(Skipped::default());
    }
    let format = detect::format(path)?;
    fs_err::create_dir_all(dest)?;
    let mut dest = Dest::open(dest, path, *limits)?;
    match format {
        Format::Zip => unzip::unzip(path, &mut dest)?,
        Format::Stream(compression) => {
            let mut stream = stream::open(path, compression, path_env)?;
            untar::untar(&mut stream, path, &mut dest)?;
            stream.finish(path)?;
        }
    }
    dest.finish()
}
