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

/// The Python that has the originals; those of `slapos.cookbook` have one of their own, below.
fn interpreter(below: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(3).unwrap().join("peers").join(below).join("bin/python");
    assert!(path.is_file(), "{} is missing: run `tests/peers.sh` first", path.display());
    path
}

/// A buildout with the part `a`.
pub(super) fn sandbox(sections: &str) -> Sandbox {
    sandbox_of("", sections)
}

fn sandbox_of(below: &str, sections: &str) -> Sandbox {
    let python = interpreter(below);
    let mut sandbox = Sandbox::with(&format!(
        "[buildout]\nparts = a\nnewest = false\noffline = true\nexecutable = {}\n{sections}",
        python.display()
    ));
    // The host makes them before anything is initialised, native recipes after it.
    for directory in ["bin", "develop-eggs", "eggs", "parts"] {
        fs_err::create_dir(sandbox.path(directory)).unwrap();
    }
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
/// of the program. Without these options, too.
fn installed(sandbox: &Sandbox, without: &[&str]) -> String {
    if !sandbox.exists(".installed.cfg") {
        return String::new();
    }
    let text = sandbox.installed();
    let is_apart = |line: &str| {
        let option = line.split(" = ").next().unwrap_or_default();
        option == "__buildout_signature__" || without.contains(&option)
    };
    text.lines().filter(|line| !is_apart(line)).fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}

fn all(
    sandbox: &Sandbox,
    origin: &Path,
    program: &str,
    natives: &str,
    runs: &[&[&str]],
    without: &[&str],
) -> Vec<Left> {
    for entry in fs_err::read_dir(sandbox.dir()).unwrap() {
        sandbox.must("rm", &["-rf", &entry.unwrap().path().to_string_lossy()]);
    }
    sandbox.must("cp", &["-a", &format!("{}/.", origin.display()), "."]);
    let mut left: Vec<Left> = Vec::new();
    for arguments in runs {
        let mut command = sandbox.command(sandbox.program(program));
        let outcome = sandbox.outcome(command.env("RBUILDOUT_NATIVE", natives).args(*arguments));
        let failed_twice = outcome.code != 0 && left.last().is_some_and(|last| last.outcome.code != 0);
        left.push(Left { outcome, tree: sandbox.tree(), installed: installed(sandbox, without) });
        if failed_twice {
            break;
        }
    }
    left
}

/// What may differ.
#[derive(Clone, Copy, Default)]
pub(super) struct Apart<'a> {
    pub(super) files: &'a [&'a str],
    /// Options in slapos mode: there a native recipe does what the fork of its original does, which `tests/peers.sh`
    /// cannot install.
    pub(super) options: &'a [&'a str],
}

/// The native recipes and their originals, one after the other in the same directory, leave the same after every run, but
/// for what may differ. What differs is returned.
fn differences(sandbox: &Sandbox, runs: &[&[&str]], apart: Apart) -> String {
    let origin = sandbox.root().join("origin");
    sandbox.must("cp", &["-a", ".", &origin.to_string_lossy()]);
    let mut found = String::new();
    for (program, options) in [("buildout", [].as_slice()), ("rbuildout", apart.options)] {
        let natives = all(sandbox, &origin, program, "all", runs, options);
        let originals = all(sandbox, &origin, program, "none", runs, options);
        for ((native, original), arguments) in natives.iter().zip(&originals).zip(runs) {
            let [theirs, ours] = [original, native].map(|left| left.tree.clone().without(apart.files));
            let trees = difference(&theirs, &ours);
            let codes = (original.outcome.code, native.outcome.code);
            if codes.0 == codes.1 && trees.is_empty() && original.installed == native.installed {
                continue;
            }
            let _ = writeln!(found, "===== {program} {arguments:?}\n- original, + native\n{trees}");
            for (name, left) in [("original", original), ("native", native)] {
                let _ = writeln!(found, "=== {name}\n{}--- .installed.cfg\n{}", left.outcome, left.installed);
            }
            break;
        }
    }
    found
}

/// Asserts that nothing differs.
#[track_caller]
pub(super) fn same(sandbox: &Sandbox, runs: &[&[&str]]) {
    let found = differences(sandbox, runs, Apart::default());
    assert!(found.is_empty(), "{found}");
}

/// Asserts for each of some sections that nothing differs but what may.
#[track_caller]
pub(super) fn each_without<S: AsRef<str>>(
    sections: impl IntoIterator<Item = S>,
    sandbox: impl Fn(&str) -> Sandbox,
    apart: Apart,
) {
    let mut found = String::new();
    for section in sections {
        let differing = differences(&sandbox(section.as_ref()), &LIFE, apart);
        if !differing.is_empty() {
            let _ = writeln!(found, "########## {}\n{differing}", section.as_ref());
        }
    }
    assert!(found.is_empty(), "{found}");
}

#[track_caller]
pub(super) fn each<S: AsRef<str>>(sections: impl IntoIterator<Item = S>, sandbox: impl Fn(&str) -> Sandbox) {
    each_without(sections, sandbox, Apart::default());
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
