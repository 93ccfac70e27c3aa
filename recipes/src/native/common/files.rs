//! Writing the files that recipes own.
//!
//! Every output is written under a temporary name beside its place, then renamed: a kill at any moment leaves the old
//! file, or the new one, and perhaps the temporary one. Its name is always the same, so that the next write removes it.

use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{ErrorKind, Result, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use rbuildout_cache::hash::{hex, md5_hex};

/// Permissions of a file to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// These bits, whatever the umask.
    Exact(u32),
    /// These bits minus the umask.
    Masked(u32),
}

impl Mode {
    /// The bits that a file gets.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Self::Exact(bits) => bits & 0o7777,
            Self::Masked(bits) => bits & 0o777 & !umask(),
        }
    }
}

/// The umask of the process, which cannot be asked for without changing it but through the proc file system.
fn umask() -> u32 {
    static UMASK: OnceLock<u32> = OnceLock::new();
    *UMASK.get_or_init(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let value = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        value.and_then(|value| u32::from_str_radix(value.trim(), 8).ok()).unwrap_or(0o022)
    })
}

/// Makes `path` a file with exactly this content and mode. One that has the content already is left alone but for its
/// mode, so that its time of modification says when it changed. True if it was written.
pub(crate) fn write_if_changed(path: &Path, content: &[u8], mode: Mode) -> Result<bool> {
    remove_if_exists(&temporary(path))?;
    if has_content(path, content) {
        set_mode(path, mode.bits())?;
        return Ok(false);
    }
    write(path, content, mode)?;
    Ok(true)
}

/// True if `path` is a file with exactly these bytes.
pub(crate) fn has_content(path: &Path, content: &[u8]) -> bool {
    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() == content.len() as u64 => {
            fs::read(path).is_ok_and(|found| found == content)
        }
        _ => false,
    }
}

/// Replaces `path` by a file with this content and mode.
pub(crate) fn write(path: &Path, content: &[u8], mode: Mode) -> Result<()> {
    let temporary = temporary(path);
    remove_if_exists(&temporary)?;
    let bits = match mode {
        Mode::Exact(bits) | Mode::Masked(bits) => bits,
    };
    let put = || {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(bits & 0o777).open(&temporary)?;
        if let Mode::Exact(bits) = mode {
            file.set_permissions(Permissions::from_mode(bits & 0o7777))?;
        }
        file.write_all(content)?;
        drop(file);
        fs::rename(&temporary, path)
    };
    put().inspect_err(|_| {
        // The first error is the one to show.
        let _ = remove_if_exists(&temporary);
    })
}

/// Name under which a file is written before it takes its place.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".rbuildout-new");
    path.with_file_name(name)
}

/// Sets the permission bits of a file, unless it has them.
pub(crate) fn set_mode(path: &Path, bits: u32) -> Result<()> {
    if fs::metadata(path)?.permissions().mode() & 0o7777 == bits {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(bits))
}

/// Removes a file or a link, if it is there.
pub(crate) fn remove_if_exists(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// True if there is something at `path`, be it a broken link.
pub(crate) fn lexists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Creates a file if there is none.
pub(crate) fn touch(path: &Path) -> Result<()> {
    fs::OpenOptions::new().append(true).create(true).open(path).map(drop)
}

/// The hash of files that wrappers carry in their names: for each file its length, a newline, and its bytes.
pub(crate) fn hash_of_files<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<String> {
    use md5::Digest;
    let mut hash = md5::Md5::new();
    for path in paths {
        let content = fs::read(path)?;
        hash.update(content.len().to_string());
        hash.update("\n");
        hash.update(&content);
    }
    Ok(hex(&hash.finalize()))
}

/// md5 of a text, in hexadecimal digits.
pub(crate) fn md5_of_text(text: &str) -> String {
    md5_hex(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn unchanged_content_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        assert!(write_if_changed(&path, b"x", Mode::Exact(0o640)).unwrap());
        let before = fs::metadata(&path).unwrap();
        assert_eq!(before.mode() & 0o7777, 0o640);
        assert!(!write_if_changed(&path, b"x", Mode::Exact(0o755)).unwrap());
        let after = fs::metadata(&path).unwrap();
        assert_eq!((after.ino(), after.mode() & 0o7777), (before.ino(), 0o755));
        assert!(write_if_changed(&path, b"y", Mode::Masked(0o666)).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o666 & !umask());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_leftover_of_a_kill_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(temporary(&path), "half").unwrap();
        write_if_changed(&path, b"x", Mode::Exact(0o600)).unwrap();
        fs::write(temporary(&path), "half").unwrap();
        write_if_changed(&path, b"x", Mode::Exact(0o600)).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_is_replaced_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("f"), dir.path().join("other"));
        fs::write(&other, "keep").unwrap();
        fs::os::unix::fs::symlink(&other, &path).unwrap();
        write(&path, b"x", Mode::Exact(0o600)).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "keep");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }

    #[test]
    fn hash_vector() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "hello world").unwrap();
        assert_eq!(hash_of_files([path.as_path()]).unwrap(), "83af3240d992b2165abbd245a3e43368");
    }
}
