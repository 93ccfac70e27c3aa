//! What distributions are called in signatures.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::Arc;

use md5::{Digest as _, Md5};
use rbuildout_eggs::{Distribution, Eggs, Kind};

use super::active::Active;
use crate::api::Mode;
use crate::error::RecipeError;

impl Active {
    /// A word for each distribution. What is developed changes with its files.
    pub(super) fn tokens(
        &self,
        eggs: &Eggs,
        mut distributions: Vec<Arc<Distribution>>,
    ) -> Result<Vec<String>, RecipeError> {
        distributions.sort();
        // What is installed for the interpreter; other directories of its path are somebody's work.
        let beside = |path: &Path| {
            let installed = path.ends_with("site-packages") || path.ends_with("dist-packages");
            installed && eggs.interpreter().sys_path().iter().any(|known| known == path)
        };
        let mut tokens = Vec::new();
        for one in &distributions {
            let name = one.location().file_name().map(|name| name.to_string_lossy().into_owned());
            let token = match (one.kind(), self.settings.mode, name) {
                (Kind::EggInfo | Kind::DistInfo, ..) if !beside(one.location()) => {
                    format!("{}-{}", one.project(), directory_md5(one.location())?)
                }
                (Kind::Egg, Mode::Upstream, Some(name)) => name,
                _ => format!("{}-{}", one.project(), one.version()),
            };
            if tokens.last() != Some(&token) {
                tokens.push(token);
            }
        }
        Ok(tokens)
    }
}

/// Directories that are not part of a distribution.
const NOT_CODE: [&str; 4] = [".svn", "CVS", "__pycache__", ".git"];

/// md5 over the names and contents of a directory, without what only Python or version control made.
fn directory_md5(directory: &Path) -> io::Result<String> {
    let mut digest = Md5::new();
    feed(&mut digest, directory)?;
    Ok(digest.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

fn feed(digest: &mut Md5, directory: &Path) -> io::Result<()> {
    let (mut directories, mut files) = (Vec::new(), Vec::new());
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        // A link that leads nowhere is no file.
        let Ok(metadata) = fs_err::metadata(entry.path()) else { continue };
        let text = name.to_string_lossy();
        if metadata.is_dir() {
            if !NOT_CODE.contains(&&*text) {
                directories.push((name.clone(), entry.file_type()?.is_symlink()));
            }
        } else if metadata.is_file() && !text.ends_with("pyc") && !text.ends_with("pyo") {
            files.push(name.clone());
        }
    }
    directories.sort();
    files.sort();
    let names = directories.iter().map(|(name, _)| name).chain(&files);
    for name in names {
        digest.update(name.to_string_lossy().as_bytes());
        digest.update(b" ");
    }
    for name in &files {
        digest.update(fs_err::read(directory.join(name))?);
    }
    for (name, _) in directories.iter().filter(|(_, link)| !link) {
        feed(digest, &directory.join(name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_counts() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        write("a.py", "1");
        write("p/b.py", "2");
        let before = directory_md5(directory.path()).unwrap();
        write("__pycache__/a.pyc", "x");
        write("a.pyc", "x");
        assert_eq!(directory_md5(directory.path()).unwrap(), before);
        write("p/b.py", "3");
        assert_ne!(directory_md5(directory.path()).unwrap(), before);
    }
}
