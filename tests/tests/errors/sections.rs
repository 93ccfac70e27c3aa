//! Sections: names, conditions, macros, recipes.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

#[test]
fn unknown_part() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n  zlib\n  opensll\n[zlib]\nrecipe = zc.buildout:debug\n[openssl]\nrecipe = zc.buildout:debug\n");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
}

#[test]
fn part_without_recipe() {
    let sandbox = Sandbox::with("[buildout]\nparts = a\n[a]\nx = 1\n");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
}

#[test]
fn macros() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\n<= common\nrecipe = zc.buildout:debug\n[b]\n<= c\n[c]\n<= b\n[commmon]\nx = 1\n\
         [d]\n<= a b\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.run(&["buildout:parts=b"]), @"");
    assert_snapshot!(sandbox.run(&["buildout:parts=d"]), @"");
    assert_snapshot!(sandbox.upstream(&["buildout:parts=b"]), @"");
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
    assert_snapshot!(sandbox.run(&["-c", "0.cfg"]), @"");
    assert_snapshot!(sandbox.upstream(&["-c", "0.cfg"]), @"");
    assert_snapshot!(sandbox.run(&["-c", "1.cfg"]), @"");
    assert_snapshot!(sandbox.run(&["-c", "2.cfg"]), @"");
    assert_snapshot!(sandbox.run(&["-c", "3.cfg"]), @"");
    assert_snapshot!(sandbox.run(&["-c", "4.cfg"]), @"");
    assert_snapshot!(sandbox.run(&["-c", "5.cfg"]), @"");
}

/// A condition needs to know the Python it is about.
#[test]
fn no_python() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n[a:python3]\nx = 1\n");
    sandbox.write("bad-python", "#!/bin/sh\necho this is no python >&2\nexit 3\n");
    sandbox.must("chmod", &["+x", "bad-python"]);
    let path = sandbox.path("bad-python");
    assert_snapshot!(sandbox.run(&[&format!("buildout:executable={}", path.display())]), @"");
    assert_snapshot!(sandbox.run(&["buildout:executable=/nowhere/python"]), @"");
    let mut command = sandbox.command(sandbox.program("rbuildout"));
    assert_snapshot!(sandbox.outcome(command.env("PATH", "/nowhere")), @"");
}

#[test]
fn recipes_that_are_not_native() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = zc.recipe.egg:scripts\neggs = x\n[b]\nrecipe = slapos.recipe.build\n\
         [c]\nrecipe = slapos.recipe.cmmi:nope\n[d]\nrecipe = a:b:c\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
    let mut all = String::new();
    for part in ["b", "c", "d"] {
        all.push_str(&sandbox.run(&[&format!("buildout:parts={part}")]).fails().err);
    }
    assert_snapshot!(all, @"");
}

/// What a recipe says of its options.
#[test]
fn options_of_recipes() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts =\n[both]\nrecipe = slapos.recipe.cmmi\nurl = x\npath = y\n[neither]\nrecipe = slapos.recipe.cmmi\n\
         [download]\nrecipe = slapos.recipe.build:download\n[command]\nrecipe = plone.recipe.command\nstop-on-error = maybe\n\
         [template]\nrecipe = slapos.recipe.template\noutput = x\n[jinja]\nrecipe = slapos.recipe.template:jinja2\n\
         output = x\ninline = {{ a\n[undefined]\nrecipe = slapos.recipe.template:jinja2\noutput = x\ninline =\n  one\n  {{ nope.x }}\n\
         [hook]\nrecipe = slapos.recipe.cmmi\npath = .\npre-make-hook = x.py#md5:f\n[clone]\nrecipe = slapos.recipe.build:gitclone\n",
    );
    let mut all = String::new();
    for part in ["both", "neither", "download", "command", "template", "jinja", "undefined", "hook", "clone"] {
        all.push_str(&format!("# {part}\n{}", sandbox.run(&[&format!("buildout:parts={part}")]).fails().err));
    }
    assert_snapshot!(all, @"");
}

/// Several mistakes, one report.
#[test]
fn several_errors_at_once() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts =\n  a\n  b\n  nope\n[a]\nrecipe = zc.buildout:debug\nx = ${zlib:lcoation}\n\
         y = ${zlibb:location}\n[b]\nrecipe = zc.recipe.egg\n<= mcro\nz = ${a:x:y}\n[macro]\n\
         [zlib]\nrecipe = slapos.recipe.cmmi\nurl = x\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.run(&["plan"]), @"");
}
