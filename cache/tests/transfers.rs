//! Servers and networks that fail: what is tried again, what is resumed, and what is believed.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::server::{Answer, Length, Server};
use common::{Listener, bare, body, cached, names, request, settings};
use fs_err as fs;
use rbuildout_cache::hash::md5_hex;
use rbuildout_cache::{DownloadError, Downloader, Reason, Request, Silent};

#[test]
fn a_cut_transfer_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let content = body(300_000);
    let served = content.clone();
    let server = Server::start(move |seen, count| {
        let answer = Answer::ranged(seen, &served, "\"v1\"");
        if count < 2 { answer.cut(100_000) } else { answer }
    });
    // Without checksum the validator is what is trusted.
    let wanted = Request::new(server.url("a"));
    let fetched = bare(dir.path()).fetch(&wanted, &Silent).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), content);
    let seen = server.seen();
    assert_eq!(seen.iter().map(common::server::Seen::range).collect::<Vec<_>>(), [None, Some(100_000), Some(200_000)]);
    assert_eq!(seen[1].header("if-range"), Some("\"v1\""));
}

#[test]
fn a_changed_file_starts_over() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (body(200_000), vec![7; 150_000]);
    let fresh = new.clone();
    let server = Server::start(move |seen, count| {
        if count == 0 {
            Answer::ranged(seen, &old, "\"old\"").cut(90_000)
        } else {
            Answer::ranged(seen, &fresh, "\"new\"")
        }
    });
    let fetched = bare(dir.path()).fetch(&Request::new(server.url("a")), &Silent).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), new);
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn without_validator_and_checksum_nothing_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_, count| {
        let answer = Answer::ok(&[1; 1000]);
        if count == 0 { answer.cut(500) } else { answer }
    });
    bare(dir.path()).fetch(&Request::new(server.url("a")), &Silent).unwrap();
    assert_eq!(server.seen()[1].range(), None);
}

#[test]
fn a_server_that_lies_about_ranges() {
    let dir = tempfile::tempdir().unwrap();
    let content = body(50_000);
    for lie in ["start", "none", "bytes", "416"] {
        let served = content.clone();
        let server = Server::start(move |seen, count| match (count, seen.range(), lie) {
            (0, _, _) => Answer::ok(&served).cut(20_000),
            (_, Some(from), "start") => {
                let range = format!("bytes {}-{}/{}", from + 1, served.len() - 1, served.len());
                Answer { status: "206 Partial Content", ..Answer::ok(&served[from + 1..]) }
                    .header("Content-Range", range)
            }
            (_, Some(_), "none") => Answer { status: "206 Partial Content", ..Answer::ok(&served) },
            // The right header, but bytes of something else.
            (_, Some(from), "bytes") => {
                let range = format!("bytes {from}-{}/{}", served.len() - 1, served.len());
                Answer { status: "206 Partial Content", ..Answer::ok(&vec![0; served.len() - from]) }
                    .header("Content-Range", range)
            }
            (_, Some(_), "416") => Answer::status("416 Range Not Satisfiable"),
            _ => Answer::ok(&served),
        });
        let fetched = bare(dir.path()).fetch(&request(server.url(lie), &content), &Silent).unwrap();
        assert_eq!(fs::read(fetched.path).unwrap(), content, "{lie}");
        let ranges: Vec<_> = server.seen().iter().map(common::server::Seen::range).collect();
        assert_eq!(ranges, [None, Some(20_000), None], "{lie}");
    }
}

#[test]
fn a_server_that_lies_about_the_length() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_, _| Answer { length: Length::False(2000), ..Answer::ok(&[5; 1000]) });
    let error = bare(dir.path()).fetch(&Request::new(server.url("a")), &Silent).unwrap_err();
    assert!(
        error.to_string().ends_with("<urlopen error retrieval incomplete: got only 1000 out of 2000 bytes>"),
        "{error}"
    );
    assert_eq!(server.seen().len(), 5);
    // With a checksum it is known that nothing is missing.
    let fetched = bare(dir.path()).fetch(&request(server.url("b"), &[5; 1000]), &Silent).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), [5; 1000]);
    let short = Server::start(|_, _| Answer { length: Length::False(500), ..Answer::ok(&[5; 1000]) });
    assert!(bare(dir.path()).fetch(&request(short.url("a"), &[5; 1000]), &Silent).unwrap_err().is_mismatch());
}

#[test]
fn errors_of_the_server_pass() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_, count| match count {
        0 => Answer::status("500 Internal Server Error"),
        1 => Answer::status("429 Too Many Requests").header("Retry-After", "0"),
        2 => Answer::status("503 Service Unavailable"),
        _ => Answer::ok(b"fine"),
    });
    let listener = Listener::default();
    bare(dir.path()).fetch(&request(server.url("a"), b"fine"), &listener).unwrap();
    assert_eq!(listener.count("note"), 3);
    assert_eq!(listener.count("Downloading"), 1);
    let server = Server::start(|_, _| Answer::status("502 Bad Gateway"));
    let error = bare(dir.path()).fetch(&Request::new(server.url("a")), &Silent).unwrap_err();
    assert!(error.to_string().ends_with("HTTP Error 502: Bad Gateway"));
    assert_eq!(server.seen().len(), 5);
}

#[test]
fn silence_is_not_waited_out() {
    let dir = tempfile::tempdir().unwrap();
    let content = body(100_000);
    let served = content.clone();
    let server = Server::start(move |seen, count| {
        let answer = Answer::ranged(seen, &served, "\"v\"");
        if count == 0 { Answer { stall: Some(60_000), ..answer } } else { answer }
    });
    let started = Instant::now();
    let fetched = bare(dir.path()).fetch(&request(server.url("a"), &content), &Silent).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), content);
    assert_eq!(server.seen()[1].range(), Some(60_000));
    assert!(started.elapsed() < Duration::from_millis(2500), "{:?}", started.elapsed());
    // Slow but steady takes longer than the timeout and is fine.
    let served = content.clone();
    let slow = Server::start(move |_, _| Answer { slow: Some(Duration::from_millis(450)), ..Answer::ok(&served) });
    bare(dir.path()).fetch(&request(slow.url("a"), &content), &Silent).unwrap();
    assert_eq!(slow.seen().len(), 1);
    let mute = Server::start(|_, _| Answer { stall: Some(0), ..Answer::ok(b"x") });
    let mut once = settings(dir.path());
    once.retries = 0;
    let error = Downloader::new(once).fetch(&Request::new(mute.url("a")), &Silent).unwrap_err();
    assert!(matches!(&error, DownloadError::Failed { reason: Reason::TimedOut { .. }, .. }), "{error}");
}

#[test]
fn what_came_is_kept_for_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let content = body(80_000);
    let served = content.clone();
    let server = Server::start(move |seen, count| {
        if count < 5 {
            Answer::ranged(seen, &served, "\"v\"").cut(30_000 / (count + 1))
        } else {
            Answer::ranged(seen, &served, "\"v\"")
        }
    });
    let wanted = request(server.url("a"), &content);
    cached(dir.path()).fetch(&wanted, &Silent).unwrap_err();
    let key = md5_hex(server.url("a"));
    assert_eq!(names(&dir.path().join("cache")), [format!(".{key}.part"), format!(".{key}.part.json")]);
    let fetched = cached(dir.path()).fetch(&wanted, &Silent).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), content);
    assert!(server.seen().last().unwrap().range().unwrap() >= 60_000);
    assert_eq!(names(&dir.path().join("cache")), [key]);
}

/// Run as a child of the test below, and killed by it.
#[test]
#[ignore = "is the child of resumes_after_a_kill"]
fn child_that_downloads() {
    let Some(dir) = std::env::var_os("CACHE_TEST_DIR") else {
        return;
    };
    let url = std::env::var("CACHE_TEST_URL").unwrap();
    let _ = cached(dir.as_ref()).fetch(&Request::new(url), &Silent);
}

#[test]
fn resumes_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let content = body(2_000_000);
    let served = content.clone();
    let server = Server::start(move |seen, count| {
        let slow = (count == 0).then_some(Duration::from_millis(40));
        Answer { slow, ..Answer::ranged(seen, &served, "\"v\"") }
    });
    let url = server.url("a");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_downloads", "--ignored"])
        .env("CACHE_TEST_DIR", dir.path())
        .env("CACHE_TEST_URL", &url)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let part = dir.path().join("cache").join(format!(".{}.part", md5_hex(&url)));
    let deadline = Instant::now() + Duration::from_secs(20);
    while fs::metadata(&part).map_or(0, |metadata| metadata.len()) < 500_000 {
        assert!(Instant::now() < deadline, "the child does not download");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let fetched = cached(dir.path()).fetch(&Request::new(&url), &Silent).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), content);
    let last = server.seen().pop().unwrap();
    assert!(last.range().unwrap() >= 500_000 && last.header("if-range") == Some("\"v\""));
}

#[test]
fn many_threads_share_one_transfer() {
    let dir = tempfile::tempdir().unwrap();
    let content = body(400_000);
    let served = content.clone();
    let server = Server::start(move |_, _| Answer { slow: Some(Duration::from_millis(20)), ..Answer::ok(&served) });
    let wanted = request(server.url("a"), &content);
    for downloader in [bare(dir.path()), cached(dir.path())] {
        let before = server.seen().len();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let fetched = downloader.fetch(&wanted, &Silent).unwrap();
                    assert_eq!(fs::read(&fetched.path).unwrap(), content);
                    if fetched.temporary {
                        fs::remove_file(fetched.path).unwrap();
                    }
                });
            }
        });
        assert_eq!(server.seen().len() - before, 1);
    }
    assert!(names(&dir.path().join("spool")).is_empty());
}

#[test]
fn separate_downloaders_share_one_cache() {
    let dir = tempfile::tempdir().unwrap();
    let content = body(400_000);
    let served = content.clone();
    let server = Server::start(move |_, _| Answer { slow: Some(Duration::from_millis(20)), ..Answer::ok(&served) });
    let wanted = request(server.url("a"), &content);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| cached(dir.path()).fetch(&wanted, &Silent).unwrap());
        }
    });
    assert_eq!(server.seen().len(), 1);
    assert_eq!(names(&dir.path().join("cache")).len(), 1);
}

#[test]
fn prefetched_files_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|seen, _| match seen.path.as_str() {
        "/bad" => Answer::status("404 Not Found"),
        path => Answer { slow: Some(Duration::from_millis(100)), ..Answer::ok(path.as_bytes()) },
    });
    let requests: Vec<Request> = (0..6).map(|number| Request::new(server.url(&number.to_string()))).collect();
    for downloader in [bare(dir.path()), cached(dir.path())] {
        let before = server.seen().len();
        let mut all = requests.clone();
        all.push(Request::new(server.url("bad")));
        all.push(Request::new("/local/file"));
        let prefetch = downloader.prefetch(all, 3, Arc::new(Silent));
        for (number, wanted) in requests.iter().enumerate() {
            let listener = Listener::default();
            let fetched = downloader.fetch(wanted, &listener).unwrap();
            assert_eq!(fs::read_to_string(fetched.path).unwrap(), format!("/{number}"));
            assert_eq!(listener.count("Downloading"), 1);
        }
        prefetch.wait();
        assert!(downloader.fetch(&Request::new(server.url("bad")), &Silent).is_err());
        assert_eq!(server.seen().len() - before, 7);
    }
    let downloader = bare(dir.path());
    let before = server.seen().len();
    let prefetch = downloader.prefetch(requests, 1, Arc::new(Silent));
    prefetch.cancel();
    prefetch.wait();
    assert!(server.seen().len() - before <= 1);
}

/// Whoever asks for a file is told the same, whoever fetched it.
#[test]
fn who_came_first_does_not_show() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_, count| match count % 3 {
        0 => Answer::status("503 Service Unavailable"),
        1 => Answer::ok(b"hello").cut(2),
        _ => Answer::ok(b"hello"),
    });
    let wanted = request(server.url("a"), b"hello");
    let url = &wanted.url;
    let expected = [
        format!("Downloading {url}"),
        format!("note {url}: HTTP Error 503: Service Unavailable; trying again in 0.0 seconds."),
        format!(
            "note {url}: <urlopen error retrieval incomplete: got only 2 out of 5 bytes>; trying again in 0.0 seconds."
        ),
    ];
    for ahead in [false, true] {
        fs::remove_dir_all(dir.path().join("cache")).ok();
        for downloader in [bare(dir.path()), cached(dir.path())] {
            if ahead {
                downloader.prefetch(vec![wanted.clone()], 1, Arc::new(Silent)).wait();
            }
            let listener = Listener::default();
            downloader.fetch(&wanted, &listener).unwrap();
            assert_eq!(listener.told(), expected);
        }
        // So is the next one who finds it in the cache, but not in a later run.
        let downloader = cached(dir.path());
        let listener = Listener::default();
        downloader.fetch(&wanted, &listener).unwrap();
        assert!(listener.told().is_empty());
        fs::remove_dir_all(dir.path().join("cache")).unwrap();
        let downloader = cached(dir.path());
        for wanted in [wanted.clone(), wanted.clone(), Request::new(url)] {
            let listener = Listener::default();
            downloader.fetch(&wanted, &listener).unwrap();
            assert_eq!(listener.told(), expected);
        }
    }
}

/// Threads that want one file with and without a checksum: each hears of one transfer and of no other process.
#[test]
fn one_transfer_for_different_requests() {
    let dir = tempfile::tempdir().unwrap();
    let content = body(400_000);
    let served = content.clone();
    let server = Server::start(move |_, _| Answer { slow: Some(Duration::from_millis(20)), ..Answer::ok(&served) });
    let url = server.url("a");
    let downloader = cached(dir.path());
    std::thread::scope(|scope| {
        for wanted in [request(&url, &content), Request::new(&url), Request::new(&url).alternate("/none")] {
            let (downloader, url) = (&downloader, &url);
            scope.spawn(move || {
                let listener = Listener::default();
                downloader.fetch(&wanted, &listener).unwrap();
                assert_eq!(listener.told(), [format!("Downloading {url}")]);
            });
        }
    });
    assert_eq!(server.seen().len(), 1);
}

/// Another process may bring other bytes into the cache than this one wants.
#[test]
fn what_others_fetched_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let content = body(400_000);
    let server = Server::start(move |_, _| Answer { slow: Some(Duration::from_millis(100)), ..Answer::ok(&content) });
    let url = server.url("a");
    std::thread::scope(|scope| {
        let (dir, url, server) = (dir.path(), &url, &server);
        scope.spawn(move || cached(dir).fetch(&Request::new(url), &Silent).unwrap());
        while server.seen().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let listener = Listener::default();
        let error = cached(dir).fetch(&request(url, b"other"), &listener).unwrap_err();
        assert_eq!(listener.count(&format!("note {url}: waiting for another process")), 1);
        assert!(error.is_mismatch(), "{error}");
    });
}
