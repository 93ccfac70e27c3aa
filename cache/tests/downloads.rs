//! What a request gives, from which place, with which words: the reference's contract.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::os::unix::fs::MetadataExt;

use common::server::{Answer, Length, Server};
use common::{Listener, bare, cached, names, request, settings};
use fs_err as fs;
use rbuildout_cache::hash::md5_hex;
use rbuildout_cache::{CacheSettings, DownloadError, Downloader, Naming, Netrc, Request, Silent};

#[test]
fn without_cache_the_file_is_temporary() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::of(b"hello");
    let downloader = bare(dir.path());
    let first = downloader.fetch(&Request::new(server.url("f")), &Silent).unwrap();
    let second = downloader.fetch(&request(server.url("f"), b"hello"), &Silent).unwrap();
    assert!(first.temporary && second.temporary && first.path != second.path);
    assert_eq!(fs::read(&first.path).unwrap(), b"hello");
    assert_eq!(second.digests.md5.as_deref(), Some(md5_hex("hello").as_str()));
    assert_eq!(names(&dir.path().join("spool")).len(), 2);
    let dest = dir.path().join("dest");
    let placed = downloader.fetch_to(&request(server.url("f"), b"hello"), &dest, &Silent).unwrap();
    assert_eq!((placed.path.as_path(), placed.temporary), (dest.as_path(), false));
    assert_eq!(names(&dir.path().join("spool")).len(), 2);
}

#[test]
fn the_cache_is_filled_and_used() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::of(b"hello");
    let downloader = cached(dir.path());
    let wanted = request(server.url("f"), b"hello");
    let listener = Listener::default();
    let fetched = downloader.fetch(&wanted, &listener).unwrap();
    let path = dir.path().join("cache").join(md5_hex(server.url("f")));
    assert_eq!((&fetched.path, fetched.temporary), (&path, false));
    let dest = dir.path().join("dest");
    downloader.fetch_to(&wanted, &dest, &listener).unwrap();
    downloader.fetch_to(&wanted, &dest, &listener).unwrap();
    assert_eq!(fs::metadata(&dest).unwrap().ino(), fs::metadata(&path).unwrap().ino());
    assert_eq!(server.seen().len(), 1);
    assert_eq!(names(&dir.path().join("cache")).len(), 1);
    let url = server.url("f");
    let cache = dir.path().join("cache");
    assert_eq!(
        listener.lines()[..3],
        [
            format!("debug Searching cache at {}", cache.display()),
            format!("debug Cache miss; will cache {url} as {}", path.display()),
            format!("Downloading {url}"),
        ]
    );
    assert_eq!(listener.count(&format!("debug Using cache file {}", path.display())), 2);
}

#[test]
fn checksums_are_kept_to() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::of(b"hello");
    let url = server.url("f");
    let wrong = Request::new(&url).md5(md5_hex("other"));
    for downloader in [bare(dir.path()), cached(dir.path())] {
        let error = downloader.fetch(&wrong, &Silent).unwrap_err();
        assert_eq!(error.to_string(), format!("MD5 checksum mismatch downloading '{url}'"));
        assert!(error.hint().contains(&md5_hex("hello")));
    }
    assert!(names(&dir.path().join("cache")).is_empty() && names(&dir.path().join("spool")).is_empty());
    // One request each: bytes that are complete do not get better.
    assert_eq!(server.seen().len(), 2);
    let downloader = cached(dir.path());
    let path = downloader.fetch(&Request::new(&url), &Silent).unwrap().path;
    let error = downloader.fetch(&wrong, &Silent).unwrap_err();
    let expected = format!("MD5 checksum mismatch for cached download from '{url}' at '{}'", path.display());
    assert_eq!(error.to_string(), expected);
    assert!(path.exists());
    let mut wrong = Request::new(&url);
    wrong.sha512 = Some("00".into());
    assert!(
        downloader.fetch(&wrong, &Silent).unwrap_err().to_string().starts_with("SHA512 checksum mismatch for cached")
    );
    assert!(downloader.fetch(&Request::new(&url).md5(""), &Silent).unwrap_err().is_mismatch());
}

#[test]
fn local_files_stay_where_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a b%20");
    fs::write(&file, "local").unwrap();
    let text = file.to_str().unwrap();
    let downloader = bare(dir.path());
    for url in [text.to_owned(), format!("file://{text}"), format!("file:{text}")] {
        let fetched = downloader.fetch(&request(&url, b"local"), &Silent).unwrap();
        assert_eq!((fetched.path.as_path(), fetched.temporary), (file.as_path(), false));
    }
    let error = downloader.fetch(&Request::new(text).md5("00"), &Silent).unwrap_err();
    assert_eq!(error.to_string(), format!("MD5 checksum mismatch for local resource at '{text}'."));
    // Not looked at without checksum.
    let missing = downloader.fetch(&Request::new("/missing/x"), &Silent).unwrap();
    let dest = dir.path().join("dest");
    for error in [
        missing.check().unwrap_err(),
        downloader.fetch(&Request::new("file:///missing/x").md5("00"), &Silent).unwrap_err(),
        downloader.fetch_to(&Request::new("/missing/x"), &dest, &Silent).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "[Errno 2] No such file or directory: '/missing/x'");
        assert_eq!(error.hint(), "Correct the URL or the path, or create the file.");
    }
    let pipe = dir.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    for endless in ["/dev/zero", pipe.to_str().unwrap()] {
        let error = downloader.fetch(&Request::new(format!("file://{endless}")), &Silent).unwrap_err();
        assert_eq!(error.to_string(), format!("{endless} is neither a file nor a directory"));
        let elsewhere = Request::new("http://127.0.0.1:1/x").alternate(endless);
        let error = downloader.fetch(&elsewhere, &Silent).unwrap_err();
        assert!(error.attempts()[0].failure.ends_with("is neither a file nor a directory"), "{error:?}");
    }
    let error = downloader.fetch(&Request::new(format!("file://host{text}")), &Silent).unwrap_err();
    let expected = "<urlopen error file:// scheme is supported only on localhost>";
    assert_eq!(error.to_string(), format!("Error downloading file://host{text}: {expected}"));
    let dest = dir.path().join("dest");
    downloader.fetch_to(&Request::new(text), &dest, &Silent).unwrap();
    downloader.fetch_to(&Request::new(text), &file, &Silent).unwrap();
    assert_eq!(fs::metadata(&dest).unwrap().ino(), fs::metadata(&file).unwrap().ino());
    fs::create_dir_all(dir.path().join("tree/inner")).unwrap();
    let tree = dir.path().join("tree");
    downloader.fetch_to(&Request::new(tree.to_str().unwrap()), &dir.path().join("copy"), &Silent).unwrap();
    assert!(dir.path().join("copy/inner").is_dir());
    let error = downloader.fetch_to(&Request::new(text), &tree, &Silent).unwrap_err();
    assert!(error.to_string().contains("it is a directory"), "{error}");
}

#[test]
fn local_files_are_cached_in_their_present_form() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    let url = file.to_str().unwrap().to_owned();
    let downloader = cached(dir.path());
    fs::write(&file, "one").unwrap();
    let path = downloader.fetch(&Request::new(&url), &Silent).unwrap().path;
    assert_eq!(path, dir.path().join("cache").join(md5_hex(&url)));
    fs::remove_file(&file).unwrap();
    assert_eq!(downloader.fetch(&Request::new(&url), &Silent).unwrap().path, path);
    fs::write(&file, "two").unwrap();
    downloader.fetch(&request(&url, b"two"), &Silent).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
}

#[test]
fn offline() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::of(b"hello");
    let url = server.url("f");
    let downloader = cached(dir.path());
    let offline = Request { offline: Some(true), ..Request::new(&url) };
    let error = downloader.fetch(&offline, &Silent).unwrap_err();
    assert_eq!(error.to_string(), format!("Couldn't download '{url}' in offline mode."));
    assert!(server.seen().is_empty() && names(&dir.path().join("cache")).is_empty());
    downloader.fetch(&Request::new(&url), &Silent).unwrap();
    downloader.fetch(&Request { refresh: true, ..offline }, &Silent).unwrap();
    assert_eq!(server.seen().len(), 1);
    let mut offline = settings(dir.path());
    offline.offline = true;
    let downloader = Downloader::new(offline);
    assert!(matches!(downloader.fetch(&Request::new(&url), &Silent), Err(DownloadError::Offline { .. })));
    assert!(downloader.fetch(&Request { offline: Some(false), ..Request::new(&url) }, &Silent).is_ok());
}

#[test]
fn a_missing_cache_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("no");
    let downloader = bare(dir.path()).with_cache(Some(CacheSettings::new(&missing, "extends-cache")));
    for url in ["http://h/", "/tmp/x"] {
        let error = downloader.fetch(&Request::new(url), &Silent).unwrap_err();
        let expected =
            format!("The directory:\n'{}'\nto be used as a download cache doesn't exist.\n", missing.display());
        assert_eq!(error.to_string(), expected);
        let hint = format!("Create `{}`, or correct the option `extends-cache` of `[buildout]`.", missing.display());
        assert_eq!(error.hint(), hint);
    }
}

#[test]
fn the_extends_cache_asks_first() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_, count| match count {
        0 => Answer::ok(b"one"),
        1 => Answer::ok(b"two"),
        2 => Answer::status("404 File not found"),
        _ => Answer::ok(b"three"),
    });
    let cache = CacheSettings {
        namespace: Some("extends".into()),
        naming: Naming::Basename,
        ..CacheSettings::new(dir.path(), "x")
    };
    let downloader = bare(dir.path()).with_cache(Some(cache));
    let again = Request { refresh: true, ..Request::new(server.url("x/base.cfg?q")) };
    let read = |request: &Request| fs::read_to_string(downloader.fetch(request, &Silent).unwrap().path).unwrap();
    assert_eq!(read(&again), "one");
    assert_eq!(names(&dir.path().join("extends")), ["base.cfg"]);
    assert_eq!(read(&Request::new(server.url("x/base.cfg?q"))), "one");
    assert_eq!(read(&again), "two");
    assert_eq!(read(&again), "two");
    // A checksum mismatch is not covered up by the cached copy.
    let wrong = Request { refresh: true, ..request(server.url("x/base.cfg?q"), b"two") };
    assert!(downloader.fetch(&wrong, &Silent).unwrap_err().is_mismatch());
    assert_eq!(fs::read_to_string(dir.path().join("extends/base.cfg")).unwrap(), "two");
    let mut older = settings(dir.path());
    older.newest = false;
    let count = server.seen().len();
    let older = Downloader::new(older).with_cache(downloader.cache().cloned());
    older.fetch(&again, &Silent).unwrap();
    assert_eq!(server.seen().len(), count);
}

#[test]
fn errors_in_the_words_of_the_reference() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|seen, _| match seen.path.as_str() {
        "/custom" => Answer::status("404 File not found"),
        "/loop" => Answer::status("302 Found").header("Location", "/loop"),
        _ => Answer::status("403 Forbidden"),
    });
    let downloader = cached(dir.path());
    let text = |url: &str| downloader.fetch(&Request::new(url), &Silent).unwrap_err();
    let url = server.url("x");
    assert_eq!(text(&url).to_string(), format!("Error downloading {url}: HTTP Error 403: Forbidden"));
    assert_eq!(
        text(&url).upstream_text(),
        format!("Error downloading extends for URL {url}: HTTP Error 403: Forbidden")
    );
    let url = server.url("custom");
    assert_eq!(text(&url).to_string(), format!("Error downloading {url}: HTTP Error 404: File not found"));
    assert!(text(&server.url("loop")).to_string().contains("redirect"));
    let count = server.seen().len();
    assert!(count < 20, "a 4xx is not tried again: {count}");
    let url = "ftp://h/x";
    assert_eq!(text(url).to_string(), format!("Error downloading {url}: <urlopen error unknown url type: ftp>"));
    assert!(text(url).hint().contains("`http:`, `https:`, `file:` or `debian:`"), "{}", text(url).hint());
    for url in ["http:///", "http://[::1"] {
        assert!(text(url).to_string().contains("invalid URL"), "{}", text(url));
        assert_eq!(text(url).hint(), "Correct the URL.");
    }
    let address = server.address();
    drop(server);
    let url = format!("http://{address}/");
    let refused = format!("Error downloading {url}: <urlopen error [Errno 111] Connection refused>");
    assert_eq!(text(&url).to_string(), refused);
    let started = std::time::Instant::now();
    let unknown = text("http://no-such-host.invalid/x").to_string();
    assert!(unknown.contains("[Errno -"), "{unknown}");
    // The host is not looked up again.
    text("http://no-such-host.invalid/y");
    assert!(started.elapsed().as_secs() < 20);
    assert!(names(&dir.path().join("cache")).is_empty());
}

#[test]
fn passwords_are_used_and_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|seen, _| match seen.header("authorization") {
        Some("Basic dTpzZWNyZXQ=") => Answer::ok(b"in"),
        _ => Answer::status("401 Unauthorized"),
    });
    let netrc = dir.path().join("netrc");
    fs::write(&netrc, "machine 127.0.0.1 login u password secret\n").unwrap();
    let mut with_netrc = settings(dir.path());
    with_netrc.netrc = Netrc::File(netrc);
    Downloader::new(with_netrc).fetch(&Request::new(server.url("x")), &Silent).unwrap();
    let listener = Listener::default();
    let downloader = bare(dir.path());
    let good = format!("http://u:secret@{}/x", server.address());
    downloader.fetch(&Request::new(&good), &listener).unwrap();
    let bad = format!("http://u:hidden@{}/x", server.address());
    let error = downloader.fetch(&Request::new(&bad), &listener).unwrap_err();
    let mismatch = downloader.fetch(&Request::new(&good).md5("00"), &listener).unwrap_err();
    let refused = downloader
        .fetch(&Request::new("http://u:hidden@127.0.0.1:1/x").alternate("http://u:hidden@127.0.0.1:2/"), &listener);
    let shown = format!("{error} {error:?} {mismatch} {mismatch:?} {refused:?} {:?}", listener.lines());
    assert!(!shown.contains("secret") && !shown.contains("hidden"), "{shown}");
    assert!(error.to_string().contains("u:***@"), "{error}");
}

#[test]
fn redirects_are_followed_without_the_login() {
    let dir = tempfile::tempdir().unwrap();
    let target = Server::of(b"there");
    let url = target.url("file").replace("127.0.0.1", "localhost");
    let server = Server::start(move |_, _| Answer::status("301 Moved Permanently").header("Location", url.clone()));
    let login = format!("http://u:secret@{}/x", server.address());
    let fetched = bare(dir.path()).fetch(&request(login, b"there"), &Silent).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), b"there");
    assert!(target.seen()[0].header("authorization").is_none());
}

#[test]
fn too_much_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|seen, _| {
        let length = if seen.path == "/told" { Length::True } else { Length::Untold };
        Answer { length, ..Answer::ok(&[0; 5000]) }
    });
    let mut small = settings(dir.path());
    small.max_size = 4999;
    let downloader = Downloader::new(small);
    for path in ["told", "untold"] {
        let error = downloader.fetch(&Request::new(server.url(path)), &Silent).unwrap_err();
        assert!(error.to_string().contains("more than 4999 bytes"), "{error}");
    }
    assert!(names(&dir.path().join("spool")).is_empty());
}
