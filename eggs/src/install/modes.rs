//! Modes of files in eggs that several users share.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fs_err as fs;

/// Gives group and others the owner's permissions without that to write, everywhere at and under `path`.
pub(super) fn share(path: &Path) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.permissions().mode() & 0o7777;
    let owner = mode & 0o500;
    let wanted = (mode & 0o700) | (owner >> 3) | (owner >> 6);
    if wanted != mode {
        fs::set_permissions(path, PermissionsExt::from_mode(wanted))?;
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            share(&entry?.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_and_others() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        fs::write(&file, "").unwrap();
        for (before, after) in [(0o700, 0o755), (0o666, 0o644), (0o600, 0o644), (0o555, 0o555)] {
            fs::set_permissions(&file, PermissionsExt::from_mode(before)).unwrap();
            share(dir.path()).unwrap();
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, after);
        }
    }
}
