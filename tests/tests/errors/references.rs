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
    assert_snapshot!(with("${bb:key}").run(&[]), @"");
    assert_snapshot!(with("one ${b:kye} two").run(&[]), @"");
    assert_snapshot!(with("${:y}").run(&[]), @"");
    assert_snapshot!(with("${b:kye}").upstream(&[]), @"");
}

/// The option may come from far away: the chain of definitions says from where.
#[test]
fn an_option_of_several_files() {
    let sandbox = Sandbox::with("[buildout]\nextends = mid.cfg\nparts = a\n[a]\nx +=\n  ${gone:far}\n");
    sandbox.write("mid.cfg", "[buildout]\nextends = base.cfg\n[a]\nx += two\n");
    sandbox.write("base.cfg", "[a]\nrecipe = zc.buildout:debug\nx = one\n");
    assert_snapshot!(sandbox.run(&[]), @"");
}

#[test]
fn circular() {
    let sandbox = Sandbox::with("[buildout]\nparts = a\n[a]\nrecipe = zc.buildout:debug\nx = ${b:y}\n[b]\ny = ${c:z}\n[c]\nz = ${a:x}\n");
    assert_snapshot!(sandbox.run(&[]), @"");
    assert_snapshot!(sandbox.upstream(&[]), @"");
    assert_snapshot!(with("${:x}").run(&[]), @"");
}

/// A location that only exists after the other part was initialised, both ways.
#[test]
fn two_parts_that_need_each_other() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.build:download\nurl = ${b:location}\n\
         [b]\nrecipe = slapos.recipe.build:download\nurl = ${a:location}\n",
    );
    assert_snapshot!(sandbox.run(&[]), @"");
}

#[test]
fn malformed() {
    let mut all = String::new();
    for value in ["${b}", "${b:c:d}", "${b/c:d}", "${b:d/e}", "${b:}", "${b:${b:key}}", "${b:key\n  }"] {
        let outcome = with(value).run(&[]).fails();
        all.push_str(&format!("# {}\n{}", value.replace('\n', "\\n"), outcome.err));
    }
    assert_snapshot!(all, @"");
    with("${b:key").run(&[]).ok();
}

/// Values that are Python.
#[test]
fn typed_values() {
    let mut all = String::new();
    for value in ["!py!len('a')", "!py![1, 2", "!py!'a' + 1", "!py!{'a': 1}['b']"] {
        all.push_str(&format!("# {value}\n{}", with(value).run(&[]).fails().err));
    }
    assert_snapshot!(all, @"");
}
