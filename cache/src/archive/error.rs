use std::io;
use std::path::PathBuf;

/// Why an archive could not be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// No driver knows the format. The text is the reference's.
    #[error("Not a recognized archive type: {}", .path.display())]
    Unrecognized { path: PathBuf },
    /// The format is known, but the content is cut off or broken.
    #[error("The archive {} is truncated or damaged: {reason}. Remove it and download it again.", .path.display())]
    Damaged { path: PathBuf, reason: String },
    /// An entry would be written outside the destination.
    #[error("The archive {} is refused: its entry `{entry}` would be written outside the destination, through `{through}`.", .path.display())]
    Escapes { path: PathBuf, entry: String, through: String },
    /// An entry stands where an earlier one is of another kind.
    #[error("The archive {} is refused: its entry `{entry}` can't be written, as {reason}.", .path.display())]
    Conflict { path: PathBuf, entry: String, reason: String },
    /// More than the limits allow.
    #[error("The archive {} is refused: it has more than {limit} {what}. Raise the limit if that is right.", .path.display())]
    TooLarge { path: PathBuf, what: &'static str, limit: u64 },
    /// A compression or encryption that is not supported.
    #[error("The archive {} can't be unpacked: {reason}.", .path.display())]
    Unsupported { path: PathBuf, reason: String },
    /// The external program for a format failed.
    #[error("The archive {} needs the program `{program}`, which failed: {reason}.", .path.display())]
    Tool { path: PathBuf, program: &'static str, reason: String },
    /// `strip-top-level-dir` was asked for, but there is not exactly one directory.
    #[error("The top level of {} can't be stripped: it has {found} instead of exactly one directory.", .dest.display())]
    NotOneDirectory { dest: PathBuf, found: String },
    /// A file could not be read or written; the error names it.
    #[error(transparent)]
    Io(#[from] io::Error),
}
