//! `resolve`.

use insta::assert_snapshot;

use super::sample;
use rbuildout_tests::Sandbox;

#[test]
fn resolve_as_json() {
    let sandbox = sample();
    let document = sandbox.run(&["resolve", "--json", "buildout:directory=/b"]).json();
    assert_snapshot!(format!("{document:#}"), @r#"
    {
      "version": 1,
      "sections": {
        "buildout": {
          "raw": {
            "parts": "page"
          },
          "resolved": {
            "parts": {
              "v": "page"
            }
          }
        },
        "greeting": {
          "raw": {
            "name": "world\nand friends"
          },
          "resolved": {
            "name": {
              "v": "world\nand friends"
            }
          }
        },
        "style": {
          "raw": {
            "recipe": "slapos.recipe.template",
            "inline": "body {}",
            "output": "${buildout:directory}/style.css"
          },
          "resolved": {
            "recipe": {
              "v": "slapos.recipe.template"
            },
            "inline": {
              "v": "body {}"
            },
            "output": {
              "v": "/b/style.css"
            }
          }
        },
        "page": {
          "raw": {
            "recipe": "slapos.recipe.template",
            "inline": "Hello ${greeting:name}, see ${style:output}",
            "output": "${buildout:directory}/page.html"
          },
          "resolved": {
            "recipe": {
              "v": "slapos.recipe.template"
            },
            "inline": {
              "v": "Hello world\nand friends, see /b/style.css"
            },
            "output": {
              "v": "/b/page.html"
            }
          }
        },
        "versions": {
          "raw": {},
          "resolved": {}
        }
      },
      "files": [
        "[DIR]/buildout.cfg",
        "[DIR]/base.cfg"
      ]
    }
    "#);
}

#[test]
fn check() {
    let sandbox = sample();
    sandbox.write(
        "wrong.cfg",
        "[buildout]\nparts = a\n[a]\nx = ${b:c}\ny = ${a:z}\n<= nope\n[c]\nx = ${a:q\n[d]\nx = ${:y}\n",
    );
    assert_snapshot!(sandbox.run(&["resolve", "--check"]), @"
    exit 0
    --- out
    buildout.cfg: 5 sections, 35 options, 0 need a recipe, 0 problems
    ");
    assert_snapshot!(sandbox.run(&["resolve", "--check", "buildout.cfg", "wrong.cfg", "missing.cfg"]), @"
    exit 1
    --- out
    buildout.cfg: 5 sections, 35 options, 0 need a recipe, 0 problems
    wrong.cfg: 5 sections, 30 options, 0 need a recipe, 2 problems
    wrong.cfg: a: No section named 'nope'
    wrong.cfg: d:x: Referenced option does not exist: d y
    missing.cfg: Couldn't open [DIR]/missing.cfg
    --- err
    Error: 3 problems in 3 profiles
    ");
    assert_snapshot!(sandbox.run(&["resolve", "--check", "--json"]), @"
    exit 1
    --- err
    Error: The resolve command takes only one of --json and --check.
    ");
}

#[test]
fn several_profiles() {
    let sandbox = sample();
    let both = sandbox.run(&["resolve", "--json", "base.cfg", "buildout.cfg"]).ok();
    let lines: Vec<serde_json::Value> = both.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1], sandbox.run(&["resolve", "--json"]).json());
}

/// What only a recipe can set is said to need it; what can't be is an error.
#[test]
fn what_is_not_known() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = x\nhere = ${b:location}\nthere = ${c:here}\ngone = ${b:location} ${d:x}\n\
         [b]\nrecipe = slapos.recipe.cmmi\n[c]\nhere = ${b:location}/c\n",
    );
    let document = sandbox.run(&["resolve", "--json"]).json();
    assert_snapshot!(format!("{:#}", document["sections"]["a"]["resolved"]), @r#"
    {
      "recipe": {
        "v": "x"
      },
      "here": {
        "s": "needs-recipe",
        "first": [
          "b",
          "location"
        ]
      },
      "there": {
        "s": "needs-recipe",
        "first": [
          "b",
          "location"
        ]
      },
      "gone": {
        "s": "needs-recipe",
        "first": [
          "b",
          "location"
        ]
      }
    }
    "#);
}
