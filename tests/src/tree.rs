//! Trees of files, to compare: paths, kinds, modes, contents.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Everything below a directory, one line for each entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, String>);

impl Tree {
    pub fn of(root: &Path) -> Self {
        let mut tree = Self::default();
        tree.walk(root, "");
        tree
    }

    fn walk(&mut self, root: &Path, below: &str) {
        let mut entries: Vec<_> = fs_err::read_dir(root.join(below))
            .expect("the tree is readable")
            .map(|entry| entry.expect("the tree is readable"))
            .collect();
        entries.sort_by_key(fs_err::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            let metadata = entry.metadata().expect("the tree is readable");
            let mode = metadata.permissions().mode() & 0o7777;
            let line = if metadata.is_symlink() {
                let target = fs_err::read_link(entry.path()).expect("it is a link");
                format!("link {}", target.display())
            } else if metadata.is_dir() {
                format!("dir  {mode:04o}")
            } else {
                let content = fs_err::read(entry.path()).expect("the tree is readable");
                let digest = Sha256::digest(&content).iter().take(8).fold(String::new(), |mut text, byte| {
                    let _ = write!(text, "{byte:02x}");
                    text
                });
                format!("file {mode:04o} {} {digest}", content.len())
            };
            self.0.insert(path.clone(), line);
            if metadata.is_dir() {
                self.walk(root, &path);
            }
        }
    }

    /// Leaves out the named entries and all below them.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        let is_below = |path: &str, name: &str| {
            path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.retain(|path, _| !names.iter().any(|name| is_below(path, name)));
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn paths(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// The lines in which two trees differ; empty if they are the same.
pub fn difference(before: &Tree, after: &Tree) -> String {
    let mut out = String::new();
    for (path, line) in &before.0 {
        if after.0.get(path) != Some(line) {
            let _ = writeln!(out, "- {path} {line}");
        }
    }
    for (path, line) in &after.0 {
        if before.0.get(path) != Some(line) {
            let _ = writeln!(out, "+ {path} {line}");
        }
    }
    out
}
