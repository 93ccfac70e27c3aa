//! Recipes that nobody adapted to us, from the index that pip is configured with.

use rbuildout_tests::{Sandbox, difference};

/// Versions that run on the Pythons of today with zc.buildout 3.0.1.
const PINS: &str = "
[versions]
collective.recipe.omelette = 1.1.0
collective.recipe.shelloutput = 0.1
z3c.recipe.mkdir = 2.1
zc.recipe.egg = 2.0.7
zc.recipe.testrunner = 2.2
zope.exceptions = 5.2
zope.interface = 7.2
zope.testrunner = 6.6
";

/// Sections of each recipe.
const SHELL: &str = "
[shell]
recipe = collective.recipe.shelloutput
commands =
  greeting = echo hello
";
const MADE: &str = "
[made]
recipe = z3c.recipe.mkdir
paths =
  var/one/two
  ${buildout:directory}/var/three
mode = 750
";
const ALL: &str = "
[all]
recipe = collective.recipe.omelette
eggs = zope.exceptions
";
const CHECKS: &str = "
[checks]
recipe = zc.recipe.testrunner
eggs = package
defaults = ['-v']
";

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Slapos,
    Upstream,
}

/// A sandbox that reaches the index as pip does.
fn sandbox(sections: &str, mode: Mode) -> Sandbox {
    let names = sections.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let parts: Vec<&str> = names.collect();
    let develop = if sections.contains("[checks]") { "develop = package\n" } else { "" };
    let pins = match mode {
        Mode::Upstream => PINS.to_owned(),
        // What needs a compiler, or a newer setuptools than the oldest Python of today has.
        Mode::Slapos => {
            PINS.replace("interface = 7.2", "interface = 7.2:whl").replace("mkdir = 2.1", "mkdir = 2.1:whl")
        }
    };
    let parts = parts.join(" ");
    let mut sandbox = Sandbox::with(&format!("[buildout]\nparts = {parts}\n{develop}{pins}{sections}"));
    for (name, value) in std::env::vars() {
        let wanted = name.starts_with("PIP_") || name.to_lowercase().ends_with("_proxy");
        if wanted || matches!(name.as_str(), "SSL_CERT_FILE" | "REQUESTS_CA_BUNDLE") {
            sandbox.env(&name, value);
        }
    }
    sandbox.write("package/setup.py", "from setuptools import setup\nsetup(name='package', packages=['greeter'])\n");
    sandbox.write("package/greeter/__init__.py", "");
    sandbox.write(
        "package/greeter/tests.py",
        "import unittest\n\nclass Test(unittest.TestCase):\n    def test_sum(self):\n        self.assertEqual(1 + 1, 2)\n",
    );
    sandbox
}

/// Installed, looked at, installed once more, removed.
fn way(sections: &str, mode: Mode, works: impl Fn(&Sandbox)) {
    let sandbox = sandbox(sections, mode);
    let run = |arguments: &[&str]| match mode {
        Mode::Slapos => sandbox.run(arguments),
        Mode::Upstream => sandbox.upstream(arguments),
    };
    run(&[]).ok();
    works(&sandbox);
    let (tree, installed) = (sandbox.tree(), sandbox.installed());
    let again = run(&[]).ok();
    for word in ["Installing ", "Uninstalling ", "Getting distribution"] {
        assert!(!again.out.contains(word), "{again}");
    }
    assert_eq!(difference(&tree, &sandbox.tree()), "");
    // zc.buildout appends to it in each run.
    assert!(mode == Mode::Upstream || sandbox.installed() == installed, "{}", sandbox.installed());
    works(&sandbox);
    run(&["buildout:parts="]).ok();
    for path in ["bin/checks", "parts/all", "parts/checks"] {
        assert!(!sandbox.exists(path), "{path} is left");
    }
    // The last list counts: zc.buildout appends to the file.
    let installed = if sandbox.exists(".installed.cfg") { sandbox.installed() } else { String::new() };
    let parts = installed.lines().rev().find_map(|line| line.strip_prefix("parts ="));
    assert_eq!(parts.map_or("", str::trim), "", "{installed}");
}

fn shell(sandbox: &Sandbox) {
    // On Python 3 the recipe publishes bytes, which only slapos mode can have.
    assert!(sandbox.installed().contains("greeting = !py!b'hello'\n"), "{}", sandbox.installed());
}

fn made(sandbox: &Sandbox) {
    use std::os::unix::fs::PermissionsExt as _;
    for path in ["var/one/two", "var/three"] {
        let mode = fs_err::metadata(sandbox.path(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o750, "{path}");
    }
}

fn all(sandbox: &Sandbox) {
    let module = sandbox.path("parts/all/zope/exceptions");
    assert!(module.is_symlink() && module.join("interfaces.py").is_file());
}

fn checks(sandbox: &Sandbox) {
    let ran = sandbox.must(&sandbox.path("bin/checks").to_string_lossy(), &[]);
    assert!(ran.contains("Ran 1 tests with 0 failures, 0 errors"), "{ran}");
}

#[test]
#[ignore = "installs eggs from the package index"]
fn shelloutput() {
    way(SHELL, Mode::Slapos, shell);
}

#[test]
#[ignore = "installs eggs from the package index"]
fn mkdir() {
    way(MADE, Mode::Slapos, made);
    way(MADE, Mode::Upstream, made);
}

#[test]
#[ignore = "installs eggs from the package index"]
fn omelette() {
    way(ALL, Mode::Slapos, all);
    way(ALL, Mode::Upstream, all);
}

#[test]
#[ignore = "installs eggs from the package index"]
fn testrunner() {
    way(CHECKS, Mode::Slapos, checks);
    way(CHECKS, Mode::Upstream, checks);
}

#[test]
#[ignore = "installs eggs from the package index"]
fn together() {
    way(&[SHELL, MADE, ALL, CHECKS].concat(), Mode::Slapos, |sandbox| {
        shell(sandbox);
        made(sandbox);
        all(sandbox);
        checks(sandbox);
    });
}
