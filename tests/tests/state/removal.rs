//! Parts that go.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

const THREE: &str = "\
[buildout]
parts = a b c
[text]
recipe = slapos.recipe.template
inline = x
output = ${buildout:directory}/${:_buildout_section_name_}
[a]
<= text
[b]
<= text
inline = ${a:output}
[c]
<= text
inline = ${b:output}
";

#[test]
fn removed_in_the_reverse_of_their_order() {
    let sandbox = Sandbox::with(THREE);
    sandbox.run(&[]).ok();
    assert_snapshot!(sandbox.run(&["buildout:parts=a"]).ok().out, @"
    Uninstalling c.
    Uninstalling b.
    ");
    assert_eq!((sandbox.exists("a"), sandbox.exists("b"), sandbox.exists("c")), (true, false, false));
    assert_snapshot!(sandbox.run(&["buildout:parts="]).ok().out, @"Uninstalling a.");
    assert!(!sandbox.exists("a"));
    assert!(!sandbox.exists(".installed.cfg"), "nothing is recorded any more");
}

#[test]
fn reinstalled_parts_keep_their_place() {
    let sandbox = Sandbox::with(THREE);
    sandbox.run(&[]).ok();
    assert_snapshot!(sandbox.run(&["b:x=1"]).ok().out, @"
    Uninstalling c.
    Uninstalling b.
    Installing b.
    Section `b` contains unused option(s): 'x'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    Installing c.
    ");
    assert!(sandbox.installed().contains("parts = a b c\n"), "{}", sandbox.installed());
}

/// Naming parts removes nothing else.
#[test]
fn named_parts_only() {
    let sandbox = Sandbox::with(THREE);
    sandbox.run(&[]).ok();
    sandbox.run(&["buildout:parts=a", "install", "a"]).ok();
    assert!(sandbox.exists("b") && sandbox.installed().contains("parts = a b c\n"));
}

/// A checkout with work in it is kept by its uninstall recipe.
#[test]
fn uninstall_recipe() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = g\n[g]\nrecipe = slapos.recipe.build:gitclone\nrepository = ${buildout:directory}/origin\n",
    );
    sandbox.must(
        "sh",
        &[
            "-c",
            "git init -q -b master origin && cd origin && git config user.email a@b && git config user.name a && \
                                echo 1 > f && git add f && git commit -qm one",
        ],
    );
    sandbox.run(&[]).ok();
    assert_snapshot!(sandbox.run(&["buildout:parts="]).ok().out, @"
    Uninstalling g.
    Running uninstall recipe.
    ");
    assert!(!sandbox.exists("parts/g"), "a clean checkout goes");
    sandbox.run(&[]).ok();
    sandbox.write("parts/g/f", "precious\n");
    assert_snapshot!(sandbox.run(&["buildout:parts="]).ok().out, @"
    Uninstalling g.
    Running uninstall recipe.
    You have uncommitted changes in [DIR]/parts/g. This folder will be left as is.
    ");
    assert_eq!(sandbox.read("parts/g/f"), "precious\n");
}

/// A recorded path that would take more than the part with it is refused.
#[test]
fn never_more_than_the_part() {
    for path in ["/", "..", ".", "../work", "parts/../.."] {
        let sandbox = Sandbox::with("[buildout]\nparts =\n");
        sandbox.write(
            ".installed.cfg",
            format!("[buildout]\ninstalled_develop_eggs = \nparts = a\n\n[a]\n__buildout_installed__ = {path}\n__buildout_signature__ = x\nrecipe = x\n"),
        );
        let outcome = sandbox.run(&[]).fails();
        assert!(outcome.err.contains("deleting it would delete the buildout directory"), "{path}: {outcome}");
        assert!(sandbox.exists("buildout.cfg"));
    }
}

/// Two parts that own the same path: told, and the first part keeps it.
#[test]
fn one_path_two_parts() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a b\n[a]\nrecipe = slapos.recipe.template\ninline = 1\noutput = ${buildout:directory}/x\n\
         [b]\nrecipe = slapos.recipe.template\ninline = 2\noutput = ${buildout:directory}/x\n",
    );
    assert_snapshot!(sandbox.run(&["--jobs=1"]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    Installing b.
    --- err
    While:
      Installing b.
    Error: The following paths are already installed by other sections: {'[DIR]/x': 'a'}
     --> [DIR]/buildout.cfg:7:1
      |
    7 | [b]
      | ^^^ in this part
    Hint: Give one of the parts another location or output.
    ");
    let upstream = Sandbox::with(&sandbox.read("buildout.cfg"));
    upstream.upstream(&[]).ok();
}
