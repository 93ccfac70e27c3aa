//! An index on the network: a small server of our own.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rbuildout_cache::hash::{md5_hex, sha256_hex};
use rbuildout_eggs::{Cause, EggError, Install, WorkingSet};
use support::packages::Wheel;
use support::{Ask, Log, Place};

/// Answers by path: a body with its type, or where to go instead.
#[derive(Clone)]
enum Answer {
    Page(String),
    File(Vec<u8>),
    Elsewhere(String),
}

struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: HashMap<String, Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let (answers, log) = (answers.clone(), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &answers, &log));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked
    }
}

fn serve(mut stream: TcpStream, answers: &HashMap<String, Answer>, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    while reader.read_line(&mut first).is_ok_and(|count| count > 0) {
        let mut header = String::new();
        while reader.read_line(&mut header).is_ok_and(|count| count > 2) {
            header.clear();
        }
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        log.lock().unwrap().push(path.clone());
        let (status, kind, more, body) = match answers.get(&path) {
            Some(Answer::Page(text)) => {
                ("200 OK", "text/html; charset=utf-8", String::new(), text.clone().into_bytes())
            }
            Some(Answer::File(bytes)) => ("200 OK", "application/octet-stream", String::new(), bytes.clone()),
            Some(Answer::Elsewhere(to)) => ("301 Moved", "text/plain", format!("Location: {to}\r\n"), Vec::new()),
            None => ("404 Not Found", "text/html", String::new(), b"<a href='x-9.0.zip'>".to_vec()),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {}\r\n\r\n", body.len());
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_err() {
            return;
        }
        first.clear();
    }
}

fn wheel(name: &str, version: &str) -> (String, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let path = Wheel::new(name, version).write(dir.path());
    (path.file_name().unwrap().to_str().unwrap().to_owned(), fs_err::read(path).unwrap())
}

/// A server with `x` (1.0 to 6.0, some of them unusable) and `other`.
fn server() -> Server {
    let mut answers = HashMap::new();
    let mut page = String::from("<!DOCTYPE html><html><body>");
    let mut add = |version: &str, fragment: &dyn Fn(&[u8]) -> String, attributes: &str, page: &mut String| {
        let (name, bytes) = wheel("x", version);
        page.push_str(&format!("<a href=\"../../files/{name}{}\" {attributes}>{name}</a><br/>\n", fragment(&bytes)));
        answers.insert(format!("/files/{name}"), Answer::File(bytes));
    };
    add("1.0", &|bytes| format!("#md5={}", md5_hex(bytes)), "", &mut page);
    add("2.0", &|bytes| format!("#sha256={}", sha256_hex(bytes)), "data-requires-python='&gt;=3'", &mut page);
    add("3.0", &|_| "#sha256=00".to_owned(), "", &mut page);
    add("4.0", &|_| String::new(), "data-yanked='broken'", &mut page);
    add("5.0", &|_| String::new(), "data-requires-python='&lt;3'", &mut page);
    answers.insert("/simple/X/".into(), Answer::Elsewhere("/simple/x/".into()));
    answers.insert("/simple/x/".into(), Answer::Page(page.clone()));
    let (name, bytes) = wheel("other", "1.0");
    answers.insert("/links/".into(), Answer::Page(format!("<base href='/elsewhere/'><a href='{name}'>")));
    answers.insert(format!("/elsewhere/{name}"), Answer::File(bytes));
    Server::start(answers)
}

fn request(place: &Place, server: &Server, spec: &str) -> Install {
    let mut request = place.request(&Ask::new(&[spec]));
    request.index = Some(format!("{}/simple", server.url));
    request.links = vec![format!("{}/links/", server.url)];
    request
}

fn install(place: &Place, request: &Install, log: &Log) -> Result<WorkingSet, EggError> {
    place.eggs(&Ask::new(&[])).install(request, log)
}

#[test]
fn pages_links_and_checksums() {
    let server = server();
    let place = Place::new();
    let log = Log::default();
    let set = install(&place, &request(&place, &server, "x<3"), &log).unwrap();
    assert_eq!(set.by_project("x").unwrap().version().as_str(), "2.0");
    assert_eq!(server.asked(), ["/files/x-2.0-py3-none-any.whl", "/links/", "/simple/x/"]);
    let told = log.take();
    assert_eq!(
        told.iter().map(|line| line.replace(&server.url, "URL")).collect::<Vec<_>>()[..4],
        [
            "root: Reading URL/links/",
            "root: Reading URL/simple/x/",
            "Getting distribution for 'x<3'.",
            &format!("root: Downloading URL/files/x-2.0-py3-none-any.whl#sha256={}", sha256_hex(wheel("x", "2.0").1))
        ]
    );
    let set = install(&place, &request(&place, &server, "x==1.0"), &log).unwrap();
    assert_eq!(set.by_project("x").unwrap().version().as_str(), "1.0");
    // Any spelling of a name, wherever the server sends who asks.
    server.asked();
    install(&place, &request(&place, &server, "X<2"), &log).unwrap();
    assert_eq!(server.asked(), ["/links/", "/simple/X/", "/simple/x/"]);
    let set = install(&place, &request(&place, &server, "other"), &log).unwrap();
    assert!(set.by_project("other").is_some());
    // Withdrawn: only who names it gets it. For another Python: nobody.
    let error = install(&place, &request(&place, &server, "x>=3"), &log).unwrap_err();
    assert!(matches!(error.cause(), Cause::Download(problem) if problem.is_mismatch()), "{error}");
    let set = install(&place, &request(&place, &server, "x==4.0"), &log).unwrap();
    assert!(set.by_project("x").is_some());
    let error = install(&place, &request(&place, &server, "x==5.0"), &log).unwrap_err();
    assert_eq!(error.to_string(), "Couldn't find a distribution for 'x==5.0'.");
    // A page that is not there has no links.
    assert!(install(&place, &request(&place, &server, "x-y.zz"), &log).is_err());
}

#[test]
fn what_was_unpacked_is_not_fetched() {
    let server = server();
    let place = Place::new();
    install(&place, &request(&place, &server, "x==2.0"), &Log::default()).unwrap();
    let before = place.tree("eggs");
    rbuildout_cache::tree::remove(&place.path("eggs")).unwrap();
    server.asked();
    install(&place, &request(&place, &server, "x==2.0"), &Log::default()).unwrap();
    assert_eq!(server.asked(), ["/links/", "/simple/x/"]);
    assert_eq!(place.tree("eggs"), before);
}

#[test]
fn hosts_that_are_not_allowed() {
    let server = server();
    let place = Place::new();
    let mut request = request(&place, &server, "x");
    request.allow_hosts = vec!["*.example.com".into()];
    assert!(install(&place, &request, &Log::default()).is_err());
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn nobody_is_there() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut request = place.request(&Ask::new(&["x"]));
    request.index = Some(format!("http://user:secret@{address}/simple"));
    let log = Log::default();
    assert!(install(&place, &request, &log).is_err());
    let told = log.take().join("\n");
    assert!(told.contains("Some packages may not be found!"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn what_is_there_needs_nobody() {
    let server = server();
    let place = Place::new();
    let log = Log::default();
    let mut request = request(&place, &server, "x==2.0");
    install(&place, &request, &log).unwrap();
    server.asked();
    install(&place, &request, &log).unwrap();
    request.requirements = vec!["x".into()];
    request.newest = false;
    install(&place, &request, &log).unwrap();
    assert_eq!(server.asked(), Vec::<String>::new());
}
