//! `install`, `plan`, `why`, `graph`.

use insta::assert_snapshot;

use super::sample;
use rbuildout_tests::Sandbox;

#[test]
fn install() {
    let mut sandbox = sample();
    // Digests of sections with paths of this run.
    sandbox.filter_pattern(":[0-9a-f]{32}", ":[DIGEST]");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing style.
    Installing page.
    ");
    assert_snapshot!(sandbox.filtered(&sandbox.read("page.html")), @"
    Hello world
    and friends, see [DIR]/style.css
    ");
    assert_snapshot!(sandbox.filtered(&sandbox.installed()), @"
    [buildout]
    installed_develop_eggs = 
    parts = style page

    [style]
    __buildout_installed__ = [DIR]/style.css
    __buildout_signature__ = slapos.recipe.template-5.1
    inline = body {}
    output = [DIR]/style.css
    recipe = slapos.recipe.template

    [page]
    __buildout_installed__ = [DIR]/page.html
    __buildout_signature__ = greeting:[DIGEST] slapos.recipe.template-5.1 style:[DIGEST]
    inline = Hello world
    	and friends, see [DIR]/style.css
    output = [DIR]/page.html
    recipe = slapos.recipe.template
    ");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 0
    --- out
    Nothing to do: 2 parts are up to date.
    ");
}

#[test]
fn install_by_the_name_buildout() {
    let sandbox = Sandbox::with("[buildout]\nparts = a\n[a]\nrecipe = zc.buildout:debug\nx = 1\n");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
      recipe='zc.buildout:debug'
      x='1'
    ");
    assert_snapshot!(sandbox.installed(), @"
    [buildout]
    installed_develop_eggs = 
    parts = a

    [a]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug
    x = 1
    ");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 0
    --- out
    Updating a.
      recipe='zc.buildout:debug'
      x='1'
    ");
    assert_snapshot!(sandbox.installed(), @"
    [buildout]
    installed_develop_eggs = 
    parts = a

    [a]
    __buildout_installed__ = 
    __buildout_signature__ = zc.buildout-3.0.1
    recipe = zc.buildout:debug
    x = 1

    [buildout]
    installed_develop_eggs = 

    [buildout]
    parts = a
    ");
}

#[test]
fn install_named_parts() {
    let sandbox = sample();
    assert_snapshot!(sandbox.run(&["install", "style"]), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing style.
    ");
    assert_snapshot!(sandbox.run(&["install", "styel"]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section styel.
    Error: The referenced section, 'styel', was not defined.
    Hint: Did you mean [style]?
    ");
    assert_snapshot!(sandbox.run(&["install", "greeting"]), @"
    exit 1
    --- err
    While:
      Installing.
    Error: Missing option: greeting:recipe
     --> [DIR]/base.cfg:1:1
      |
    1 | [greeting]
      | ^^^^^^^^^^ in this part
    Hint: Add `recipe = ...` to [greeting], or don't name it as a part.
    ");
}

#[test]
fn quiet_and_verbose() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = plone.recipe.command\ncommand = echo from the command\nunknown = 1\n",
    );
    assert_snapshot!(sandbox.run(&["-q"]), @"
    exit 0
    --- out
    Section `a` contains unused option(s): 'unknown'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    ");
    sandbox.run(&["buildout:parts="]).ok();
    assert_snapshot!(sandbox.run(&["-qq"]), @"exit 0");
    sandbox.run(&["buildout:parts="]).ok();
    assert_snapshot!(sandbox.run(&["-v"]), @"
    exit 0
    --- out
    Installing a.
    a: Running 'echo from the command'
    from the command
    Section `a` contains unused option(s): 'unknown'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    ");
}

#[test]
fn dry_run() {
    let sandbox = sample();
    assert_snapshot!(sandbox.run(&["--dry-run"]), @"
    exit 0
    --- out
    Installing style.
    Installing page.
    ");
    assert!(!sandbox.exists("page.html") && !sandbox.exists(".installed.cfg"));
}

#[test]
fn plan() {
    let sandbox = sample();
    assert_snapshot!(sandbox.run(&["plan"]), @"
    exit 0
    --- out
    install   style
    install   page
    2 to install.
    ");
    assert_snapshot!(sandbox.run(&["plan", "--json"]), @r#"
    exit 0
    --- out
    {
      "version": 1,
      "removals": [],
      "steps": [
        {
          "part": "style",
          "recipe": "slapos.recipe.template",
          "action": "install",
          "reasons": [
            {
              "kind": "new"
            }
          ],
          "location": "[DIR]/style.css",
          "ordered": false
        },
        {
          "part": "page",
          "recipe": "slapos.recipe.template",
          "action": "install",
          "reasons": [
            {
              "kind": "new"
            }
          ],
          "location": "[DIR]/page.html",
          "ordered": false
        }
      ]
    }
    "#);
    sandbox.run(&[]).ok();
    assert_snapshot!(sandbox.run(&["plan"]), @"
    exit 0
    --- out
    2 to keep.
    ");
    assert_snapshot!(sandbox.run(&["greeting:name=you", "plan"]), @"
    exit 0
    --- out
    reinstall page
              - option inline changed from 'Hello world↵and friends, see [DIR]/style.css' to 'Hello you, see [DIR]/style.css'
              - [greeting], which it reads, changed
    1 to reinstall, 1 to keep.
    ");
    assert_snapshot!(sandbox.run(&["plan", "--json", "greeting:name=you", "buildout:parts=page style"]).out, @r#"
    {
      "version": 1,
      "removals": [
        {
          "part": "page",
          "reinstalled": true,
          "reasons": [
            {
              "kind": "option-changed",
              "option": "inline",
              "old": "Hello world\nand friends, see [DIR]/style.css",
              "new": "Hello you, see [DIR]/style.css"
            },
            {
              "kind": "dependency-changed",
              "dependency": "greeting"
            }
          ]
        }
      ],
      "steps": [
        {
          "part": "style",
          "recipe": "slapos.recipe.template",
          "action": "keep",
          "reasons": [
            {
              "kind": "unchanged"
            }
          ],
          "location": "[DIR]/style.css",
          "ordered": false
        },
        {
          "part": "page",
          "recipe": "slapos.recipe.template",
          "action": "reinstall",
          "reasons": [
            {
              "kind": "option-changed",
              "option": "inline",
              "old": "Hello world\nand friends, see [DIR]/style.css",
              "new": "Hello you, see [DIR]/style.css"
            },
            {
              "kind": "dependency-changed",
              "dependency": "greeting"
            }
          ],
          "location": "[DIR]/page.html",
          "ordered": false
        }
      ]
    }
    "#);
    assert_snapshot!(sandbox.run(&["buildout:parts=", "plan"]), @"
    exit 0
    --- out
    remove    page
              - no part wants it any more
    remove    style
              - no part wants it any more
    2 to remove.
    ");
    assert_snapshot!(sandbox.run(&["plan", "style"]), @"
    exit 0
    --- out
    1 to keep.
    ");
}

#[test]
fn why() {
    let sandbox = sample();
    assert_snapshot!(sandbox.run(&["why", "page"]), @"
    exit 0
    --- out
    page: install
      because it is not installed yet
      needs style
    ");
    sandbox.run(&[]).ok();
    assert_snapshot!(sandbox.run(&["why", "style", "greeting:name=you"]), @"
    exit 0
    --- out
    style: keep
      because nothing changed
      needed by page
    last time ([TIME] UTC): install, done in [TIME] s
      because it is not installed yet
    ");
    assert_snapshot!(sandbox.run(&["why", "page", "greeting:name=you"]), @"
    exit 0
    --- out
    page: reinstall
      because option inline changed from 'Hello world↵and friends, see [DIR]/style.css' to 'Hello you, see [DIR]/style.css'
      because [greeting], which it reads, changed
      needs style
    last time ([TIME] UTC): install, done in [TIME] s
      because it is not installed yet
    ");
    assert_snapshot!(sandbox.run(&["why", "--json", "page", "greeting:name=you"]), @r#"
    exit 0
    --- out
    {
      "version": 1,
      "part": "page",
      "action": "reinstall",
      "reasons": [
        {
          "kind": "option-changed",
          "option": "inline",
          "old": "Hello world\nand friends, see [DIR]/style.css",
          "new": "Hello you, see [DIR]/style.css"
        },
        {
          "kind": "dependency-changed",
          "dependency": "greeting"
        }
      ],
      "needs": [
        "style"
      ],
      "needed_by": [],
      "last": {
        "started": "[TIME]",
        "record": {
          "part": "page",
          "action": "install",
          "reasons": [
            {
              "kind": "new"
            }
          ],
          "outcome": "done",
          "seconds": "[TIME]"
        }
      }
    }
    "#);
    assert_snapshot!(sandbox.run(&["why", "pgae"]), @"
    exit 1
    --- err
    Error: There is no part 'pgae'. Did you mean page?
    ");
    assert_snapshot!(sandbox.run(&["why", "page", "buildout:parts=style"]), @"
    exit 0
    --- out
    page: remove
      because no part wants it any more
    last time ([TIME] UTC): install, done in [TIME] s
      because it is not installed yet
    ");
    sandbox.run(&["buildout:parts=style"]).ok();
    assert_snapshot!(sandbox.run(&["why", "page", "buildout:parts=style"]), @"
    exit 0
    --- out
    page: not in this profile
    last time ([TIME] UTC): remove, done in [TIME] s
      because no part wants it any more
    ");
}

/// Four parts in a diamond, of which one is long.
#[test]
fn graph() {
    let sandbox = Sandbox::with(
        "\
[buildout]
parts = top
[text]
recipe = slapos.recipe.template
inline = ${:_buildout_section_name_}
output = ${buildout:directory}/${:_buildout_section_name_}
[base]
<= text
[left]
recipe = slapos.recipe.cmmi
path = ${base:output}
[right]
<= text
inline = ${base:output}
[top]
<= text
inline = ${left:location} ${right:output}
",
    );
    assert_snapshot!(sandbox.run(&["graph"]), @"
    exit 0
    --- out
    * base
    * left <- base
      right <- base
    * top <- left right

    Critical path (*), about 20 s: base > left > top
    ");
    assert_snapshot!(sandbox.run(&["graph", "--dot"]), @r#"
    exit 0
    --- out
    digraph parts {
      rankdir=LR;
      node [shape=box];
      "base" [label="base (0 s)", style=bold, color=red];
      "left" [label="left (20 s)", style=bold, color=red];
      "right" [label="right (0 s)"];
      "top" [label="top (0 s)", style=bold, color=red];
      "left" -> "base" [style=bold, color=red];
      "right" -> "base";
      "top" -> "left" [style=bold, color=red];
      "top" -> "right";
    }
    "#);
    assert_snapshot!(sandbox.run(&["graph", "--json"]), @r#"
    exit 0
    --- out
    {
      "version": 1,
      "parts": [
        {
          "part": "base",
          "recipe": "slapos.recipe.template",
          "needs": [],
          "seconds": "[TIME]",
          "remaining_seconds": "[TIME]",
          "critical": true
        },
        {
          "part": "left",
          "recipe": "slapos.recipe.cmmi",
          "needs": [
            "base"
          ],
          "seconds": "[TIME]",
          "remaining_seconds": "[TIME]",
          "critical": true
        },
        {
          "part": "right",
          "recipe": "slapos.recipe.template",
          "needs": [
            "base"
          ],
          "seconds": "[TIME]",
          "remaining_seconds": "[TIME]",
          "critical": false
        },
        {
          "part": "top",
          "recipe": "slapos.recipe.template",
          "needs": [
            "left",
            "right"
          ],
          "seconds": "[TIME]",
          "remaining_seconds": "[TIME]",
          "critical": true
        }
      ],
      "critical_path": [
        "base",
        "left",
        "top"
      ]
    }
    "#);
    assert_snapshot!(sandbox.run(&["graph", "buildout:parts="]), @"
    exit 0
    --- out
    No parts.
    ");
}
