//! A kill at any moment, then another run, gives the same tree.
//!
//! The test starts itself as a child that installs parts of several recipes, kills it after some time (together with the
//! commands that it left running, which is the engine's business otherwise) and then installs to the end.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process_group};
use support::Bench;

const DIRECTORY: &str = "RBUILDOUT_TEST_KILL";

type Options<'a> = &'a [(&'a str, &'a str)];

/// Installs everything, one part after the other.
fn install_all(bench: &Bench) {
    let makefile =
        [("url", "a.tar.gz"), ("configure-command", ":"), ("post-install", "sleep 0.05; ln -s x %(location)s/l")];
    let shared = [&makefile[..], &[("shared", "true")]].concat();
    let script = [("inline", "#!/bin/sh\necho hello\n"), ("output", "bin/t"), ("mode", "0750")];
    let wrapper = [("command-line", "/bin/echo 'a b'"), ("wrapper-path", "bin/w")];
    let links = [("target-directory", "bin"), ("link-binary", "/usr/bin/x /usr/bin/y")];
    let parts: [(&str, &str, Options); 9] = [
        ("slapos.recipe.cmmi", "cmmi", &makefile),
        ("slapos.recipe.cmmi", "shared", &shared),
        ("slapos.recipe.build:download", "download", &[("url", "a.tar.gz"), ("filename", "x")]),
        ("slapos.recipe.build:download-unpacked", "unpacked", &[("url", "a.tar.gz")]),
        ("slapos.recipe.build:gitclone", "git", &[("repository", "{dir}/repo")]),
        ("slapos.recipe.build:gitclone", "develop", &[("repository", "{dir}/repo"), ("develop", "true")]),
        ("slapos.recipe.template", "template", &script),
        ("slapos.cookbook:wrapper", "wrapper", &wrapper),
        ("slapos.cookbook:symbolic.link", "links", &links),
    ];
    for (recipe, name, options) in parts {
        bench.install(recipe, name, options).unwrap();
    }
}

fn prepare(dir: &Path) {
    let script = "mkdir -p tree/p-1 shared state && touch state/groups &&
        printf 'all:\\n\\tfor i in 1 2 3 4 5 6 7 8; do echo $$i > out$$i; sleep 0.01; done\\n\
        install:\\n\\tcp out* $(prefix)/\\n' > tree/p-1/Makefile && tar czf a.tar.gz -C tree . &&
        git init -q repo && cd repo && seq 1000 > f && git add f &&
        git -c user.name=n -c user.email=a@b commit -qm one";
    assert!(Command::new("sh").arg("-ec").arg(script).current_dir(dir).status().unwrap().success());
}

fn open(dir: &Path) -> Bench {
    let mut bench = Bench::at(dir);
    bench.share("shared");
    bench
}

/// What has to be the same: names, modes and contents, but git's own files.
fn tree(bench: &Bench) -> Vec<String> {
    let mut lines = Vec::new();
    for root in ["parts", "shared", "bin"] {
        for line in bench.tree(root).into_iter().filter(|line| !line.contains(".git/")) {
            let path = bench.dir.join(root).join(line.split_once(' ').unwrap().1);
            let content = if path.is_file() { fs::read(path).unwrap() } else { Vec::new() };
            lines.push(format!("{root}: {line} {}", rbuildout_cache::hash::md5_hex(content)));
        }
    }
    lines
}

/// The child: does something only if it was started as one.
#[test]
fn child() {
    if let Some(dir) = std::env::var_os(DIRECTORY) {
        install_all(&open(Path::new(&dir)));
    }
}

#[test]
fn any_moment() {
    if std::env::var_os(DIRECTORY).is_some() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    prepare(temporary.path());
    let bench = open(temporary.path());
    let start = Instant::now();
    install_all(&bench);
    let whole = start.elapsed();
    let expected = tree(&bench);
    assert!(expected.len() > 30, "{expected:#?}");

    const KILLS: u32 = 8;
    for kill in 0..KILLS {
        for root in ["parts", "shared", "bin"] {
            rbuildout_cache::tree::remove(&bench.dir.join(root)).unwrap();
            fs::create_dir(bench.dir.join(root)).unwrap();
        }
        fs::write(bench.dir.join("state/groups"), "").unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child"])
            .env(DIRECTORY, &bench.dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sleep(whole * kill / KILLS);
        child.kill().unwrap();
        child.wait().unwrap();
        let events = bench.read("state/groups");
        let last = events.lines().last().and_then(|event| event.strip_prefix("started "));
        if let Some(group) = last {
            let group = Pid::from_raw(group.parse().unwrap()).unwrap();
            // It may have ended since.
            let _ = kill_process_group(group, Signal::KILL);
        }
        install_all(&bench);
        assert_eq!(tree(&bench), expected, "after kill {kill}");
    }
}
