//! Native recipes beside their originals in the recipe host: the same profile gives the same tree, the same options in
//! `.installed.cfg` and the same exit code, run for run, in both modes.
//!
//! The originals are those that `tests/peers.sh` installs.

mod cookbook;
mod eggs;
mod files;
mod software;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rbuildout_tests::{Outcome, Sandbox, Tree, difference};

/// Install, update, a change, an update after it, removal.
pub(super) const LIFE: [&[&str]; 5] = [&[], &[], &["a:changed=1"], &["a:changed=1"], &["buildout:parts="]];

/// The Python that has the originals.
fn interpreter() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(3).unwrap().join("peers/bin/python");
    assert!(path.is_file(), "{} is missing: run `tests/peers.sh` first", path.display());
    path
}

/// A buildout with the part `a`.
pub(super) fn sandbox(sections: &str) -> Sandbox {
    let python = interpreter();
    let mut sandbox = Sandbox::with(&format!(
        "[buildout]\nparts = a\nnewest = false\noffline = true\nexecutable = {}\n{sections}",
        python.display()
    ));
    sandbox.env("PYTHONDONTWRITEBYTECODE", "1");
    sandbox.env("PIP_NO_INDEX", "1");
    sandbox
}

/// What a run left.
struct Left {
    outcome: Outcome,
    tree: Tree,
    installed: String,
}

/// The sections of `.installed.cfg`, without signatures, which name the recipe's distribution: that of a native recipe is
/// of the program.
fn installed(sandbox: &Sandbox) -> String {
    if !sandbox.exists(".installed.cfg") {
        return String::new();
    }
    let text = sandbox.installed();
    text.lines().filter(|line| !line.starts_with("__buildout_signature__ = ")).fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}

fn all(sandbox: &Sandbox, origin: &Path, program: &str, natives: &str, runs: &[&[&str]]) -> Vec<Left> {
    for entry in fs_err::read_dir(sandbox.dir()).unwrap() {
        sandbox.must("rm", &["-rf", &entry.unwrap().path().to_string_lossy()]);
    }
    sandbox.must("cp", &["-a", &format!("{}/.", origin.display()), "."]);
    let mut left = Vec::new();
    for arguments in runs {
        let mut command = sandbox.command(sandbox.program(program));
        let outcome = sandbox.outcome(command.env("RBUILDOUT_NATIVE", natives).args(*arguments));
        left.push(Left { outcome, tree: sandbox.tree(), installed: installed(sandbox) });
    }
    left
}

/// The native recipes and their originals, one after the other in the same directory, leave the same after every run.
#[track_caller]
pub(super) fn same(sandbox: &Sandbox, runs: &[&[&str]]) {
    same_without(sandbox, runs, &[]);
}

/// The same, but for these files.
#[track_caller]
pub(super) fn same_without(sandbox: &Sandbox, runs: &[&[&str]], files: &[&str]) {
    let origin = sandbox.root().join("origin");
    sandbox.must("rm", &["-rf", &origin.to_string_lossy()]);
    sandbox.must("cp", &["-a", ".", &origin.to_string_lossy()]);
    for program in ["buildout", "rbuildout"] {
        let natives = all(sandbox, &origin, program, "all", runs);
        let originals = all(sandbox, &origin, program, "none", runs);
        for ((native, original), arguments) in natives.iter().zip(&originals).zip(runs) {
            let context =
                format!("{program} {arguments:?}\n=== original\n{}\n=== native\n{}", original.outcome, native.outcome);
            assert_eq!(original.outcome.code, native.outcome.code, "{context}");
            let [theirs, ours] = [original, native].map(|left| left.tree.clone().without(files));
            assert_eq!(difference(&theirs, &ours), "", "- original, + native, {context}");
            assert_eq!(original.installed, native.installed, "{context}");
        }
    }
}

/// Every entry of the registry has a test in this folder.
#[test]
fn all_of_the_registry() {
    let sources =
        [include_str!("cookbook.rs"), include_str!("eggs.rs"), include_str!("files.rs"), include_str!("software.rs")]
            .concat();
    let named: BTreeSet<&str> = sources
        .split("recipe = ")
        .skip(1)
        .map(|rest| rest.split(['\\', '\n', '"', '{', ' ']).next().unwrap_or_default())
        .collect();
    let missing: Vec<String> = rbuildout_recipes::natives()
        // Part of buildout itself: there is no original to run.
        .filter(|recipe| recipe != "zc.buildout:debug")
        .filter(|recipe| !named.contains(recipe.strip_suffix(":default").unwrap_or(recipe)))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}
