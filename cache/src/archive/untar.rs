//! Tar archives.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use rustix::fs::Timespec;
use tar::EntryType;

use super::ArchiveError;
use super::dest::{Attributes, Dest, components};
use super::detect::is_tar_header;
use super::sparse::SparseFile;

/// The most bytes the headers of one entry may have: long names and extended headers are read into memory.
const MAX_HEADERS: u64 = 8 << 20;

/// Unpacks the tar archive `stream` (decompressed) into `dest`; `path` is for messages.
pub(super) fn untar(stream: &mut dyn Read, path: &Path, dest: &mut Dest) -> Result<(), ArchiveError> {
    let mut head = [0; 512];
    let length = fill(stream, &mut head).map_err(|error| dest.damaged(error.to_string()))?;
    if length < head.len() || !is_tar_header(&head) {
        return Err(ArchiveError::Unrecognized { path: path.to_owned() });
    }
    let budget = Rc::new(Cell::new(MAX_HEADERS));
    let mut archive = tar::Archive::new(Gauge { inner: (&head[..]).chain(stream), budget: Rc::clone(&budget) });
    let entries = archive.entries().map_err(|error| dest.damaged(error.to_string()))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| dest.damaged(error.to_string()))?;
        budget.set(u64::MAX);
        extract(&mut entry, dest)?;
        // What is left of this one is skipped before the next.
        budget.set(entry.size().saturating_add(MAX_HEADERS));
    }
    Ok(())
}

fn extract<R: Read>(entry: &mut tar::Entry<'_, R>, dest: &mut Dest) -> Result<(), ArchiveError> {
    let pax = Pax::read(entry).map_err(|error| dest.damaged(error.to_string()))?;
    let name = pax.name.clone().unwrap_or_else(|| entry.path_bytes().into_owned());
    dest.account(entry.size())?;
    let Some(parts) = components(&name) else {
        dest.skip(&name);
        return Ok(());
    };
    let header = entry.header();
    let mode = header.mode().map_err(|error| dest.damaged(error.to_string()))?;
    let seconds = header.mtime().map_err(|error| dest.damaged(error.to_string()))?;
    let modified = pax.modified.unwrap_or(Timespec { tv_sec: seconds as i64, tv_nsec: 0 });
    let attributes = Attributes { mode: Some(mode), modified: Some(modified) };
    let kind = header.entry_type();
    // Before there was a type for directories, a slash told.
    let old_directory = kind.as_byte() == 0 && name.ends_with(b"/");
    match kind {
        EntryType::Directory => dest.directory(&parts, attributes),
        _ if old_directory => dest.directory(&parts, attributes),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            if let Some(sparse) = pax.sparse {
                return sparse.extract(entry, &parts, attributes, dest);
            }
            let size = entry.size();
            dest.file(&parts, attributes, entry, Some(size))
        }
        EntryType::Symlink | EntryType::Link => {
            let Some(target) = entry.link_name_bytes().map(std::borrow::Cow::into_owned) else {
                return Err(dest.damaged(format!("the link `{}` has no target", String::from_utf8_lossy(&name))));
            };
            if kind == EntryType::Symlink { dest.symlink(&parts, &target) } else { dest.hard_link(&parts, &target) }
        }
        _ => Ok(()),
    }
}

/// What is used of an entry's extended header, beyond what the tar crate does itself.
#[derive(Default)]
struct Pax {
    modified: Option<Timespec>,
    name: Option<Vec<u8>>,
    sparse: Option<SparseFile>,
}

impl Pax {
    fn read<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<Self> {
        let mut pax = Self::default();
        let mut sparse = SparseFile::default();
        let Some(extensions) = entry.pax_extensions()? else {
            return Ok(pax);
        };
        for extension in extensions {
            let extension = extension?;
            let value = extension.value_bytes();
            match extension.key_bytes() {
                b"mtime" => pax.modified = timestamp(value),
                b"GNU.sparse.name" => pax.name = Some(value.to_vec()),
                key => sparse.header(key, value)?,
            }
        }
        pax.sparse = sparse.is_sparse().then_some(sparse);
        Ok(pax)
    }
}

/// `seconds[.fraction]`; anything else is ignored, as the header has a time too.
fn timestamp(value: &[u8]) -> Option<Timespec> {
    let text = std::str::from_utf8(value).ok()?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let tv_sec: i64 = seconds.parse().ok()?;
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    let tv_nsec: i64 = digits.parse().ok()?;
    if text.starts_with('-') && tv_nsec > 0 {
        return Some(Timespec { tv_sec: tv_sec - 1, tv_nsec: 1_000_000_000 - tv_nsec });
    }
    Some(Timespec { tv_sec, tv_nsec })
}

/// Fills `buffer` as far as `reader` goes; returns the length.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// Lets no more than `budget` bytes through.
struct Gauge<R> {
    inner: R,
    budget: Rc<Cell<u64>>,
}

impl<R: Read> Read for Gauge<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.budget.get();
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the headers of an entry are too large"));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut buffer[..most])?;
        if left != u64::MAX {
            self.budget.set(left - count as u64);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pax_times() {
        let time = |text: &str| timestamp(text.as_bytes()).map(|time| (time.tv_sec, time.tv_nsec));
        assert_eq!(time("12"), Some((12, 0)));
        assert_eq!(time("12.5"), Some((12, 500_000_000)));
        assert_eq!(time("12.1234567891"), Some((12, 123_456_789)));
        assert_eq!(time("-1.25"), Some((-2, 750_000_000)));
        assert_eq!(time("x"), None);
    }
}
