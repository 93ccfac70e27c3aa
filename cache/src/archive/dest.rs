//! The directory that an archive is unpacked into.
//!
//! The promise that nothing is written outside is kept here and nowhere else: every name is split into components, and
//! each component is opened relative to the directory before it without following symbolic links. A link on the way is
//! resolved by hand, and refused when it leads out. The last component is always created anew (an existing file or
//! link is removed first), so nothing is ever written through it.

use std::collections::{HashMap, VecDeque};
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::{ArchiveError, Limits};

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const NEW_FILE: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Directories kept open between entries.
const CACHED: usize = 128;
const MAX_LINKS: usize = 40;
const BUFFER: usize = 256 * 1024;

/// Mode and time of an entry; `None` leaves what creation gives.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Attributes {
    pub(super) mode: Option<u32>,
    pub(super) modified: Option<Timespec>,
}

/// The destination, while it is filled.
pub(super) struct Dest {
    root: Rc<OwnedFd>,
    path: PathBuf,
    archive: PathBuf,
    limits: Limits,
    entries: u64,
    bytes: u64,
    umask: u32,
    open: HashMap<Vec<u8>, Rc<OwnedFd>>,
    directories: Vec<(Vec<u8>, Attributes)>,
    widened: Vec<(Rc<OwnedFd>, u32)>,
    buffer: Vec<u8>,
    skipped: Skipped,
}

/// Entries that were left out because their names are absolute or have a `..`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub count: u64,
    /// The names of the first few.
    pub names: Vec<String>,
}

/// The components of an entry's name; `None` if the entry is to be skipped: absolute, or with a `..`.
pub(super) fn components(name: &[u8]) -> Option<Vec<&[u8]>> {
    if name.starts_with(b"/") || name.contains(&0) {
        return None;
    }
    let parts: Vec<&[u8]> = name.split(|&byte| byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    (!parts.contains(&&b".."[..])).then_some(parts)
}

impl Dest {
    /// Opens `path`, which exists; `archive` is for messages.
    pub(super) fn open(path: &Path, archive: &Path, limits: Limits) -> Result<Self, ArchiveError> {
        // The destination itself may be named through a symbolic link.
        let path = fs_err::canonicalize(path)?;
        let root = rustix::fs::open(&path, DIRECTORY, Mode::empty()).map_err(|errno| failed("open", &path, errno))?;
        Ok(Self {
            root: Rc::new(root),
            path,
            archive: archive.to_owned(),
            limits,
            entries: 0,
            bytes: 0,
            umask: umask(),
            open: HashMap::new(),
            directories: Vec::new(),
            widened: Vec::new(),
            buffer: vec![0; BUFFER],
            skipped: Skipped::default(),
        })
    }

    /// Counts an entry, which will have `size` bytes as far as the archive tells.
    pub(super) fn account(&mut self, size: u64) -> Result<(), ArchiveError> {
        self.entries += 1;
        if self.entries > self.limits.max_entries {
            return Err(self.too_large("entries", self.limits.max_entries));
        }
        if self.bytes.saturating_add(size) > self.limits.max_bytes {
            return Err(self.too_large("bytes", self.limits.max_bytes));
        }
        Ok(())
    }

    /// Notes an entry whose name has no [`components`].
    pub(super) fn skip(&mut self, name: &[u8]) {
        const NAMED: usize = 3;
        self.skipped.count += 1;
        if self.skipped.names.len() < NAMED {
            self.skipped.names.push(String::from_utf8_lossy(name).into_owned());
        }
    }

    /// Makes a directory; what it is to look like in the end is applied by [`Dest::finish`].
    pub(super) fn directory(&mut self, parts: &[&[u8]], attributes: Attributes) -> Result<(), ArchiveError> {
        self.resolve(parts, parts)?;
        self.directories.push((parts.join(&b'/'), attributes));
        Ok(())
    }

    /// Writes a file from `content`; `size` is its length where known. `content` errors mean a damaged archive.
    pub(super) fn file(
        &mut self,
        parts: &[&[u8]],
        attributes: Attributes,
        content: &mut dyn Read,
        size: Option<u64>,
    ) -> Result<(), ArchiveError> {
        let file = self.create(parts, attributes)?;
        let mut buffer = std::mem::take(&mut self.buffer);
        let outcome = self.pour(&file, parts, content, size, &mut buffer);
        self.buffer = buffer;
        outcome?;
        self.close(file, parts, attributes)
    }

    /// Creates a file, to be filled and then given to [`Dest::close`].
    pub(super) fn create(&mut self, parts: &[&[u8]], attributes: Attributes) -> Result<std::fs::File, ArchiveError> {
        let mode = Mode::from_raw_mode(attributes.mode.unwrap_or(0o666) & 0o777);
        let file = self.place(parts, |parent, name| rustix::fs::openat(parent, name, NEW_FILE, mode))?;
        Ok(std::fs::File::from(file))
    }

    /// Sets what creation could not.
    pub(super) fn close(
        &self,
        file: std::fs::File,
        parts: &[&[u8]],
        attributes: Attributes,
    ) -> Result<(), ArchiveError> {
        let path = || self.shown(parts);
        // Creation has taken away what the mask says, and knows no bits beyond these.
        if let Some(mode) = attributes.mode.map(|mode| mode & 0o7777)
            && mode & (self.umask | 0o7000) != 0
        {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).map_err(|errno| failed("chmod", &path(), errno))?;
        }
        if let Some(modified) = attributes.modified {
            rustix::fs::futimens(&file, &times(modified)).map_err(|errno| failed("set the time of", &path(), errno))?;
        }
        Ok(())
    }

    /// Counts bytes that were written.
    pub(super) fn count(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.max_bytes {
            return Err(self.too_large("bytes", self.limits.max_bytes));
        }
        Ok(())
    }

    fn pour(
        &mut self,
        mut file: &std::fs::File,
        parts: &[&[u8]],
        content: &mut dyn Read,
        size: Option<u64>,
        buffer: &mut [u8],
    ) -> Result<(), ArchiveError> {
        let mut written = 0;
        loop {
            let count = match content.read(buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.damaged(format!("`{}`: {error}", display(parts)))),
            };
            self.count(count as u64)?;
            file.write_all(&buffer[..count]).map_err(|error| named("write", &self.shown(parts), &error))?;
            written += count as u64;
        }
        match size {
            Some(size) if size != written => {
                Err(self.damaged(format!("`{}` has {written} of its {size} bytes", display(parts))))
            }
            _ => Ok(()),
        }
    }

    /// Makes a symbolic link.
    pub(super) fn symlink(&mut self, parts: &[&[u8]], target: &[u8]) -> Result<(), ArchiveError> {
        let target = OsStr::from_bytes(target);
        self.place(parts, |parent, name| rustix::fs::symlinkat(target, parent, name))
    }

    /// Makes a hard link to an entry that was unpacked before, or a copy of it. A target that is not there is
    /// skipped, as the reference does.
    pub(super) fn hard_link(&mut self, parts: &[&[u8]], target: &[u8]) -> Result<(), ArchiveError> {
        let Some(target_parts) = components(target) else {
            let through = String::from_utf8_lossy(target).into_owned();
            return Err(ArchiveError::Escapes { path: self.archive.clone(), entry: display(parts), through });
        };
        let Some((name, above)) = target_parts.split_last() else {
            return Ok(());
        };
        let from = self.resolve(above, parts)?;
        let from_name = OsStr::from_bytes(name);
        let Ok(stat) = rustix::fs::statat(&from, from_name, AtFlags::SYMLINK_NOFOLLOW) else {
            return Ok(());
        };
        if target_parts == parts {
            return Ok(());
        }
        let linked = self.place(parts, |parent, name| {
            match rustix::fs::linkat(&from, from_name, parent, name, AtFlags::empty()) {
                Ok(()) => Ok(true),
                Err(Errno::PERM | Errno::MLINK | Errno::XDEV | Errno::OPNOTSUPP) => Ok(false),
                Err(errno) => Err(errno),
            }
        })?;
        if linked {
            return Ok(());
        }
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => {
                let link = rustix::fs::readlinkat(&from, from_name, Vec::new())
                    .map_err(|errno| failed("read link", &self.shown(&target_parts), errno))?;
                self.symlink(parts, link.to_bytes())
            }
            FileType::RegularFile => {
                let source = rustix::fs::openat(
                    &from,
                    from_name,
                    OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
                    Mode::empty(),
                )
                .map_err(|errno| failed("open file", &self.shown(&target_parts), errno))?;
                let modified = Timespec { tv_sec: stat.st_mtime, tv_nsec: stat.st_mtime_nsec as i64 };
                let attributes = Attributes { mode: Some(stat.st_mode), modified: Some(modified) };
                self.file(parts, attributes, &mut std::fs::File::from(source), None)
            }
            _ => Ok(()),
        }
    }

    /// Gives directories their modes and times, the innermost first.
    pub(super) fn finish(mut self) -> Result<Skipped, ArchiveError> {
        let mut seen = std::collections::HashSet::new();
        let directories = std::mem::take(&mut self.directories);
        let mut last: Vec<&(Vec<u8>, Attributes)> =
            directories.iter().rev().filter(|(name, _)| seen.insert(name.as_slice())).collect();
        last.sort_by_key(|(name, _)| std::cmp::Reverse(depth(name)));
        for (directory, mode) in std::mem::take(&mut self.widened) {
            rustix::fs::fchmod(&directory, Mode::from_raw_mode(mode))
                .map_err(|errno| failed("chmod in", &self.path, errno))?;
        }
        for (name, attributes) in last {
            let parts: Vec<&[u8]> = name.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).collect();
            let directory = self.resolve(&parts, &parts)?;
            let path = || self.shown(&parts);
            if let Some(modified) = attributes.modified {
                rustix::fs::futimens(&directory, &times(modified))
                    .map_err(|errno| failed("set the time of", &path(), errno))?;
            }
            if let Some(mode) = attributes.mode {
                rustix::fs::fchmod(&directory, Mode::from_raw_mode(mode & 0o7777))
                    .map_err(|errno| failed("chmod", &path(), errno))?;
            }
        }
        Ok(self.skipped)
    }

    /// Runs `make` on the parent directory and the last name of `parts`; what stands there is removed first.
    fn place<T>(
        &mut self,
        parts: &[&[u8]],
        make: impl Fn(&OwnedFd, &OsStr) -> rustix::io::Result<T>,
    ) -> Result<T, ArchiveError> {
        let Some((name, above)) = parts.split_last() else {
            return Err(self.conflict(parts, "it has the name of the destination itself"));
        };
        let parent = self.resolve(above, parts)?;
        let name = OsStr::from_bytes(name);
        let mut outcome = make(&parent, name);
        if matches!(outcome, Err(Errno::ACCESS)) && self.widen(&parent) {
            outcome = make(&parent, name);
        }
        if matches!(outcome, Err(Errno::EXIST)) {
            let mut removed = rustix::fs::unlinkat(&parent, name, AtFlags::empty());
            if matches!(removed, Err(Errno::ACCESS)) && self.widen(&parent) {
                removed = rustix::fs::unlinkat(&parent, name, AtFlags::empty());
            }
            outcome = match removed {
                Err(Errno::ISDIR | Errno::PERM) => {
                    return Err(self.conflict(parts, "a directory is there"));
                }
                other => other.and_then(|()| make(&parent, name)),
            };
        }
        outcome.map_err(|errno| failed("create", &self.shown(parts), errno).into())
    }

    /// Makes a directory writable that was there before and is not; `false` if that is not what is wrong with it.
    /// [`Dest::finish`] undoes it.
    fn widen(&mut self, directory: &Rc<OwnedFd>) -> bool {
        let Ok(stat) = rustix::fs::fstat(directory) else {
            return false;
        };
        let mode = stat.st_mode & 0o7777;
        let wide = Mode::from_raw_mode(mode | 0o700);
        if mode & 0o300 == 0o300 || rustix::fs::fchmod(directory, wide).is_err() {
            return false;
        }
        self.widened.push((Rc::clone(directory), mode));
        true
    }

    /// Opens the directory `parts`, making what is missing. `entry` is for messages.
    fn resolve(&mut self, parts: &[&[u8]], entry: &[&[u8]]) -> Result<Rc<OwnedFd>, ArchiveError> {
        if parts.is_empty() {
            return Ok(Rc::clone(&self.root));
        }
        let key = parts.join(&b'/');
        if let Some(directory) = self.open.get(&key) {
            return Ok(Rc::clone(directory));
        }
        if parts.len() > self.limits.max_depth {
            return Err(self.too_large("directories above one another", self.limits.max_depth as u64));
        }
        let mut todo: VecDeque<Vec<u8>> = parts.iter().map(|part| part.to_vec()).collect();
        // The directories that were walked into, by their real names.
        let mut real: Vec<Vec<u8>> = Vec::new();
        let mut links = 0;
        while let Some(part) = todo.pop_front() {
            if part == b".." {
                if real.pop().is_none() {
                    return Err(self.escapes(entry, parts));
                }
                continue;
            }
            let step: Vec<u8> = real.iter().chain([&part]).cloned().collect::<Vec<_>>().join(&b'/');
            if self.open.contains_key(&step) {
                real.push(part);
                continue;
            }
            let parent = self.opened(&real);
            let name = OsStr::from_bytes(&part);
            let mut opened = open_or_make(&parent, name);
            if matches!(opened, Err(Errno::ACCESS)) && self.widen(&parent) {
                opened = open_or_make(&parent, name);
            }
            match opened {
                Ok(directory) => {
                    real.push(part);
                    self.remember(step, directory);
                }
                Err(Errno::LOOP | Errno::NOTDIR | Errno::EXIST) => {
                    let Ok(target) = rustix::fs::readlinkat(&parent, name, Vec::new()) else {
                        return Err(self.conflict(entry, "a file is where it needs a directory"));
                    };
                    let target = target.into_bytes();
                    links += 1;
                    if target.starts_with(b"/") || links > MAX_LINKS {
                        return Err(self.escapes(entry, parts));
                    }
                    let steps = target.split(|&byte| byte == b'/').filter(|step| !step.is_empty() && *step != b".");
                    for step in steps.rev().map(<[u8]>::to_vec) {
                        todo.push_front(step);
                    }
                }
                Err(errno) => {
                    return Err(failed("open directory", &self.shown(parts), errno).into());
                }
            }
        }
        Ok(self.opened(&real))
    }

    /// The descriptor of a directory that was just walked into.
    fn opened(&self, real: &[Vec<u8>]) -> Rc<OwnedFd> {
        if real.is_empty() {
            return Rc::clone(&self.root);
        }
        Rc::clone(self.open.get(&real.join(&b'/')).expect("each step of a walk is remembered"))
    }

    /// Keeps a descriptor. Directories are never replaced by an extraction, so it stays right.
    fn remember(&mut self, key: Vec<u8>, directory: OwnedFd) {
        if self.open.len() >= CACHED {
            // What is above the new one is needed by the walk that is under way.
            self.open.retain(|other, _| key.starts_with(other));
        }
        self.open.insert(key, Rc::new(directory));
    }

    fn shown(&self, parts: &[&[u8]]) -> PathBuf {
        self.path.join(OsStr::from_bytes(&parts.join(&b'/')))
    }

    pub(super) fn damaged(&self, reason: String) -> ArchiveError {
        ArchiveError::Damaged { path: self.archive.clone(), reason }
    }

    fn conflict(&self, parts: &[&[u8]], reason: &str) -> ArchiveError {
        ArchiveError::Conflict { path: self.archive.clone(), entry: display(parts), reason: reason.to_owned() }
    }

    fn escapes(&self, entry: &[&[u8]], through: &[&[u8]]) -> ArchiveError {
        let through = format!("the symbolic link in `{}`", display(through));
        ArchiveError::Escapes { path: self.archive.clone(), entry: display(entry), through }
    }

    fn too_large(&self, what: &'static str, limit: u64) -> ArchiveError {
        ArchiveError::TooLarge { path: self.archive.clone(), what, limit }
    }
}

/// Directories from the destination to `name`.
fn depth(name: &[u8]) -> usize {
    name.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).count()
}

fn open_or_make(parent: &OwnedFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    match rustix::fs::openat(parent, name, DIRECTORY, Mode::empty()) {
        Err(Errno::NOENT) => {
            rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o777))?;
            rustix::fs::openat(parent, name, DIRECTORY, Mode::empty())
        }
        other => other,
    }
}

fn display(parts: &[&[u8]]) -> String {
    String::from_utf8_lossy(&parts.join(&b'/')).into_owned()
}

fn times(modified: Timespec) -> Timestamps {
    Timestamps { last_access: modified, last_modification: modified }
}

fn failed(what: &str, path: &Path, errno: Errno) -> io::Error {
    named(what, path, &io::Error::from(errno))
}

fn named(what: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("failed to {what} `{}`: {error}", path.display()))
}

/// The process's file mode creation mask. It can be asked only by setting it, which other threads would see, or by
/// reading it from the kernel; where that fails, every mode is set explicitly.
fn umask() -> u32 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    value.and_then(|text| u32::from_str_radix(text.trim(), 8).ok()).unwrap_or(0o777)
}
