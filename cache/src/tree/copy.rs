use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;

use super::walk;

/// Copies the file, symbolic link or tree `src` to `dst`, with modes and modification times.
///
/// Directories that exist at `dst` are merged into, files there are replaced. Symbolic links stay what they are.
/// Devices, sockets and fifos are an error.
///
/// # Errors
/// Something can't be read or written; the error names it.
pub fn copy(src: &Path, dst: &Path) -> io::Result<()> {
    let (from, from_name) = open_parent(src)?;
    let (to, to_name) = open_parent(dst)?;
    copy_entry(
        &Place { fd: from.as_fd(), name: from_name, path: src },
        &Place { fd: to.as_fd(), name: to_name, path: dst },
    )
}

/// Places the file `src` at `dst` as a hard link, or as a copy where the file system does not allow that; a directory
/// is copied. A file at `dst` is replaced, and nothing happens if it is the same file already.
///
/// # Errors
/// As [`copy`].
pub fn link_or_copy(src: &Path, dst: &Path) -> io::Result<()> {
    let (from, from_name) = open_parent(src)?;
    let (to, to_name) = open_parent(dst)?;
    let stat =
        rustix::fs::statat(&from, from_name, AtFlags::empty()).map_err(|errno| walk::error("stat", src, errno))?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        let real = fs_err::canonicalize(src)?;
        return copy(&real, dst);
    }
    if let Ok(there) = rustix::fs::statat(&to, to_name, AtFlags::empty())
        && (there.st_dev, there.st_ino) == (stat.st_dev, stat.st_ino)
    {
        return Ok(());
    }
    match rustix::fs::linkat(&from, from_name, &to, to_name, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => return Ok(()),
        Err(Errno::EXIST) => {
            rustix::fs::unlinkat(&to, to_name, AtFlags::empty()).map_err(|errno| walk::error("replace", dst, errno))?;
            if rustix::fs::linkat(&from, from_name, &to, to_name, AtFlags::SYMLINK_FOLLOW).is_ok() {
                return Ok(());
            }
        }
        Err(Errno::NOENT) => return Err(walk::error("link to", dst, Errno::NOENT)),
        Err(_) => {}
    }
    let source = rustix::fs::openat(&from, from_name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|errno| walk::error("open file", src, errno))?;
    copy_file(source, &stat, &Place { fd: to.as_fd(), name: to_name, path: dst }, src)
}

/// An entry by the descriptor of its directory, with its path for messages.
pub(super) struct Place<'a> {
    pub(super) fd: BorrowedFd<'a>,
    pub(super) name: &'a OsStr,
    pub(super) path: &'a Path,
}

impl Place<'_> {
    pub(super) fn error(&self, what: &str, errno: Errno) -> io::Error {
        walk::error(what, self.path, errno)
    }
}

pub(super) fn open_parent(path: &Path) -> io::Result<(OwnedFd, &OsStr)> {
    let (parent, name) = walk::parent_and_name(path)?;
    let fd = rustix::fs::open(&parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|errno| walk::error("open directory", &parent, errno))?;
    Ok((fd, name))
}

/// Copies `from` to `to`.
pub(super) fn copy_entry(from: &Place<'_>, to: &Place<'_>) -> io::Result<()> {
    let stat =
        rustix::fs::statat(from.fd, from.name, AtFlags::SYMLINK_NOFOLLOW).map_err(|errno| from.error("stat", errno))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => {
            let (source, target) = enter(from, to)?;
            let entries = walk::entries(&source).map_err(|errno| from.error("read directory", errno))?;
            for entry in entries {
                let name = entry.name.as_os_str();
                copy_entry(
                    &Place { fd: source.as_fd(), name, path: &from.path.join(name) },
                    &Place { fd: target.as_fd(), name, path: &to.path.join(name) },
                )?;
            }
            finish_directory(&target, &stat, to)
        }
        FileType::Symlink => copy_link(from, to, &stat),
        FileType::RegularFile => {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let source = rustix::fs::openat(from.fd, from.name, flags, Mode::empty())
                .map_err(|errno| from.error("open file", errno))?;
            copy_file(source, &stat, to, from.path)
        }
        _ => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("failed to copy `{}`: it is no file, directory or symbolic link", from.path.display()),
        )),
    }
}

/// Opens the directory `from` and its copy, which is created writable when missing.
pub(super) fn enter(from: &Place<'_>, to: &Place<'_>) -> io::Result<(OwnedFd, OwnedFd)> {
    let source = walk::open_at(from.fd, from.name).map_err(|errno| from.error("open directory", errno))?;
    match rustix::fs::mkdirat(to.fd, to.name, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(to.error("create directory", errno)),
    }
    let target = walk::open_at(to.fd, to.name).map_err(|errno| to.error("open directory", errno))?;
    // One that was there may be read-only. Its mode is set again in the end.
    let stat = rustix::fs::fstat(&target).map_err(|errno| to.error("stat", errno))?;
    if stat.st_mode & 0o700 != 0o700 {
        rustix::fs::fchmod(&target, Mode::RWXU).map_err(|errno| to.error("chmod", errno))?;
    }
    Ok((source, target))
}

/// Gives the copied directory mode and time of the original, after its content.
pub(super) fn finish_directory(target: &OwnedFd, stat: &Stat, to: &Place<'_>) -> io::Result<()> {
    rustix::fs::fchmod(target, mode(stat)).map_err(|errno| to.error("chmod", errno))?;
    rustix::fs::futimens(target, &times(stat)).map_err(|errno| to.error("set the time of", errno))
}

pub(super) fn copy_link(from: &Place<'_>, to: &Place<'_>, stat: &Stat) -> io::Result<()> {
    let target =
        rustix::fs::readlinkat(from.fd, from.name, Vec::new()).map_err(|errno| from.error("read link", errno))?;
    match rustix::fs::symlinkat(&target, to.fd, to.name) {
        Err(Errno::EXIST) => {
            rustix::fs::unlinkat(to.fd, to.name, AtFlags::empty()).map_err(|errno| to.error("replace", errno))?;
            rustix::fs::symlinkat(&target, to.fd, to.name)
        }
        other => other,
    }
    .map_err(|errno| to.error("create link", errno))?;
    // Not every file system keeps times of links, and nothing depends on them.
    let _ = rustix::fs::utimensat(to.fd, to.name, &times(stat), AtFlags::SYMLINK_NOFOLLOW);
    Ok(())
}

pub(super) fn copy_file(source: OwnedFd, stat: &Stat, to: &Place<'_>, from: &Path) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let target = match rustix::fs::openat(to.fd, to.name, flags, Mode::RUSR | Mode::WUSR) {
        Err(Errno::EXIST) => {
            rustix::fs::unlinkat(to.fd, to.name, AtFlags::empty()).map_err(|errno| to.error("replace", errno))?;
            rustix::fs::openat(to.fd, to.name, flags, Mode::RUSR | Mode::WUSR)
        }
        other => other,
    }
    .map_err(|errno| to.error("create file", errno))?;
    // `io::copy` between files uses `copy_file_range`.
    let mut source = fs_err::File::from_parts(source.into(), from);
    let mut target = fs_err::File::from_parts(target.into(), to.path);
    io::copy(source.file_mut(), target.file_mut()).map_err(|error| {
        io::Error::new(error.kind(), format!("failed to copy `{}` to `{}`: {error}", from.display(), to.path.display()))
    })?;
    rustix::fs::fchmod(target.file(), mode(stat)).map_err(|errno| to.error("chmod", errno))?;
    rustix::fs::futimens(target.file(), &times(stat)).map_err(|errno| to.error("set the time of", errno))
}

fn mode(stat: &Stat) -> Mode {
    Mode::from_raw_mode(stat.st_mode & 0o7777)
}

fn times(stat: &Stat) -> Timestamps {
    let modified = Timespec { tv_sec: stat.st_mtime, tv_nsec: stat.st_mtime_nsec as i64 };
    Timestamps { last_access: modified, last_modification: modified }
}
