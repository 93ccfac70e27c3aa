//! Pages: read whole, with the place where they were in the end.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use common::server::{Answer, Server};
use common::{bare, settings};
use rbuildout_cache::{DownloadError, Downloader, Reason};

#[test]
fn a_page_knows_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|seen, count| match seen.path.as_str() {
        "/there/" if count < 2 => Answer::status("503 Busy"),
        "/there/" => Answer::ok(b"<a href=x>").header("Content-Type", "Text/HTML; charset=utf-8"),
        _ => Answer::status("302 Found").header("Location", "/there/"),
    });
    let page = bare(dir.path()).page(&server.url("here")).unwrap();
    assert_eq!(page.url, server.url("there/"));
    assert_eq!(page.content_type, "text/html; charset=utf-8");
    assert_eq!(page.body, b"<a href=x>");
    assert_eq!(common::names(dir.path()), Vec::<String>::new());
}

#[test]
fn no_page() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| Answer::status("404 Not Found"));
    let error = bare(dir.path()).page(&server.url("gone")).unwrap_err();
    let answered = matches!(&error, DownloadError::Failed { reason: Reason::Http { status: 404, .. }, .. });
    assert!(answered, "{error}");
    assert_eq!(server.seen().len(), 1);
    let mut offline = settings(dir.path());
    offline.offline = true;
    let error = Downloader::new(offline).page(&server.url("gone")).unwrap_err();
    assert!(matches!(error, DownloadError::Offline { .. }));
    assert_eq!(server.seen().len(), 1);
}
