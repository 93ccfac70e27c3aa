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
    assert_snapshot!(sandbox.run(&[]), @"");
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
    assert!(outcome.err.contains("Command: nosuchtool --version"), "{outcome}");
}

#[test]
fn killed_by_a_signal() {
    let sandbox = building(Archive::package("x"), "pre-build = kill -SEGV $$$$\n");
    assert_snapshot!(sandbox.run(&[]), @"");
}

#[test]
fn exit_status() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = plone.recipe.command\ncommand =\n  echo first\n  echo second >&2\n  exit 7\n\
         stop-on-error = true\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
    assert!(!sandbox.exists(".installed.cfg"));
}

#[test]
fn patch_that_does_not_apply() {
    let patch = "--- input\t2020-01-01\n+++ input\t2020-01-01\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n";
    let sandbox = building(Archive::package("x"), &format!("patches =\n  fix.patch#{}\n", md5(patch)));
    sandbox.write("fix.patch", patch);
    assert_snapshot!(sandbox.run(&[]), @"");
    let sandbox = building(Archive::package("x"), "patches = fix.patch#00000000000000000000000000000000\n");
    sandbox.write("fix.patch", patch);
    assert_snapshot!(sandbox.run(&[]), @"");
}

/// The words of a command's own message about the disk are recognised.
#[test]
fn disk_full() {
    let sandbox = building(Archive::package("x"), "pre-build = LC_ALL=C cp input /dev/full\n");
    assert_snapshot!(sandbox.run(&[]), @"");
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
make-binary =
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
    assert_snapshot!(sandbox.run(&["--jobs=1", "--keep-going"]), @"");
    assert!(sandbox.exists("four") && !sandbox.exists("three"));
    assert_snapshot!(sandbox.run(&["--jobs=1"]), @"");
}
