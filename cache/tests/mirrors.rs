//! Alternate URLs and mirrors: when they are asked, and that they are not believed.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use common::server::{Answer, Server};
use common::{Listener, names, request, settings};
use fs_err as fs;
use rbuildout_cache::hash::{md5_hex, sha256_hex};
use rbuildout_cache::{CacheSettings, Downloader, Mirror, Request, Silent};

fn with_mirrors(dir: &std::path::Path, mirrors: &[&str]) -> Downloader {
    fs::create_dir_all(dir.join("cache")).unwrap();
    let mut settings = settings(dir);
    settings.cache = Some(CacheSettings::new(dir.join("cache"), "download-cache"));
    settings.mirrors = mirrors.iter().map(|text| Mirror::parse(text).unwrap()).collect();
    Downloader::new(settings)
}

#[test]
fn the_alternate_url_helps() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|seen, _| match seen.path.as_str() {
        "/good" => Answer::ok(b"good"),
        "/other" => Answer::ok(b"other"),
        _ => Answer::status("404 Not Found"),
    });
    let downloader = with_mirrors(dir.path(), &[]);
    // Also without checksum, as the profile names it.
    let path = downloader.fetch(&Request::new(server.url("x")).alternate(server.url("good")), &Silent).unwrap().path;
    assert_eq!(path, dir.path().join("cache").join(md5_hex(server.url("x"))));
    let wanted = request(server.url("other"), b"good").alternate(server.url("good"));
    assert_eq!(fs::read(downloader.fetch(&wanted, &Silent).unwrap().path).unwrap(), b"good");
    // The first failure is what is told, with the rest behind it.
    let wanted = request(server.url("gone"), b"good").alternate(server.url("other"));
    let error = downloader.fetch(&wanted, &Silent).unwrap_err();
    assert_eq!(error.to_string(), format!("Error downloading {}: HTTP Error 404: Not Found", server.url("gone")));
    assert_eq!(error.attempts().len(), 1);
    assert!(error.attempts()[0].to_string().contains(&md5_hex("other")), "{:?}", error.attempts());
    let local = dir.path().join("local");
    fs::write(&local, "good").unwrap();
    let wanted = Request::new(server.url("y")).alternate(local.to_str().unwrap());
    assert_eq!(fs::read(downloader.fetch(&wanted, &Silent).unwrap().path).unwrap(), b"good");
}

#[test]
fn folders_are_searched_and_checked() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| Answer::status("404 Not Found"));
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(md5_hex(server.url("x/b.tgz"))), "wrong").unwrap();
    fs::write(folder.join("b.tgz"), "right").unwrap();
    fs::write(folder.join(md5_hex("by sum")), "by sum").unwrap();
    let downloader = with_mirrors(dir.path(), &[folder.to_str().unwrap()]);
    let read =
        |wanted: &Request| downloader.fetch(wanted, &Silent).map(|fetched| fs::read_to_string(fetched.path).unwrap());
    assert_eq!(read(&request(server.url("x/b.tgz"), b"right")).unwrap(), "right");
    assert_eq!(read(&request(server.url("y"), b"by sum")).unwrap(), "by sum");
    // A folder may be asked offline, but nothing may be believed without a checksum.
    let offline = Request { offline: Some(true), ..request(server.url("z"), b"by sum") };
    assert_eq!(read(&offline).unwrap(), "by sum");
    assert!(read(&Request::new(server.url("q/b.tgz"))).is_err());
    let offline = Request { offline: Some(true), ..request(server.url("nowhere"), b"?") };
    assert!(read(&offline).unwrap_err().to_string().ends_with("in offline mode."));
    assert_eq!(names(&dir.path().join("cache")).len(), 3);
}

#[test]
fn patterns_are_filled_in() {
    let dir = tempfile::tempdir().unwrap();
    let (md5, sha256) = (md5_hex("bytes"), sha256_hex("bytes"));
    let paths = [format!("/lies/{md5}"), format!("/m/{md5}/f.tgz"), format!("/s/{sha256}")];
    let server = Server::start(move |seen, _| match paths.iter().position(|path| *path == seen.path) {
        Some(0) => Answer::ok(b"lies"),
        Some(_) => Answer::ok(b"bytes"),
        None => Answer::status("404 Not Found"),
    });
    let mirrors = [server.url("s/{sha256}"), server.url("lies/{md5}"), server.url("m/{md5}/{filename}")];
    let downloader = with_mirrors(dir.path(), &mirrors.each_ref().map(String::as_str));
    let listener = Listener::default();
    let wanted = request("http://no-such-host.invalid/f.tgz", b"bytes");
    assert_eq!(fs::read(downloader.fetch(&wanted, &listener).unwrap().path).unwrap(), b"bytes");
    assert_eq!(listener.count("note http://no-such-host.invalid/f.tgz: trying mirror"), 3);
    assert_eq!(server.seen().len(), 2);
    let mut by_sha = Request::new("http://no-such-host.invalid/g.tgz");
    by_sha.sha256 = Some(sha256);
    downloader.fetch(&by_sha, &Silent).unwrap();
    let error = downloader.fetch(&request("http://no-such-host.invalid/h", b"?"), &Silent).unwrap_err();
    assert_eq!(error.attempts().len(), 3);
}

#[test]
fn a_mirror_goes_on_where_the_origin_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let content = common::body(100_000);
    let (served, mirrored) = (content.clone(), content.clone());
    let server = Server::start(move |_, _| Answer::ok(&served).cut(70_000));
    let mirror = Server::start(move |seen, _| Answer::ranged(seen, &mirrored, "\"x\""));
    let downloader = with_mirrors(dir.path(), &[&mirror.url("{md5}")]);
    downloader.fetch(&request(server.url("f"), &content), &Silent).unwrap();
    assert_eq!(mirror.seen()[0].range(), Some(70_000));
    assert_eq!(mirror.seen()[0].header("if-range"), None);
}
