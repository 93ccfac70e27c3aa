//! Wheels as enemies make them, and the store of unpacked ones.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;

use rbuildout_eggs::{EggError, Mode};
use support::packages::Wheel;
use support::{Ask, Log, Place};

fn error(place: &Place, spec: &str) -> EggError {
    let ask = Ask::new(&[spec]);
    place.eggs(&ask).install(&place.request(&ask), &Log::default()).unwrap_err()
}

/// A wheel with one more entry, as `unix_mode` and content say.
fn with_entry(place: &Place, entry: &str, link: bool) {
    let path = Wheel::new("evil", "1.0").write(&place.path("links"));
    let mut zip =
        zip::ZipWriter::new_append(fs_err::OpenOptions::new().read(true).write(true).open(&path).unwrap()).unwrap();
    let options = zip::write::SimpleFileOptions::default();
    if link {
        zip.add_symlink(entry, "/etc", options).unwrap();
    } else {
        zip.start_file(entry, options).unwrap();
        zip.write_all(b"x").unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn ways_out_are_refused() {
    for (entry, link) in
        [("../outside.py", false), ("/tmp/outside.py", false), ("pkg/../../outside.py", false), ("pkg", true)]
    {
        let place = Place::new();
        with_entry(&place, entry, link);
        let error = error(&place, "evil");
        assert!(error.to_string().contains("is refused: its entry"), "{entry}: {error}");
        assert_eq!(place.tree("eggs").len(), 0, "{entry}");
        assert!(!place.path("outside.py").exists() && !place.path("eggs/outside.py").exists());
    }
}

#[test]
fn names_of_packages_are_no_ways_out() {
    let place = Place::new();
    Wheel::new("evil", "1.0")
        .info("namespace_packages.txt", "..\n../../outside\n/tmp/rbuildout-outside\nfine\n")
        .write(&place.path("links"));
    let ask = Ask::new(&["evil"]);
    place.eggs(&ask).install(&place.request(&ask), &Log::default()).unwrap();
    assert!(place.path("eggs/evil-1.0-py3.11.egg/fine/__init__.py").exists());
    assert!(!place.path("outside").exists() && !place.path("eggs/__init__.py").exists());
}

#[test]
fn broken_wheels() {
    let place = Place::new();
    let links = place.path("links");
    fs_err::write(links.join("torn-1.0-py3-none-any.whl"), "PK no zip").unwrap();
    Wheel { format: "2.0".into(), ..Wheel::new("newer", "1.0") }.write(&links);
    assert!(error(&place, "torn").to_string().contains("is damaged"));
    assert_eq!(error(&place, "newer").to_string(), "ValueError: unsupported wheel format version: 2.0");
    let path = Wheel::new("nameless", "1.0").write(&links);
    fs_err::rename(path, links.join("other-1.0-py3-none-any.whl")).unwrap();
    assert_eq!(error(&place, "other").to_string(), "ValueError: unsupported wheel format. .dist-info not found");
    assert_eq!(place.tree("eggs").len(), 0);
}

#[test]
fn requirements_that_nobody_can_read() {
    let place = Place::new();
    Wheel::new("odd", "1.0").requires("what is this?").write(&place.path("links"));
    let error = error(&place, "odd");
    assert!(error.to_string().contains("what is this?"), "{error}");
}

#[test]
fn one_copy_for_all() {
    let place = Place::new();
    Wheel::new("shared", "1.0").write(&place.path("links"));
    let ask = Ask::new(&["shared"]);
    let install = |place: &Place, cache: &std::path::Path, mode: Mode| {
        let mut settings = rbuildout_eggs::Settings::new(mode);
        settings.cache_directory = Some(cache.to_owned());
        settings.pins = rbuildout_eggs::Pins::new([("shared", "1.0:whl")]);
        if mode == Mode::Upstream {
            settings.pins = rbuildout_eggs::Pins::default();
        }
        let spool = rbuildout_cache::DownloadSettings::new(place.path("spool"));
        let eggs = rbuildout_eggs::Eggs::new(support::interpreter(), rbuildout_cache::Downloader::new(spool), settings);
        let set = eggs.install(&place.request(&ask), &Log::default()).unwrap();
        set.by_project("shared").unwrap().location().join("shared.py")
    };
    let cache = place.path("cache");
    let first = install(&place, &cache, Mode::Upstream);
    let twin = place.twin();
    let second = install(&twin, &cache, Mode::Upstream);
    let inode = |path: &std::path::Path| fs_err::metadata(path).unwrap().ino();
    assert_eq!(inode(&first), inode(&second));
    assert_eq!(fs_err::metadata(&first).unwrap().nlink(), 3);
    // Who edits an egg in place spoils the store, which notices.
    let text = fs_err::read_to_string(&first).unwrap();
    let mut file = fs_err::OpenOptions::new().append(true).open(&first).unwrap();
    file.write_all(b"spoilt\n").unwrap();
    let others = [place.twin(), place.twin(), place.twin()];
    let third = install(&others[0], &cache, Mode::Upstream);
    assert_eq!(fs_err::read_to_string(&third).unwrap(), text);
    // Modes are another egg.
    assert_ne!(inode(&install(&others[1], &cache, Mode::Slapos)), inode(&third));
    // A cache that can't be written is none.
    let file = place.path("file");
    fs_err::write(&file, "").unwrap();
    assert_eq!(fs_err::read_to_string(install(&others[2], &file, Mode::Upstream)).unwrap(), text);
}
