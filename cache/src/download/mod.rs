//! Downloads, with the semantics and the messages of the reference's download utility.

mod downloader;
mod error;
mod name;
mod progress;
mod redact;
mod request;
mod settings;

pub use downloader::Downloader;
pub use error::{Attempt, DownloadError, Reason};
pub use name::{Naming, file_name};
pub use progress::{Progress, Silent};
pub use redact::redact;
pub use request::{Fetched, Request};
pub use settings::{CacheSettings, DownloadSettings, Netrc};
