//! Archives of every format, unpacked.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_cache::archive::{ArchiveError, Limits, unpack};

fn open(archive: &Path, dest: &Path) -> Result<(), ArchiveError> {
    unpack(archive, dest, &Limits::default(), None).map(drop)
}

/// Name to mode, time and content of all that is in `root`.
fn listing(root: &Path) -> BTreeMap<String, (u32, i64, String)> {
    let mut found = BTreeMap::new();
    let mut todo: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let (time, content) = if metadata.is_symlink() {
                (0, format!("-> {}", fs::read_link(&path).unwrap().display()))
            } else if metadata.is_dir() {
                todo.push(path);
                (metadata.mtime(), "dir".to_owned())
            } else {
                (metadata.mtime(), String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned())
            };
            found.insert(name, (metadata.mode() & 0o7777, time, content));
        }
    }
    found
}

fn header(kind: tar::EntryType, size: usize, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(mode);
    header.set_mtime(1_234_567_890);
    header
}

/// A tar archive with one of everything, in an order that needs care.
fn sample() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut file = |name: &str, mode: u32, content: &str| {
        tar.append_data(&mut header(tar::EntryType::Regular, content.len(), mode), name, content.as_bytes()).unwrap();
    };
    file("top/early/file", 0o640, "before its directory");
    file("top/tool", 0o4755, "#!");
    file(&format!("top/{}/{}", "long".repeat(30), "name".repeat(40)), 0o644, "gnu");
    let mut entry = |kind, name: &str, mode| {
        tar.append_data(&mut header(kind, 0, mode), name, &b""[..]).unwrap();
    };
    entry(tar::EntryType::Directory, "top/sealed/", 0o555);
    entry(tar::EntryType::Fifo, "top/fifo", 0o644);
    entry(tar::EntryType::Char, "top/null", 0o666);
    entry(tar::EntryType::Directory, "top/early", 0o700);
    let mut link = |kind, name: &str, target: &str| {
        tar.append_link(&mut header(kind, 0, 0o777), name, target).unwrap();
    };
    link(tar::EntryType::Symlink, "top/dangling", "/nowhere/at/all");
    link(tar::EntryType::Symlink, "top/lib64", "sealed");
    link(tar::EntryType::Link, "top/hard", "top/tool");
    link(tar::EntryType::Link, "top/hard-to-nothing", "top/missing");
    tar.append_data(&mut header(tar::EntryType::Regular, 4, 0o600), "top/lib64/through", &b"link"[..]).unwrap();
    tar.into_inner().unwrap()
}

fn check(dest: &Path) {
    let found = listing(dest);
    let time = 1_234_567_890;
    let of = |name: &str| found.get(name).unwrap_or_else(|| panic!("{name} is missing: {:?}", found.keys()));
    assert_eq!(*of("top/early/file"), (0o640, time, "before its directory".into()));
    assert_eq!(*of("top/early"), (0o700, time, "dir".into()));
    assert_eq!(*of("top/sealed"), (0o555, time, "dir".into()));
    assert_eq!(*of("top/sealed/through"), (0o600, time, "link".into()));
    assert_eq!(of("top/dangling").2, "-> /nowhere/at/all");
    assert_eq!(of("top/lib64").2, "-> sealed");
    assert_eq!(*of("top/tool"), (0o4755, time, "#!".into()));
    assert_eq!(of(&format!("top/{}/{}", "long".repeat(30), "name".repeat(40))).2, "gnu");
    assert_eq!(fs::metadata(dest.join("top/hard")).unwrap().ino(), fs::metadata(dest.join("top/tool")).unwrap().ino());
    for absent in ["top/fifo", "top/null", "top/hard-to-nothing"] {
        assert!(!found.contains_key(absent), "{absent}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An lzip member: the lzma stream of [`lzma`] with its header and trailer exchanged.
fn lzip(bytes: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    // The dictionary of preset 1 is 1 MiB: 2^20. The 13 bytes before the data are another header.
    let mut member = b"LZIP\x01\x14".to_vec();
    member.extend(&lzma(bytes)[13..]);
    member.extend(crc.sum().to_le_bytes());
    member.extend((bytes.len() as u64).to_le_bytes());
    member.extend((member.len() as u64 + 8).to_le_bytes());
    member
}

type Compress = fn(&[u8]) -> Vec<u8>;

const FORMATS: [(&str, Compress); 7] = [
    ("plain", <[u8]>::to_vec),
    ("gzip", gzip),
    ("bzip2", bzip2),
    ("xz", xz),
    ("lzma", lzma),
    ("lzip", lzip),
    ("zstd", |bytes| zstd::encode_all(bytes, 1).unwrap()),
];

#[test]
fn tar_in_every_compression() {
    let dir = tempfile::tempdir().unwrap();
    for (name, compress) in FORMATS {
        // The name says nothing.
        let archive = dir.path().join(name);
        fs::write(&archive, compress(&sample())).unwrap();
        let dest = dir.path().join(format!("{name}.out/deep"));
        open(&archive, &dest).unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&dest);
        // Once more over what is there.
        open(&archive, &dest).unwrap();
        check(&dest);
        rbuildout_cache::tree::remove(&dest).unwrap();
    }
}

#[test]
fn members_one_after_another() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = sample();
    let (one, two) = bytes.split_at(1500);
    for (name, compress) in [("gzip", gzip as Compress), ("bzip2", bzip2), ("xz", xz), ("zstd", FORMATS[6].1)] {
        let archive = dir.path().join(name);
        fs::write(&archive, [compress(one), compress(two)].concat()).unwrap();
        open(&archive, &dir.path().join(format!("{name}.out"))).unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&dir.path().join(format!("{name}.out")));
    }
    // Padding and garbage behind the end.
    for (name, tail) in [("zeros", &[0; 600][..]), ("garbage", b"hello, this is no gzip")] {
        let archive = dir.path().join(name);
        fs::write(&archive, [&gzip(&bytes), tail].concat()).unwrap();
        open(&archive, &dir.path().join(format!("{name}.out"))).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn cut_off_and_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a");
    for (name, compress) in FORMATS {
        let bytes = compress(&sample());
        // Within the data of the last file: the trailer of zeros is not needed.
        let at = if name == "plain" { 1400 } else { bytes.len() - 9 };
        fs::write(&archive, &bytes[..at]).unwrap();
        let error = open(&archive, &dir.path().join(name)).unwrap_err();
        assert!(matches!(&error, ArchiveError::Damaged { path, .. } if *path == archive), "{name}: {error}");
    }
    for bytes in [&b""[..], b"x", b"garbage, and a bit more of it", &gzip(b"not a tar"), &xz(b""), &[b'x'; 2000]] {
        fs::write(&archive, bytes).unwrap();
        let error = open(&archive, &dir.path().join("unknown")).unwrap_err();
        assert_eq!(error.to_string(), format!("Not a recognized archive type: {}", archive.display()));
    }
    let error = open(&dir.path().join("missing"), &dir.path().join("unknown")).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    // A header in the middle that is none: Python would stop there in silence.
    let mut bytes = sample();
    bytes[1024 + 10] ^= 0xff;
    fs::write(&archive, &bytes).unwrap();
    assert!(matches!(open(&archive, &dir.path().join("broken")), Err(ArchiveError::Damaged { .. })));
}

#[test]
fn empty_archives() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a");
    let empty = tar::Builder::new(Vec::new()).into_inner().unwrap();
    let zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new())).finish().unwrap().into_inner();
    for bytes in [&empty, &gzip(&empty), &zip] {
        fs::write(&archive, bytes).unwrap();
        open(&archive, &dir.path().join("out")).unwrap();
    }
    assert_eq!(listing(&dir.path().join("out")).len(), 0);
}

#[test]
fn zip() {
    use zip::write::SimpleFileOptions;
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a");
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let deflated = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut file = |name: &str, options: SimpleFileOptions, content: &str| {
        writer.start_file(name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    };
    file("top/tool", deflated.unix_permissions(0o755), &"x".repeat(5000));
    file("top/plain", stored.unix_permissions(0o600), "plain");
    file("../escaped", stored, "no");
    file("/absolute", stored, "no");
    file("top/../sideways", stored, "no");
    writer.add_directory("top/dir", stored.unix_permissions(0o555)).unwrap();
    writer.add_symlink("top/link", "/etc/passwd", stored).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    // As it is, and as the tail of a program.
    for bytes in [bytes.clone(), [b"#!/bin/sh\nexit\n", &bytes[..]].concat()] {
        fs::write(&archive, &bytes).unwrap();
        let dest = dir.path().join("out");
        open(&archive, &dest).unwrap();
        let found = listing(&dest);
        assert_eq!(
            found.keys().map(String::as_str).collect::<Vec<_>>(),
            ["top", "top/dir", "top/link", "top/plain", "top/tool"]
        );
        assert_eq!((found["top/tool"].0, found["top/tool"].2.len()), (0o755, 5000));
        assert_eq!((found["top/plain"].0, found["top/dir"].0), (0o600, 0o555));
        // As in the reference.
        assert_eq!(found["top/link"].2, "/etc/passwd");
        assert_eq!(names(dir.path()), ["a", "out"]);
        rbuildout_cache::tree::remove(&dest).unwrap();
    }
    fs::write(&archive, &bytes[..bytes.len() - 30]).unwrap();
    assert!(matches!(open(&archive, &dir.path().join("cut")), Err(ArchiveError::Damaged { .. })));
    let mut flipped = bytes;
    flipped[45] ^= 0x10;
    fs::write(&archive, &flipped).unwrap();
    assert!(open(&archive, &dir.path().join("flipped")).is_err());
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_directory_is_copied() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("source/inner")).unwrap();
    fs::write(dir.path().join("source/inner/file"), "x").unwrap();
    open(&dir.path().join("source"), &dir.path().join("a/b")).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("a/b/inner/file")).unwrap(), "x");
}

#[test]
fn lzip_by_the_external_program() {
    let dir = tempfile::tempdir().unwrap();
    let bin = dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(dir.path().join("sample.tar"), sample()).unwrap();
    let archive = dir.path().join("-a.tar.lz");
    fs::write(&archive, b"LZIP, but only the program knows").unwrap();
    let script = |text: String| {
        fs::write(bin.join("lunzip"), text).unwrap();
        fs::set_permissions(bin.join("lunzip"), PermissionsExt::from_mode(0o755)).unwrap();
    };
    let path = std::env::join_paths([bin.as_path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    script(format!("#!/bin/sh\n[ \"$1\" = -c ] && exec cat {}\n", dir.path().join("sample.tar").display()));
    unpack(&archive, &dir.path().join("out"), &Limits::default(), Some(&path)).unwrap();
    check(&dir.path().join("out"));
    script(format!("#!/bin/sh\ncat {}\nexit 3\n", dir.path().join("sample.tar").display()));
    let error = unpack(&archive, &dir.path().join("out"), &Limits::default(), Some(&path)).unwrap_err();
    assert!(error.to_string().contains("`lunzip`, which failed: exit status: 3"), "{error}");
}

/// What GNU tar writes, in all its formats, with holes.
#[test]
fn formats_of_gnu_tar() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    fs::create_dir(&source).unwrap();
    let sparse = fs::File::create(source.join("sparse")).unwrap();
    sparse.set_len(3 << 20).unwrap();
    let mut holes = vec![0; 3 << 20];
    for at in [0, 1 << 20, 2_500_000] {
        std::os::unix::fs::FileExt::write_all_at(sparse.file(), b"island", at).unwrap();
        holes[at as usize..at as usize + 6].copy_from_slice(b"island");
    }
    fs::write(source.join("n".repeat(200)), "long").unwrap();
    std::os::unix::fs::symlink("t".repeat(180), source.join("link")).unwrap();
    filetime::set_file_mtime(source.join("sparse"), filetime::FileTime::from_unix_time(1_500_000_000, 250_000_000))
        .unwrap();
    for options in [
        &["--format=gnu"][..],
        &["--format=gnu", "--sparse"],
        &["--format=posix"],
        &["--format=posix", "--sparse", "--sparse-version=0.0"],
        &["--format=posix", "--sparse", "--sparse-version=0.1"],
        &["--format=posix", "--sparse", "--sparse-version=1.0"],
    ] {
        let archive = dir.path().join("a.tar");
        let status = std::process::Command::new("tar")
            .args(options)
            .arg("-cf")
            .arg(&archive)
            .arg("-C")
            .arg(&source)
            .arg(".")
            .status();
        let Ok(status) = status else { return };
        assert!(status.success());
        let dest = dir.path().join("out");
        open(&archive, &dest).unwrap_or_else(|error| panic!("{options:?}: {error}"));
        assert!(fs::read(dest.join("sparse")).unwrap() == holes, "{options:?}");
        assert_eq!(fs::read_to_string(dest.join("n".repeat(200))).unwrap(), "long");
        assert_eq!(fs::read_link(dest.join("link")).unwrap(), Path::new(&"t".repeat(180)));
        let time = fs::metadata(dest.join("sparse")).unwrap();
        let fraction = if options[0] == "--format=posix" { 250_000_000 } else { 0 };
        assert_eq!((time.mtime(), time.mtime_nsec()), (1_500_000_000, fraction), "{options:?}");
        rbuildout_cache::tree::remove(&dest).unwrap();
    }
}
