//! Reading profiles for the parser: local files, and downloads through the extends-cache.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rbuildout_cache::{CacheSettings, DownloadError, DownloadSettings, Downloader, Request, Silent};
use rbuildout_parser::{Diagnostic, DownloadOptions, Loaded, Loader, Mode, is_url};

/// Loader over the file system and the network.
pub struct FileLoader {
    pub mode: Mode,
    /// Where downloads go that no cache keeps.
    pub spool: PathBuf,
    pub timeout: Option<Duration>,
}

impl FileLoader {
    fn download(&self, url: &str, options: &DownloadOptions) -> Result<Loaded, Diagnostic> {
        let mut settings = DownloadSettings::new(&self.spool);
        settings.offline = options.is_offline();
        settings.newest = options.newest && !settings.offline;
        settings.timeout = self.timeout.unwrap_or(settings.timeout);
        settings.cache = options.extends_cache.as_ref().map(|cache| {
            let base = Path::new(options.directory.as_deref().unwrap_or("."));
            CacheSettings::new(base.join(cache), "extends-cache")
        });
        let mut request = Request::new(url);
        request.refresh = settings.newest;
        let fetched = Downloader::new(settings).fetch(&request, &Silent).map_err(|error| {
            let message = match self.mode {
                Mode::Upstream => error.upstream_text(),
                Mode::Slapos => error.to_string(),
            };
            let hint = match (&error, url.split_once("://")) {
                (DownloadError::Failed { .. }, Some(("http" | "https", _))) => {
                    "Check the URL and the network.".to_owned()
                }
                (DownloadError::Failed { .. }, _) => {
                    "A profile is a path, or a URL that begins with `http://`, `https://` or `file://`.".to_owned()
                }
                _ => error.hint(),
            };
            Diagnostic::user(message).with_hint(hint)
        })?;
        let text = read_text(&fetched.path);
        if fetched.temporary {
            // Best effort: the spool is emptied with the run's state.
            let _ = fs_err::remove_file(&fetched.path);
        }
        Ok(Loaded { text: text?, display: format!("{url} (downloaded as {})", fetched.path.display()) })
    }
}

impl Loader for FileLoader {
    fn read(&self, name: &str, options: &DownloadOptions) -> Result<Loaded, Diagnostic> {
        if is_url(name) {
            return match name.strip_prefix("file://") {
                Some(path) => Ok(Loaded { text: read_text(Path::new(path))?, display: name.to_owned() }),
                None => self.download(name, options),
            };
        }
        Ok(Loaded { text: read_text(Path::new(name))?, display: name.to_owned() })
    }

    fn exists(&self, path: &str) -> bool {
        is_url(path) || Path::new(path).exists()
    }
}

/// Reads a whole file with three system calls: a profile is hundreds of small files, and asking for each one's size first
/// costs as much as reading it.
fn read_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;

    use fs_err::os::unix::fs::OpenOptionsExt as _;
    let mut bytes = Vec::with_capacity(32 * 1024);
    // Not blocking, so that a pipe without writer is empty instead of a wait for ever.
    let mut options = fs_err::OpenOptions::new();
    options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    // The file of the standard library reads into memory that nobody has filled with zeros before.
    let file = options.open(path)?.into_parts().0;
    file.take(MAX_PROFILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_PROFILE {
        return Err(std::io::Error::other(format!("{} is larger than {} MiB", path.display(), MAX_PROFILE >> 20)));
    }
    Ok(bytes)
}

/// No profile is near this size; a device or a pipe may be.
const MAX_PROFILE: u64 = 64 << 20;

fn read_text(path: &Path) -> Result<String, Diagnostic> {
    let shown = rbuildout_parser::python::str_repr(&path.to_string_lossy());
    let bytes = read_bytes(path).map_err(|error| {
        let (class, text, hint) = match error.kind() {
            std::io::ErrorKind::NotFound => (
                "FileNotFoundError",
                format!("[Errno 2] No such file or directory: {shown}"),
                "Correct the name, or create the profile.".to_owned(),
            ),
            std::io::ErrorKind::PermissionDenied => (
                "PermissionError",
                format!("[Errno 13] Permission denied: {shown}"),
                "Let the user who runs this read the profile and enter its directories.".to_owned(),
            ),
            std::io::ErrorKind::IsADirectory => {
                let inside = path.join("buildout.cfg");
                let hint = if inside.is_file() {
                    format!("Name a file in this directory: {} is there.", inside.display())
                } else {
                    "Name a file instead of a directory.".to_owned()
                };
                ("IsADirectoryError", format!("[Errno 21] Is a directory: {shown}"), hint)
            }
            _ => ("OSError", error.to_string(), "Name a regular file that can be read.".to_owned()),
        };
        Diagnostic::internal(class, text).with_hint(hint)
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].split(|byte| *byte == b'\n').count();
        Diagnostic::internal(
            "UnicodeDecodeError",
            format!("{} is not UTF-8 text (line {line}, byte {at})", path.display()),
        )
        .with_hint("Save the profile as UTF-8.")
    })
}
