//! Files that are not profiles, and `extends`.

use insta::assert_snapshot;
use rbuildout_tests::{Answer, Sandbox, Server};

/// All lines of a file that are wrong are told at once.
#[test]
fn syntax_errors() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\njunk\n\n[a]\nrecipe zc.buildout:debug\n  x = 1\nfoo bar = 2\nok = 1\n[b\n",
    );
    assert_snapshot!(sandbox.run(&[]), @r"
    exit 1
    --- err
    While:
      Initializing.
    Error: File contains parsing errors: [DIR]/buildout.cfg
    	[line  3]: 'junk\n'
    	[line  6]: 'recipe zc.buildout:debug\n'
    	[line  7]: '  x = 1\n'
    	[line  8]: 'foo bar = 2\n'
    	[line 10]: '[b\n'
     --> [DIR]/buildout.cfg:3:1
      |
    3 | junk
      | ^^^^ no `=` here
     --> [DIR]/buildout.cfg:6:1
      |
    6 | recipe zc.buildout:debug
      | ^^^^^^^^^^^^^^^^^^^^^^^^ no `=` here
     --> [DIR]/buildout.cfg:7:1
      |
    7 |   x = 1
      | ^^^^^^^ continues no option
     --> [DIR]/buildout.cfg:8:1
      |
    8 | foo bar = 2
      | ^^^^^^^^^^^ not an option name
      --> [DIR]/buildout.cfg:10:1
       |
    10 | [b
       | ^^ not a section header
    Hint: A line is a header `[section]`, an option `name = value`, or indented to continue the value above.
    ");
    assert_snapshot!(sandbox.upstream(&[]), @r"
    exit 1
    --- err
    While:
      Initializing.

    An internal error occurred due to a bug in either zc.buildout or in a
    recipe being used:
    Traceback (most recent call last):
    zc.buildout.configparser.ParsingError: File contains parsing errors: [DIR]/buildout.cfg
    	[line  3]: 'junk\n'
    	[line  6]: 'recipe zc.buildout:debug\n'
    	[line  7]: '  x = 1\n'
    	[line  8]: 'foo bar = 2\n'
    	[line 10]: '[b\n'
    ");
}

#[test]
fn no_section_header() {
    let sandbox = Sandbox::with("\n# a comment\nparts = a\n[buildout]\n");
    assert_snapshot!(sandbox.run(&[]), @r"
    exit 1
    --- err
    While:
      Initializing.
    Error: File contains no section headers.
    file: [DIR]/buildout.cfg, line: 3
    'parts = a\n'
     --> [DIR]/buildout.cfg:3:1
      |
    3 | parts = a
      | ^^^^^^^^^ not inside a section
    Hint: Options belong to a section: begin the file with a header such as `[buildout]`.
    ");
    sandbox.write("buildout.cfg", "\u{feff}[buildout]\nparts =\n");
    assert_snapshot!(sandbox.run(&[]), @r"
    exit 1
    --- err
    While:
      Initializing.
    Error: File contains no section headers.
    file: [DIR]/buildout.cfg, line: 1
    '\ufeff[buildout]\n'
     --> [DIR]/buildout.cfg:1:1
      |
    1 | ﻿[buildout]
      | ^^^^^^^^^^ not inside a section
    Hint: The file starts with a byte order mark: save it as UTF-8 without one.
    ");
}

#[test]
fn not_text() {
    let sandbox = Sandbox::new();
    sandbox.write("buildout.cfg", b"[buildout]\nparts =\n[a]\nx = \xff\xfe\n");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: UnicodeDecodeError: [DIR]/buildout.cfg is not UTF-8 text (line 4, byte 27)
    Hint: Save the profile as UTF-8.
    ");
    fs_err::remove_file(sandbox.path("buildout.cfg")).unwrap();
    fs_err::create_dir(sandbox.path("buildout.cfg")).unwrap();
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: IsADirectoryError: [Errno 21] Is a directory: '[DIR]/buildout.cfg'
    Hint: Name a file instead of a directory.
    ");
    fs_err::remove_dir(sandbox.path("buildout.cfg")).unwrap();
    sandbox.write("below/buildout.cfg", "[buildout]\nextends = ftp://host/base.cfg\n");
    assert_snapshot!(sandbox.run(&["-c", "below"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: IsADirectoryError: [Errno 21] Is a directory: '[DIR]/below'
    Hint: Name a file in this directory: [DIR]/below/buildout.cfg is there.
    ");
    assert_snapshot!(sandbox.run(&["-c", "below/buildout.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Error downloading ftp://host/base.cfg: <urlopen error unknown url type: ftp>
     --> [DIR]/below/buildout.cfg:2:11
      |
    2 | extends = ftp://host/base.cfg
      |           ^^^^^^^^^^^^^^^^^^^ extended here
    Hint: A profile is a path, or a URL that begins with `http://`, `https://` or `file://`.
    ");
}

/// An error in an extended file names that file.
#[test]
fn syntax_error_in_an_extended_file() {
    let sandbox = Sandbox::with("[buildout]\nextends = sub/base.cfg\nparts = a\n");
    sandbox.write("sub/base.cfg", "[a]\nrecipe = zc.buildout:debug\nthis is not an option\n");
    assert_snapshot!(sandbox.run(&[]), @r"
    exit 1
    --- err
    While:
      Initializing.
    Error: File contains parsing errors: [DIR]/sub/base.cfg
    	[line  3]: 'this is not an option\n'
     --> [DIR]/sub/base.cfg:3:1
      |
    3 | this is not an option
      | ^^^^^^^^^^^^^^^^^^^^^ no `=` here
    Hint: A line is a header `[section]`, an option `name = value`, or indented to continue the value above.
    ");
}

/// All files that can be reached are read, and each is told once. A bad file's own `extends` is not followed.
#[test]
fn errors_in_several_files() {
    let sandbox = Sandbox::with(
        "[buildout]\nextends =\n  one.cfg\n  nope.cfg\n  header.cfg\n  conditions.cfg\n  good.cfg\nparts = a\n",
    );
    sandbox.write("one.cfg", "[buildout]\nextends = hidden.cfg\n[a]\nrecipe plone\n  = 1\nfoo bar = 2\n");
    sandbox.write("header.cfg", "x = 1\ny = 2\n[b]\nnot an option\n");
    sandbox.write(
        "conditions.cfg",
        "[c:nosuch]\nx = 1\n[d:nosuch]\nx = 1\n[e:python_version > '1' and linux]\nbad line\n[f:1 +]\ny = 1\n",
    );
    sandbox.write("good.cfg", "[buildout]\nextends = deep.cfg one.cfg\n");
    sandbox.write("deep.cfg", "[buildout]\nextends = good.cfg ./nope.cfg\n");
    assert_snapshot!(sandbox.run(&[]), @r"
    exit 1
    --- err
    While:
      Initializing.
    Error: File contains parsing errors: [DIR]/one.cfg
    	[line  4]: 'recipe plone\n'
    	[line  5]: '  = 1\n'
    	[line  6]: 'foo bar = 2\n'
     --> [DIR]/one.cfg:4:1
      |
    4 | recipe plone
      | ^^^^^^^^^^^^ no `=` here
     --> [DIR]/one.cfg:5:1
      |
    5 |   = 1
      | ^^^^^ continues no option
     --> [DIR]/one.cfg:6:1
      |
    6 | foo bar = 2
      | ^^^^^^^^^^^ not an option name
    Hint: A line is a header `[section]`, an option `name = value`, or indented to continue the value above.

    Error: FileNotFoundError: [Errno 2] No such file or directory: '[DIR]/nope.cfg'
     --> [DIR]/buildout.cfg:4:3
      |
    2 | extends =
    3 |   one.cfg
    4 |   nope.cfg
      |   ^^^^^^^^ extended here
    Hint: Correct the name, or create the profile.

    Error: File contains no section headers.
    file: [DIR]/header.cfg, line: 1
    'x = 1\n'
     --> [DIR]/header.cfg:1:1
      |
    1 | x = 1
      | ^^^^^ not inside a section
    Hint: Options belong to a section: begin the file with a header such as `[buildout]`.

    Error: File contains parsing errors: [DIR]/header.cfg
    	[line  4]: 'not an option\n'
     --> [DIR]/header.cfg:4:1
      |
    4 | not an option
      | ^^^^^^^^^^^^^ no `=` here
    Hint: A line is a header `[section]`, an option `name = value`, or indented to continue the value above.

    Error: NameError: name 'nosuch' is not defined
     --> [DIR]/conditions.cfg:1:1
      |
    1 | [c:nosuch]
      | ^^^^^^^^^^ condition of this section
    Hint: A condition is a PEP 508 marker, or a Python expression over sys, os, platform, re and names such as python3, linux, bits64; the two can't be mixed.

    Error: NameError: name 'python_version' is not defined
     --> [DIR]/conditions.cfg:5:1
      |
    5 | [e:python_version > '1' and linux]
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ condition of this section
    Hint: A condition is a PEP 508 marker, or a Python expression over sys, os, platform, re and names such as python3, linux, bits64; the two can't be mixed.

    Error: the condition uses something that is not supported: the expression is not understood at column 4: 1 +
     --> [DIR]/conditions.cfg:7:1
      |
    7 | [f:1 +]
      | ^^^^^^^ condition of this section
    Hint: Conditions are evaluated without running Python: write it with simpler expressions.

    Error: File contains parsing errors: [DIR]/conditions.cfg
    	[line  6]: 'bad line\n'
     --> [DIR]/conditions.cfg:6:1
      |
    6 | bad line
      | ^^^^^^^^ no `=` here
    Hint: A line is a header `[section]`, an option `name = value`, or indented to continue the value above.

    Error: Recursive file include ['[DIR]/buildout.cfg', '[DIR]/good.cfg', '[DIR]/deep.cfg'] [DIR]/good.cfg
     --> [DIR]/deep.cfg:2:11
      |
    2 | extends = good.cfg ./nope.cfg
      |           ^^^^^^^^ extended here
    Hint: Remove this file from the `extends` of one of these files.
    ");
    assert_snapshot!(sandbox.run(&["resolve", "--check"]), @r"
    exit 1
    --- out
    buildout.cfg: File contains parsing errors: [DIR]/one.cfg
    	[line  4]: 'recipe plone\n'
    	[line  5]: '  = 1\n'
    	[line  6]: 'foo bar = 2\n'
    buildout.cfg: [Errno 2] No such file or directory: '[DIR]/nope.cfg'
    buildout.cfg: File contains no section headers.
    file: [DIR]/header.cfg, line: 1
    'x = 1\n'
    buildout.cfg: File contains parsing errors: [DIR]/header.cfg
    	[line  4]: 'not an option\n'
    buildout.cfg: name 'nosuch' is not defined
    buildout.cfg: name 'python_version' is not defined
    buildout.cfg: the condition uses something that is not supported: the expression is not understood at column 4: 1 +
    buildout.cfg: File contains parsing errors: [DIR]/conditions.cfg
    	[line  6]: 'bad line\n'
    buildout.cfg: Recursive file include ['[DIR]/buildout.cfg', '[DIR]/good.cfg', '[DIR]/deep.cfg'] [DIR]/good.cfg
    --- err
    Error: 9 problems in 1 profiles
    ");
    assert_snapshot!(sandbox.upstream(&[]), @r"
    exit 1
    --- err
    While:
      Initializing.

    An internal error occurred due to a bug in either zc.buildout or in a
    recipe being used:
    Traceback (most recent call last):
    zc.buildout.configparser.ParsingError: File contains parsing errors: [DIR]/one.cfg
    	[line  4]: 'recipe plone\n'
    	[line  5]: '  = 1\n'
    	[line  6]: 'foo bar = 2\n'
    ");
}

/// After a download that failed no other one is tried.
#[test]
fn downloads_after_one_that_failed() {
    let server = Server::start(|_| Answer::not_found());
    let mut sandbox = Sandbox::new();
    sandbox.filter(&server.address(), "[SERVER]");
    let (one, two) = (server.url("one.cfg"), server.url("two.cfg"));
    sandbox.write("buildout.cfg", format!("[buildout]\nextends =\n  {one}\n  {two}\n  nope.cfg\nparts =\n"));
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Error downloading http://[SERVER]/one.cfg: HTTP Error 404: Not Found
     --> [DIR]/buildout.cfg:3:3
      |
    2 | extends =
    3 |   http://[SERVER]/one.cfg
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ extended here
    Hint: Check the URL and the network.

    Error: FileNotFoundError: [Errno 2] No such file or directory: '[DIR]/nope.cfg'
     --> [DIR]/buildout.cfg:5:3
      |
    2 | extends =
    3 |   http://[SERVER]/one.cfg
    4 |   http://[SERVER]/two.cfg
    5 |   nope.cfg
      |   ^^^^^^^^ extended here
    Hint: Correct the name, or create the profile.
    ");
}

#[test]
fn missing_extends() {
    let sandbox = Sandbox::with("[buildout]\nextends =\n  base.cfg\n  sub/nope.cfg\nparts =\n");
    sandbox.write("base.cfg", "[a]\nx = 1\n");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: FileNotFoundError: [Errno 2] No such file or directory: '[DIR]/sub/nope.cfg'
     --> [DIR]/buildout.cfg:4:3
      |
    2 | extends =
    3 |   base.cfg
    4 |   sub/nope.cfg
      |   ^^^^^^^^^^^^ extended here
    Hint: Correct the name, or create the profile.
    ");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 1
    --- err
    While:
      Initializing.

    An internal error occurred due to a bug in either zc.buildout or in a
    recipe being used:
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: '[DIR]/sub/nope.cfg'
    ");
}

#[test]
fn recursive_extends() {
    let sandbox = Sandbox::with("[buildout]\nextends = b.cfg\nparts =\n");
    sandbox.write("b.cfg", "[buildout]\nextends =\n  ./c.cfg\n");
    sandbox.write("c.cfg", "[buildout]\nextends = buildout.cfg\n");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Recursive file include ['[DIR]/buildout.cfg', '[DIR]/b.cfg', '[DIR]/c.cfg'] [DIR]/buildout.cfg
     --> [DIR]/c.cfg:2:11
      |
    2 | extends = buildout.cfg
      |           ^^^^^^^^^^^^ extended here
    Hint: Remove this file from the `extends` of one of these files.
    ");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Too many files are extended, at [DIR]/./././././././././././././././././././././././././././././././././././././././././././././././././././././././././././././././././././buildout.cfg.
    ");
}

#[test]
fn extends_over_http() {
    let mut sandbox = Sandbox::new();
    let server = Server::start(|path| match path {
        "/cut.cfg" => Answer::ok("[a]\nx = 1\n".repeat(100)).cut(70),
        "/broken.cfg" => Answer::ok("[a]\njunk\n"),
        _ => Answer::not_found(),
    });
    sandbox.filter(&server.address(), "[SERVER]");
    sandbox.filter_pattern(r"downloaded as [^)]*\)", "downloaded as [FILE])");
    for (name, file) in [("none.cfg", "none.cfg"), ("broken.cfg", "broken.cfg"), ("cut.cfg", "cut.cfg")] {
        sandbox.write(name, format!("[buildout]\nextends = {}\nparts =\n", server.url(file)));
    }
    assert_snapshot!(sandbox.run(&["-c", "none.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Error downloading http://[SERVER]/none.cfg: HTTP Error 404: Not Found
     --> [DIR]/none.cfg:2:11
      |
    2 | extends = http://[SERVER]/none.cfg
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ extended here
    Hint: Check the URL and the network.
    ");
    assert_snapshot!(sandbox.upstream(&["-c", "none.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Error downloading extends for URL http://[SERVER]/none.cfg: HTTP Error 404: Not Found
    ");
    assert_snapshot!(sandbox.run(&["-o", "-c", "none.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Couldn't download 'http://[SERVER]/none.cfg' in offline mode.
     --> [DIR]/none.cfg:2:11
      |
    2 | extends = http://[SERVER]/none.cfg
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ extended here
    Hint: Run without `-o` (option `offline`), or put the file into the download-cache.
    ");
    assert_snapshot!(sandbox.run(&["-c", "broken.cfg"]), @r"
    exit 1
    --- err
    While:
      Initializing.
    Error: File contains parsing errors: http://[SERVER]/broken.cfg (downloaded as [FILE])
    	[line  2]: 'junk\n'
     --> http://[SERVER]/broken.cfg:2:1
      |
    2 | junk
      | ^^^^ no `=` here
    Hint: A line is a header `[section]`, an option `name = value`, or indented to continue the value above.
    ");
    assert_snapshot!(sandbox.run(&["-c", "cut.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Error downloading http://[SERVER]/cut.cfg: <urlopen error retrieval incomplete: got only 70 out of 1000 bytes>
     --> [DIR]/cut.cfg:2:11
      |
    2 | extends = http://[SERVER]/cut.cfg
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ extended here
    Hint: Check the URL and the network.
    ");
    assert_snapshot!(sandbox.run(&["-c", &server.url("main.cfg")]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Error downloading http://[SERVER]/main.cfg: HTTP Error 404: Not Found
    Hint: Check the URL and the network.
    ");
}

#[test]
fn options_of_buildout() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n");
    let mut all = String::new();
    for assignment in [
        "offline=yes",
        "log-level=LOUD",
        "verbosity=much",
        "extends-cache=${a:b}",
        "extensions=buildout-versions",
        "versions=pins",
        "mirrors=gopher://x",
    ] {
        let outcome = sandbox.run(&[assignment]).fails();
        all.push_str(&format!("$ {assignment}\n{}", outcome.err));
    }
    assert_snapshot!(all, @"
    $ offline=yes
    While:
      Initializing.
    Error: Invalid value for 'offline' option: 'yes'
    Defined, later lines over earlier ones:
      DEFAULT_VALUE  = false
      COMMAND_LINE_VALUE  = yes
    Hint: Write `true` or `false`.
    $ log-level=LOUD
    While:
      Initializing.
    Error: Invalid logging level LOUD
    Hint: Use DEBUG, INFO, WARNING, ERROR or CRITICAL.
    $ verbosity=much
    While:
      Initializing.
    Error: Invalid verbosity much
    $ extends-cache=${a:b}
    While:
      Initializing.
    Error: ValueError: extends-cache '${a:b}' may not contain ${section:variable} to expand.
    $ extensions=buildout-versions
    While:
      Installing.
      Loading extensions.
    Error: Buildout now includes 'buildout-versions' (and part of the older 'buildout.dumppickedversions').
    Remove the extension from your configuration and look at the 'show-picked-versions' option in buildout's documentation.
    $ versions=pins
    While:
      Initializing.
    Error: KeyError: 'pins'
    Hint: Add the section [pins], or name another one in `buildout:versions`.
    $ mirrors=gopher://x
    Error: The mirror `gopher://x` is no absolute folder, no http URL and not `debian`: write one of these.
    ");
    assert_snapshot!(sandbox.run(&["-c", "/dev/null"]), @"
    exit 1
    --- err
    While:
      Installing.
    Error: Missing option: buildout:parts
    ");
}
