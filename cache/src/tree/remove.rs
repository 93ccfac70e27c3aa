use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

use super::walk;

/// Removes the file, symbolic link or whole tree at `path`; nothing there is fine.
///
/// Directories that may not be written (shared parts are read-only) are made writable first.
///
/// # Errors
/// Something can't be removed; the error names it.
pub fn remove(path: &Path) -> io::Result<()> {
    let (parent, name) = walk::parent_and_name(path)?;
    let parent_fd =
        match rustix::fs::open(&parent, rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            Err(errno) => return Err(walk::error("open directory", &parent, errno)),
        };
    let stat = match rustix::fs::statat(&parent_fd, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        Err(errno) => return Err(walk::error("stat", path, errno)),
    };
    let kind = FileType::from_raw_mode(stat.st_mode);
    remove_entry(parent_fd.as_fd(), name, kind, path)
}

fn remove_entry(parent: BorrowedFd<'_>, name: &OsStr, kind: FileType, path: &Path) -> io::Result<()> {
    if kind != FileType::Directory {
        return unlink(parent, name, AtFlags::empty(), path);
    }
    // Most directories are empty or writable: only a failure costs more calls.
    let directory = match walk::open_at(parent, name) {
        Err(Errno::ACCESS) => {
            open_up(parent, name, path)?;
            walk::open_at(parent, name)
        }
        other => other,
    }
    .map_err(|errno| walk::error("open directory", path, errno))?;
    let entries = walk::entries(&directory).map_err(|errno| walk::error("read directory", path, errno))?;
    let mut opened = false;
    for entry in entries {
        let inner = path.join(&entry.name);
        if entry.kind != FileType::Directory {
            match rustix::fs::unlinkat(&directory, entry.name.as_os_str(), AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => continue,
                Err(Errno::ACCESS) if !opened => {}
                Err(errno) => return Err(walk::error("remove", &inner, errno)),
            }
        }
        if !opened {
            opened = true;
            let stat = rustix::fs::fstat(&directory).map_err(|errno| walk::error("stat", path, errno))?;
            if stat.st_mode & 0o700 != 0o700 {
                rustix::fs::fchmod(&directory, Mode::RWXU).map_err(|errno| walk::error("chmod", path, errno))?;
            }
        }
        remove_entry(directory.as_fd(), &entry.name, entry.kind, &inner)?;
    }
    drop(directory);
    unlink(parent, name, AtFlags::REMOVEDIR, path)
}

fn unlink(parent: BorrowedFd<'_>, name: &OsStr, flags: AtFlags, path: &Path) -> io::Result<()> {
    match rustix::fs::unlinkat(parent, name, flags) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(walk::error("remove", path, errno)),
    }
}

/// Gives the owner all rights on the directory `name`, which can't even be listed. It was seen not to be a symbolic
/// link; a swap in between could at worst widen the rights of another directory of the same user.
fn open_up(parent: BorrowedFd<'_>, name: &OsStr, path: &Path) -> io::Result<()> {
    rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty()).map_err(|errno| walk::error("chmod", path, errno))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fs_err as fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn missing_is_fine() {
        let dir = tempfile::tempdir().unwrap();
        remove(&dir.path().join("a")).unwrap();
        remove(&dir.path().join("a/b/c")).unwrap();
        fs::write(dir.path().join("f"), "").unwrap();
        remove(&dir.path().join("f/x")).unwrap();
        assert!(remove(Path::new("/")).is_err());
    }

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let keep = dir.path().join("keep");
        fs::create_dir(&keep).unwrap();
        fs::write(keep.join("f"), "x").unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir_all(tree.join("d")).unwrap();
        symlink(&keep, tree.join("d/link")).unwrap();
        symlink(&keep, dir.path().join("top")).unwrap();
        remove(&tree).unwrap();
        remove(&dir.path().join("top")).unwrap();
        assert!(!tree.exists());
        assert!(keep.join("f").exists());
    }

    #[test]
    fn read_only_trees_go() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir_all(tree.join("a/b/c")).unwrap();
        fs::write(tree.join("a/b/c/f"), "x").unwrap();
        fs::write(tree.join("a/f"), "x").unwrap();
        for (path, mode) in [("a/b/c", 0), ("a/b", 0o555), ("a", 0o111), ("", 0o555)] {
            fs::set_permissions(tree.join(path), PermissionsExt::from_mode(mode)).unwrap();
        }
        remove(&tree).unwrap();
        assert!(!tree.exists());
    }
}
