//! Parts that a native recipe leaves to its original.

use insta::assert_snapshot;
use rbuildout_tests::{Sandbox, md5};

use super::differential::sandbox;

#[test]
fn hooks_in_python() {
    let hook =
        "def after(options, buildout, environment):\n    open(options['location'] + '/hooked', 'w').write('yes')\n";
    let sandbox = sandbox(&format!(
        "[a]\nrecipe = slapos.recipe.cmmi\npath = ${{buildout:directory}}/source\nconfigure-command = true\n\
         make-binary = true\npost-make-hook = ${{buildout:directory}}/hook.py#{}:after\n\
         [b]\nrecipe = slapos.recipe.template\ninline = ${{a:location}}\noutput = ${{buildout:directory}}/b\n\
         [buildout]\nparts = a b\n",
        md5(hook)
    ));
    sandbox.write("source/x", "");
    sandbox.write("hook.py", hook);
    let outcome = sandbox.run(&[]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_eq!(sandbox.read("parts/a/hooked"), "yes");
    assert!(sandbox.read("b").ends_with("/parts/a"));
    let again = sandbox.run(&[]);
    assert_eq!((again.code, again.out.as_str()), (0, "Nothing to do: 2 parts are up to date.\n"), "{again}");
}

/// The original finds the place of a shared part where the native recipe has it.
#[test]
fn hooks_of_shared_parts() {
    let hook =
        "def after(options, buildout, environment):\n    open(options['location'] + '/hooked', 'w').write('yes')\n";
    let sandbox = sandbox(&format!(
        "[a]\nrecipe = slapos.recipe.cmmi\nshared = true\npath = ${{buildout:directory}}/source\nconfigure-command = true\n\
         environment =\n  PLACE=@@LOCATION@@\nmake-binary = true\npost-make-hook = ${{buildout:directory}}/hook.py#{}:after\n\
         [b]\nrecipe = slapos.recipe.template\ninline = ${{a:location}}\noutput = ${{buildout:directory}}/b\n\
         [buildout]\nparts = a b\nshared-part-list = ${{buildout:directory}}/shared\n",
        md5(hook)
    ));
    sandbox.write("source/x", "");
    sandbox.write("shared/x", "");
    sandbox.write("hook.py", hook);
    sandbox.run(&[]).ok();
    let place = sandbox.read("b");
    assert!(place.contains("/shared/a/"), "{place}");
    assert_eq!(fs_err::read_to_string(format!("{place}/hooked")).unwrap(), "yes");
    let again = sandbox.run(&[]).ok().out;
    assert!(again.ends_with("(already built)\nNothing to do: 2 parts are up to date.\n"), "{again}");
}

/// Of a module that the native engine does not know.
const TEMPLATE: &str = "[a]\nrecipe = slapos.recipe.template:jinja2\noutput = ${buildout:directory}/out\n\
                        context = import calendar calendar\ninline = {{ calendar.isleap(2024) }}\n";

#[test]
fn modules_in_templates() {
    let sandbox = sandbox(TEMPLATE);
    let outcome = sandbox.run(&[]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert_eq!(sandbox.read("out"), "True");
}

#[test]
fn no_original() {
    let sandbox = Sandbox::with(&format!("[buildout]\nparts = a\noffline = true\n{TEMPLATE}"));
    assert_snapshot!(sandbox.run(&["buildout:executable=/usr/bin/python3"]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    --- err
    While:
      Installing a.
      Installing recipe slapos.recipe.template.
      Base installation request: 'slapos.recipe.template'
      Getting distribution for 'slapos.recipe.template'.
    Error: We don't have a distribution for slapos.recipe.template
    and can't install one in offline (no-install) mode.

     --> [DIR]/buildout.cfg:5:10
      |
    5 | recipe = slapos.recipe.template:jinja2
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this recipe
    Hint: The template of part `a` is rendered by Python: imports Python module `calendar`.
    Log: [DIR]/.rbuildout/log/a.log
    ");
}
