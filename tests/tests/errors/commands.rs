//! Commands that fail.

use insta::assert_snapshot;
use rbuildout_tests::{Archive, Sandbox, md5};

/// A sandbox that builds `source.tar.gz`.
fn building(archive: Archive, options: &str) -> Sandbox {
    let bytes = archive.gz();
    let sandbox = Sandbox::with(&format!(
        "[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.cmmi\nurl = source.tar.gz\nmd5sum = {}\n{options}",
        md5(&bytes)
    ));
    sandbox.write("source.tar.gz", bytes);
    sandbox
}

/// A makefile that compiles, for real.
fn program(source: &str) -> Archive {
    Archive::new()
        .script("x-1.0/configure", "#!/bin/sh\necho configured\n")
        .file("x-1.0/Makefile", "all:\n\t@LC_ALL=C cc -o x x.c\ninstall: all\n")
        .file("x-1.0/x.c", source)
}

#[test]
fn missing_header() {
    let mut sandbox = building(program("#include <zlib.h/not/here.h>\nint main(void) { return 0; }\n"), "");
    sandbox.filter_pattern(r"make(\[\d\])?: \*\*\* .*", "make: [MESSAGE]");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Command 'set -e;make ' returned non-zero exit status 2.
    a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    --- err
    While:
      Installing a.
    Error: System error
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Command: /bin/sh -c 'set -e;make '
      in [DIR]/parts/a/.build/x-1.0
      exited with status 2
    Last lines of its log:
      | configured
      | x.c:1:10: fatal error: zlib.h/not/here.h: No such file or directory
      |     1 | #include <zlib.h/not/here.h>
      |       |          ^~~~~~~~~~~~~~~~~~~
      | compilation terminated.
      | make: [MESSAGE]
      | a: Command 'set -e;make ' returned non-zero exit status 2.
      | a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
      | A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    Cause: The header `zlib.h/not/here.h` was not found.
    Hint: Add the part that has it to the part's environment: `CPPFLAGS = -I${PART:location}/include` (here probably [zlib]).
    Log: [DIR]/.rbuildout/log/a.log
    ");
    assert!(sandbox.exists("parts/a/.build"), "the part stays for a look");
}

#[test]
fn missing_library() {
    let archive = program("int deflate(void);\nint main(void) { return deflate(); }\n");
    let outcome = building(archive, "").run(&[]).fails();
    assert!(outcome.err.contains("Cause: Nothing that was linked defines `deflate`."), "{outcome}");
}

#[test]
fn missing_tool() {
    let sandbox = building(Archive::package("x"), "pre-configure = nosuchtool --version\n");
    let outcome = sandbox.run(&[]).fails();
    assert!(outcome.err.contains("Cause: The program `nosuchtool` was not found."), "{outcome}");
    assert!(outcome.err.contains("Command: /bin/sh -c 'set -e;nosuchtool --version'\n"), "{outcome}");
}

#[test]
fn killed_by_a_signal() {
    let sandbox = building(Archive::package("x"), "pre-build = kill -SEGV $$\n");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Executing pre-build
    a: Command 'set -e;kill -SEGV $$' died with <Signals.SIGSEGV: 11>.
    a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    --- err
    While:
      Installing a.
    Error: System error
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Command: /bin/sh -c 'set -e;kill -SEGV $$'
      in [DIR]/parts/a/.build/x-1.0
      was killed by signal 11
    Last lines of its log:
      | a: Executing pre-build
      | a: Command 'set -e;kill -SEGV $$' died with <Signals.SIGSEGV: 11>.
      | a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
      | A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    Log: [DIR]/.rbuildout/log/a.log
    ");
}

#[test]
fn exit_status() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = plone.recipe.command\ncommand =\n  echo first\n  echo second >&2\n  exit 7\n\
         stop-on-error = true\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Running 'echo first
    echo second >&2
    exit 7'
    a: Non zero exit code (7) while running command.
    --- err
    While:
      Installing a.
    Error: Non zero exit code (7) while running command.
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Command: /bin/sh -c 'echo first
    echo second >&2
    exit 7'
      in [DIR]
      exited with status 7
    Last lines of its log:
      | a: Running 'echo first
      | echo second >&2
      | exit 7'
      | first
      | second
      | a: Non zero exit code (7) while running command.
    Log: [DIR]/.rbuildout/log/a.log
    ");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 1
    --- out
    Installing a.
    a: Running 'echo first
    echo second >&2
    exit 7'
    first
    a: Non zero exit code (7) while running command.
    --- err
    second
    While:
      Installing a.
    Error: Non zero exit code (7) while running command.
    ");
    assert!(!sandbox.exists(".installed.cfg"));
}

#[test]
fn patch_that_does_not_apply() {
    let patch = "--- input\t2020-01-01\n+++ input\t2020-01-01\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n";
    let sandbox =
        building(Archive::package("x"), &format!("patches =\n  ${{buildout:directory}}/fix.patch#{}\n", md5(patch)));
    sandbox.write("fix.patch", patch);
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Applying patches
    a: Command 'set -e;patch -p0 < [DIR]/fix.patch' returned non-zero exit status 1.
    a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    --- err
    While:
      Installing a.
    Error: System error
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Command: patch -p0 < [DIR]/fix.patch
      in [DIR]/parts/a/.build/x-1.0
      exited with status 1
    Last lines of its log:
      | a: Applying patches
      | patching file input
      | Hunk #1 FAILED at 1.
      | 1 out of 1 hunk FAILED -- saving rejects to file input.rej
      | a: Command 'set -e;patch -p0 < [DIR]/fix.patch' returned non-zero exit status 1.
      | a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
      | A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    Cause: The patch does not apply: hunk 1 failed.
    Hint: Make the patch anew for this version of the source, or correct `patch-options` (-p0, -p1).
    Log: [DIR]/.rbuildout/log/a.log
    ");
    let sandbox =
        building(Archive::package("x"), "patches = ${buildout:directory}/fix.patch#00000000000000000000000000000000\n");
    sandbox.write("fix.patch", patch);
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Applying patches
    a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    --- err
    While:
      Installing a.
    Error: MD5 checksum mismatch for local resource at '[DIR]/fix.patch'.
     --> [DIR]/buildout.cfg:7:11
      |
    7 | patches = ${buildout:directory}/fix.patch#00000000000000000000000000000000
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    Hint: Its MD5 is 4e61d4d6a5272858d285055066a2ea4b, expected 00000000000000000000000000000000. Correct the checksum in the profile, or the file.
    Log: [DIR]/.rbuildout/log/a.log
    ");
    let sandbox = building(Archive::package("x"), "patches = fix.patch\n");
    assert_snapshot!(sandbox.run(&[]).fails().err, @"
    While:
      Installing a.
    Error: The patch fix.patch does not exist: there is no file [DIR]/parts/a/.build/x-1.0/fix.patch.
     --> [DIR]/buildout.cfg:7:11
      |
    7 | patches = fix.patch
      |           ^^^^^^^^^
    Hint: A relative path starts in the directory of the source. For a file beside the profile, write `${:_profile_base_location_}/NAME`.
    Log: [DIR]/.rbuildout/log/a.log
    ");
}

/// The words of a command's own message about the disk are recognised.
#[test]
fn disk_full() {
    let sandbox = building(Archive::package("x"), "pre-build = LC_ALL=C cp input /dev/full\n");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Executing pre-build
    a: Command 'set -e;LC_ALL=C cp input /dev/full' returned non-zero exit status 1.
    a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    --- err
    While:
      Installing a.
    Error: System error
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Command: /bin/sh -c 'set -e;LC_ALL=C cp input /dev/full'
      in [DIR]/parts/a/.build/x-1.0
      exited with status 1
    Last lines of its log:
      | a: Executing pre-build
      | cp: error writing '/dev/full': No space left on device
      | a: Command 'set -e;LC_ALL=C cp input /dev/full' returned non-zero exit status 1.
      | a: Compilation error. The package is left as is at [DIR]/parts/a/.build/x-1.0 where you can inspect what went wrong.
      | A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    Cause: The disk is full.
    Hint: Free some room and run again: finished parts are kept.
    Log: [DIR]/.rbuildout/log/a.log
    ");
}

/// With `--keep-going` all that fails is told; parts that need a failed one are not tried.
#[test]
fn several_failures() {
    let sandbox = Sandbox::with(
        "\
[buildout]
parts = one two three four
[fail]
recipe = slapos.recipe.cmmi
path = .
configure-command = echo ${:_buildout_section_name_} fails; false
make-binary = true
[one]
<= fail
[two]
<= fail
[three]
recipe = slapos.recipe.template
inline = ${one:location}
output = three
[four]
recipe = slapos.recipe.template
inline = fine
output = four
",
    );
    assert_snapshot!(sandbox.run(&["--jobs=1", "--keep-going"]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing one.
    one: Using local source directory: .
    one: Command 'set -e;echo one fails; false ' returned non-zero exit status 1.
    one: Compilation error. The package is left as is at [DIR]/. where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    Installing two.
    two: Using local source directory: .
    two: Command 'set -e;echo two fails; false ' returned non-zero exit status 1.
    two: Compilation error. The package is left as is at [DIR]/. where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    Installing four.
    --- err
    While:
      Installing one.
    Error: System error
     --> [DIR]/buildout.cfg:8:1
      |
    8 | [one]
      | ^^^^^ in this part
    Command: /bin/sh -c 'set -e;echo one fails; false '
      in [DIR]/.
      exited with status 1
    Last lines of its log:
      | one: Using local source directory: .
      | one fails
      | one: Command 'set -e;echo one fails; false ' returned non-zero exit status 1.
      | one: Compilation error. The package is left as is at [DIR]/. where you can inspect what went wrong.
      | A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    Log: [DIR]/.rbuildout/log/one.log

    While:
      Installing two.
    Error: System error
      --> [DIR]/buildout.cfg:10:1
       |
    10 | [two]
       | ^^^^^ in this part
    Command: /bin/sh -c 'set -e;echo two fails; false '
      in [DIR]/.
      exited with status 1
    Last lines of its log:
      | two: Using local source directory: .
      | two fails
      | two: Command 'set -e;echo two fails; false ' returned non-zero exit status 1.
      | two: Compilation error. The package is left as is at [DIR]/. where you can inspect what went wrong.
      | A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    Log: [DIR]/.rbuildout/log/two.log
    ");
    assert!(sandbox.exists("four") && !sandbox.exists("three"));
    assert_snapshot!(sandbox.run(&["--jobs=1"]), @"
    exit 1
    --- out
    Installing one.
    one: Using local source directory: .
    one: Command 'set -e;echo one fails; false ' returned non-zero exit status 1.
    one: Compilation error. The package is left as is at [DIR]/. where you can inspect what went wrong.
    A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    --- err
    While:
      Installing one.
    Error: System error
     --> [DIR]/buildout.cfg:8:1
      |
    8 | [one]
      | ^^^^^ in this part
    Command: /bin/sh -c 'set -e;echo one fails; false '
      in [DIR]/.
      exited with status 1
    Last lines of its log:
      | one: Using local source directory: .
      | one fails
      | one: Command 'set -e;echo one fails; false ' returned non-zero exit status 1.
      | one: Compilation error. The package is left as is at [DIR]/. where you can inspect what went wrong.
      | A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce build environment.
    Log: [DIR]/.rbuildout/log/one.log
    ");
}
