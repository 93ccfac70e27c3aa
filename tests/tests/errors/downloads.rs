//! The network.

use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use rbuildout_tests::{Answer, Archive, Sandbox, Server, md5};

fn downloading(url: &str, more: &str) -> Sandbox {
    Sandbox::with(&format!("[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.build:download\nurl = {url}\n{more}"))
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
    http://[SERVER]/a.tar.gz: trying http://[SERVER]/b.tar.gz.
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
    http://[SERVER]/a.tar.gz: <urlopen error retrieval incomplete: got only 5000 out of 10000 bytes>; trying again in 0.5 seconds.
    http://[SERVER]/a.tar.gz: <urlopen error retrieval incomplete: got only 5000 out of 10000 bytes>; trying again in 1.0 seconds.
    http://[SERVER]/a.tar.gz: <urlopen error retrieval incomplete: got only 5000 out of 10000 bytes>; trying again in 2.0 seconds.
    http://[SERVER]/a.tar.gz: <urlopen error retrieval incomplete: got only 5000 out of 10000 bytes>; trying again in 4.0 seconds.
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
     --> [DIR]/buildout.cfg:6:10
      |
    6 | md5sum = 00000000000000000000000000000000
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
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
    http://[SERVER]/a.tar.gz: <urlopen error [Errno 111] Connection refused>; trying again in 0.5 seconds.
    http://[SERVER]/a.tar.gz: <urlopen error [Errno 111] Connection refused>; trying again in 1.0 seconds.
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

/// Retries and other sources are told by every part that wants the file, in its log and on the screen: whether a download
/// ahead of the parts was quicker, how many parts run at a time, and whether there is a cache make no difference.
#[test]
fn retries_are_told_to_each_part() {
    let body = Archive::package("x").gz();
    let sum = md5(&body);
    let count = AtomicUsize::new(0);
    let server = Server::start(move |path| match path {
        "/missing" => Answer::not_found(),
        _ if count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => Answer::ok(&body).cut(10),
        _ => Answer::ok(&body),
    });
    let profile = format!(
        "[buildout]\nparts = b c\n[wait]\nrecipe = slapos.recipe.cmmi\npath = .\nconfigure-command = true\n\
         make-binary = true\npost-install = WAIT\n[source]\nrecipe = slapos.recipe.build:download\nurl = {}\n\
         alternate-url = {}\nmd5sum = {sum}\nx = ${{wait:location}}\n[b]\n<= source\n[c]\n<= source\n",
        server.url("missing"),
        server.url("x.tar.gz")
    );
    let run = |wait: &str, cache: &[&str], jobs: &str| {
        let mut sandbox = Sandbox::with(&profile.replace("WAIT", wait));
        sandbox.filter(&server.address(), "[SERVER]");
        sandbox.filter_pattern(r"(?m)^Creating directory .*\n", "");
        fs_err::create_dir(sandbox.path("cache")).unwrap();
        let outcome = sandbox.run(&[cache, &["--jobs", jobs]].concat());
        let logs = sandbox.filtered(&(sandbox.read(".rbuildout/log/b.log") + &sandbox.read(".rbuildout/log/c.log")));
        format!("{outcome}--- logs\n{logs}")
    };
    let first = run("true", &[], "1");
    assert_snapshot!(first, @"
    exit 0
    --- out
    Installing wait.
    wait: Using local source directory: .
    wait: Executing post-install
    Installing b.
    Downloading http://[SERVER]/missing
    http://[SERVER]/missing: trying http://[SERVER]/x.tar.gz.
    http://[SERVER]/x.tar.gz: <urlopen error retrieval incomplete: got only 10 out of 401 bytes>; trying again in 0.5 seconds.
    Section `b` contains unused option(s): 'x'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    Installing c.
    Downloading http://[SERVER]/missing
    http://[SERVER]/missing: trying http://[SERVER]/x.tar.gz.
    http://[SERVER]/x.tar.gz: <urlopen error retrieval incomplete: got only 10 out of 401 bytes>; trying again in 0.5 seconds.
    Section `c` contains unused option(s): 'x'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    --- logs
    Downloading http://[SERVER]/missing
    http://[SERVER]/missing: trying http://[SERVER]/x.tar.gz.
    http://[SERVER]/x.tar.gz: <urlopen error retrieval incomplete: got only 10 out of 401 bytes>; trying again in 0.5 seconds.
    Downloading http://[SERVER]/missing
    http://[SERVER]/missing: trying http://[SERVER]/x.tar.gz.
    http://[SERVER]/x.tar.gz: <urlopen error retrieval incomplete: got only 10 out of 401 bytes>; trying again in 0.5 seconds.
    ");
    // Long enough for the downloads ahead to end before their parts begin.
    for wait in ["true", "sleep 1"] {
        for cache in [&[][..], &["buildout:download-cache=cache"]] {
            for jobs in ["1", "2"] {
                assert_eq!(run(wait, cache, jobs), first, "{wait}, {cache:?}, {jobs} jobs");
            }
        }
    }
}

/// What no URL can be, and local paths that lead to nothing or to no file.
#[test]
fn urls_that_can_not_be() {
    let errors = |recipe: &str, url: &str, more: &str| {
        let profile = format!("[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.build:{recipe}\nurl = {url}\n{more}");
        let outcome = Sandbox::with(&profile).run(&[]).fails();
        let lines: Vec<&str> =
            outcome.err.lines().filter(|line| line.starts_with("Error: ") || line.starts_with("Hint: ")).collect();
        lines.join("\n") + "\n"
    };
    let mut all = String::new();
    for url in
        ["file:///nonexistent", "/dev/zero", "file://host/etc/passwd", "gopher://h/x", "ftp://h/x", "http://[::1"]
    {
        let told = errors("download", url, "");
        assert_eq!(told, errors("download-unpacked", url, ""));
        assert_eq!(told, errors("download", url, "md5sum = 00000000000000000000000000000000\n"));
        all += &told;
    }
    assert_snapshot!(all, @"
    Error: [Errno 2] No such file or directory: '/nonexistent'
    Hint: Correct the URL or the path, or create the file.
    Error: /dev/zero is neither a file nor a directory
    Hint: Name a file, a directory, or a URL.
    Error: Error downloading file://host/etc/passwd: <urlopen error file:// scheme is supported only on localhost>
    Hint: Write three slashes before the path: `file:///PATH`. For another machine, use `http:` or `https:`.
    Error: Error downloading gopher://h/x: <urlopen error unknown url type: gopher>
    Hint: Name a path, or a URL of `http:`, `https:`, `file:` or `debian:`; no other schemes are known.
    Error: Error downloading ftp://h/x: <urlopen error unknown url type: ftp>
    Hint: Name a path, or a URL of `http:`, `https:`, `file:` or `debian:`; no other schemes are known.
    Error: Error downloading http://[::1: <urlopen error invalid URL: invalid IPv6 address>
    Hint: Correct the URL.
    ");
}

/// The hint is about the cache that is missing.
#[test]
fn missing_extends_cache() {
    let sandbox = Sandbox::with("[buildout]\nextends-cache = none\nextends = http://127.0.0.1:1/x.cfg\nparts =\n");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: The directory:
    '[DIR]/none'
    to be used as a download cache doesn't exist.

     --> [DIR]/buildout.cfg:3:11
      |
    3 | extends = http://127.0.0.1:1/x.cfg
      |           ^^^^^^^^^^^^^^^^^^^^^^^^ extended here
    Hint: Create `[DIR]/none`, or correct the option `extends-cache` of `[buildout]`.
    ");
}

/// A relative path starts in the source, which a profile's author may not expect.
#[test]
fn missing_patch() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.cmmi\nurl = ${buildout:directory}/x.tar.gz\n\
         patches =\n  x.patch\nconfigure-command = true\n",
    );
    sandbox.write("x.tar.gz", Archive::package("x").gz());
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Applying patches
    a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    --- err
    While:
      Installing a.
    Error: The patch x.patch does not exist: there is no file [DIR]/parts/a/.build/x-1.0/x.patch.
     --> [DIR]/buildout.cfg:7:3
      |
    7 |   x.patch
      |   ^^^^^^^
    Hint: A relative path starts in the directory of the source. For a file beside the profile, write `${:_profile_base_location_}/NAME`.
    Log: [DIR]/.rbuildout/log/a.log
    ");
}

/// A checksum that is wrong is marked where it is written.
#[test]
fn wrong_checksum() {
    let wrong = "00000000000000000000000000000000";
    let sandbox = downloading("${buildout:directory}/x", &format!("md5sum = {wrong}\n"));
    sandbox.write("x", "something else");
    assert_snapshot!(sandbox.run(&[]), @"
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
    Error: MD5 checksum mismatch for local resource at '[DIR]/x'.
     --> [DIR]/buildout.cfg:6:10
      |
    6 | md5sum = 00000000000000000000000000000000
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    Hint: Its MD5 is 6c7ba9c5a141421e1c03cb9807c97c74, expected 00000000000000000000000000000000. Correct the checksum in the profile, or the file.
    ");
    let sandbox = Sandbox::with(&format!(
        "[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.cmmi\nurl = ${{buildout:directory}}/x.tar.gz\n\
         patches =\n  ${{buildout:directory}}/x.patch#{wrong}\nconfigure-command = true\n",
    ));
    sandbox.write("x.tar.gz", Archive::package("x").gz());
    sandbox.write("x.patch", "something else");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Applying patches
    a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    --- err
    While:
      Installing a.
    Error: MD5 checksum mismatch for local resource at '[DIR]/x.patch'.
     --> [DIR]/buildout.cfg:7:3
      |
    7 |   ${buildout:directory}/x.patch#00000000000000000000000000000000
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    Hint: Its MD5 is 6c7ba9c5a141421e1c03cb9807c97c74, expected 00000000000000000000000000000000. Correct the checksum in the profile, or the file.
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

/// Nor is one in the URL of a repository, a profile or a patch.
#[test]
fn secrets_elsewhere() {
    let url = "http://me:hunter2@127.0.0.1:1/x";
    for profile in [
        format!("parts = a\n[a]\nrecipe = slapos.recipe.build:gitclone\nrepository = {url}\n"),
        format!("parts = a\n[a]\nrecipe = slapos.recipe.build:gitclone\nrepository = {url}\nrevision = x\n"),
        format!("extends = {url}\nparts =\n"),
        format!("parts = a\n[a]\nrecipe = slapos.recipe.cmmi\npath = src\npatches =\n  {url}\n"),
    ] {
        let sandbox = Sandbox::with(&format!("[buildout]\n{profile}"));
        fs_err::create_dir(sandbox.path("src")).unwrap();
        let outcome = sandbox.run(&["-vv"]);
        assert!(outcome.to_string().contains("me:***@") && !outcome.to_string().contains("hunter2"), "{outcome}");
        let mut grep = sandbox.command("grep");
        let found = sandbox.outcome(grep.args(["-r", "hunter2", ".", "--exclude=buildout.cfg"]));
        assert_eq!(found.code, 1, "{found}");
    }
}

/// What git would take for an option is none of the profile's business.
#[test]
fn options_of_git_are_refused() {
    for options in [
        "repository = --upload-pack=touch touched",
        "repository = .\nbranch = --upload-pack=touch touched",
        "repository = .\nrevision = -x",
    ] {
        let sandbox =
            Sandbox::with(&format!("[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.build:gitclone\n{options}\n"));
        let outcome = sandbox.run(&[]).fails();
        assert!(outcome.err.contains("' begins with a dash."), "{outcome}");
        assert!(!sandbox.exists("touched") && !sandbox.exists("parts/a"), "{outcome}");
    }
}

/// A write that fails half-way leaves nothing behind, and its hint says how to make room.
#[test]
fn no_room() {
    for options in [
        "recipe = slapos.recipe.template:jinja2\ninline = {{ 'x' * 400000 }}\noutput = out/x",
        // On another file system, so that it is copied.
        "recipe = slapos.recipe.build:download\nurl = /proc/kallsyms\ndestination = out/x",
    ] {
        let sandbox = Sandbox::with(&format!("[buildout]\nparts = a\n[a]\n{options}\n"));
        fs_err::create_dir(sandbox.path("out")).unwrap();
        let text = format!("ulimit -f 100; exec '{}'", sandbox.program("rbuildout").display());
        let outcome = sandbox.outcome(sandbox.command("sh").args(["-c", &text])).fails();
        assert!(outcome.err.contains("Hint: Raise the limit for the size of a file"), "{outcome}");
        assert_eq!(sandbox.must("ls", &["-A", "out"]), "", "{outcome}");
    }
}
