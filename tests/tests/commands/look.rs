//! `annotate` and `query`.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

use super::sample;

#[test]
fn annotate() {
    let sandbox = sample();
    assert_snapshot!(sandbox.run(&["annotate", "greeting", "page", "nosuch"]).ok(), @"
    exit 0
    --- out

    Annotated sections
    ==================

    [greeting]
    name= world
    and friends
        base.cfg
    +=  buildout.cfg

    [page]
    inline= Hello ${greeting:name}, see ${style:output}
        buildout.cfg
    output= ${buildout:directory}/page.html
        buildout.cfg
    recipe= slapos.recipe.template
        buildout.cfg
    ");
    assert_snapshot!(sandbox.run(&["-v", "annotate", "greeting"]).ok(), @"
    exit 0
    --- out

    Annotated sections
    ==================

    [greeting]
    name= world
    and friends

       IN buildout.cfg
       ADD VALUE = and friends
       IN base.cfg
       SET VALUE = world
    ");
    assert_snapshot!(sandbox.run(&["greeting:name=you", "annotate", "greeting"]).ok().out, @"

    Annotated sections
    ==================

    [greeting]
    name= you
        COMMAND_LINE_VALUE
    ");
}

#[test]
fn annotate_everything() {
    let sandbox = sample();
    assert_snapshot!(sandbox.run(&["annotate"]).ok().out, @"

    Annotated sections
    ==================

    [buildout]
    allow-hosts= *
        DEFAULT_VALUE
    allow-picked-versions= true
        DEFAULT_VALUE
    allow-unknown-extras= false
        DEFAULT_VALUE
    bin-directory= bin
        DEFAULT_VALUE
    check-signature= true
        DEFAULT_VALUE
    develop-eggs-directory= develop-eggs
        DEFAULT_VALUE
    directory= [DIR]
        COMPUTED_VALUE
    dry-run= false
        DEFAULT_VALUE
    eggs-directory= [DIR]/eggs
        DEFAULT_VALUE
    executable= [PYTHON]
        DEFAULT_VALUE
    find-links=
        DEFAULT_VALUE
    install-from-cache= false
        DEFAULT_VALUE
    installed= .installed.cfg
        DEFAULT_VALUE
    log-format=
        DEFAULT_VALUE
    log-level= INFO
        DEFAULT_VALUE
    newest= true
        DEFAULT_VALUE
    offline= false
        DEFAULT_VALUE
    parts= page
        buildout.cfg
    parts-directory= parts
        DEFAULT_VALUE
    prefer-final= true
        DEFAULT_VALUE
    python= buildout
        DEFAULT_VALUE
    show-picked-versions= false
        DEFAULT_VALUE
    socket-timeout=
        DEFAULT_VALUE
    update-versions-file=
        DEFAULT_VALUE
    use-dependency-links= true
        DEFAULT_VALUE
    versions= versions
        DEFAULT_VALUE

    [greeting]
    name= world
    and friends
        base.cfg
    +=  buildout.cfg

    [page]
    inline= Hello ${greeting:name}, see ${style:output}
        buildout.cfg
    output= ${buildout:directory}/page.html
        buildout.cfg
    recipe= slapos.recipe.template
        buildout.cfg

    [style]
    inline= body {}
        base.cfg
    output= ${buildout:directory}/style.css
        base.cfg
    recipe= slapos.recipe.template
        base.cfg

    [versions]
    zc.buildout= >=3.0.1
        DEFAULT_VALUE
    zc.recipe.egg= >=2.0.6
        DEFAULT_VALUE
    ");
}

#[test]
fn annotate_as_json() {
    let sandbox = sample();
    assert_snapshot!(sandbox.run(&["annotate", "--json", "greeting"]).ok(), @r#"
    exit 0
    --- out
    {
      "version": 1,
      "files": [
        "[DIR]/buildout.cfg",
        "[DIR]/base.cfg"
      ],
      "sections": {
        "greeting": {
          "name": {
            "value": "world\nand friends",
            "definitions": [
              {
                "source": "[DIR]/base.cfg",
                "line": 2,
                "operator": "=",
                "value": "world"
              },
              {
                "source": "[DIR]/buildout.cfg",
                "line": 11,
                "operator": "+=",
                "value": "and friends"
              }
            ]
          }
        }
      }
    }
    "#);
    let all = sandbox.run(&["annotate", "--json"]).json();
    assert!(all["sections"]["buildout"]["parts-directory"]["definitions"].is_array());
}

#[test]
fn query() {
    let sandbox = sample();
    assert_snapshot!(sandbox.run(&["query", "greeting:name"]), @"
    exit 0
    --- out
    world
    and friends
    ");
    assert_snapshot!(sandbox.run(&["-v", "query", "page:inline"]), @"
    exit 0
    --- out
    ${page:inline}
    Hello ${greeting:name}, see ${style:output}
    ");
    assert_snapshot!(sandbox.run(&["query", "bin-directory"]), @"
    exit 0
    --- out
    [DIR]/bin
    ");
}

#[test]
fn query_errors() {
    let sandbox = sample();
    let mut all = String::new();
    for arguments in
        [&["query"][..], &["query", "a:b:c"], &["query", "page:nope"], &["query", "nope:a"], &["query", "a b"]]
    {
        all.push_str(&sandbox.run(arguments).fails().err);
    }
    assert_snapshot!(all, @"
    Error: The query command requires a single argument.
    Error: Invalid option: a:b:c
    Error: Key not found: nope
    Error: Section not found: nope
    Error: Key not found: a b
    ");
    for arguments in [&["query"][..], &["query", "a:b:c"], &["query", "page:nope"], &["query", "nope:a"]] {
        let (ours, upstream) = (sandbox.run(arguments), sandbox.upstream(arguments));
        assert_eq!((ours.code, ours.err), (upstream.code, upstream.err));
    }
}

/// A look changes nothing.
#[test]
fn looking_writes_nothing() {
    let sandbox = sample();
    let before = sandbox.tree();
    for arguments in
        [&["annotate"][..], &["query", "page:inline"], &["plan"], &["why", "page"], &["graph"], &["resolve", "--json"]]
    {
        sandbox.run(arguments).ok();
    }
    assert_eq!(sandbox.tree(), before);
    assert!(!sandbox.exists(".rbuildout"));
    assert!(!sandbox.exists(".installed.cfg"));
}

/// Every command of zc.buildout makes the directories that outlive a buildout; ours only answers.
#[test]
fn questions_in_upstream_mode() {
    for question in [&["annotate", "versions"][..], &["query", "parts"], &["setup", "-h"]] {
        let sandbox = Sandbox::with("[buildout]\nparts =\ndownload-cache = downloads\n");
        sandbox.run(question);
        assert!(!sandbox.exists("eggs") && !sandbox.exists("downloads"), "{question:?}");
        let outcome = sandbox.upstream(question);
        let said = "Creating directory '[DIR]/downloads'.\nCreating directory '[DIR]/eggs'.\n";
        assert!(outcome.out.starts_with(said), "{outcome}");
        assert!(sandbox.exists("eggs") && sandbox.exists("downloads") && !sandbox.exists("bin"));
        assert!(!sandbox.upstream(question).out.contains("Creating"), "{question:?}");
    }
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.upstream(&["setup"]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    --- err
    Error: The setup command requires the path to a setup script or 
    directory containing a setup script, and its arguments.
    ");
    sandbox.write("buildout.cfg", "[buildout]\nparts =\neggs-directory = ${nowhere:x}\n");
    let error = sandbox.upstream(&["query", "parts"]).fails().err;
    assert!(error.ends_with("Error: The referenced section, 'nowhere', was not defined.\n"), "{error}");
}
