//! Downloads, with the semantics and the messages of the reference's download utility.
//!
//! A request goes through these steps ([`Downloader::fetch`]):
//!
//! 1. A local path or `file:` URL is checked where it is (and linked into the cache, if there is one).
//! 2. A file in the cache is checked and used, unless the request asks for a refresh.
//! 3. Else the sources are asked one after another until one brings the right bytes: the URL, the alternate URL and,
//!    if a checksum is known, the mirrors. All of them fill the same partial file, so that any source can go on where
//!    another one stopped (module `part`); only the checksum decides in the end (module `transfer`).
//! 4. The file is renamed into the cache, or into the spool directory, from where it is handed out.
//!
//! Threads that want the same request share one transfer (modules `once`, `story`); processes that share a cache take turns by a lock
//! on the partial file. Checksums are computed while bytes arrive, and once a run for files that are there (module `memo`).
//!
//! Left out on purpose: `ftp:` URLs (the request then depends on its alternate URL and mirrors), cookies, and
//! compression on the way, as the files are compressed already.

mod client;
mod downloader;
mod error;
mod memo;
mod name;
mod netrc;
mod once;
mod page;
mod part;
mod prefetch;
mod progress;
mod redact;
mod request;
mod settings;
mod sources;
mod spool;
mod story;
mod transfer;

pub use downloader::Downloader;
pub use error::{Attempt, DownloadError, Mismatch, Reason, room_hint};
pub use name::{Naming, file_name, local_file};
pub use page::Page;
pub use prefetch::Prefetch;
pub use progress::{Progress, Silent};
pub use redact::{mask, redact};
pub use request::{Fetched, Request};
pub use settings::{CacheSettings, DownloadSettings, Netrc};
