//! Functions that extensions register.

use insta::assert_snapshot;

use super::{develop, sandbox};

const CODE: &str = r"
def load(buildout):
    print('loading in', type(buildout).__name__, sorted(buildout)[:1])
    buildout['buildout']['set-by-extension'] = 'yes'

def unload(buildout):
    print('unloading', buildout['buildout']['set-by-extension'])
";

const POINTS: &str = "[zc.buildout.extension]\next = rec:load\n[zc.buildout.unloadextension]\next = rec:unload\n";

#[test]
fn load_and_unload() {
    let profile = "[buildout]\nextensions = recipes\nparts = a\n[a]\nrecipe = zc.buildout:debug\nx = ${buildout:set-by-extension}\n";
    let sandbox = sandbox(profile, CODE);
    develop(&sandbox, "recipes", CODE, POINTS);
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    loading in Buildout ['a']
    Installing a.
      recipe='zc.buildout:debug'
      x='yes'
    unloading yes
    ");
    let outcome = sandbox.run(&[]).ok();
    assert!(
        outcome.err.contains("loading in Buildout ['a']\n") && outcome.err.contains("unloading yes\n"),
        "{outcome}"
    );
}

#[test]
fn failing() {
    let sandbox = sandbox("[buildout]\nextensions = recipes\nparts =\n", CODE);
    develop(&sandbox, "recipes", "def load(buildout):\n    raise ValueError('no')\n", POINTS);
    assert_snapshot!(sandbox.run(&[]), @r#"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    --- err
    While:
      Installing.
      Loading extensions.
    Error: ValueError: no
    In the recipe, the last call is where it failed:
      File "[DIR]/src/recipes/rec.py", line 2, in load
        raise ValueError('no')
    "#);
    assert_snapshot!(sandbox.run(&["buildout:extensions=buildout-versions"]), @"
    exit 1
    --- err
    While:
      Installing.
      Loading extensions.
    Error: Buildout now includes 'buildout-versions' (and part of the older 'buildout.dumppickedversions').
    Remove the extension from your configuration and look at the 'show-picked-versions' option in buildout's documentation.
    ");
}

/// What an extension requires of zc.buildout is what runs.
#[test]
fn requirements_of_extensions() {
    let sandbox = sandbox("[buildout]\nextensions = recipes\nparts =\n", CODE);
    develop(&sandbox, "recipes", CODE, POINTS);
    sandbox.write("src/recipes/recipes.egg-info/requires.txt", "zc.buildout>=3.0.1\n");
    for outcome in [sandbox.run(&[]).ok(), sandbox.upstream(&[]).ok()] {
        assert!(outcome.to_string().contains("unloading yes\n"), "{outcome}");
        assert!(!outcome.to_string().contains("stands in"), "{outcome}");
    }
}
