use std::ffi::OsString;
use std::io;
use std::path::Path;

use fs_err as fs;

use super::ArchiveError;

/// Whether the only directory at the top of an archive goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strip {
    /// If there is exactly one entry and it is a directory.
    #[default]
    Auto,
    /// Yes, and anything else than one directory is an error.
    Always,
    /// No.
    Never,
}

/// Moves the content of the only directory in `dest` up, by the rules of `strip-top-level-dir`.
///
/// # Errors
/// [`ArchiveError::NotOneDirectory`] with [`Strip::Always`]; a file cannot be renamed.
pub fn strip_top_level(dest: &Path, strip: Strip) -> Result<(), ArchiveError> {
    if strip == Strip::Never {
        return Ok(());
    }
    let entries = names(dest)?;
    let top = match entries.as_slice() {
        [one] if is_directory(&dest.join(one))? => one,
        _ if strip == Strip::Auto => return Ok(()),
        others => {
            let found = match others {
                [] => "nothing".to_owned(),
                [_] => "one file".to_owned(),
                more => format!("{} entries", more.len()),
            };
            return Err(ArchiveError::NotOneDirectory { dest: dest.to_owned(), found });
        }
    };
    let directory = dest.join(top);
    writable(&directory)?;
    let inner = names(&directory)?;
    // One of its own entries may have the same name, so it steps aside first.
    let aside = (0..=inner.len())
        .map(|number| {
            let mut name = top.clone();
            name.push(format!(".{number}"));
            name
        })
        .find(|name| !inner.contains(name))
        .expect("there is one number more than files");
    let aside = dest.join(aside);
    fs::rename(&directory, &aside)?;
    for name in inner {
        move_up(&aside.join(&name), &dest.join(&name))?;
    }
    fs::remove_dir(&aside)?;
    Ok(())
}

fn names(directory: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

fn is_directory(path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.is_dir())
}

/// Renames, also a read-only directory (its `..` is an entry that changes).
fn move_up(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && is_directory(from)? => {
            let metadata = fs::symlink_metadata(from)?;
            writable(from)?;
            fs::rename(from, to)?;
            fs::set_permissions(to, metadata.permissions())
        }
        other => other,
    }
}

fn writable(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs::symlink_metadata(directory)?.permissions();
    if permissions.mode() & 0o700 != 0o700 {
        permissions.set_mode(permissions.mode() | 0o700);
        fs::set_permissions(directory, permissions)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        dir
    }

    #[test]
    fn one_directory_goes() {
        let dir = tree(&["a/x", "a/a/y", "a/a.0/z"]);
        strip_top_level(dir.path(), Strip::Auto).unwrap();
        let mut found = names(dir.path()).unwrap();
        found.sort();
        assert_eq!(found, ["a", "a.0", "x"]);
        assert_eq!(fs::read_to_string(dir.path().join("a/y")).unwrap(), "a/a/y");
    }

    #[test]
    fn anything_else_stays_or_fails() {
        for (files, found) in [(&["a/x", "b"][..], "2 entries"), (&["a"], "one file"), (&[], "nothing")] {
            let dir = tree(files);
            strip_top_level(dir.path(), Strip::Auto).unwrap();
            assert_eq!(names(dir.path()).unwrap().len(), files.len());
            let error = strip_top_level(dir.path(), Strip::Always).unwrap_err();
            assert!(error.to_string().contains(found), "{error}");
        }
        let dir = tree(&["a/x"]);
        strip_top_level(dir.path(), Strip::Never).unwrap();
        assert!(dir.path().join("a/x").exists());
    }

    #[test]
    fn symlink_is_no_directory() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/", dir.path().join("a")).unwrap();
        strip_top_level(dir.path(), Strip::Auto).unwrap();
        assert!(strip_top_level(dir.path(), Strip::Always).is_err());
    }
}
