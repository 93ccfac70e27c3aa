use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode};

use super::walk;

/// Takes the write permission from everything at and under `path` (`mode & 0555`). Symbolic links are left alone.
///
/// # Errors
/// A mode can't be changed; the error names the path.
pub fn make_read_only(path: &Path) -> io::Result<()> {
    let (parent, name) = walk::parent_and_name(path)?;
    let parent_fd = rustix::fs::open(&parent, rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC, Mode::empty())
        .map_err(|errno| walk::error("open directory", &parent, errno))?;
    visit(parent_fd.as_fd(), name, path)
}

fn visit(parent: BorrowedFd<'_>, name: &OsStr, path: &Path) -> io::Result<()> {
    let stat = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|errno| walk::error("stat", path, errno))?;
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind == FileType::Symlink {
        return Ok(());
    }
    let wanted = stat.st_mode & 0o555;
    if stat.st_mode & 0o7777 != wanted {
        rustix::fs::chmodat(parent, name, Mode::from_raw_mode(wanted), AtFlags::empty())
            .map_err(|errno| walk::error("chmod", path, errno))?;
    }
    if kind == FileType::Directory {
        let directory = walk::open_at(parent, name).map_err(|errno| walk::error("open directory", path, errno))?;
        let entries = walk::entries(&directory).map_err(|errno| walk::error("read directory", path, errno))?;
        for entry in entries.iter().filter(|entry| entry.kind != FileType::Symlink) {
            visit(directory.as_fd(), &entry.name, &path.join(&entry.name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fs_err as fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn all_but_links() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside");
        fs::write(&outside, "").unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir_all(tree.join("d")).unwrap();
        fs::write(tree.join("d/f"), "").unwrap();
        fs::set_permissions(tree.join("d/f"), PermissionsExt::from_mode(0o4755)).unwrap();
        symlink(&outside, tree.join("link")).unwrap();
        symlink("nowhere", tree.join("dangling")).unwrap();
        make_read_only(&tree).unwrap();
        let mode = |path: &str| fs::symlink_metadata(dir.path().join(path)).unwrap().mode() & 0o7777;
        assert_eq!(mode("tree/d/f"), 0o555);
        assert_eq!(mode("tree/d") & 0o222, 0);
        assert_eq!(mode("tree") & 0o222, 0);
        assert_ne!(mode("outside") & 0o200, 0);
        crate::tree::remove(&tree).unwrap();
        assert!(make_read_only(&tree).is_err());
    }
}
