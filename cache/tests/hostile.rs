//! Archives that mean harm.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::io::Write;
use std::path::Path;

use fs_err as fs;
use rbuildout_cache::archive::{ArchiveError, Limits, Skipped, unpack};

/// A tar archive of raw entries: the builder of the tar crate refuses what is made here.
#[derive(Default)]
struct Tar(Vec<u8>);

impl Tar {
    fn entry(mut self, kind: u8, name: &str, link: &str, content: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_mtime(0);
        header.set_cksum();
        self.0.extend(header.as_bytes());
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    fn file(self, name: &str, content: &str) -> Self {
        self.entry(b'0', name, "", content.as_bytes())
    }

    fn symlink(self, name: &str, target: &str) -> Self {
        self.entry(b'2', name, target, b"")
    }

    fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(b'1', name, target, b"")
    }

    fn directory(self, name: &str) -> Self {
        self.entry(b'5', name, "", b"")
    }

    /// Unpacks into `dir/dest`, beside `dir/outside` with a file in it.
    fn unpack(mut self, dir: &Path, limits: &Limits) -> Result<Skipped, ArchiveError> {
        fs::create_dir_all(dir.join("outside")).unwrap();
        fs::write(dir.join("outside/secret"), "secret").unwrap();
        self.0.resize(self.0.len() + 1024, 0);
        fs::write(dir.join("archive"), &self.0).unwrap();
        let outcome = unpack(&dir.join("archive"), &dir.join("dest"), limits, None);
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["archive", "dest", "outside"]);
        let outside: Vec<_> =
            fs::read_dir(dir.join("outside")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(outside, ["secret"]);
        assert_eq!(fs::read_to_string(dir.join("outside/secret")).unwrap(), "secret");
        outcome
    }
}

#[test]
fn names_that_lead_out_are_skipped() {
    let dir = tempfile::tempdir().unwrap();
    let absolute = dir.path().join("outside/new");
    let tar = Tar::default()
        .file("../outside/new", "no")
        .file("a/../../outside/new", "no")
        .file(absolute.to_str().unwrap(), "no")
        .directory("..")
        .directory("/")
        .symlink("../link", "x")
        .hard_link("../hard", "fine")
        .file("a/..b/...", "yes")
        .directory("./");
    let skipped = tar.unpack(dir.path(), &Limits::default()).unwrap();
    let names = ["../outside/new", "a/../../outside/new", absolute.to_str().unwrap()].map(str::to_owned).to_vec();
    assert_eq!(skipped, Skipped { count: 7, names });
    assert_eq!(fs::read_to_string(dir.path().join("dest/a/..b/...")).unwrap(), "yes");
}

#[test]
fn writing_through_links_is_refused() {
    let absolute = |dir: &Path| dir.join("outside").to_str().unwrap().to_owned();
    for case in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let outside = absolute(dir.path());
        let tar = match case {
            0 => Tar::default().symlink("l", "../outside").file("l/new", "no"),
            1 => Tar::default().symlink("l", &outside).file("l/new", "no"),
            2 => Tar::default().symlink("l", &outside).directory("l/new"),
            3 => Tar::default().symlink("l", &outside).directory("l"),
            4 => Tar::default().symlink("a", ".").symlink("a/b", "..").file("b/outside/new", "no"),
            5 => Tar::default().symlink("d/l", "../../outside").symlink("m", "d/l").file("m/new", "no"),
            6 => Tar::default().symlink("l", &outside).symlink("l/new", "x"),
            _ => Tar::default().symlink("l", &outside).file("f", "x").hard_link("l/new", "f"),
        };
        let error = tar.unpack(dir.path(), &Limits::default()).unwrap_err();
        assert!(matches!(error, ArchiveError::Escapes { .. }), "{case}: {error}");
    }
    let dir = tempfile::tempdir().unwrap();
    let error =
        Tar::default().symlink("a", "b").symlink("b", "a").file("a/x", "no").unpack(dir.path(), &Limits::default());
    assert!(matches!(error, Err(ArchiveError::Escapes { .. })));
}

#[test]
fn links_are_replaced_and_not_written_through() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("outside/secret");
    let tar = Tar::default()
        .symlink("f", secret.to_str().unwrap())
        .file("f", "new")
        .symlink("d", "../outside/secret")
        .symlink("d", "elsewhere")
        .symlink("in", "real")
        .directory("real")
        .file("in/side", "ok")
        .file("twice", "1")
        .hard_link("same", "twice")
        .file("twice", "2");
    tar.unpack(dir.path(), &Limits::default()).unwrap();
    let read = |name: &str| fs::read_to_string(dir.path().join("dest").join(name)).unwrap();
    assert_eq!(
        (read("f"), read("real/side"), read("twice"), read("same")),
        ("new".into(), "ok".into(), "2".into(), "1".into())
    );
    assert_eq!(fs::read_link(dir.path().join("dest/d")).unwrap(), Path::new("elsewhere"));
}

#[test]
fn hard_links_out_are_refused() {
    for target in ["../outside/secret", "/etc/passwd", "l/secret"] {
        let dir = tempfile::tempdir().unwrap();
        let tar = Tar::default().symlink("l", "../outside").hard_link("h", target);
        let error = tar.unpack(dir.path(), &Limits::default()).unwrap_err();
        assert!(matches!(error, ArchiveError::Escapes { .. }), "{target}: {error}");
        assert!(!dir.path().join("dest/h").exists());
    }
    // A hard link to a symbolic link is that link, and no way to what it points to.
    let dir = tempfile::tempdir().unwrap();
    let tar = Tar::default().symlink("l", "../outside/secret").hard_link("h", "l").file("h", "no");
    tar.unpack(dir.path(), &Limits::default()).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("dest/h")).unwrap(), "no");
}

#[test]
fn a_destination_may_be_a_link_itself() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", dir.path().join("dest")).unwrap();
    let mut tar = Tar::default().file("f", "x");
    tar.0.resize(tar.0.len() + 1024, 0);
    fs::write(dir.path().join("archive"), &tar.0).unwrap();
    unpack(&dir.path().join("archive"), &dir.path().join("dest"), &Limits::default(), None).unwrap();
    assert!(dir.path().join("real/f").exists());
}

#[test]
fn kinds_that_clash_are_refused() {
    for tar in [
        Tar::default().directory("d").file("d", "x"),
        Tar::default().file("d", "x").file("d/f", "x"),
        Tar::default().directory("d").symlink("d", "x"),
        Tar::default().file("d", "x").directory("d"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let error = tar.unpack(dir.path(), &Limits::default()).unwrap_err();
        assert!(matches!(error, ArchiveError::Conflict { .. }), "{error}");
    }
}

#[test]
fn bombs_are_refused() {
    let limits = Limits { max_bytes: 10_000, max_entries: 20, max_depth: 10 };
    let check = |tar: Tar, what: &str| {
        let dir = tempfile::tempdir().unwrap();
        let error = tar.unpack(dir.path(), &limits).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    };
    check(Tar::default().file("f", &"x".repeat(10_001)), "more than 10000 bytes");
    check(
        (0..3).fold(Tar::default(), |tar, number| tar.file(&number.to_string(), &"x".repeat(4000))),
        "more than 10000 bytes",
    );
    check((0..21).fold(Tar::default(), |tar, number| tar.directory(&number.to_string())), "more than 20 entries");
    check(Tar::default().file(&format!("{}f", "d/".repeat(11)), ""), "more than 10 directories");
}

#[test]
fn a_bomb_within_headers_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let name = vec![b'n'; 9 << 20];
    let mut tar = Tar::default().entry(b'L', "././@LongLink", "", &name).file("f", "x");
    tar.0.resize(tar.0.len() + 1024, 0);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar.0).unwrap();
    fs::write(dir.path().join("archive"), encoder.finish().unwrap()).unwrap();
    let error = unpack(&dir.path().join("archive"), &dir.path().join("dest"), &Limits::default(), None).unwrap_err();
    assert!(error.to_string().contains("headers of an entry are too large"), "{error}");
}

#[test]
fn zip_bombs_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("zeros", zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(&vec![0; 1 << 20]).unwrap();
    let mut bytes = writer.finish().unwrap().into_inner();
    let limits = Limits { max_bytes: 100_000, ..Limits::default() };
    fs::write(dir.path().join("archive"), &bytes).unwrap();
    let error = unpack(&dir.path().join("archive"), &dir.path().join("dest"), &limits, None).unwrap_err();
    assert!(error.to_string().contains("more than 100000 bytes"), "{error}");
    // One that claims to be small.
    let size = (1_u32 << 20).to_le_bytes();
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == size {
            bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
    }
    fs::write(dir.path().join("archive"), &bytes).unwrap();
    unpack(&dir.path().join("archive"), &dir.path().join("dest2"), &limits, None).unwrap_err();
}
