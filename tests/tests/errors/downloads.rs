//! The network.

use insta::assert_snapshot;
use rbuildout_tests::{Answer, Sandbox, Server, md5};

fn downloading(url: &str, more: &str) -> Sandbox {
    Sandbox::with(&format!("[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.build:download\nurl = {url}\n{more}"))
}

#[test]
fn offline() {
    let sandbox = downloading("http://example.invalid/a.tar.gz", "");
    assert_snapshot!(sandbox.run(&["-o"]), @"");
    assert_snapshot!(sandbox.upstream(&["-o"]), @"");
}

#[test]
fn not_found() {
    let server = Server::start(|_| Answer::not_found());
    let mut sandbox = downloading(&server.url("a.tar.gz"), "");
    sandbox.filter(&server.address(), "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
}

#[test]
fn alternate_url_too() {
    let server = Server::start(|_| Answer::not_found());
    let mut sandbox = downloading(&server.url("a.tar.gz"), &format!("alternate-url = {}\n", server.url("b.tar.gz")));
    sandbox.filter(&server.address(), "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert!(server.seen().contains(&"/b.tar.gz".to_owned()));
}

#[test]
fn truncated() {
    let body = "0123456789".repeat(1000);
    let sum = md5(&body);
    let server = Server::start(move |_| Answer::ok(&body).cut(5000));
    let mut sandbox = downloading(&server.url("a.tar.gz"), &format!("md5sum = {sum}\n"));
    sandbox.filter(&server.address(), "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert!(server.seen().len() > 1, "it was tried again");
    assert!(!sandbox.exists("parts/a"), "nothing is left");
}

#[test]
fn wrong_content() {
    let server = Server::start(|_| Answer::ok("something else"));
    let mut sandbox = downloading(&server.url("a.tar.gz"), "md5sum = 00000000000000000000000000000000\n");
    sandbox.filter(&server.address(), "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
}

#[test]
fn nobody_listens() {
    let server = Server::start(|_| Answer::not_found());
    let (url, address) = (server.url("a.tar.gz"), server.address());
    drop(server);
    let mut sandbox = downloading(&url, "");
    sandbox.filter(&address, "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"");
}

/// A password in a URL is never shown.
#[test]
fn secrets() {
    let server = Server::start(|_| Answer::not_found());
    let url = server.url("a.tar.gz").replace("://", "://me:hunter2@");
    let mut sandbox = downloading(&url, "");
    sandbox.filter(&server.address(), "[SERVER]");
    let outcome = sandbox.run(&[]);
    assert!(!outcome.to_string().contains("hunter2"), "{outcome}");
    let log = sandbox.read(".rbuildout/log/a.log");
    assert!(!log.contains("hunter2"), "{log}");
}
