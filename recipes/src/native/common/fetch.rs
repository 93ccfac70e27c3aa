//! Getting files, by the options that all downloading recipes share: `url`, `md5sum`, `alternate-url`, `offline`.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rbuildout_cache::download::local_file;
use rbuildout_cache::{Fetched, Progress, Request};

use crate::api::{Host, Mode, Settings, required, text};
use crate::error::{Place, RecipeError, Text};
use crate::native::common::{paths, truth};
use crate::run::RunContext;

/// The download that the options of the section describe.
pub(crate) fn request(host: &mut dyn Host) -> Result<Request, RecipeError> {
    let url = required(host, "url")?;
    let mut request = plain(host.settings(), &url);
    request.md5 = md5sum(host)?;
    request.alternate_url = text(host, "alternate-url")?.filter(|url| !url.is_empty());
    let offline = text(host, "offline")?.filter(|offline| !offline.is_empty());
    request.offline = offline.map(|offline| truth::exact(Some(&offline), false)).transpose()?;
    Ok(request)
}

/// Option `md5sum`, unless empty.
pub(crate) fn md5sum(host: &mut dyn Host) -> Result<Option<String>, RecipeError> {
    Ok(text(host, "md5sum")?.filter(|md5| !md5.is_empty()))
}

/// A download without a checksum. A relative path starts at the buildout directory.
pub(crate) fn plain(settings: &Settings, url: &str) -> Request {
    let mut request = Request::new(absolute(&settings.directory, url));
    // The reference never makes a path absolute.
    request.named = (settings.mode == Mode::Upstream && is_path(url)).then(|| url.to_owned());
    request
}

/// The URL or path, made absolute if it is a relative path.
pub(crate) fn absolute(directory: &Path, url: &str) -> String {
    if is_path(url) && !url.is_empty() { paths::to_text(&directory.join(url)) } else { url.to_owned() }
}

/// True if this is a path and no URL.
pub(crate) fn is_path(url: &str) -> bool {
    let Some((scheme, _)) = url.split_once(':') else { return true };
    scheme.is_empty() || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// A file that was fetched; removed at the end if it is temporary.
pub(crate) struct File(Fetched);

impl File {
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if self.0.temporary {
            // It lies in the spool directory, which is cleaned anyhow.
            let _ = fs_err::remove_file(&self.0.path);
        }
    }
}

/// Fetches a file to wherever it is kept.
pub(crate) fn fetch(run: &RunContext, request: &Request) -> Result<File, RecipeError> {
    get(run, request).map_err(|error| at_checksum(error, request))
}

/// As [`fetch`], for what must be there: without a checksum, the reference does not look at a local file.
pub(crate) fn fetch_existing(run: &RunContext, request: &Request) -> Result<File, RecipeError> {
    get_existing(run, request).map_err(|error| at_checksum(error, request))
}

/// As [`fetch_existing`], with the error as it is: the request does not come from the usual options.
pub(crate) fn get_existing(run: &RunContext, request: &Request) -> Result<File, RecipeError> {
    let file = get(run, request)?;
    file.0.check()?;
    Ok(file)
}

fn get(run: &RunContext, request: &Request) -> Result<File, RecipeError> {
    check(request)?;
    run.log.phase("download");
    Ok(File(run.services.downloader().fetch(request, run.log.progress())?))
}

/// Shows a wrong checksum where it is written.
fn at_checksum(error: RecipeError, request: &Request) -> RecipeError {
    match (&error, &request.md5) {
        (RecipeError::Download(cause), Some(md5)) if cause.is_mismatch() => {
            error.at(Place::line(Text::Option("md5sum"), 1, md5), None)
        }
        _ => error,
    }
}

/// Fetches a file while a section is initialised.
pub(crate) fn fetch_at_init(host: &dyn Host, request: &Request) -> Result<File, RecipeError> {
    check(request)?;
    let lines = Lines::default();
    let fetched = host.downloader().fetch(request, &lines);
    for line in lines.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
        host.print(&line);
    }
    Ok(File(fetched.map_err(|error| at_checksum(error.into(), request))?))
}

/// An empty path would be the buildout directory.
fn check(request: &Request) -> Result<(), RecipeError> {
    if request.url.is_empty() { Err(paths::file_not_found("")) } else { Ok(()) }
}

/// Fails if a directory is to be copied into itself.
pub(crate) fn check_apart(source: &Path, destination: &Path) -> Result<(), RecipeError> {
    if !source.is_dir() || !paths::real(destination).starts_with(paths::real(source)) {
        return Ok(());
    }
    let message =
        format!("The directory {} can't be copied into itself, to {}.", source.display(), destination.display());
    Err(RecipeError::user_with_hint(message, "Correct the option `url`."))
}

/// Keeps what is to be printed about a download.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Progress for Lines {
    fn downloading(&self, url: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("Downloading {url}"));
    }
}

/// Fetches a file to `path`: a link or a copy of a local or cached one.
pub(crate) fn fetch_to(run: &RunContext, request: &Request, path: &Path) -> Result<(), RecipeError> {
    check(request)?;
    if let Some(source) = local_file(&request.url) {
        check_apart(source, path)?;
    }
    run.log.phase("download");
    let fetched = run.services.downloader().fetch_to(request, path, run.log.progress());
    fetched.map(drop).map_err(|error| at_checksum(error.into(), request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls() {
        assert!(is_path("a/b") && is_path("/a:b") && is_path("./x:y") && is_path(""));
        assert!(!is_path("http://x/") && !is_path("file:///x") && !is_path("debian:a/b"));
        assert_eq!(absolute(Path::new("/b"), "x/y"), "/b/x/y");
        assert_eq!(absolute(Path::new("/b"), "/x"), "/x");
    }
}
