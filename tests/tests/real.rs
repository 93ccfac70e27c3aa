//! Real software, built from its real sources. Minutes long, so ignored unless asked for: `./test.sh real`.
//!
//! Sources come from upstream and from Debian's archive, or from `RBUILDOUT_TEST_SOURCES`, a folder of files named by
//! their md5.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "real/eggs.rs"]
mod eggs;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rbuildout_tests::{Sandbox, binary, difference, repository, tool};

/// Where sources come from.
fn mirrors() -> String {
    std::env::var("RBUILDOUT_TEST_SOURCES").unwrap_or_else(|_| "debian".to_owned())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What a server answers; `None` as long as it does not.
fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    (!answer.is_empty()).then_some(answer)
}

/// The whole way of a release: built with its dependencies, two parts at a time; nothing to do the second time, without
/// starting a process; the server answers.
#[test]
#[ignore = "builds a release, for minutes"]
fn release() {
    let mut sandbox = Sandbox::new();
    sandbox.env("RBUILDOUT_MIRRORS", mirrors());
    let port = free_port();
    let profile = repository().join("component/release-haproxy/software.cfg");
    let (profile, directory) = (profile.to_string_lossy(), format!("buildout:directory={}", sandbox.dir().display()));
    let server_port = format!("server:port={port}");
    let arguments = ["-U", "--jobs=2", "-c", &profile, &directory, &server_port];
    let begun = Instant::now();
    let built = sandbox.run(&arguments).ok();
    println!("built in {:.0} s", begun.elapsed().as_secs_f64());
    let installed = sandbox.installed();
    let parts = installed.lines().find_map(|line| line.strip_prefix("parts = ")).unwrap().split(' ').count();
    assert!(parts >= 12, "{parts} parts: {built}");

    let tree = sandbox.tree();
    let log = sandbox.root().join("trace");
    let mut command = sandbox.command(tool("strace").expect("strace is needed: `.ci/run` installs it"));
    command.args(["-f", "-qq", "-e", "trace=execve,execveat,fork,vfork,clone,clone3", "-e", "signal=none", "-o"]);
    let begun = Instant::now();
    let again = sandbox.outcome(command.arg(&log).arg(sandbox.program("rbuildout")).args(arguments)).ok();
    println!("nothing to do after {:.0} ms, traced", begun.elapsed().as_secs_f64() * 1000.0);
    assert_eq!(again.out, format!("Nothing to do: {parts} parts are up to date.\n"));
    let trace = fs_err::read_to_string(log).unwrap();
    assert_eq!(trace.matches("execve(").count(), 1, "{trace}");
    let forks: Vec<&str> = trace.lines().filter(|line| line.contains("fork(") || line.contains("SIGCHLD")).collect();
    assert_eq!(forks, Vec::<&str>::new());
    assert_eq!(difference(&tree, &sandbox.tree()), "");
    assert_eq!(sandbox.installed(), installed);

    let mut server = sandbox.command(sandbox.path("bin/haproxy-start")).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let answer = loop {
        match get(port, "/hello") {
            Some(answer) => break answer,
            None if Instant::now() > deadline => break "nobody answers".to_owned(),
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(answer.contains(" 200 "), "{answer}");
    println!("{answer}");
}

/// Runs a script of this folder, whose words are shown.
fn script(name: &str, arguments: &[&str]) {
    let status = Command::new(repository().join("tests").join(name))
        .args(arguments)
        .env("RBUILDOUT", real_binary())
        .status()
        .unwrap();
    assert!(status.success(), "{name}: {status}");
}

/// Scripts run it in directories of their own.
fn real_binary() -> std::path::PathBuf {
    fs_err::canonicalize(binary()).unwrap()
}

#[test]
#[ignore = "builds and kills, for minutes"]
fn killed_at_any_moment() {
    script("kill-50.sh", &[&std::env::var("KILLS").unwrap_or_else(|_| "3".to_owned())]);
}

#[test]
#[ignore = "builds the same three times"]
fn jobs_give_the_same_tree() {
    let profile = repository().join("tests/real/quick.cfg");
    assert!(Path::new(&profile).is_file());
    script("jobs-compare.sh", &[&profile.to_string_lossy()]);
}

/// zc.buildout's own tests, with what its source distribution has of them: the quick files, or all where
/// `RBUILDOUT_DOCTESTS` is `all`. Those of its documentation run too if `CHECKOUT` is a checkout of it.
#[test]
#[ignore = "takes zc.buildout from an index, for minutes"]
fn doctests_of_zc_buildout() {
    let all = std::env::var("RBUILDOUT_DOCTESTS").is_ok_and(|which| which == "all");
    script("conformance/doctests.sh", if all { &[] } else { &["--quick"] });
}

/// The tests that a recipe carries in its source distribution, with the native recipe and with the original in the host.
fn own_tests_of(package: &str) {
    let status = Command::new("python3")
        .arg(repository().join("tests/conformance/recipes/run.py"))
        .args(["--jobs", "2", "--rbuildout"])
        .arg(real_binary())
        .arg(package)
        .status()
        .unwrap();
    assert!(status.success(), "{package}: {status}");
}

#[test]
#[ignore = "runs all examples four times"]
fn tests_of_slapos_recipe_build() {
    own_tests_of("slapos.recipe.build");
}

#[test]
#[ignore = "runs all examples four times"]
fn tests_of_slapos_recipe_cmmi() {
    own_tests_of("slapos.recipe.cmmi");
}

#[test]
#[ignore = "runs all examples four times"]
fn tests_of_slapos_recipe_template() {
    own_tests_of("slapos.recipe.template");
}

#[test]
#[ignore = "runs all examples four times"]
fn tests_of_collective_recipe_template() {
    own_tests_of("collective.recipe.template");
}

#[test]
#[ignore = "runs all examples four times"]
fn tests_of_zc_recipe_egg() {
    own_tests_of("zc.recipe.egg");
}
