//! Sections: names, conditions, macros, recipes.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

#[test]
fn unknown_part() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts =\n  zlib\n  opensll\n[zlib]\nrecipe = zc.buildout:debug\n[openssl]\nrecipe = zc.buildout:debug\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section opensll.
    Error: The referenced section, 'opensll', was not defined.
     --> [DIR]/buildout.cfg:4:3
      |
    2 | parts =
    3 |   zlib
    4 |   opensll
      |   ^^^^^^^ listed here
    Hint: Did you mean [openssl]?
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
      Getting section opensll.
    Error: The referenced section, 'opensll', was not defined.
    ");
}

#[test]
fn part_without_recipe() {
    let sandbox = Sandbox::with("[buildout]\nparts = a\n[a]\nx = 1\n");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
    Error: Missing option: a:recipe
     --> [DIR]/buildout.cfg:2:9
      |
    2 | parts = a
      |         ^ listed here
    Hint: Add `recipe = ...` to [a], or don't name it as a part.
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
    Error: Missing option: a:recipe
    ");
}

#[test]
fn macros() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\n<= common\nrecipe = zc.buildout:debug\n[b]\n<= c\n[c]\n<= b\n[commmon]\nx = 1\n\
         [d]\n<= a b\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Loading input sections for 'a'
    Error: No section named 'common'
     --> [DIR]/buildout.cfg:4:4
      |
    4 | <= common
      |    ^^^^^^ no such section
    Hint: Did you mean [commmon]?
    ");
    assert_snapshot!(sandbox.run(&["buildout:parts=b"]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section b.
      Initializing section b.
      Loading input sections for 'b'
      Loading input sections for 'c'
    Error: Infinite extending loop 'b'
     --> [DIR]/buildout.cfg:9:4
      |
    9 | <= b
      |    ^ this makes the loop
    ");
    assert_snapshot!(sandbox.run(&["buildout:parts=d"]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section d.
      Initializing section d.
      Loading input sections for 'd'
    Error: No section named 'a b'
      --> [DIR]/buildout.cfg:13:4
       |
    13 | <= a b
       |    ^^^ no such section
    Hint: Write one section a line: blanks do not separate the names after `<=`.
    ");
    assert_snapshot!(sandbox.upstream(&["buildout:parts=b"]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    --- err
    While:
      Installing.
      Getting section b.
      Initializing section b.
      Loading input sections for 'b'
      Loading input sections for 'c'
    Error: Infinite extending loop 'b'
    ");
}

#[test]
fn conditions() {
    let sandbox = Sandbox::new();
    for (at, condition) in [
        "python_version > \"3\" and linux",
        "linux and",
        "__import__('os').system('true')",
        "nosuchname",
        "1 / 0",
        "sys.version_info < '3'",
    ]
    .iter()
    .enumerate()
    {
        sandbox.write(&format!("{at}.cfg"), format!("[buildout]\nparts =\n[a:{condition}]\nx = 1\n"));
    }
    assert_snapshot!(sandbox.run(&["-c", "0.cfg"]), @r#"
    exit 1
    --- err
    While:
      Initializing.
    Error: NameError: name 'python_version' is not defined
     --> [DIR]/0.cfg:3:1
      |
    3 | [a:python_version > "3" and linux]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ condition of this section
    Hint: A condition is a PEP 508 marker, or a Python expression over sys, os, platform, re and names such as python3, linux, bits64; the two can't be mixed.
    "#);
    assert_snapshot!(sandbox.upstream(&["-c", "0.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.

    An internal error occurred due to a bug in either zc.buildout or in a
    recipe being used:
    Traceback (most recent call last):
    NameError: name 'python_version' is not defined
    ");
    assert_snapshot!(sandbox.run(&["-c", "1.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: the condition uses something that is not supported: the expression is not understood at column 10: linux and
     --> [DIR]/1.cfg:3:1
      |
    3 | [a:linux and]
      | ^^^^^^^^^^^^^ condition of this section
    Hint: Conditions are evaluated without running Python: write it with simpler expressions.
    ");
    assert_snapshot!(sandbox.run(&["-c", "2.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: the condition uses something that is not supported: the name __import__
     --> [DIR]/2.cfg:3:1
      |
    3 | [a:__import__('os').system('true')]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ condition of this section
    Hint: Conditions are evaluated without running Python: write it with simpler expressions.
    ");
    assert_snapshot!(sandbox.run(&["-c", "3.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: NameError: name 'nosuchname' is not defined
     --> [DIR]/3.cfg:3:1
      |
    3 | [a:nosuchname]
      | ^^^^^^^^^^^^^^ condition of this section
    Hint: A condition is a PEP 508 marker, or a Python expression over sys, os, platform, re and names such as python3, linux, bits64; the two can't be mixed.
    ");
    assert_snapshot!(sandbox.run(&["-c", "4.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: ZeroDivisionError: division by zero
     --> [DIR]/4.cfg:3:1
      |
    3 | [a:1 / 0]
      | ^^^^^^^^^ condition of this section
    ");
    assert_snapshot!(sandbox.run(&["-c", "5.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: TypeError: '<' not supported between instances of 'tuple' and 'str'
     --> [DIR]/5.cfg:3:1
      |
    3 | [a:sys.version_info < '3']
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^ condition of this section
    ");
}

/// A condition needs to know the Python it is about.
#[test]
fn no_python() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n[a:python3]\nx = 1\n");
    sandbox.write("bad-python", "#!/bin/sh\necho this is no python >&2\nexit 3\n");
    sandbox.must("chmod", &["+x", "bad-python"]);
    let path = sandbox.path("bad-python");
    assert_snapshot!(sandbox.run(&[&format!("buildout:executable={}", path.display())]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: The Python interpreter [DIR]/bad-python did not tell its version: exit status: 3 (this is no python).
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a:python3]
      | ^^^^^^^^^^^ condition of this section
    Hint: Name a working interpreter with `buildout:executable=/path/to/python`.
    ");
    assert_snapshot!(sandbox.run(&["buildout:executable=/nowhere/python"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: The Python interpreter /nowhere/python did not tell its version: No such file or directory (os error 2).
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a:python3]
      | ^^^^^^^^^^^ condition of this section
    Hint: Name a working interpreter with `buildout:executable=/path/to/python`.
    ");
    let mut command = sandbox.command(sandbox.program("rbuildout"));
    assert_snapshot!(sandbox.outcome(command.env("PATH", "/nowhere")), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: A section has a condition, but no Python interpreter was found on the path.
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a:python3]
      | ^^^^^^^^^^^ condition of this section
    Hint: Install python3, or name an interpreter with `buildout:executable=/path/to/python`.
    ");
}

#[test]
fn recipes_that_are_not_there() {
    let sandbox = Sandbox::with(
        "[buildout]\noffline = true\nparts = a\n[a]\nrecipe = no.such.recipe:scripts\n[b]\nrecipe = setuptools\n\
         [c]\nrecipe = slapos.recipe.cmmi:nope\n[d]\nrecipe = a:b:c\n",
    );
    let mut all = String::new();
    for part in ["a", "b", "c", "d"] {
        let parts = format!("buildout:parts={part}");
        all.push_str(&sandbox.run(&[&parts]).fails().err);
        all.push_str(&sandbox.upstream(&[&parts]).fails().err);
    }
    assert_snapshot!(all, @"
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Installing recipe no.such.recipe.
      Base installation request: 'no.such.recipe'
      Getting distribution for 'no.such.recipe'.
    Error: We don't have a distribution for no.such.recipe
    and can't install one in offline (no-install) mode.

     --> [DIR]/buildout.cfg:5:10
      |
    5 | recipe = no.such.recipe:scripts
      |          ^^^^^^^^^^^^^^^^^^^^^^ this recipe
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Installing recipe no.such.recipe.
      Getting distribution for 'no.such.recipe'.
    Error: We don't have a distribution for no.such.recipe
    and can't install one in offline (no-install) mode.

    While:
      Installing.
      Getting section b.
      Initializing section b.
      Loading zc.buildout recipe entry setuptools:default.
    Error: ImportError: Entry point ('zc.buildout', 'default') not found
     --> [DIR]/buildout.cfg:7:10
      |
    7 | recipe = setuptools
      |          ^^^^^^^^^^ this recipe
    While:
      Installing.
      Getting section b.
      Initializing section b.
      Loading zc.buildout recipe entry setuptools:default.

    An internal error occurred due to a bug in either zc.buildout or in a
    recipe being used:
    Traceback (most recent call last):
    ImportError: Entry point ('zc.buildout', 'default') not found
    While:
      Installing.
      Getting section c.
      Initializing section c.
      Installing recipe slapos.recipe.cmmi.
      Base installation request: 'slapos.recipe.cmmi'
      Getting distribution for 'slapos.recipe.cmmi'.
    Error: We don't have a distribution for slapos.recipe.cmmi
    and can't install one in offline (no-install) mode.

     --> [DIR]/buildout.cfg:9:10
      |
    9 | recipe = slapos.recipe.cmmi:nope
      |          ^^^^^^^^^^^^^^^^^^^^^^^ this recipe
    While:
      Installing.
      Getting section c.
      Initializing section c.
      Installing recipe slapos.recipe.cmmi.
      Getting distribution for 'slapos.recipe.cmmi'.
    Error: We don't have a distribution for slapos.recipe.cmmi
    and can't install one in offline (no-install) mode.

    While:
      Installing.
      Getting section d.
      Initializing section d.
    Error: ValueError: too many values to unpack (expected 2)
      --> [DIR]/buildout.cfg:11:10
       |
    11 | recipe = a:b:c
       |          ^^^^^ this recipe
    While:
      Installing.
      Getting section d.
      Initializing section d.

    An internal error occurred due to a bug in either zc.buildout or in a
    recipe being used:
    Traceback (most recent call last):
    ValueError: too many values to unpack (expected 2)
    ");
}

/// What a recipe says of its options.
#[test]
fn options_of_recipes() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts =\n[both]\nrecipe = slapos.recipe.cmmi\nurl = x\npath = y\n[neither]\nrecipe = slapos.recipe.cmmi\n\
         [download]\nrecipe = slapos.recipe.build:download\n[command]\nrecipe = plone.recipe.command\nstop-on-error = maybe\n\
         [template]\nrecipe = slapos.recipe.template\noutput = x\n[jinja]\nrecipe = slapos.recipe.template:jinja2\n\
         output = x\ninline = {{ a\n[undefined]\nrecipe = slapos.recipe.template:jinja2\noutput = x\ninline =\n  one\n  {{ nope.x }}\n\
         [clone]\nrecipe = slapos.recipe.build:gitclone\n",
    );
    let mut all = String::new();
    for part in ["both", "neither", "download", "command", "template", "jinja", "undefined", "clone"] {
        all.push_str(&format!("# {part}\n{}", sandbox.run(&[&format!("buildout:parts={part}")]).fails().err));
    }
    assert_snapshot!(all, @r#"
    # both
    While:
      Installing.
      Getting section both.
      Initializing section both.
    Error: You must use either "url" or "path", not both!
     --> [DIR]/buildout.cfg:5:1
      |
    5 | url = x
      | ^^^ this option
    # neither
    While:
      Installing.
      Getting section neither.
      Initializing section neither.
    Error: You must provide either "url" or "path".
     --> [DIR]/buildout.cfg:7:1
      |
    7 | [neither]
      | ^^^^^^^^^ in this part
    # download
    While:
      Installing.
      Getting section download.
      Initializing section download.
    Error: Missing option: download:url
     --> [DIR]/buildout.cfg:9:1
      |
    9 | [download]
      | ^^^^^^^^^^ in this part
    Hint: Set the option `url` in [download].
    # command
    While:
      Installing.
      Getting section command.
      Initializing section command.
    Error: Invalid value 'maybe' for 'stop_on_error', use 'yes', 'on', 'true', 'no', 'off' or false.
      --> [DIR]/buildout.cfg:11:1
       |
    11 | [command]
       | ^^^^^^^^^ in this part
    # template
    While:
      Installing.
      Getting section template.
      Initializing section template.
    Error: one of the options 'inline' 'url' is required
      --> [DIR]/buildout.cfg:14:1
       |
    14 | [template]
       | ^^^^^^^^^^ in this part
    # jinja
    While:
      Installing jinja.
    Error: jinja2.exceptions.TemplateSyntaxError: unexpected end of template, expected 'end of print statement'.
      --> [DIR]/buildout.cfg:20:10
       |
    20 | inline = {{ a
       |          ^^^^
    Hint: Correct the template here.
    Log: [DIR]/.rbuildout/log/jinja.log
    # undefined
    While:
      Installing undefined.
    Error: jinja2.exceptions.UndefinedError: 'nope' is undefined
      --> [DIR]/buildout.cfg:26:3
       |
    26 |   {{ nope.x }}
       |   ^^^^^^^^^^^^
    Hint: Set `nope` in the template, or in the option `context`.
    Log: [DIR]/.rbuildout/log/undefined.log
    # clone
    While:
      Installing.
      Getting section clone.
      Initializing section clone.
    Error: repository parameter is mandatory.
      --> [DIR]/buildout.cfg:27:1
       |
    27 | [clone]
       | ^^^^^^^ in this part
    "#);
}

/// Several mistakes, one report.
#[test]
fn several_errors_at_once() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts =\n  a\n  b\n  nope\n[a]\nrecipe = zc.buildout:debug\nx = ${zlib:lcoation}\n\
         y = ${zlibb:location}\n[b]\nrecipe = zc.recipe.egg\n<= mcro\nz = ${a:x:y}\n[macro]\n\
         [zlib]\nrecipe = slapos.recipe.cmmi\nurl = x\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: Referenced option does not exist: zlib lcoation
     --> [DIR]/buildout.cfg:8:5
      |
    8 | x = ${zlib:lcoation}
      |     ^^^^^^^^^^^^^^^^ no such option
    Hint: Did you mean ${zlib:location}?

    Error: The referenced section, 'zlibb', was not defined.
     --> [DIR]/buildout.cfg:9:5
      |
    9 | y = ${zlibb:location}
      |     ^^^^^^^^^^^^^^^^^ no such section
    Hint: Did you mean [zlib]?

    Error: No section named 'mcro'
      --> [DIR]/buildout.cfg:12:4
       |
    12 | <= mcro
       |    ^^^^ no such section
    Hint: Did you mean [macro]?

    Error: The referenced section, 'nope', was not defined.
     --> [DIR]/buildout.cfg:5:3
      |
    2 | parts =
    3 |   a
    4 |   b
    5 |   nope
      |   ^^^^ listed here
    ");
    assert_snapshot!(sandbox.run(&["plan"]), @"
    exit 1
    --- err
    While:
      Installing.
      Getting section a.
      Initializing section a.
      Getting option a:x.
    Error: Referenced option does not exist: zlib lcoation
     --> [DIR]/buildout.cfg:8:5
      |
    8 | x = ${zlib:lcoation}
      |     ^^^^^^^^^^^^^^^^ no such option
    Hint: Did you mean ${zlib:location}?

    Error: The referenced section, 'zlibb', was not defined.
     --> [DIR]/buildout.cfg:9:5
      |
    9 | y = ${zlibb:location}
      |     ^^^^^^^^^^^^^^^^^ no such section
    Hint: Did you mean [zlib]?

    Error: No section named 'mcro'
      --> [DIR]/buildout.cfg:12:4
       |
    12 | <= mcro
       |    ^^^^ no such section
    Hint: Did you mean [macro]?

    Error: The referenced section, 'nope', was not defined.
     --> [DIR]/buildout.cfg:5:3
      |
    2 | parts =
    3 |   a
    4 |   b
    5 |   nope
      |   ^^^^ listed here
    ");
}
