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

/// zc.buildout looks for newer versions of itself at each run. We don't, but say what it would say then.
#[test]
fn no_upgrades() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n");
    let said = sandbox.upstream(&["-v"]).ok().out;
    let first = "Installing 'zc.buildout', 'setuptools', 'pip', 'wheel'.\n";
    assert!(said.contains(first), "{said}");
    assert!(said.contains("We have the best distribution that satisfies 'zc.buildout'.\n"), "{said}");
    assert!(!sandbox.upstream(&["-vN"]).ok().out.contains(first));
    let refused = sandbox.upstream(&["buildout:install-from-cache=true"]).fails().to_string();
    assert!(refused.contains("  Checking for upgrades.\n"), "{refused}");
    assert!(refused.contains("ValueError: install_from_cache set to true with no download cache\n"), "{refused}");
}

#[test]
fn eggs_of_an_abi() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\nabi-tag-eggs = true\n[a]\nrecipe = zc.buildout:debug\nx = ${buildout:eggs-directory}\n",
    );
    let said = sandbox.upstream(&[]).ok().out;
    assert!(said.contains("/eggs/cp3"), "{said}");
    assert!(sandbox.installed().contains("/eggs/cp3"), "{}", sandbox.installed());
}

/// What the user's defaults say about downloads holds for what they extend themselves.
#[test]
fn downloads_of_user_defaults() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n");
    sandbox.write(
        "../home/.buildout/default.cfg",
        "[buildout]\nextends = http://localhost:1/a.cfg\ninstall-from-cache = true\noffline = false\n",
    );
    let refused = sandbox.upstream(&[]).fails().to_string();
    assert!(refused.contains("Error: Couldn't download 'http://localhost:1/a.cfg' in offline mode."), "{refused}");
    sandbox.write(
        "../home/.buildout/default.cfg",
        "[buildout]\nextends = http://localhost:1/a.cfg\nextends-cache = ${a:b}\n",
    );
    let refused = sandbox.upstream(&[]).fails().to_string();
    assert!(refused.contains("ValueError: extends-cache '${a:b}' may not contain ${section:variable}"), "{refused}");
}

/// A run without parts that developed something notes that.
#[test]
fn developed_without_parts() {
    let sandbox = Sandbox::with("[buildout]\nparts =\ndevelop = src\n");
    sandbox.write("src/setup.py", "from setuptools import setup\nsetup(name='own', version='1')\n");
    sandbox.upstream(&["-N"]).ok();
    assert!(sandbox.installed().contains("/develop-eggs/own.egg-link"), "{}", sandbox.installed());
    sandbox.upstream(&["-N", "buildout:develop="]).ok();
    assert!(!sandbox.exists(".installed.cfg"));
}
