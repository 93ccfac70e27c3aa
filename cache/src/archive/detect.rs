//! The format of a file, by its bytes.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Zip,
    /// A tar archive, if anything: only its decompressed start tells.
    Stream(Compression),
}

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Bzip2,
    Xz,
    /// The format before xz.
    Lzma,
    Zstd,
    Lzip,
}

/// The most a zip file's end record can be away from the end: its own size and a comment.
const ZIP_END: u64 = 22 + 65_535;

/// The format of the file at `path`.
pub(super) fn format(path: &Path) -> io::Result<Format> {
    let mut file = fs_err::File::open(path)?;
    let mut head = Vec::with_capacity(16);
    file.by_ref().take(16).read_to_end(&mut head)?;
    Ok(match by_magic(&head) {
        Some(format) => format,
        // Programs that unpack themselves are zip files with something in front.
        None if has_zip_end(&mut file)? => Format::Zip,
        None => Format::Stream(Compression::None),
    })
}

fn by_magic(head: &[u8]) -> Option<Format> {
    let streams: [(&[u8], Compression); 6] = [
        (b"\x1f\x8b", Compression::Gzip),
        (b"BZh", Compression::Bzip2),
        (b"\xfd7zXZ\0", Compression::Xz),
        (b"\x5d\0\0", Compression::Lzma),
        (b"\x28\xb5\x2f\xfd", Compression::Zstd),
        (b"LZIP", Compression::Lzip),
    ];
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Some(Format::Zip);
    }
    let found = streams.iter().find(|(magic, _)| head.starts_with(magic))?;
    Some(Format::Stream(found.1))
}

fn has_zip_end(file: &mut fs_err::File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    // A tar archive that ends in a zip file is a tar archive.
    let mut block = [0; 512];
    file.seek(SeekFrom::Start(0))?;
    if file.read_exact(&mut block).is_ok() && is_tar_header(&block) {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(length.saturating_sub(ZIP_END)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(tail.windows(4).any(|window| window == b"PK\x05\x06"))
}

/// Whether `block` starts a tar archive: its checksum is right, or it is the zero block of an empty one.
pub(super) fn is_tar_header(block: &[u8; 512]) -> bool {
    if block.iter().all(|&byte| byte == 0) {
        return true;
    }
    let header = tar::Header::from_byte_slice(block);
    let Ok(stored) = header.cksum() else {
        return false;
    };
    let sum = |value: fn(u8) -> i64| -> i64 {
        let rest = block[..148].iter().chain(&block[156..]).map(|&byte| value(byte)).sum::<i64>();
        rest + 8 * i64::from(b' ')
    };
    // Some old tars summed signed characters.
    [sum(i64::from), sum(|byte| i64::from(byte.cast_signed()))].contains(&i64::from(stored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_and_tail() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let mut with_zip = vec![b'#'; 100];
        with_zip.extend(b"PK\x05\x06");
        with_zip.extend([0; 18]);
        for (bytes, format) in [
            (&b""[..], Format::Stream(Compression::None)),
            (b"\x1f", Format::Stream(Compression::None)),
            (b"\x1f\x8b", Format::Stream(Compression::Gzip)),
            (b"LZIP\x01", Format::Stream(Compression::Lzip)),
            (b"PK\x03\x04", Format::Zip),
            (&with_zip, Format::Zip),
        ] {
            fs_err::write(&path, bytes).unwrap();
            assert_eq!(super::format(&path).unwrap(), format);
        }
    }
}
