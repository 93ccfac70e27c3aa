//! The same archive with another compression.
//!
//! Compressors are deterministic, so upstream's file comes back if the compressor and its level are guessed right. The
//! usual guesses are few, and the checksum tells.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fs_err as fs;

use super::DebianError;
use super::apt::has_program;
use super::index::Row;
use crate::download::Request;
use crate::hash::hash_file;

/// Larger archives are not tried.
const MAX_SIZE: u64 = 300 << 20;
/// How many archives are tried for one file.
const MAX_CANDIDATES: usize = 3;

/// How the wanted file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compressor {
    Gzip,
    Bzip2,
    Xz,
}

impl Compressor {
    fn of(name: &str) -> Option<(Self, &str)> {
        let endings = [
            (".tar.gz", Self::Gzip),
            (".tgz", Self::Gzip),
            (".tar.bz2", Self::Bzip2),
            (".tbz2", Self::Bzip2),
            (".tbz", Self::Bzip2),
            (".tar.xz", Self::Xz),
            (".txz", Self::Xz),
        ];
        endings.iter().find_map(|(ending, compressor)| Some((*compressor, name.strip_suffix(ending)?)))
    }

    /// Commands that upstreams use, the likeliest first.
    fn commands(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Gzip => &[&["gzip", "-9n"], &["gzip", "-n"]],
            Self::Bzip2 => &[&["bzip2", "-9"]],
            Self::Xz => &[&["xz", "-T1", "-6"], &["xz", "-T1", "-9e"], &["xz", "-T1", "-9"], &["xz", "-T1", "-6e"]],
        }
    }
}

/// The archives that may have what `wanted` (`NAME-VERSION.tar.EXT`) has, the most similar name first.
pub(super) fn candidates<'a>(wanted: &str, rows: &'a [Row]) -> Vec<(&'a Row, Compressor)> {
    let Some((compressor, stem)) = Compressor::of(wanted) else {
        return Vec::new();
    };
    let split =
        stem.match_indices(['-', '_']).rfind(|(at, _)| stem[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    let Some((at, _)) = split else {
        return Vec::new();
    };
    let (name, version) = (stem[..at].to_ascii_lowercase(), &stem[at + 1..]);
    let mut found: Vec<(usize, &Row)> = Vec::new();
    for row in rows.iter().filter(|row| row.size <= MAX_SIZE) {
        let Some((other, stem)) = Compressor::of(&row.file) else {
            continue;
        };
        let Some((package, upstream)) = stem.strip_suffix(".orig").and_then(|stem| stem.split_once('_')) else {
            continue;
        };
        if other != compressor
            && upstream == version
            && let Some(distance) = distance(&name, package)
        {
            found.push((distance, row));
        }
    }
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().take(MAX_CANDIDATES).map(|(_, row)| (row, compressor)).collect()
}

/// How far a package name is from upstream's; `None` if they have nothing to do with each other.
fn distance(name: &str, package: &str) -> Option<usize> {
    let bare = package.strip_prefix("lib").unwrap_or(package);
    if name == package || name == bare {
        return Some(0);
    }
    let related = package.starts_with(name) || bare.starts_with(name) || name.starts_with(package);
    related.then(|| name.len().abs_diff(package.len()))
}

/// Makes `wanted` from `archive` in `work`; `None` if no compressor gives the right bytes.
pub(super) fn make(
    archive: &Path,
    wanted: &str,
    compressor: Compressor,
    work: &Path,
    request: &Request,
) -> Result<Option<PathBuf>, DebianError> {
    // The name comes from a URL: nothing else than a plain file name may pass.
    let target = work.join(format!("new-{}", wanted.replace('/', "_")));
    for command in compressor.commands() {
        if compressor == Compressor::Bzip2 && !has_program("bzip2") {
            let mut encoder = bzip2::write::BzEncoder::new(fs::File::create(&target)?, bzip2::Compression::best());
            io::copy(&mut plain(archive)?, &mut encoder)?;
            encoder.finish()?;
        } else if has_program(command[0]) {
            compress(archive, command, &target)?;
        } else {
            continue;
        }
        let digests = hash_file(&target, &request.algorithms())?;
        if request.mismatch(&digests).is_none() {
            return Ok(Some(target));
        }
    }
    Ok(None)
}

fn compress(archive: &Path, command: &[&str], target: &Path) -> Result<(), DebianError> {
    let failed = |reason: String| DebianError::Apt { command: command.join(" "), reason };
    let output: File = fs::File::create(target)?.into();
    let mut child = Command::new(command[0])
        .args(&command[1..])
        .arg("-c")
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let mut input = child.stdin.take().expect("the input was asked to be a pipe");
    let poured = plain(archive).and_then(|mut plain| io::copy(&mut plain, &mut input)).and_then(|_| input.flush());
    drop(input);
    let status = child.wait()?;
    poured?;
    if status.success() { Ok(()) } else { Err(failed(status.to_string())) }
}

/// The bytes of `archive` without compression.
fn plain(archive: &Path) -> io::Result<Box<dyn Read>> {
    let file = BufReader::with_capacity(256 * 1024, fs::File::open(archive)?);
    let name = archive.to_string_lossy();
    Ok(match Compressor::of(&name) {
        Some((Compressor::Gzip, _)) => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Some((Compressor::Bzip2, _)) => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
        Some((Compressor::Xz, _)) => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(file)),
        None => Box::new(file),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(files: &[&str]) -> Vec<Row> {
        files.iter().map(|file| Row { file: (*file).to_owned(), ..Row::default() }).collect()
    }

    #[test]
    fn names_that_belong_together() {
        let rows = rows(&[
            "xz-utils_5.8.1.orig.tar.xz",
            "xz-utils_5.4.1.orig.tar.xz",
            "pcre2_10.42.orig.tar.gz",
            "libffi_3.4.4.orig.tar.xz",
            "x_5.8.1-1.debian.tar.xz",
            "other_5.8.1.orig.tar.gz",
        ]);
        let names = |wanted: &str| -> Vec<String> {
            candidates(wanted, &rows).into_iter().map(|(row, _)| row.file.clone()).collect()
        };
        assert_eq!(names("xz-5.8.1.tar.bz2"), ["xz-utils_5.8.1.orig.tar.xz"]);
        assert_eq!(names("pcre2-10.42.tar.bz2"), ["pcre2_10.42.orig.tar.gz"]);
        assert_eq!(names("ffi-3.4.4.tgz"), ["libffi_3.4.4.orig.tar.xz"]);
        assert_eq!(names("xz-5.8.1.tar.xz"), Vec::<String>::new());
        assert_eq!(names("v1.tar.gz"), Vec::<String>::new());
        assert_eq!(names("xz-5.8.1.zip"), Vec::<String>::new());
    }

    #[test]
    fn made_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"hello").unwrap();
        let archive = dir.path().join("a_1.orig.tar.gz");
        fs::write(&archive, encoder.finish().unwrap()).unwrap();
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        encoder.write_all(b"hello").unwrap();
        let bytes = encoder.finish().unwrap();
        let request = Request::new("http://h/a-1.tar.bz2").md5(crate::hash::md5_hex(&bytes));
        let path = make(&archive, "a-1.tar.bz2", Compressor::Bzip2, dir.path(), &request).unwrap().unwrap();
        assert_eq!(fs::read(path).unwrap(), bytes);
        let wrong = Request::new("http://h/a-1.tar.bz2").md5("0");
        assert_eq!(make(&archive, "a-1.tar.bz2", Compressor::Bzip2, dir.path(), &wrong).unwrap(), None);
    }
}
