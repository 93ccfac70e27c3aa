//! Trees: copy, clone by links, links of single files.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use fs_err as fs;
use rbuildout_cache::tree;

#[derive(Debug, PartialEq, Eq)]
struct Node {
    mode: u32,
    modified: i64,
    content: String,
}

fn listing(root: &Path) -> BTreeMap<String, Node> {
    let mut found = BTreeMap::new();
    let mut todo = vec![root.to_owned()];
    while let Some(path) = todo.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_symlink() {
            format!("-> {}", fs::read_link(&path).unwrap().display())
        } else if metadata.is_dir() {
            todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            "dir".to_owned()
        } else {
            String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
        };
        let modified = if metadata.is_symlink() { 0 } else { metadata.mtime() };
        let name = path.strip_prefix(root).unwrap().display().to_string();
        found.insert(name, Node { mode: metadata.mode(), modified, content });
    }
    found
}

/// A tree with read-only directories, odd modes, links of every kind and old times.
fn sample(root: &Path) {
    fs::create_dir_all(root.join("bin/deep/er")).unwrap();
    fs::create_dir_all(root.join("empty")).unwrap();
    for (name, mode) in [("bin/tool", 0o755), ("bin/deep/er/file", 0o400), ("readme", 0o644), ("bin/suid", 0o4755)] {
        let path = root.join(name);
        fs::write(&path, name).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
    symlink("../readme", root.join("bin/link")).unwrap();
    symlink("/nowhere/at/all", root.join("dangling")).unwrap();
    symlink("bin", root.join("dirlink")).unwrap();
    for (index, name) in
        ["readme", "bin/tool", "bin/deep/er/file", "bin/suid", "bin/deep/er", "bin/deep", "bin", "empty", ""]
            .iter()
            .enumerate()
    {
        let time = filetime::FileTime::from_unix_time(1_000_000_000 + index as i64, 0);
        filetime::set_file_mtime(root.join(name), time).unwrap();
    }
    for name in ["bin/deep/er", "bin/deep", "bin", "empty", ""] {
        fs::set_permissions(root.join(name), PermissionsExt::from_mode(0o555)).unwrap();
    }
}

#[test]
fn copies_are_equal() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    fs::create_dir(&source).unwrap();
    sample(&source);
    let expected = listing(&source);
    for (name, make) in
        [("copy", tree::copy as fn(&Path, &Path) -> _), ("links", tree::clone_by_links), ("either", tree::link_or_copy)]
    {
        let target = dir.path().join(name);
        make(&source, &target).unwrap();
        // Once more over the read-only result.
        make(&source, &target).unwrap();
        assert_eq!(listing(&target), expected, "{name}");
        let inode = |root: &Path| fs::metadata(root.join("bin/tool")).unwrap().ino();
        assert_eq!(inode(&source) == inode(&target), name == "links");
        tree::remove(&target).unwrap();
        assert!(!target.exists());
    }
    assert_eq!(listing(&source), expected);
    tree::remove(&source).unwrap();
}

#[test]
fn merged_and_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (dir.path().join("source"), dir.path().join("target"));
    fs::create_dir_all(source.join("d")).unwrap();
    fs::create_dir_all(target.join("d")).unwrap();
    fs::write(source.join("d/new"), "new").unwrap();
    fs::write(source.join("d/both"), "source").unwrap();
    fs::write(target.join("d/both"), "target").unwrap();
    fs::write(target.join("d/old"), "old").unwrap();
    symlink("x", source.join("d/link")).unwrap();
    symlink("y", target.join("d/link")).unwrap();
    for make in [tree::copy as fn(&Path, &Path) -> _, tree::clone_by_links, tree::clone_by_links] {
        make(&source, &target).unwrap();
        let read = |name: &str| fs::read_to_string(target.join("d").join(name)).unwrap();
        assert_eq!((read("new"), read("both"), read("old")), ("new".into(), "source".into(), "old".into()));
        assert_eq!(fs::read_link(target.join("d/link")).unwrap(), Path::new("x"));
    }
}

#[test]
fn clone_of_many_directories_needs_few_descriptors() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    for number in 0..1200 {
        fs::create_dir_all(source.join(format!("{number}/a"))).unwrap();
    }
    tree::clone_by_links(&source, &dir.path().join("target")).unwrap();
    assert_eq!(listing(&source).len(), listing(&dir.path().join("target")).len());
}

#[test]
fn single_files() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    fs::write(&a, "a").unwrap();
    fs::write(&b, "b").unwrap();
    tree::link_or_copy(&a, &b).unwrap();
    tree::link_or_copy(&a, &b).unwrap();
    assert_eq!(fs::metadata(&a).unwrap().ino(), fs::metadata(&b).unwrap().ino());
    // A link to a symbolic link would make the target depend on where the link points.
    symlink("a", dir.path().join("link")).unwrap();
    tree::link_or_copy(&dir.path().join("link"), &dir.path().join("c")).unwrap();
    assert!(fs::symlink_metadata(dir.path().join("c")).unwrap().is_file());
    let error = tree::link_or_copy(&dir.path().join("missing"), &b).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    assert!(b.exists());
    tree::clone_by_links(&dir.path().join("link"), &dir.path().join("d")).unwrap();
    assert_eq!(fs::read_link(dir.path().join("d")).unwrap(), Path::new("a"));
}

#[test]
fn another_file_system() {
    // /dev/shm is the one that is nearly always there.
    let Ok(shm) = tempfile::tempdir_in("/dev/shm") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    fs::create_dir(&source).unwrap();
    sample(&source);
    let target = shm.path().join("target");
    tree::clone_by_links(&source, &target).unwrap();
    assert_eq!(listing(&source), listing(&target));
    tree::link_or_copy(&source.join("readme"), &shm.path().join("readme")).unwrap();
    tree::remove(&target).unwrap();
    tree::remove(&source).unwrap();
}
