//! Debian's source archive, for real. Needs apt and a network: run with `RBUILDOUT_TEST_DEBIAN=1`.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::time::Instant;

use common::{Listener, settings};
use fs_err as fs;
use rbuildout_cache::hash::md5_hex;
use rbuildout_cache::{Downloader, Mirror, Request};

const FILES: [(&str, &str); 3] = [
    ("debian:zlib/zlib_1.3.dfsg+really1.3.1.orig.tar.gz", "29e0750ce6c0a9f719354d678ebffc6e"),
    ("http://ftp.gnu.org/gnu/ncurses/ncurses-6.4.tar.gz", "5a62487b5d4ac6b132fe2bf9f8fad29b"),
    // Debian has this one compressed by gzip.
    (
        "https://github.com/PCRE2Project/pcre2/releases/download/pcre2-10.42/pcre2-10.42.tar.bz2",
        "a8e9ab2935d428a4807461f183034abe",
    ),
];

#[test]
fn files_are_found_by_checksum_and_by_name() {
    if std::env::var_os("RBUILDOUT_TEST_DEBIAN").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings(dir.path());
    settings.mirrors = vec![Mirror::Debian];
    settings.timeout = std::time::Duration::from_secs(20);
    let downloader = Downloader::new(settings);
    for (url, md5) in FILES {
        let started = Instant::now();
        let listener = Listener::default();
        let fetched = downloader.fetch(&Request::new(url).md5(md5), &listener).unwrap();
        assert_eq!(md5_hex(fs::read(fetched.path).unwrap()), md5);
        println!("{url}: {:?}\n{}", started.elapsed(), listener.lines().join("\n"));
    }
    let error = downloader.fetch(&Request::new("debian:zlib/../x"), &common::Listener::default()).unwrap_err();
    assert!(error.to_string().contains("unknown url type: debian"), "{error}");
}
