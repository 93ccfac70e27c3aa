//! `zc.recipe.egg` and its original. All distributions come from a directory of the test.

use rbuildout_tests::{Archive, Sandbox};

use super::peer;

/// Install, update, a change, removal.
const LIFE: [&[&str]; 4] = [&[], &[], &["a:changed=1"], &["buildout:parts=keep"]];

/// What pip writes about the temporary directory that it worked in.
const OF_PIP: [&str; 4] = [
    "eggs/old-1.0-py3.11-linux-x86_64.egg/old-1.0-py3.11-linux-x86_64.dist-info/RECORD",
    "eggs/old-1.0-py3.11-linux-x86_64.egg/old-1.0-py3.11-linux-x86_64.dist-info/direct_url.json",
    "develop-eggs/old-1.0-py3.11-linux-x86_64.egg/old-1.0-py3.11-linux-x86_64.dist-info/RECORD",
    "develop-eggs/old-1.0-py3.11-linux-x86_64.egg/old-1.0-py3.11-linux-x86_64.dist-info/direct_url.json",
];

fn same(sandbox: &Sandbox, runs: &[&[&str]]) {
    super::same_without(sandbox, runs, &OF_PIP);
}

/// A buildout with four distributions at hand: `demo` requires `lib`, `old` has a script that is a file.
fn sandbox(sections: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    // Nothing may be fetched.
    sandbox.env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    sandbox.env("PIP_NO_INDEX", "1");
    let python = peer().with_file_name("python");
    sandbox.write(
        "buildout.cfg",
        format!(
            "[keep]\nrecipe = zc.recipe.egg:eggs\neggs =\n[buildout]\nparts = keep a\nexecutable = {}\nfind-links = ${{buildout:directory}}/links\n\
             index = file://${{buildout:directory}}/index/\n{sections}",
            python.display()
        ),
    );
    sandbox.write("index/.keep", "");
    wheel(&sandbox, "demo", "1.0", &["lib"], "[console_scripts]\ndemo = demo:main\ndemo-other = demo:other.inner\n");
    wheel(&sandbox, "lib", "1.0", &[], "[console_scripts]\nlib = lib:main\n");
    wheel(&sandbox, "lib", "2.0", &[], "[console_scripts]\nlib = lib:main\n");
    wheel(&sandbox, "needy", "1.0", &["lib<2", "absent"], "");
    wheel(&sandbox, "strict", "1.0", &["lib<2"], "");
    let setup =
        "from setuptools import setup\nsetup(name='old', version='1.0', py_modules=['old'], scripts=['old-script'])\n";
    let source = Archive::new()
        .file("old-1.0/setup.py", setup)
        .file("old-1.0/old.py", "x = 1\n")
        .file(
            "old-1.0/old-script",
            "#!/usr/bin/env python\n'''Says something.'''\nimport sys\nprint('old', sys.argv[1:])\n",
        )
        .file("old-1.0/PKG-INFO", "Metadata-Version: 2.1\nName: old\nVersion: 1.0\n");
    sandbox.write("links/old-1.0.tar.gz", source.gz());
    sandbox
}

fn wheel(sandbox: &Sandbox, name: &str, version: &str, requires: &[&str], entry_points: &str) {
    let (at, info) = (format!("../wheel/{name}-{version}"), format!("{name}-{version}.dist-info"));
    let requires = requires.iter().fold(String::new(), |text, one| text + "Requires-Dist: " + one + "\n");
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}");
    for (file, text) in [
        (format!("{name}.py"), format!("def main(*args):\n    print('{name} {version}', args)\n")),
        (format!("{info}/METADATA"), metadata),
        (
            format!("{info}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n".into(),
        ),
        (format!("{info}/entry_points.txt"), entry_points.to_owned()),
        (format!("{info}/top_level.txt"), format!("{name}\n")),
        (format!("{info}/RECORD"), String::new()),
    ] {
        sandbox.write(&format!("{at}/{file}"), text);
    }
    sandbox.write("links/.keep", "");
    let target = format!("../../work/links/{name}-{version}-py3-none-any.whl");
    let command = format!("cd {at} && python3 -m zipfile -c {target} {name}.py {info}");
    sandbox.must("sh", &["-c", &command]);
}

#[test]
fn eggs() {
    same(&sandbox("[a]\nrecipe = zc.recipe.egg:eggs\neggs = demo\n"), &LIFE);
    same(&sandbox("[buildout]\nparts = keep demo\n[demo]\nrecipe = zc.recipe.egg:eggs\n"), &[&[], &[]]);
    same(&sandbox("[a]\nrecipe = zc.recipe.egg:eggs\neggs =\n"), &[&[], &[]]);
}

#[test]
fn scripts() {
    same(&sandbox("[a]\nrecipe = zc.recipe.egg\neggs =\n  demo\n  lib\n"), &LIFE);
    same(
        &sandbox(
            "[versions]\nlib = 1.0\n[buildout]\nversions = versions\n[a]\nrecipe = zc.recipe.egg:scripts\neggs = demo\n",
        ),
        &LIFE,
    );
    same(&sandbox("[a]\nrecipe = zc.recipe.egg:script\neggs = lib\nscripts = lib=other lib=more\n"), &LIFE);
    same(&sandbox("[a]\nrecipe = zc.recipe.egg\neggs = lib\nscripts =\ninterpreter = py\nextra-paths = x\n"), &LIFE);
    same(&sandbox("[a]\nrecipe = zc.recipe.egg\neggs = lib\nscripts = no lib=x no=y\ninterpreter = py\n"), &LIFE);
}

#[test]
fn what_scripts_say() {
    let options = "eggs = demo\ninterpreter = py\nentry-points = more=demo:main other=demo.x:a.b demo=demo:main\n\
                   extra-paths =\n  src\n  /usr/lib/x\n  ${buildout:directory}\narguments = 'a', sys.argv[1:]\n\
                   initialization =\n  import os\n    # indented\n  os.environ['X'] = 'a'\n";
    same(&sandbox(&format!("[a]\nrecipe = zc.recipe.egg\n{options}")), &LIFE[..3]);
    for (own, of_buildout) in [("true", "false"), ("false", "true"), ("true", "true")] {
        let own = format!("relative-paths = {own}\n{options}");
        same(&sandbox(&format!("relative-paths = {of_buildout}\n[a]\nrecipe = zc.recipe.egg\n{own}")), &LIFE[..3]);
    }
    same(&sandbox(&format!("relative-paths = true\n[a]\nrecipe = zc.recipe.egg\n{options}")), &LIFE[..3]);
    // The reference makes one level of directories only.
    let deep = sandbox(&format!(
        "bin-directory = a/b/c\nrelative-paths = false\n[a]\nrecipe = zc.recipe.egg\nrelative-paths = true\n{options}"
    ));
    deep.write("a/b/.keep", "");
    same(&deep, &LIFE[..3]);
}

#[test]
fn scripts_of_dependencies() {
    for value in ["true", "false", "", "maybe"] {
        let section = format!("[a]\nrecipe = zc.recipe.egg\neggs = demo\ndependent-scripts = {value}\n");
        same(&sandbox(&section), &[&[], &[], &["a:eggs=lib"]]);
    }
}

#[test]
fn scripts_that_are_files() {
    same(&sandbox("[a]\nrecipe = zc.recipe.egg\neggs = old\n"), &LIFE);
    same(
        &sandbox("[a]\nrecipe = zc.recipe.egg\neggs = old\nscripts = old-script=new\ninitialization = x = 1\n"),
        &LIFE,
    );
}

#[test]
fn scripts_that_were_changed_or_removed() {
    let script = |change: &str| {
        sandbox(&format!(
            "[a]\nrecipe = zc.recipe.egg\neggs = demo\n[b]\nrecipe = plone.recipe.command\ncommand = true\n\
             update-command = {change}\n[buildout]\nparts = keep b a\n"
        ))
    };
    same(&script("echo more >> bin/demo"), &[&[], &[], &[]]);
    same(&script("rm bin/demo"), &[&[], &[], &[]]);
    same(&script("chmod 600 bin/demo"), &[&[], &[], &[]]);
    same(&script("rm -rf eggs/lib-2.0*"), &[&[], &[], &[]]);
}

#[test]
fn newer_versions() {
    let section = "[a]\nrecipe = zc.recipe.egg\neggs = lib\n";
    same(&sandbox(section), &[&["versions:lib=1.0"], &[], &["-n"], &["-n"], &["-o"]]);
    let pinned = "[buildout]\nversions = pins\n[pins]\nlib = 1.0\n";
    same(&sandbox(&format!("{pinned}{section}")), &[&[], &["-n"], &["pins:lib=2.0"], &["pins:lib=2.0", "-o"]]);
}

#[test]
fn offline() {
    let section = "[a]\nrecipe = zc.recipe.egg\neggs = demo\n";
    same(&sandbox(section), &[&["-o"]]);
    same(&sandbox(section), &[&[], &["-o"], &["-o", "a:interpreter=py"]]);
}

#[test]
fn what_can_not_be_found_or_used() {
    for options in [
        "eggs = absent",
        "eggs = needy",
        "eggs = lib==3",
        "eggs =\n  lib>=2\n  strict",
        "eggs = lib [extra]",
        "eggs = lib\nentry-points = x",
        "eggs = lib\nentry-points = x = y:z",
        "eggs = lib\nrelative-paths = maybe",
        "eggs = lib\ninterpreter = py\nscripts = nothing",
    ] {
        same(&sandbox(&format!("[a]\nrecipe = zc.recipe.egg\n{options}\n")), &[&[], &[]]);
    }
    let pinned = "[buildout]\nversions = pins\nallow-picked-versions = false\n[pins]\nlib = 2.0\n";
    for eggs in ["lib", "demo", "strict"] {
        same(&sandbox(&format!("{pinned}[a]\nrecipe = zc.recipe.egg\neggs = {eggs}\n")), &[&[], &[]]);
    }
}

#[test]
fn places() {
    let section = "[a]\nrecipe = zc.recipe.egg\neggs = ${b:eggs}\nfind-links =\n  ${buildout:directory}/links\n  ${buildout:directory}/more\n\
                   index = file://${buildout:directory}/index/\nvalue = ${:_e} ${:_d} ${:_b}\n[b]\neggs = demo\n";
    same(&sandbox(section), &[&[], &[]]);
    same(
        &sandbox(&format!("eggs-directory = all/eggs\ndevelop-eggs-directory = x\nbin-directory = y\n{section}")),
        &LIFE,
    );
}

#[test]
fn eggs_that_are_developed() {
    let section = "develop = project\n[a]\nrecipe = zc.recipe.egg\neggs =\n  lib\n  project\ninterpreter = py\n";
    let sandbox = sandbox(section);
    project(&sandbox);
    same(&sandbox, &[&[], &[], &["a:changed=1"]]);
}

fn project(sandbox: &Sandbox) {
    sandbox.write(
        "project/setup.py",
        "from setuptools import setup\nsetup(name='project', version='0.1', py_modules=['project'], install_requires=['demo'],\n\
         \x20     entry_points={'console_scripts': ['project = project:main']})\n",
    );
    sandbox.write("project/project.py", "def main():\n    print('project')\n");
}

#[test]
fn develop() {
    for setup in ["project", "project/setup.py"] {
        let sandbox = sandbox(&format!(
            "[a]\nrecipe = zc.recipe.egg\neggs = project\n[b]\nrecipe = zc.recipe.egg:develop\nsetup = {setup}\n\
             include-dirs = include\nlibrary-dirs =\n  lib\n  /usr/lib\nrpath =\n  $ORIGIN/x\n  lib\ndefine = X\n\
             [buildout]\nparts = keep b a\n"
        ));
        project(&sandbox);
        same(&sandbox, &[&[], &[], &["buildout:parts=keep b"], &["buildout:parts=keep"]]);
    }
    same(&sandbox("[a]\nrecipe = zc.recipe.egg:develop\n"), &[&[]]);
    let sandbox = sandbox("[a]\nrecipe = zc.recipe.egg:develop\nsetup = nowhere\n");
    let [theirs, ours] = [super::reference, super::ours].map(|run| run(&sandbox, &[]));
    assert_eq!((theirs.code, ours.code), (1, 1), "{theirs}\n{ours}");
}

#[test]
fn custom() {
    let environment = "environment = env\n[env]\nNAME = value\nPATH = /x:%(PATH)s\n";
    for section in [
        format!("egg = old\ndefine = X\nlibraries = m\n{environment}"),
        "eggs = old\nrpath =\n  ${buildout:directory}/lib\n  $ORIGIN\nswig = bin/swig\nswig-opts = -c\n".to_owned(),
    ] {
        same(&sandbox(&format!("[a]\nrecipe = zc.recipe.egg:custom\n{section}")), &LIFE);
    }
    same(&sandbox("[buildout]\nparts = keep old\n[old]\nrecipe = zc.recipe.egg:custom\n"), &[&[], &[], &["-o"]]);
    same(&sandbox("[a]\nrecipe = zc.recipe.egg:custom\negg = absent\n"), &[&[], &["-o"]]);
    same(
        &sandbox("[a]\nrecipe = zc.recipe.egg:custom\negg = old\nenvironment = env\n[env]\nX = %(nothing)s\n"),
        &[&[]],
    );
}

/// Which options each entry point reads, and when.
#[test]
fn unused_options() {
    for section in [
        "recipe = zc.recipe.egg:eggs\neggs = lib\nscripts = x\ninterpreter = y\nextra-paths = z\nother = 1\n",
        "recipe = zc.recipe.egg\neggs = lib\nscripts =\ninterpreter = y\nentry-points = x\narguments = 1\n\
         initialization = x\ndependent-scripts = true\nother = 1\n",
        "recipe = zc.recipe.egg\neggs = lib\nscripts = lib\ninterpreter = y\nother = 1\nexecutable = x\npython = x\n",
        "recipe = zc.recipe.egg:custom\negg = old\neggs = old\nswig =\nother = 1\n",
    ] {
        same(&sandbox(&format!("[a]\n{section}")), &[&[], &["a:more=1"], &["a:more=1"]]);
    }
    same(&sandbox("[a]\nrecipe = zc.recipe.egg:custom\negg = old\nother = 1\n"), &[&["-o"]]);
}

/// slapos mode: a run with nothing to do asks no interpreter, a run with something to do does no more than that.
#[test]
fn nothing_to_do_starts_nothing() {
    let sandbox = sandbox(
        "versions = versions\n[versions]\ndemo = 1.0:whl\nlib = 2.0:whl\nold = 1.0\n\
         [a]\nrecipe = zc.recipe.egg\neggs =\n  demo\n  project\n  old\ninterpreter = py\n\
         [b]\nrecipe = zc.recipe.egg:custom\negg = old\n[c]\nrecipe = zc.recipe.egg:develop\nsetup = project\n\
         [buildout]\nparts = keep b c a\n",
    );
    project(&sandbox);
    let python = format!(
        "#!/bin/sh\necho \"$@\" >> {0}/log\nexec {1} \"$@\"\n",
        sandbox.root().display(),
        peer().with_file_name("python").display()
    );
    sandbox.write("python", python);
    sandbox.must("chmod", &["+x", "python"]);
    let run = |arguments: &[&str]| {
        let executable = format!("buildout:executable={}", sandbox.path("python").display());
        sandbox.write("../log", "");
        let outcome = sandbox.run(&[&[executable.as_str()], arguments].concat()).ok();
        (outcome.out, sandbox.read("../log"))
    };
    let (out, log) = run(&[]);
    assert!(out.contains("Generated script") && log.contains("develop"), "{out}\n{log}");
    let tree = sandbox.tree().without(&[".rbuildout"]);
    for arguments in [&[] as &[&str], &["-o"], &["-N"]] {
        let (out, log) = run(arguments);
        assert_eq!((out.as_str(), log.as_str()), ("Nothing to do: 4 parts are up to date.\n", ""), "{arguments:?}");
    }
    // What is gone or changed is made again, and only that.
    sandbox.write("bin/demo", "other");
    let (out, log) = run(&[]);
    assert_eq!(out, "Updating a.\nGenerated script '[DIR]/bin/demo'.\n");
    assert_eq!(log, "");
    assert_eq!(rbuildout_tests::difference(&tree, &sandbox.tree().without(&[".rbuildout"])), "");
    sandbox.must("sh", &["-c", "rm -rf eggs/lib-*"]);
    let (out, log) = run(&[]);
    assert!(out.contains("Got lib 2.0.") && !out.contains("Generated") && !out.contains("Updating c"), "{out}");
    assert_eq!(log, "");
    sandbox.write("project/more.py", "");
    let (out, log) = run(&[]);
    assert!(out.contains("Updating c.\nUpdating a.") && log.contains("develop"), "{out}");
}

/// slapos mode: an egg is built with patches, a build environment and other eggs.
#[test]
fn patched_eggs() {
    let setup = "import os, demo\nfrom setuptools import setup\n\
                 setup(name='needs', version='1.0', py_modules=['needs'], description=os.environ['NAME'])\n";
    let source = Archive::new()
        .file("needs-1.0/setup.py", setup)
        .file("needs-1.0/needs.py", "x = 1\n")
        .file("needs-1.0/PKG-INFO", "Metadata-Version: 2.1\nName: needs\nVersion: 1.0\n")
        .gz();
    let sections = "versions = versions\n[versions]\ndemo = 1.0:whl\nlib = 2.0:whl\nneeds = 1.0+SlapOSPatched001\n\
                    [a]\nrecipe = zc.recipe.egg\neggs = ${b:egg}\ninterpreter = py\n\
                    [b]\nrecipe = zc.recipe.egg:custom\negg = needs\nsetup-eggs = demo\nenvironment = c\n\
                    PREFIXpatches = ${buildout:directory}/x.patch\nPREFIXpatch-options = -p1\n[c]\nNAME = %(LC_ALL)s!\n";
    for prefix in ["", "needs-"] {
        let sandbox = sandbox(&sections.replace("PREFIX", prefix));
        sandbox.write("links/needs-1.0.tar.gz", &source);
        sandbox.write("x.patch", "--- a/needs.py\n+++ b/needs.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n");
        sandbox.run(&[]).ok();
        assert_eq!(
            sandbox.must("bin/py", &["-c", "import needs; print(needs.x, needs.__file__)"]),
            "2 [DIR]/develop-eggs/needs-1.0+slapospatched001-py3.11.egg/needs.py\n"
        );
        let info = sandbox.read("develop-eggs/needs-1.0+slapospatched001-py3.11.egg/EGG-INFO/PKG-INFO");
        assert!(info.contains("Summary: C.UTF-8!"), "{info}");
    }
}
