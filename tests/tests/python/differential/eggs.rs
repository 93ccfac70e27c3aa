//! `zc.recipe.egg`. All distributions come from a directory of the test.

use rbuildout_tests::{Archive, Sandbox};

use super::{Apart, each_without};

/// A buildout with two distributions at hand: `demo`, a wheel with a script; `old`, a source without a wheel.
fn sandbox(sections: &str) -> Sandbox {
    let sandbox = super::sandbox(&format!(
        "offline = false\nfind-links = ${{buildout:directory}}/links\nindex = file://${{buildout:directory}}/index/\n{sections}"
    ));
    sandbox.write("index/.keep", "");
    sandbox.write("links/.keep", "");
    let info = "../wheel/demo-1.0.dist-info";
    sandbox.write("../wheel/demo.py", "def main(*args):\n    print('demo', args)\n");
    sandbox.write(&format!("{info}/METADATA"), "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n");
    sandbox.write(
        &format!("{info}/WHEEL"),
        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    );
    sandbox.write(&format!("{info}/entry_points.txt"), "[console_scripts]\ndemo = demo:main\n");
    sandbox.write(&format!("{info}/top_level.txt"), "demo\n");
    sandbox.write(&format!("{info}/RECORD"), "");
    let zip = "cd ../wheel && python3 -m zipfile -c ../work/links/demo-1.0-py3-none-any.whl demo.py demo-1.0.dist-info";
    sandbox.must("sh", &["-c", zip]);
    let setup = "from setuptools import setup\nsetup(name='old', version='1.0', py_modules=['old'])\n";
    let source = Archive::new()
        .file("old-1.0/setup.py", setup)
        .file("old-1.0/old.py", "x = 1\n")
        .file("old-1.0/PKG-INFO", "Metadata-Version: 2.1\nName: old\nVersion: 1.0\n");
    sandbox.write("links/old-1.0.tar.gz", source.gz());
    sandbox
}

/// What pip writes about the temporary directory that it worked in is left out.
#[track_caller]
fn each<S: AsRef<str>>(sections: impl IntoIterator<Item = S>, sandbox: impl Fn(&str) -> Sandbox) {
    each_but(sections, sandbox, &[]);
}

/// Some options apart in slapos mode, too.
#[track_caller]
fn each_but<S: AsRef<str>>(sections: impl IntoIterator<Item = S>, sandbox: impl Fn(&str) -> Sandbox, options: &[&str]) {
    let script = "import sysconfig; print('py%s-%s' % (sysconfig.get_python_version(), sysconfig.get_platform()))";
    let tag = Sandbox::new().must(&super::interpreter("").to_string_lossy(), &["-c", script]);
    let egg = format!("old-1.0-{}", tag.trim());
    let records: Vec<String> = ["RECORD", "direct_url.json"]
        .iter()
        .flat_map(|file| ["eggs", "develop-eggs"].map(|at| format!("{at}/{egg}.egg/{egg}.dist-info/{file}")))
        .collect();
    let files: Vec<&str> = records.iter().map(String::as_str).collect();
    each_without(sections, sandbox, Apart { files: &files, options });
}

#[test]
fn eggs() {
    each(["demo", "absent"], |eggs| sandbox(&format!("[a]\nrecipe = zc.recipe.egg:eggs\neggs = {eggs}\n")));
}

#[test]
fn scripts() {
    each(
        [
            "recipe = zc.recipe.egg\neggs = demo\n",
            "recipe = zc.recipe.egg:script\neggs = demo\nscripts = demo=other\ninterpreter = py\n",
            "recipe = zc.recipe.egg:scripts\neggs = demo\nentry-points = more=demo:main\nextra-paths = x\n\
         arguments = 'a', 1\ninitialization = import os\nrelative-paths = true\n",
            "recipe = zc.recipe.egg\neggs = demo\nscripts =\n",
            "recipe = zc.recipe.egg\neggs = demo\nentry-points = x\n",
            "recipe = zc.recipe.egg\neggs = demo==2\n",
            "recipe = zc.recipe.egg\neggs = old\n",
        ],
        |options: &str| sandbox(&format!("[a]\n{options}")),
    );
}

#[test]
fn custom() {
    let environment = "environment = env\n[env]\nNAME = value\nPATH = /x:%(PATH)s\n";
    each(
        [
            format!("egg = old\ndefine = X\nlibraries = m\n{environment}"),
            "eggs = old\nrpath =\n  ${buildout:directory}/lib\n".to_owned(),
            "egg = absent\n".to_owned(),
        ],
        |options: &str| sandbox(&format!("[a]\nrecipe = zc.recipe.egg:custom\n{options}")),
    );
}

#[test]
fn develop() {
    let project = |setup: &str| {
        let sandbox = sandbox(&format!(
            "[a]\nrecipe = zc.recipe.egg:develop\nsetup = {setup}\ndefine = X\n\
             [b]\nrecipe = zc.recipe.egg\neggs = project\n[buildout]\nparts = a b\n"
        ));
        sandbox.write(
            "project/setup.py",
            "from setuptools import setup\nsetup(name='project', version='0.1', py_modules=['project'],\n\
             \x20     install_requires=['demo'], entry_points={'console_scripts': ['project = project:main']})\n",
        );
        sandbox.write("project/project.py", "def main():\n    print('project')\n");
        sandbox
    };
    // The fork develops with the environment and the eggs that `custom` has, and publishes the same.
    let of_fork = ["_e", "_environment-data", "find-links", "index"];
    each_but(["project", "project/setup.py", "nowhere"], project, &of_fork);
}
