//! Following a link: to a distribution, a directory or a page.

use std::path::{Path, PathBuf};

use rbuildout_cache::Downloader;
use url::Url;

use super::candidate::{Candidate, local_path, scheme};
use super::hosts::Hosts;
use super::html::{self, Anchor};
use crate::context::{Context, LOGGER, Level};
use crate::interpreter::Interpreter;
use crate::name::canonical_name;

/// The logger of the reference's index.
const ROOT: &str = "root";
/// The longest page on this machine that is read, in bytes.
const MAX_PAGE: u64 = 256 << 20;

/// What following links needs.
pub(crate) struct Web<'a> {
    pub(crate) interpreter: &'a Interpreter,
    pub(crate) downloader: &'a Downloader,
    pub(crate) context: &'a dyn Context,
    /// Whether records are to be made now; what is read ahead is told later.
    pub(crate) in_front: bool,
    /// Whether the index of this setuptools logs. Before 65.6 it only prints warnings.
    pub(crate) logs: bool,
}

impl Web<'_> {
    /// Says something in the index's words, where they are heard.
    pub(crate) fn say(&self, level: Level, text: &str) {
        match (self.logs, level) {
            (true, _) => self.context.record(level, ROOT, text),
            (false, Level::Warning | Level::Error) => self.context.record(level, LOGGER, text),
            (false, _) => {}
        }
    }

    /// Says that no page was found for a project; `known` if links have it.
    pub(super) fn not_found(&self, name: &str, known: bool) {
        if known {
            self.say(Level::Info, &format!("Couldn't retrieve index page for '{name}'"));
        } else {
            let text = format!("Couldn't find index page for '{name}' (maybe misspelled?)");
            self.say(Level::Warning, &text);
        }
    }
}

/// Adds to `found` what links lead to.
pub(super) struct Scan<'a> {
    pub(super) web: &'a Web<'a>,
    pub(super) hosts: &'a Hosts,
    pub(super) found: &'a mut Vec<Candidate>,
}

impl Scan<'_> {
    /// Follows an element of `find-links`.
    pub(super) fn link(&mut self, link: &str, quiet: bool) {
        if scheme(link).is_none() {
            let path = Path::new(link);
            if !path.exists() {
                if !quiet {
                    self.web.say(Level::Warning, &format!("Not found: {link}"));
                }
            } else if !self.directory(path) {
                self.file(path);
            }
        } else if !self.candidate(link, false) {
            self.page(link);
        }
    }

    /// Takes the files of a directory. False if it is none.
    pub(super) fn directory(&mut self, directory: &Path) -> bool {
        let Ok(directory) = fs_err::canonicalize(directory) else {
            return false;
        };
        if !directory.is_dir() {
            return false;
        }
        let entries = fs_err::read_dir(&directory).into_iter().flatten().filter_map(Result::ok);
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            self.file(&path);
        }
        true
    }

    fn file(&mut self, path: &Path) {
        let path = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if let Some(text) = path.to_str() {
            self.found.extend(Candidate::of(text, self.web.interpreter));
        }
    }

    /// Takes a URL that names a distribution. False if it does not.
    fn candidate(&mut self, url: &str, yanked: bool) -> bool {
        let Some(candidate) = Candidate::of(url, self.web.interpreter) else {
            return false;
        };
        if self.hosts.allow(url) {
            self.found.push(Candidate { yanked, ..candidate });
        }
        true
    }

    /// Takes the links of a page. False if there is no such page.
    pub(super) fn page(&mut self, url: &str) -> bool {
        if !self.hosts.allow(url) {
            return false;
        }
        self.web.say(Level::Info, &format!("Reading {}", rbuildout_cache::download::redact(url)));
        if let Some(path) = local_path(url) {
            return self.local_page(url, &path);
        }
        match self.web.downloader.page(url) {
            Ok(page) if page.content_type.contains("html") => {
                self.links(&page.url, &decode(&page.body, &page.content_type));
                true
            }
            Ok(_) => false,
            Err(error) => {
                use rbuildout_cache::{DownloadError, Reason};
                let answered = matches!(&error, DownloadError::Failed { reason: Reason::Http { .. }, .. });
                if !answered {
                    let reason = match &error {
                        DownloadError::Failed { reason, .. } => reason.to_string(),
                        other => other.to_string(),
                    };
                    let url = rbuildout_cache::download::redact(url);
                    let text = format!("Download error on {url}: {reason} -- Some packages may not be found!");
                    self.web.say(Level::Warning, &text);
                }
                false
            }
        }
    }

    /// A `file:` URL: a page, or a directory with or without an `index.html`.
    fn local_page(&mut self, url: &str, path: &Path) -> bool {
        let page = if path.is_dir() { path.join("index.html") } else { path.to_owned() };
        if fs_err::metadata(&page).is_ok_and(|found| found.is_file() && found.len() <= MAX_PAGE)
            && let Ok(bytes) = fs_err::read(&page)
        {
            self.links(url, &String::from_utf8_lossy(&bytes));
            return true;
        }
        let Ok(base) = Url::from_directory_path(path) else {
            return false;
        };
        let entries = fs_err::read_dir(path).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        for name in names {
            let mut link = base.clone();
            if let Ok(mut segments) = link.path_segments_mut() {
                segments.pop_if_empty().push(&name);
            }
            self.candidate(link.as_str(), false);
        }
        path.is_dir()
    }

    fn links(&mut self, url: &str, page: &str) {
        let html::Links { base, anchors } = html::links(page);
        let Ok(page_url) = Url::parse(url) else {
            return;
        };
        let base = base.and_then(|base| page_url.join(&base).ok()).unwrap_or(page_url);
        for anchor in anchors.iter().filter(|anchor| anchor.fits(self.web.interpreter.facts())) {
            if let Some(url) = target(&base, anchor) {
                self.candidate(&url, anchor.yanked);
            }
        }
    }
}

/// The directories in an index directory that are about the project `key`, in any spelling.
pub(super) fn projects(index: &Path, key: &str) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(index).into_iter().flatten().filter_map(Result::ok);
    let is_project = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| canonical_name(name) == key);
    entries.filter(|entry| is_project(&entry.file_name())).map(|entry| entry.path()).collect()
}

fn target(base: &Url, anchor: &Anchor) -> Option<String> {
    base.join(anchor.href.trim()).ok().map(String::from)
}

/// The text of a page: in its charset if that is UTF-8, else byte by byte as Latin-1.
fn decode(body: &[u8], content_type: &str) -> String {
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) if content_type.contains("utf-8") => String::from_utf8_lossy(body).into_owned(),
        Err(_) => body.iter().map(|byte| char::from(*byte)).collect(),
    }
}
