//! Paths in options: relative ones start at the buildout directory, never at the process's working directory.

use std::fs::DirBuilder;
use std::io::{ErrorKind, Result};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use rbuildout_parser::python::str_repr;

use crate::api::Settings;
use crate::error::RecipeError;

/// The file that an option names.
pub(crate) fn resolve(settings: &Settings, path: impl AsRef<Path>) -> PathBuf {
    settings.directory.join(path)
}

/// The text of a path. Options are texts, so that a path that is not UTF-8 can only come from the machine.
pub(crate) fn to_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Creates a directory and its parents; `mode` (minus the umask) holds for the directory itself. One that exists is
/// left alone.
pub(crate) fn make_directories(path: &Path, mode: u32) -> Result<()> {
    let path = without_trailing_slash(path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(mode).create(&path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => {
            let message = format!("failed to create directory `{}`: {error}", path.display());
            Err(std::io::Error::new(error.kind(), message))
        }
        Ok(()) => Ok(()),
    }
}

fn without_trailing_slash(path: &Path) -> PathBuf {
    path.components().collect()
}

/// The path without `.` and `..`, as text alone can tell (`os.path.normpath`).
pub(crate) fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match normal.components().next_back() {
                Some(Component::Normal(_)) => {
                    normal.pop();
                }
                Some(Component::RootDir) => {}
                _ => normal.push(".."),
            },
            other => normal.push(other),
        }
    }
    normal
}

/// The path with all links resolved, as far as it exists (`os.path.realpath`).
pub(crate) fn real(path: &Path) -> PathBuf {
    let path = normalize(path);
    let mut rest = Vec::new();
    for ancestor in path.ancestors() {
        if let Ok(mut real) = ancestor.canonicalize() {
            real.extend(rest.into_iter().rev());
            return real;
        }
        rest.extend(ancestor.file_name());
    }
    path.clone()
}

/// Python's error for a file that is not there.
pub(crate) fn file_not_found(path: &str) -> RecipeError {
    let message = format!("[Errno 2] No such file or directory: {}", str_repr(path));
    RecipeError::internal("FileNotFoundError", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn normalizes() {
        let normal = |path| normalize(Path::new(path)).display().to_string();
        assert_eq!(normal("/a/./b/../c/"), "/a/c");
        assert_eq!(normal("/../a"), "/a");
        assert_eq!(normal("../a/../../b"), "../../b");
    }

    #[test]
    fn real_path_of_what_does_not_exist() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        fs_err::os::unix::fs::symlink(&dir, dir.join("link")).unwrap();
        assert_eq!(real(&dir.join("link/x/y")), dir.join("x/y"));
    }

    #[test]
    fn leaf_mode_only() {
        let dir = tempfile::tempdir().unwrap();
        make_directories(&dir.path().join("a/b/"), 0o700).unwrap();
        let mode = |path: &str| dir.path().join(path).metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode("a/b"), 0o700);
        assert_ne!(mode("a"), 0o700);
        make_directories(&dir.path().join("a/b"), 0o755).unwrap();
        assert_eq!(mode("a/b"), 0o700);
    }
}
