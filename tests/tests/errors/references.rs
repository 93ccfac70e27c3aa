//! `${section:option}`.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

fn with(value: &str) -> Sandbox {
    Sandbox::with(&format!(
        "[buildout]\nparts = a\n[a]\nrecipe = zc.buildout:debug\nx = {value}\n[b]\nkey = 1\nother = 2\n"
    ))
}

#[test]
fn unknown_section_and_option() {
    assert_snapshot!(with("${bb:key}").run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
      Getting section bb.
    Error: The referenced section, 'bb', was not defined.
     --> [DIR]/buildout.cfg:5:5
      |
    5 | x = ${bb:key}
      |     ^^^^^^^^^ referenced here
    Hint: Did you mean [b]?
    ");
    assert_snapshot!(with("one ${b:kye} two").run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: Referenced option does not exist: b kye
     --> [DIR]/buildout.cfg:5:9
      |
    5 | x = one ${b:kye} two
      |         ^^^^^^^^ no such option
    Hint: Did you mean ${b:key}?
    ");
    assert_snapshot!(with("${:y}").run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: Referenced option does not exist: a y
     --> [DIR]/buildout.cfg:5:5
      |
    5 | x = ${:y}
      |     ^^^^^ no such option
    Hint: Did you mean ${:x}?
    ");
    assert_snapshot!(with("${b:kye}").upstream(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: Referenced option does not exist: b kye
    ");
}

/// The option may come from far away: the chain of definitions says from where.
#[test]
fn an_option_of_several_files() {
    let sandbox = Sandbox::with("[buildout]\nextends = mid.cfg\nparts = a\n[a]\nx +=\n  ${gone:far}\n");
    sandbox.write("mid.cfg", "[buildout]\nextends = base.cfg\n[a]\nx += two\n");
    sandbox.write("base.cfg", "[a]\nrecipe = zc.buildout:debug\nx = one\n");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
      Getting section gone.
    Error: The referenced section, 'gone', was not defined.
     --> [DIR]/buildout.cfg:6:3
      |
    5 | x +=
    6 |   ${gone:far}
      |   ^^^^^^^^^^^ referenced here
    Defined, later lines over earlier ones:
      [DIR]/base.cfg:3  = one
      [DIR]/mid.cfg:4  += two
      [DIR]/buildout.cfg:5  += ${gone:far}
    ");
}

#[test]
fn circular() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = zc.buildout:debug\nx = ${b:y}\n[b]\ny = ${c:z}\n[c]\nz = ${a:x}\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
      Getting section b.
      Initializing section b.
      Getting option b:y.
      Getting section c.
      Initializing section c.
      Getting option c:z.
      Getting option a:x.
      Getting option b:y.
      Getting option c:z.
    Error: Circular reference in substitutions.

     --> [DIR]/buildout.cfg:9:1
      |
    9 | z = ${a:x}
      | ^ part of the loop
    Hint: The loop is c:z -> a:x -> b:y -> c:z.
    ");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
      Getting section b.
      Initializing section b.
      Getting option b:y.
      Getting section c.
      Initializing section c.
      Getting option c:z.
      Getting option a:x.
      Getting option b:y.
      Getting option c:z.
    Error: Circular reference in substitutions.
    ");
    assert_snapshot!(with("${:x}").run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
      Getting option a:x.
    Error: Circular reference in substitutions.

     --> [DIR]/buildout.cfg:5:1
      |
    5 | x = ${:x}
      | ^ part of the loop
    Hint: The loop is a:x -> a:x.
    ");
}

/// A location that only exists after the other part was initialised, both ways.
#[test]
fn two_parts_that_need_each_other() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.build:download\nurl = ${b:location}\n\
         [b]\nrecipe = slapos.recipe.build:download\nurl = ${a:location}\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:url.
      Getting section b.
      Initializing section b.
      Getting option b:url.
    Error: Referenced option does not exist: a location
     --> [DIR]/buildout.cfg:8:7
      |
    8 | url = ${a:location}
      |       ^^^^^^^^^^^^^ no such option
    Hint: [a] is itself being initialised: what its recipe sets is not known before that ends.
    ");
}

#[test]
fn malformed() {
    let mut all = String::new();
    for value in ["${b}", "${b:c:d}", "${b/c:d}", "${b:d/e}", "${b:}", "${b:${b:key}}", "${b:key\n  }"] {
        let outcome = with(value).run(&[]).fails();
        all.push_str(&format!("# {}\n{}", value.replace('\n', "\\n"), outcome.err));
    }
    assert_snapshot!(all, @r"
    # ${b}
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: The substitution, ${b},
    doesn't contain a colon.
     --> [DIR]/buildout.cfg:5:5
      |
    5 | x = ${b}
      |     ^^^^ not a reference
    Hint: Write `${:b}` for an option of this section, or `$${b}` for the text itself.
    # ${b:c:d}
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: The substitution, ${b:c:d},
    has too many colons.
     --> [DIR]/buildout.cfg:5:5
      |
    5 | x = ${b:c:d}
      |     ^^^^^^^^ not a reference
    Hint: A reference is `${section:option}`; references can't be nested.
    # ${b/c:d}
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: The section name in substitution, ${b/c:d},
    has invalid characters.
     --> [DIR]/buildout.cfg:5:5
      |
    5 | x = ${b/c:d}
      |     ^^^^^^^^ not a reference
    Hint: Names in references are made of letters, digits, blanks, `.`, `_` and `-`.
    # ${b:d/e}
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: The option name in substitution, ${b:d/e},
    has invalid characters.
     --> [DIR]/buildout.cfg:5:5
      |
    5 | x = ${b:d/e}
      |     ^^^^^^^^ not a reference
    Hint: Names in references are made of letters, digits, blanks, `.`, `_` and `-`.
    # ${b:}
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: The option name in substitution, ${b:},
    has invalid characters.
     --> [DIR]/buildout.cfg:5:5
      |
    5 | x = ${b:}
      |     ^^^^^ not a reference
    Hint: Names in references are made of letters, digits, blanks, `.`, `_` and `-`.
    # ${b:${b:key}}
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: The substitution, ${b:${b:key},
    has too many colons.
     --> [DIR]/buildout.cfg:5:5
      |
    5 | x = ${b:${b:key}}
      |     ^^^^^^^^^^^^ not a reference
    Hint: A reference is `${section:option}`; references can't be nested.
    # ${b:key\n  }
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: Referenced option does not exist: b key

     --> [DIR]/buildout.cfg:5:5
      |
    5 | x = ${b:key
      |     ^^^^^^^ no such option
    Hint: Did you mean ${b:key}?
    ");
    with("${b:key").run(&[]).ok();
}

/// Values that are Python.
#[test]
fn typed_values() {
    let mut all = String::new();
    for value in ["!py!len('a')", "!py![1, 2", "!py!'a' + 1", "!py!{'a': 1}['b']"] {
        all.push_str(&format!("# {value}\n{}", with(value).run(&[]).fails().err));
    }
    assert_snapshot!(all, @r#"
    # !py!len('a')
    While:
      Installing.
      Getting section a.
      Initializing section a.
    Error: NameError: name 'len' is not defined
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Text after `!py!` is a Python literal, or an expression of literals.
    # !py![1, 2
    While:
      Installing.
      Getting section a.
      Initializing section a.
    Error: SyntaxError: the expression is not understood at column 6: [1, 2
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Text after `!py!` is a Python literal, or an expression of literals.
    # !py!'a' + 1
    While:
      Installing.
      Getting section a.
      Initializing section a.
    Error: TypeError: can only concatenate str (not "int") to str
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Text after `!py!` is a Python literal, or an expression of literals.
    # !py!{'a': 1}['b']
    While:
      Installing.
      Getting section a.
      Initializing section a.
    Error: KeyError: 'b'
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Text after `!py!` is a Python literal, or an expression of literals.
    "#);
}
