//! `extends` over HTTP, with the cache of extended files, offline and newest; and the user's defaults.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rbuildout_tests::{Answer, Sandbox, Server};

/// A server whose `base.cfg` counts how often it was asked for, and which may go away.
struct Counting {
    server: Server,
    asked: Arc<AtomicUsize>,
    there: Arc<Mutex<bool>>,
}

impl Counting {
    fn new() -> Self {
        let (asked, there) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(true)));
        let (count, is_there) = (asked.clone(), there.clone());
        let server = Server::start(move |path| match path {
            _ if !*is_there.lock().unwrap() => Answer::not_found(),
            "/d/base.cfg" => {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                Answer::ok(format!(
                    "[buildout]\nextends = ../up.cfg sub/down.cfg\n[a]\nnumber = {number}\nhere = ${{:_profile_base_location_}}\n"
                ))
            }
            "/up.cfg" => Answer::ok("[a]\nup = ${:_profile_base_location_}\n"),
            "/d/sub/down.cfg" => {
                Answer::ok("[buildout]\nextends = ../../up.cfg\n[b]\ndown = ${:_profile_base_location_}\n")
            }
            _ => Answer::not_found(),
        });
        Self { server, asked, there }
    }

    fn sandbox(&self, more: &str) -> Sandbox {
        Sandbox::with(&format!("[buildout]\nparts =\nextends = {}\n{more}", self.server.url("d/base.cfg")))
    }
}

fn query(sandbox: &Sandbox, arguments: &[&str]) -> String {
    sandbox.run(&[arguments, &["query", "a:number"]].concat()).ok().out.trim_end().to_owned()
}

#[test]
fn every_file_once_and_relative_to_its_own() {
    let counting = Counting::new();
    let sandbox = counting.sandbox("");
    let document = sandbox.run(&["resolve", "--json"]).json();
    let sections = &document["sections"];
    let base = counting.server.url("");
    assert_eq!(sections["b"]["resolved"]["down"]["v"], format!("{base}d/sub"));
    // The last file that uses it wins for the whole section.
    assert_eq!(sections["a"]["resolved"]["here"]["v"], format!("{base}d"));
    assert_eq!(sections["a"]["resolved"]["up"]["v"], format!("{base}d"));
    let mut seen = counting.server.seen();
    seen.sort();
    assert_eq!(seen, ["/d/base.cfg", "/d/sub/down.cfg", "/up.cfg"]);
}

#[test]
fn without_a_cache_every_run_asks() {
    let counting = Counting::new();
    let sandbox = counting.sandbox("");
    assert_eq!(query(&sandbox, &[]), "1");
    assert_eq!(query(&sandbox, &["-N"]), "2");
    sandbox.run(&["-o", "query", "a:number"]).fails();
}

#[test]
fn the_cache() {
    let counting = Counting::new();
    let sandbox = counting.sandbox("extends-cache = cache\n");
    fs_err::create_dir(sandbox.path("cache")).unwrap();
    assert_eq!(query(&sandbox, &[]), "1");
    assert!(sandbox.exists("cache"));
    assert_eq!(query(&sandbox, &["-N"]), "1", "not newest: what is there is good");
    assert_eq!(query(&sandbox, &["-o"]), "1");
    assert_eq!(query(&sandbox, &["-n"]), "2", "newest: asked again");
    assert_eq!(counting.asked.load(Ordering::SeqCst), 2);
    *counting.there.lock().unwrap() = false;
    assert_eq!(query(&sandbox, &["-n"]), "2", "what is there is better than nothing");
    sandbox.must("rm", &["-r", "cache"]);
    fs_err::create_dir(sandbox.path("cache")).unwrap();
    assert!(sandbox.run(&["query", "a:number"]).fails().err.contains("HTTP Error 404"));
}

#[test]
fn a_main_file_over_http() {
    let counting = Counting::new();
    let sandbox = Sandbox::new();
    let url = counting.server.url("d/base.cfg");
    assert_eq!(sandbox.run(&["-c", &url, "query", "a:number"]).ok().out, "1\n");
    let outcome = sandbox.run(&["-c", &url, "buildout:parts="]).fails();
    assert!(outcome.err.contains("Missing option: buildout:directory"), "{outcome}");
    sandbox.run(&["-c", &url, "buildout:parts=", &format!("buildout:directory={}", sandbox.dir().display())]).ok();
}

/// Defaults of the user go beneath the first file that extends nothing.
#[test]
fn user_defaults() {
    let mut sandbox = Sandbox::with("[buildout]\nextends = base.cfg\nparts =\n[a]\ny += main\n");
    sandbox.write("base.cfg", "[a]\nx = base\ny += base\n");
    sandbox
        .write("../home/.buildout/default.cfg", "[buildout]\nextends = more.cfg\n[a]\nx = user\ny = user\nz = user\n");
    sandbox.write("../home/.buildout/more.cfg", "[a]\nm = more\n");
    let ask = |sandbox: &Sandbox, flags: &[&str], what: &str| sandbox.run(&[flags, &["query", what]].concat());
    assert_eq!(ask(&sandbox, &[], "a:x").ok().out, "base\n");
    assert_eq!(ask(&sandbox, &[], "a:y").ok().out, "user\nbase\nmain\n");
    assert_eq!(ask(&sandbox, &[], "a:z").ok().out, "user\n");
    assert_eq!(ask(&sandbox, &[], "a:m").ok().out, "more\n");
    ask(&sandbox, &["-U"], "a:z").fails();
    // Another place for them.
    sandbox.write("../other/default.cfg", "[a]\nz = other\n");
    sandbox.env("BUILDOUT_HOME", sandbox.root().join("other"));
    assert_eq!(ask(&sandbox, &[], "a:z").ok().out, "other\n");
}

#[test]
fn extends_on_the_command_line() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n[a]\nx = main\n");
    sandbox.write("sub/one.cfg", "[a]\nx = one\ny = one\n");
    sandbox.write("sub/two.cfg", "[a]\ny += two\n");
    let ask = |what: &str| sandbox.run(&["buildout:extends=sub/one.cfg sub/two.cfg", "query", what]).ok().out;
    assert_eq!(ask("a:x"), "one\n");
    assert_eq!(ask("a:y"), "one\ntwo\n");
}
