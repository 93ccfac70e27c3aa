//! How zc.buildout writes its state: by appending.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

#[test]
fn stanzas() {
    let sandbox =
        Sandbox::with("[buildout]\nparts = a b\n[a]\nrecipe = zc.buildout:debug\n[b]\nrecipe = zc.buildout:debug\n");
    sandbox.upstream(&[]).ok();
    assert_snapshot!(sandbox.installed(), @"
    [buildout]
    installed_develop_eggs = 
    parts = a b

    [a]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug

    [b]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug
    ");
    sandbox.upstream(&[]).ok();
    assert_snapshot!(sandbox.installed(), @"
    [buildout]
    installed_develop_eggs = 
    parts = a b

    [a]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug

    [b]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug

    [buildout]
    installed_develop_eggs = 

    [buildout]
    parts = b a

    [buildout]
    parts = a b
    ");
    sandbox.upstream(&["buildout:parts=b"]).ok();
    assert_snapshot!(sandbox.installed(), @"
    [buildout]
    installed_develop_eggs = 
    parts = a b

    [a]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug

    [b]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug

    [buildout]
    installed_develop_eggs = 

    [buildout]
    parts = b a

    [buildout]
    parts = a b

    [buildout]
    installed_develop_eggs = 

    [buildout]
    parts = b

    [buildout]
    parts = b
    ");
    // The other mode reads it, and writes one whole file.
    sandbox.run(&["buildout:parts=b"]).ok();
    sandbox.run(&["buildout:parts=b", "b:x=1"]).ok();
    assert_snapshot!(sandbox.installed(), @"
    [buildout]
    installed_develop_eggs = 
    parts = b

    [b]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug
    x = 1
    ");
    sandbox.upstream(&["buildout:parts="]).ok();
    assert!(!sandbox.exists(".installed.cfg"));
}

/// After a failure, what was finished is recorded.
#[test]
fn failures() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a b c\n[a]\nrecipe = zc.buildout:debug\n[b]\nrecipe = plone.recipe.command\ncommand = true\n\
         update-command = false\nstop-on-error = true\nlocation = b\n[c]\nrecipe = zc.buildout:debug\n",
    );
    sandbox.upstream(&["b:command=false"]).fails();
    assert_snapshot!(sandbox.installed(), @"
    [buildout]
    installed_develop_eggs = 
    parts = a

    [a]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug
    ");
    sandbox.upstream(&["b:command=touch b"]).ok();
    sandbox.upstream(&["b:command=touch b"]).fails();
    assert_snapshot!(sandbox.installed(), @"
    [buildout]
    installed_develop_eggs = 
    parts = a b c

    [a]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug

    [b]
    __buildout_installed__ = b
    __buildout_signature__ = plone.recipe.command-1.1
    command = touch b
    location = b
    recipe = plone.recipe.command
    stop-on-error = true
    update-command = false

    [c]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug

    [buildout]
    installed_develop_eggs = 

    [buildout]
    parts = b c a

    [buildout]
    parts = c a
    ");
    assert!(!sandbox.exists("b"), "an update that failed takes its files along");
}
