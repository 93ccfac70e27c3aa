//! Zip archives.

use std::io::BufReader;
use std::path::Path;

use zip::result::ZipError;

use super::ArchiveError;
use super::dest::{Attributes, Dest, components};

/// Unpacks the zip archive at `path`. As in the reference, an entry is a directory if its name ends in a slash and a
/// file otherwise (a symbolic link becomes a file that holds its target), and only modes are set.
pub(super) fn unzip(path: &Path, dest: &mut Dest) -> Result<(), ArchiveError> {
    let file = BufReader::with_capacity(64 * 1024, fs_err::File::open(path)?);
    let wrong = |error: ZipError| match error {
        ZipError::UnsupportedArchive(reason) => {
            ArchiveError::Unsupported { path: path.to_owned(), reason: reason.to_string() }
        }
        other => ArchiveError::Damaged { path: path.to_owned(), reason: other.to_string() },
    };
    let mut archive = zip::ZipArchive::new(file).map_err(wrong)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(wrong)?;
        dest.account(entry.size())?;
        let name = entry.name().map_err(wrong)?.into_owned();
        let Some(parts) = components(name.as_bytes()) else {
            dest.skip(name.as_bytes());
            continue;
        };
        let mode = entry.external_attributes() >> 16;
        let attributes = Attributes { mode: (mode != 0).then_some(mode), modified: None };
        if name.ends_with('/') {
            dest.directory(&parts, attributes)?;
        } else {
            let size = entry.size();
            dest.file(&parts, attributes, &mut entry, Some(size))?;
        }
    }
    Ok(())
}
