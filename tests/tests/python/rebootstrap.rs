//! A release that builds the Python it runs with.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

/// `[python]` makes an environment, which is a Python of its own.
const PROFILE: &str = "[buildout]
offline = true
extensions = slapos.rebootstrap
python = python
parts = listing

[python]
recipe = plone.recipe.command
location = ${buildout:parts-directory}/python
executable = ${:location}/bin/python3
command = python3 -m venv --without-pip ${:location}
stop-on-error = true
depends = ${first:recipe}

[first]
recipe = slapos.cookbook:mkdirectory
made = ${buildout:directory}/first

[later]
recipe = slapos.cookbook:mkdirectory
made = ${buildout:directory}/later

[listing]
recipe = slapos.recipe.template
inline = Built for ${buildout:executable}
output = ${buildout:directory}/listing
depends = ${later:recipe}
";

fn sandbox(profile: &str) -> Sandbox {
    let mut sandbox = Sandbox::with(profile);
    sandbox.filter_pattern("(?m)^Section `.*unused.*\n.*\n", "");
    sandbox
}

#[test]
fn the_python_of_the_release() {
    let sandbox = sandbox(PROFILE);
    let plan = sandbox.run(&["plan"]);
    assert_snapshot!(plan, @"
    exit 0
    --- out
    install   first
    install   python
    install   later
    install   listing
    4 to install.
    This is the plan with the Python at hand; it is made anew once [DIR]/parts/python/bin/python3 is built.
    ");
    assert!(!sandbox.exists(".rbuildout") && !sandbox.exists("first"));

    assert_snapshot!(sandbox.run(&[]), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing first.
    Installing python.
    python: Running 'python3 -m venv --without-pip [DIR]/parts/python'
    The run goes on with [DIR]/parts/python/bin/python3.
    Installing later.
    Installing listing.
    ");
    let listing = format!("Built for {}\n", sandbox.path("parts/python/bin/python3").display());
    assert_eq!(sandbox.read("listing").trim_end(), listing.trim_end());
    let (tree, installed) = (sandbox.tree(), sandbox.installed());
    assert!(installed.contains("parts = first python later listing\n"), "{installed}");

    assert_snapshot!(sandbox.run(&[]), @"
    exit 0
    --- out
    Nothing to do: 4 parts are up to date.
    ");
    assert_snapshot!(sandbox.run(&["plan"]), @"
    exit 0
    --- out
    4 to keep.
    ");
    // Whoever names a Python begins with that one.
    let python = format!("buildout:executable={}", rbuildout_tests::tool("python3").unwrap().display());
    assert_snapshot!(sandbox.run(&[&python]), @"
    exit 0
    --- out
    The run goes on with [DIR]/parts/python/bin/python3.
    Nothing to do: 4 parts are up to date.
    ");
    assert_eq!((sandbox.installed(), rbuildout_tests::difference(&tree, &sandbox.tree())), (installed, String::new()));

    // The Python is gone: what there is makes it anew.
    fs_err::remove_dir_all(sandbox.path("parts/python")).unwrap();
    assert_snapshot!(sandbox.run(&[]), @"
    exit 0
    --- out
    Uninstalling python.
    Installing python.
    python: Running 'python3 -m venv --without-pip [DIR]/parts/python'
    The run goes on with [DIR]/parts/python/bin/python3.
    Nothing to do: 4 parts are up to date.
    ");
    assert_eq!(rbuildout_tests::difference(&tree, &sandbox.tree()), "");
}

#[test]
fn a_python_that_fails() {
    let sandbox = sandbox(&PROFILE.replace("python3 -m venv", "false"));
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing first.
    Installing python.
    python: Running 'false --without-pip [DIR]/parts/python'
    python: Non zero exit code (1) while running command.
    --- err
    While:
      Installing python.
    Error: Non zero exit code (1) while running command.
     --> [DIR]/buildout.cfg:7:1
      |
    7 | [python]
      | ^^^^^^^^ in this part
    Command: /bin/sh -c 'false --without-pip [DIR]/parts/python'
      in [DIR]
      exited with status 1
    Last lines of its log:
      | python: Running 'false --without-pip [DIR]/parts/python'
      | python: Non zero exit code (1) while running command.
    Log: [DIR]/.rbuildout/log/python.log
    ");
    assert!(sandbox.exists("first") && !sandbox.exists("later"));
    let sandbox = self::sandbox(&PROFILE.replace("python3 -m venv --without-pip", "mkdir -p"));
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing first.
    Installing python.
    python: Running 'mkdir -p [DIR]/parts/python'
    --- err
    Error: The Python that the release builds for itself is not there: [DIR]/parts/python/bin/python3
    Hint: Correct `executable` of the section that the option `python` of [buildout] names.
    ");
}

#[test]
fn sections_that_the_extension_names() {
    for (paths, message) in [
        ("none", "rebootstrap-prepend-paths: section 'none' does not exist"),
        ("later", "rebootstrap-prepend-paths: section 'later' has no 'location' option"),
    ] {
        let sandbox = sandbox(PROFILE);
        let outcome = sandbox.run(&[&format!("buildout:rebootstrap-prepend-paths={paths}")]);
        assert_eq!(outcome.code, 1);
        assert!(outcome.err.contains(&format!("Loading extensions.\nError: {message}\n")), "{outcome}");
    }
}
