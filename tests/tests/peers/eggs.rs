//! `zc.recipe.egg` and its original. All distributions come from a directory of the test.

use rbuildout_tests::{Archive, Sandbox};

use super::{peer, same};

/// Install, update, a change, an update after it, removal.
const LIFE: [&[&str]; 5] = [&[], &[], &["a:changed=1"], &["a:changed=1"], &["buildout:parts="]];

/// A buildout with four distributions at hand: `demo` requires `lib`, `old` has a script that is a file.
fn sandbox(sections: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let python = peer().with_file_name("python");
    sandbox.write(
        "buildout.cfg",
        format!(
            "[buildout]\nparts = a\nexecutable = {}\nfind-links = ${{buildout:directory}}/links\n\
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
    let requires: String = requires.iter().map(|one| format!("Requires-Dist: {one}\n")).collect();
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
    same(&sandbox("[buildout]\nparts = demo\n[demo]\nrecipe = zc.recipe.egg:eggs\n"), &[&[], &[]]);
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
    same(&sandbox(&format!("[a]\nrecipe = zc.recipe.egg\n{options}")), &LIFE);
    for (own, of_buildout) in [("true", "false"), ("false", "true"), ("true", "true")] {
        let own = format!("relative-paths = {own}\n{options}");
        same(&sandbox(&format!("relative-paths = {of_buildout}\n[a]\nrecipe = zc.recipe.egg\n{own}")), &LIFE);
    }
    same(&sandbox(&format!("relative-paths = true\n[a]\nrecipe = zc.recipe.egg\n{options}")), &LIFE);
    same(
        &sandbox(&format!("bin-directory = a/b/c\n[a]\nrecipe = zc.recipe.egg\nrelative-paths = true\n{options}")),
        &LIFE,
    );
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
             update-command = {change}\n[buildout]\nparts = b a\n"
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
             [buildout]\nparts = b a\n"
        ));
        project(&sandbox);
        same(&sandbox, &[&[], &[], &["buildout:parts=b"], &["buildout:parts="]]);
    }
    same(&sandbox("[a]\nrecipe = zc.recipe.egg:develop\n"), &[&[]]);
    same(&sandbox("[a]\nrecipe = zc.recipe.egg:develop\nsetup = nowhere\n"), &[&[]]);
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
    same(&sandbox("[buildout]\nparts = old\n[old]\nrecipe = zc.recipe.egg:custom\n"), &[&[], &[], &["-o"]]);
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
