//! Files that are not profiles, and `extends`.

use insta::assert_snapshot;
use rbuildout_tests::{Answer, Sandbox, Server};

/// All lines of a file that are wrong are told at once.
#[test]
fn syntax_errors() {
    let sandbox = Sandbox::with("[buildout]\nparts = a\njunk\n\n[a]\nrecipe zc.buildout:debug\n  x = 1\nfoo bar = 2\nok = 1\n[b\n");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
}

#[test]
fn no_section_header() {
    let sandbox = Sandbox::with("\n# a comment\nparts = a\n[buildout]\n");
    assert_snapshot!(sandbox.run(&[]), @"");
    sandbox.write("buildout.cfg", "\u{feff}[buildout]\nparts =\n");
    assert_snapshot!(sandbox.run(&[]), @"");
}

#[test]
fn not_text() {
    let sandbox = Sandbox::new();
    sandbox.write("buildout.cfg", b"[buildout]\nparts =\n[a]\nx = \xff\xfe\n");
    assert_snapshot!(sandbox.run(&[]), @"");
    fs_err::remove_file(sandbox.path("buildout.cfg")).unwrap();
    fs_err::create_dir(sandbox.path("buildout.cfg")).unwrap();
    assert_snapshot!(sandbox.run(&[]), @"");
}

/// An error in an extended file names that file.
#[test]
fn syntax_error_in_an_extended_file() {
    let sandbox = Sandbox::with("[buildout]\nextends = sub/base.cfg\nparts = a\n");
    sandbox.write("sub/base.cfg", "[a]\nrecipe = zc.buildout:debug\nthis is not an option\n");
    assert_snapshot!(sandbox.run(&[]), @"");
}

#[test]
fn missing_extends() {
    let sandbox = Sandbox::with("[buildout]\nextends =\n  base.cfg\n  sub/nope.cfg\nparts =\n");
    sandbox.write("base.cfg", "[a]\nx = 1\n");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
}

#[test]
fn recursive_extends() {
    let sandbox = Sandbox::with("[buildout]\nextends = b.cfg\nparts =\n");
    sandbox.write("b.cfg", "[buildout]\nextends =\n  ./c.cfg\n");
    sandbox.write("c.cfg", "[buildout]\nextends = buildout.cfg\n");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
}

#[test]
fn extends_over_http() {
    let mut sandbox = Sandbox::new();
    let server = Server::start(|path| match path {
        "/cut.cfg" => Answer::ok("[a]\nx = 1\n".repeat(100)).cut(70),
        "/broken.cfg" => Answer::ok("[a]\njunk\n"),
        _ => Answer::not_found(),
    });
    sandbox.filter(&server.address(), "[SERVER]");
    sandbox.filter_pattern(r"downloaded as [^)]*\)", "downloaded as [FILE])");
    for (name, file) in [("none.cfg", "none.cfg"), ("broken.cfg", "broken.cfg"), ("cut.cfg", "cut.cfg")] {
        sandbox.write(name, format!("[buildout]\nextends = {}\nparts =\n", server.url(file)));
    }
    assert_snapshot!(sandbox.run(&["-c", "none.cfg"]), @"");
    assert_snapshot!(sandbox.upstream(&["-c", "none.cfg"]), @"");
    assert_snapshot!(sandbox.run(&["-o", "-c", "none.cfg"]), @"");
    assert_snapshot!(sandbox.run(&["-c", "broken.cfg"]), @"");
    assert_snapshot!(sandbox.run(&["-c", "cut.cfg"]), @"");
    assert_snapshot!(sandbox.run(&["-c", &server.url("main.cfg")]), @"");
}

#[test]
fn options_of_buildout() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n");
    let mut all = String::new();
    for assignment in [
        "offline=yes",
        "log-level=LOUD",
        "verbosity=much",
        "extends-cache=${a:b}",
        "extensions=slapos.rebootstrap",
        "extensions=buildout-versions",
        "versions=pins",
        "mirrors=gopher://x",
        "extended-by=x.cfg",
        "installed=sub/none/installed.cfg",
    ] {
        let outcome = sandbox.run(&[assignment]).fails();
        all.push_str(&format!("$ {assignment}\n{}", outcome.err));
    }
    assert_snapshot!(all, @"");
    assert_snapshot!(sandbox.run(&["-c", "/dev/null"]), @"");
}
