//! The network.

use insta::assert_snapshot;
use rbuildout_tests::{Answer, Sandbox, Server, md5};

fn downloading(url: &str, more: &str) -> Sandbox {
    let mut sandbox = Sandbox::with(&format!(
        "[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.build:download\nurl = {url}\n{more}"
    ));
    // Told only if no download ahead of the part was quicker.
    sandbox.filter_pattern(r"a: http://\S+: (?:.*; )?trying .*\n", "");
    sandbox
}

#[test]
fn offline() {
    let sandbox = downloading("http://example.invalid/a.tar.gz", "");
    assert_snapshot!(sandbox.run(&["-o"]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    --- err
    While:
      Installing a.
    Error: Couldn't download 'http://example.invalid/a.tar.gz' in offline mode.
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Run without `-o` (option `offline`), or put the file into the download-cache.
    ");
    assert_snapshot!(sandbox.upstream(&["-o"]), @"
    exit 1
    --- out
    Installing a.
    --- err
    While:
      Installing a.
    Error: Couldn't download 'http://example.invalid/a.tar.gz' in offline mode.
    ");
}

#[test]
fn not_found() {
    let server = Server::start(|_| Answer::not_found());
    let mut sandbox = downloading(&server.url("a.tar.gz"), "");
    sandbox.filter(&server.address(), "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    Downloading http://[SERVER]/a.tar.gz
    --- err
    While:
      Installing a.
    Error: Error downloading http://[SERVER]/a.tar.gz: HTTP Error 404: Not Found
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Check the URL and the network, or name an `alternate-url` or a mirror.
    Log: [DIR]/.rbuildout/log/a.log
    ");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 1
    --- out
    Installing a.
    Downloading http://[SERVER]/a.tar.gz
    --- err
    While:
      Installing a.
    Error: Error downloading extends for URL http://[SERVER]/a.tar.gz: HTTP Error 404: Not Found
    ");
}

#[test]
fn alternate_url_too() {
    let server = Server::start(|_| Answer::not_found());
    let mut sandbox = downloading(&server.url("a.tar.gz"), &format!("alternate-url = {}\n", server.url("b.tar.gz")));
    sandbox.filter(&server.address(), "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    Downloading http://[SERVER]/a.tar.gz
    --- err
    While:
      Installing a.
    Error: Error downloading http://[SERVER]/a.tar.gz: HTTP Error 404: Not Found
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Check the URL and the network, or name an `alternate-url` or a mirror.
    Log: [DIR]/.rbuildout/log/a.log
    ");
    assert!(server.seen().contains(&"/b.tar.gz".to_owned()));
}

#[test]
fn truncated() {
    let body = "0123456789".repeat(1000);
    let sum = md5(&body);
    let server = Server::start(move |_| Answer::ok(&body).cut(5000));
    let mut sandbox = downloading(&server.url("a.tar.gz"), &format!("md5sum = {sum}\n"));
    sandbox.filter(&server.address(), "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    Downloading http://[SERVER]/a.tar.gz
    --- err
    While:
      Installing a.
    Error: Error downloading http://[SERVER]/a.tar.gz: <urlopen error retrieval incomplete: got only 5000 out of 10000 bytes>
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Check the URL and the network, or name an `alternate-url` or a mirror.
    Log: [DIR]/.rbuildout/log/a.log
    ");
    assert!(server.seen().len() > 1, "it was tried again");
    assert!(!sandbox.exists("parts/a"), "nothing is left");
}

#[test]
fn wrong_content() {
    let server = Server::start(|_| Answer::ok("something else"));
    let mut sandbox = downloading(&server.url("a.tar.gz"), "md5sum = 00000000000000000000000000000000\n");
    sandbox.filter(&server.address(), "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    Downloading http://[SERVER]/a.tar.gz
    --- err
    While:
      Installing a.
    Error: MD5 checksum mismatch downloading 'http://[SERVER]/a.tar.gz'
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Its MD5 is 6c7ba9c5a141421e1c03cb9807c97c74, expected 00000000000000000000000000000000. If upstream replaced the file and the new one is good, correct the checksum in the profile; else name an `alternate-url` or a mirror that has the old one.
    Log: [DIR]/.rbuildout/log/a.log
    ");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 1
    --- out
    Installing a.
    Downloading http://[SERVER]/a.tar.gz
    --- err
    While:
      Installing a.
    Error: MD5 checksum mismatch downloading 'http://[SERVER]/a.tar.gz'
    ");
}

#[test]
fn nobody_listens() {
    let server = Server::start(|_| Answer::not_found());
    let (url, address) = (server.url("a.tar.gz"), server.address());
    drop(server);
    let mut sandbox = downloading(&url, "");
    sandbox.filter(&address, "[SERVER]");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    Downloading http://[SERVER]/a.tar.gz
    --- err
    While:
      Installing a.
    Error: Error downloading http://[SERVER]/a.tar.gz: <urlopen error [Errno 111] Connection refused>
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Check the URL and the network, or name an `alternate-url` or a mirror.
    Log: [DIR]/.rbuildout/log/a.log
    ");
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
    let state = sandbox.must("grep", &["-rl", "Error", "."]);
    assert!(!state.is_empty());
    let mut grep = sandbox.command("grep");
    let found = sandbox.outcome(grep.args(["-r", "hunter2", ".", "--exclude=buildout.cfg"]));
    assert_eq!(found.code, 1, "{found}");
}
