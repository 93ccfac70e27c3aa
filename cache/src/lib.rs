//! Downloads, archives and trees of files for `rbuildout`.
//!
//! * [`Downloader`] brings a [`Request`] (a URL, its checksums, an alternate URL) to a local path: from the
//!   download-cache, a local file, the network, or a [`Mirror`] found by checksum. One value serves all threads of a
//!   run: [`Downloader::fetch`] returns a path, [`Downloader::fetch_to`] places the file, [`Downloader::prefetch`]
//!   loads in the background what will be asked for later. [`Downloader::with_cache`] gives a second view with another
//!   cache directory (the extends-cache) on the same connections. [`Progress`] is told what happens.
//! * [`archive::unpack`] extracts any archive a profile names and never writes outside the destination;
//!   [`archive::strip_top_level`] applies the rule of `strip-top-level-dir`.
//! * [`tree`] removes, copies, links and write-protects whole trees.
//! * [`hash`] computes md5, sha256 and sha512 of bytes, files and streams.
//! * [`FileLock`] is an advisory lock on a file.
//!
//! Everything is synchronous. Errors name the URL or the path, and never show a password.

pub mod archive;
pub mod download;
pub mod hash;
pub mod lock;
pub mod mirror;
pub mod tree;

pub use download::{
    CacheSettings, DownloadError, DownloadSettings, Downloader, Fetched, Naming, Netrc, Page, Prefetch, Progress,
    Reason, Request, Silent,
};
pub use lock::FileLock;
pub use mirror::{Mirror, MirrorError};
