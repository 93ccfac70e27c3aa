//! Every reason there is, through `plan`.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a b\n[a]\nrecipe = slapos.recipe.template\ninline = ${s:x}\noutput = ${buildout:directory}/a\n\
         extra = 1\n[b]\nrecipe = zc.buildout:debug\nx = ${a:output}\n[s]\nx = 1\n[t]\ny = 1\n",
    );
    sandbox.run(&[]).ok();
    sandbox
}

fn plan(sandbox: &Sandbox, arguments: &[&str]) -> String {
    sandbox.run(&[&["plan"], arguments].concat()).ok().out
}

/// Replaces text in the profile.
fn edit(sandbox: &Sandbox, from: &str, to: &str) {
    let text = sandbox.read("buildout.cfg");
    assert!(text.contains(from));
    sandbox.write("buildout.cfg", text.replace(from, to));
}

#[test]
fn new() {
    let sandbox = sandbox();
    assert_snapshot!(plan(&sandbox, &["buildout:parts=a b c", "c:recipe=zc.buildout:debug"]), @"
    update    b
    install   c
    1 to install, 1 to update, 1 to keep.
    ");
}

#[test]
fn unchanged() {
    let sandbox = sandbox();
    assert_snapshot!(plan(&sandbox, &[]), @"
    update    b
    1 to update, 1 to keep.
    ");
    assert_snapshot!(sandbox.run(&["why", "b"]).ok().out, @"
    b: update
      because nothing changed
      needs a
    last time ([TIME] UTC): install, done in [TIME] s
      because it is not installed yet
    ");
}

#[test]
fn option_changed() {
    assert_snapshot!(plan(&sandbox(), &["a:extra=2"]), @"
    reinstall a
              - option extra changed from '1' to '2'
    reinstall b
              - [a], which it reads, changed
    2 to reinstall.
    ");
}

#[test]
fn option_added() {
    assert_snapshot!(plan(&sandbox(), &["a:more=a\nb"]), @"
    reinstall a
              - option more is new: 'a↵b'
    reinstall b
              - [a], which it reads, changed
    2 to reinstall.
    ");
}

#[test]
fn option_dropped() {
    let sandbox = sandbox();
    edit(&sandbox, "extra = 1\n", "");
    assert_snapshot!(plan(&sandbox, &[]), @"
    reinstall a
              - option extra is gone, it was '1'
    reinstall b
              - [a], which it reads, changed
    2 to reinstall.
    ");
}

#[test]
fn recipe_changed() {
    assert_snapshot!(plan(&sandbox(), &["a:recipe=slapos.recipe.template:jinja2"]), @"
    reinstall a
              - recipe changed from slapos.recipe.template to slapos.recipe.template:jinja2
    reinstall b
              - [a], which it reads, changed
    2 to reinstall.
    ");
}

#[test]
fn implementation_changed() {
    let sandbox = sandbox();
    let installed = sandbox.installed().replace("slapos.recipe.template-5.1", "slapos.recipe.template-4.6");
    sandbox.write(".installed.cfg", installed);
    assert_snapshot!(plan(&sandbox, &[]), @"
    reinstall a
              - the recipe's implementation changed from slapos.recipe.template-4.6 to slapos.recipe.template-5.1
    update    b
    1 to reinstall, 1 to update.
    ");
    assert_snapshot!(plan(&sandbox, &["--skip-signature-check"]), @"
    update    b
    1 to update, 1 to keep.
    ");
}

#[test]
fn dependency_changed() {
    assert_snapshot!(plan(&sandbox(), &["s:z=1"]), @"
    reinstall a
              - [s], which it reads, changed
    reinstall b
              - [a], which it reads, changed
    2 to reinstall.
    ");
}

#[test]
fn dependency_added() {
    let sandbox = sandbox();
    edit(&sandbox, "extra = 1\n", "extra = ${t:y}\n");
    assert_snapshot!(plan(&sandbox, &[]), @"
    reinstall a
              - it now reads [t]
    reinstall b
              - [a], which it reads, changed
    2 to reinstall.
    ");
}

#[test]
fn dependency_dropped() {
    let sandbox = sandbox();
    edit(&sandbox, "inline = ${s:x}\n", "inline = 1\n");
    assert_snapshot!(plan(&sandbox, &[]), @"
    reinstall a
              - it does not read [s] any more
    reinstall b
              - [a], which it reads, changed
    2 to reinstall.
    ");
}

#[test]
fn file_missing() {
    let sandbox = sandbox();
    fs_err::remove_file(sandbox.path("a")).unwrap();
    assert_snapshot!(plan(&sandbox, &[]), @"
    reinstall a
              - [DIR]/a is missing
    update    b
    1 to reinstall, 1 to update.
    ");
    assert_snapshot!(sandbox.run(&[]).ok().out, @"
    Uninstalling a.
    Installing a.
    Section `a` contains unused option(s): 'extra'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    Updating b.
      recipe='zc.buildout:debug'
      x='[DIR]/a'
    ");
    assert_eq!(sandbox.read("a"), "1");
    assert_snapshot!(sandbox.run(&["why", "a"]).ok().out, @"
    a: keep
      because nothing changed
      needed by b
    last time ([TIME] UTC): reinstall, done in [TIME] s
      because [DIR]/a is missing
    ");
}

#[test]
fn not_wanted() {
    assert_snapshot!(plan(&sandbox(), &["buildout:parts=a"]), @"
    remove    b
              - no part wants it any more
    1 to remove, 1 to keep.
    ");
}

/// A run was killed between the record that it removes a part and the end of that.
#[test]
fn removal_interrupted() {
    let sandbox = sandbox();
    let installed = sandbox.installed();
    let sum = rbuildout_tests::md5(&installed);
    let path = sandbox.path("a").display().to_string();
    sandbox.write(
        ".rbuildout/journal-.installed.cfg",
        format!(
            "{{\"continues\":{{\"md5\":\"{sum}\"}}}}\n{{\"removing\":{{\"part\":\"a\",\"paths\":[\"{path}\"]}}}}\n"
        ),
    );
    assert_snapshot!(plan(&sandbox, &[]), @"
    install   a
              - a run was interrupted while it removed it
    update    b
    1 to install, 1 to update.
    ");
    assert_snapshot!(sandbox.run(&[]).ok().out, @"
    Removing what an interrupted run left of a.
    Installing a.
    Section `a` contains unused option(s): 'extra'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    Updating b.
      recipe='zc.buildout:debug'
      x='[DIR]/a'
    ");
    assert_snapshot!(sandbox.run(&["why", "a"]).ok().out, @"
    a: keep
      because nothing changed
      needed by b
    last time ([TIME] UTC): install, done in [TIME] s
      because a run was interrupted while it removed it
    ");
    assert_eq!(sandbox.read("a"), "1");
}
