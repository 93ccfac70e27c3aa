//! Side by side with the Python originals: zc.buildout 3.0.1 and the recipes, installed by `tests/peers.sh`.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod eggs;
mod profiles;
mod recipes;
mod state;

use std::path::{Path, PathBuf};

use rbuildout_tests::{Outcome, Sandbox, Tree, difference};

/// The reference's command.
fn peer() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    let path = target.join("peers/bin/buildout");
    assert!(path.is_file(), "{} is missing: run `tests/peers.sh` first", path.display());
    path
}

/// Runs the reference. It does not look for newer versions of itself.
fn reference(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    let mut command = sandbox.command(peer());
    command.env("PYTHONWARNINGS", "ignore").env("PYTHONDONTWRITEBYTECODE", "1");
    // Everything that it needs is installed: nothing may be fetched.
    command.env("buildout_testing_index_url", "file:///nowhere").env("PIP_NO_INDEX", "1");
    sandbox.outcome(command.arg("-UN").args(arguments))
}

/// Runs ours in upstream mode.
fn ours(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    sandbox.upstream(&[&["-UN"], arguments].concat())
}

/// `.installed.cfg` without signatures, which name the distributions of the machine.
fn installed(sandbox: &Sandbox) -> String {
    if !sandbox.exists(".installed.cfg") {
        return String::new();
    }
    let text = sandbox.installed();
    text.lines().filter(|line| !line.starts_with("__buildout_signature__ = ")).fold(String::new(), |t, l| t + l + "\n")
}

/// What a run left: its words, its tree, its state.
struct Left {
    outcome: Outcome,
    tree: Tree,
    installed: String,
}

/// Runs a profile as often as there are lists of arguments, and remembers what each run left.
fn all(sandbox: &Sandbox, runs: &[&[&str]], run: fn(&Sandbox, &[&str]) -> Outcome) -> Vec<Left> {
    let mut left = Vec::new();
    for arguments in runs {
        let outcome = run(sandbox, arguments);
        left.push(Left { outcome, tree: sandbox.tree(), installed: installed(sandbox) });
    }
    left
}

/// Puts the directory back as it was.
fn restore(sandbox: &Sandbox, origin: &Path) {
    for entry in fs_err::read_dir(sandbox.dir()).unwrap() {
        sandbox.must("rm", &["-rf", &entry.unwrap().path().to_string_lossy()]);
    }
    sandbox.must("cp", &["-a", &format!("{}/.", origin.display()), "."]);
}

/// The reference and ours, run after each other in the same directory, must leave the same after every run.
fn same(sandbox: &Sandbox, runs: &[&[&str]]) {
    same_without(sandbox, runs, &[]);
}

/// The same, but for some files, which name temporary directories.
fn same_without(sandbox: &Sandbox, runs: &[&[&str]], names: &[&str]) {
    let origin = sandbox.root().join("origin");
    sandbox.must("cp", &["-a", ".", &origin.to_string_lossy()]);
    let theirs = all(sandbox, runs, reference);
    restore(sandbox, &origin);
    let ours = all(sandbox, runs, ours);
    for ((theirs, ours), arguments) in theirs.iter().zip(&ours).zip(runs) {
        let context = format!("run {arguments:?}\n=== theirs\n{}\n=== ours\n{}", theirs.outcome, ours.outcome);
        assert_eq!(theirs.outcome.code, ours.outcome.code, "{context}");
        let [left, right] = [theirs, ours].map(|left| left.tree.clone().without(names));
        assert_eq!(difference(&left, &right), "", "- theirs, + ours, {context}");
        assert_eq!(theirs.installed, ours.installed, "{context}");
        assert_eq!(lines(&theirs.outcome.out), lines(&ours.outcome.out), "{context}");
        if theirs.outcome.code != 0 {
            let last = |outcome: &Outcome| outcome.err.trim_end().lines().last().unwrap_or_default().to_owned();
            assert_eq!(last(&theirs.outcome), last(&ours.outcome), "{context}");
        }
    }
}

/// What the engine says of parts, without what recipes and commands print.
fn lines(out: &str) -> Vec<&str> {
    out.lines().filter(|line| is_record(line)).collect()
}

fn is_record(line: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "Installing ",
        "Updating ",
        "Uninstalling ",
        "Running uninstall",
        "Section `",
        "Downloading ",
        "Getting distribution ",
        "Got ",
        "Generated ",
        "Could not generate ",
        "zc.recipe.egg",
        "Develop: ",
    ];
    BEGINNINGS.iter().any(|verb| line.starts_with(verb))
}
