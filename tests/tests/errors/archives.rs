//! Archives that are wrong, or that mean harm.

use insta::assert_snapshot;
use rbuildout_tests::{Archive, Sandbox, md5};

/// A sandbox that unpacks `source.tar.gz`.
fn unpacking(bytes: &[u8]) -> Sandbox {
    let sandbox = Sandbox::with(&format!(
        "[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.build:download-unpacked\nurl = source.tar.gz\nmd5sum = {}\n",
        md5(bytes)
    ));
    sandbox.write("source.tar.gz", bytes);
    sandbox
}

#[test]
fn wrong_md5() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.build:download\nurl = file.txt\n\
         md5sum = 00000000000000000000000000000000\n",
    );
    sandbox.write("file.txt", "content\n");
    assert_snapshot!(sandbox.run(&[]), @"
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
    Error: MD5 checksum mismatch for local resource at '[DIR]/file.txt'.
     --> [DIR]/buildout.cfg:6:10
      |
    6 | md5sum = 00000000000000000000000000000000
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    Hint: Its MD5 is f75b8179e4bbe7e2b4a074dcef62de95, expected 00000000000000000000000000000000. Correct the checksum in the profile, or the file.
    ");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 1
    --- out
    Installing a.
    --- err
    While:
      Installing a.
    Error: MD5 checksum mismatch for local resource at 'file.txt'.
    ");
    assert!(!sandbox.exists("parts/a"), "nothing is left");
}

#[test]
fn not_an_archive() {
    let sandbox = unpacking(b"<html><body>This is a web page, not an archive.</body></html>\n");
    assert_snapshot!(sandbox.run(&[]), @"
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
    Error: Not a recognized archive type: [DIR]/source.tar.gz
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: An archive is a tar, compressed or not, or a zip: correct the URL, or don't unpack it.
    ");
    assert!(!sandbox.exists("parts/a"), "nothing is left");
}

#[test]
fn truncated() {
    let bytes = Archive::package("x").file("x-1.0/big", &"0123456789".repeat(10_000)).gz();
    let sandbox = unpacking(&bytes[..bytes.len() / 2]);
    assert_snapshot!(sandbox.run(&[]), @"
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
    Error: The archive [DIR]/source.tar.gz is truncated or damaged: `x-1.0/big`: incomplete deflate stream. Remove it and download it again.
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    ");
    assert!(!sandbox.exists("parts/a"), "nothing is left");
}

#[test]
fn empty() {
    assert_snapshot!(unpacking(b"").run(&[]), @"
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
    Error: Not a recognized archive type: [DIR]/source.tar.gz
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: An archive is a tar, compressed or not, or a zip: correct the URL, or don't unpack it.
    ");
}

/// Names with `..` and absolute names never leave the destination.
#[test]
fn names_that_lead_out() {
    let sandbox = unpacking(
        &Archive::new().file("x/good", "good").file("x/../../../evil", "evil").file("/tmp/rb-evil", "evil").gz(),
    );
    assert_snapshot!(sandbox.run(&[]), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Skipped 2 entries that would be outside of [DIR]/parts/a: x/../../../evil, /tmp/rb-evil
    ");
    assert!(!sandbox.exists("evil") && !sandbox.exists("parts/evil") && !std::path::Path::new("/tmp/rb-evil").exists());
    assert_snapshot!(sandbox.tree().paths().join("\n"), @"
    bin
    develop-eggs
    eggs
    parts
    parts/a
    parts/a/good
    source.tar.gz
    ");
}

/// A link that leads out is no way out either.
#[test]
fn links_that_lead_out() {
    let sandbox = unpacking(&Archive::new().symlink("x/out", "../../..").file("x/out/evil", "evil").gz());
    assert_snapshot!(sandbox.run(&[]), @"
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
    Error: The archive [DIR]/source.tar.gz is refused: its entry `x/out/evil` would be written outside the destination, through `the symbolic link in `x/out``.
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    Hint: Make an archive without this entry, or take another version.
    ");
    assert!(!sandbox.exists("evil"));
    assert!(!sandbox.exists("parts/a"), "nothing is left");
}
