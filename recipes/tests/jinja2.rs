//! slapos.recipe.template:jinja2: options, contexts, imports, markers. What templates themselves can do is tested with
//! the engine.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use rbuildout_recipes::{Effects, Installed};
use support::{Bench, paths};

const JINJA2: &str = "slapos.recipe.template:jinja2";

fn rendered(bench: &Bench, options: &[(&str, &str)]) -> String {
    let options = [&[("output", "o")], options].concat();
    assert_eq!(bench.install(JINJA2, "t", &options).unwrap(), paths(["o"]));
    bench.read("o")
}

#[test]
fn context_of_all_types() {
    let mut bench = Bench::new();
    bench.section("s", &[("recipe", ""), ("a", "A"), ("j", "[1, {\"k\": null}]")]);
    let context =
        "raw r some  text\nkey k s:a\n\nkey own :mine\njsonkey jk s:j\njson js {\"b\": 1.5, \"a\": true}\nsection s s";
    let template = "{{ r }}|{{ k }}|{{ own }}|{{ jk }}|{{ js }}|{{ s['a'] }}\n";
    let text = rendered(&bench, &[("inline", template), ("context", context), ("mine", "M")]);
    assert_eq!(text, "some  text|A|M|[1, {'k': None}]|{'b': 1.5, 'a': True}|A");
}

#[test]
fn modules_and_extensions() {
    let bench = Bench::new();
    let options = [
        ("inline", "{% set l = [] %}{% do l.append(json.dumps({'a': 1})) %}{{ l[0] }}"),
        ("context", "import json json"),
        ("extensions", "jinja2.ext.do"),
    ];
    assert_eq!(rendered(&bench, &options), "{\"a\": 1}");
    let error = bench.error(JINJA2, "t", &[("output", "o"), ("inline", "{{ x }}"), ("context", "import x simpleran")]);
    assert!(error.starts_with("The template of part `t` is rendered by Python: "), "{error}");
    assert!(error.contains("simpleran"), "{error}");
}

#[test]
fn imports() {
    let mut bench = Bench::new();
    bench.write("m.in", "{% macro m() %}M{% endmacro %}");
    bench.write("folder/sub/n", "{% macro n() %}N{% endmacro %}");
    bench.section("files", &[("m", "m.in"), ("folder", "folder")]);
    let template = "{% import 'a' as a %}{% import 'f/sub/n' as f %}{{ a.m() }}{{ f.n() }}";
    assert_eq!(rendered(&bench, &[("inline", template), ("import-list", "rawfile a m.in\nrawfolder f folder")]), "MN");
    let template = template.replace('/', "-");
    let list = "file a files:m\nfolder f files:folder";
    assert_eq!(rendered(&bench, &[("inline", &template), ("import-list", list), ("import-delimiter", "-")]), "MN");
}

#[test]
fn update_rules() {
    let bench = Bench::new();
    bench.write("t.in", "one\n\n");
    let md5 = rbuildout_cache::hash::md5_hex("one\n\n");
    let noop = |options: &[(&str, &str)]| bench.init(JINJA2, "t", options).unwrap().part.update_is_noop();
    assert!(noop(&[("output", "o"), ("inline", "x")]));
    assert!(noop(&[("output", "o"), ("url", "t.in"), ("md5sum", &md5)]));
    assert!(!noop(&[("output", "o"), ("url", "t.in")]));
    assert!(!noop(&[("output", "o"), ("inline", "x"), ("update", "true")]));
    assert!(!noop(&[("rendered", "o"), ("template", "inline:x")]));
    assert!(noop(&[("rendered", "o"), ("template", "t.in"), ("md5sum", &md5)]));
    let part = bench.init(JINJA2, "t", &[("output", "o"), ("url", "t.in"), ("mode", "0640")]).unwrap();
    assert_eq!(part.part.effects(), Effects::Hermetic);
    assert_eq!(part.part.sources().len(), 1);
    part.install().unwrap();
    assert_eq!(bench.read("o"), "one\n");
    bench.write("t.in", "two");
    assert_eq!(part.update().unwrap(), paths(["o"]));
    assert_eq!(bench.read("o"), "two");
}

#[test]
fn once_is_rendered_once() {
    let bench = Bench::new();
    let init = |text: &str| bench.init(JINJA2, "t", &[("output", "o"), ("inline", text), ("once", "done")]).unwrap();
    assert_eq!(init("one").install().unwrap(), Installed::None);
    assert!(bench.dir.join("done").exists());
    let again = init("two");
    assert!(again.part.update_is_noop() && again.part.sources().is_empty());
    assert_eq!(again.install().unwrap(), Installed::None);
    assert_eq!(bench.read("o"), "one");
}

#[test]
fn old_forms() {
    let bench = Bench::new();
    bench.write("t.in", "url {{ x }}");
    let old = |template: &str| {
        let options = [("rendered", "o"), ("template", template), ("context", "raw x 5"), ("inline", "ignored")];
        assert_eq!(bench.install(JINJA2, "t", &options).unwrap(), paths(["o"]));
        bench.read("o")
    };
    assert_eq!(old("t.in"), "url 5");
    assert_eq!(old("inline:\n\n  a {{ x }}"), "  a 5");
    assert_eq!(old("inline: b {{ x }}"), " b 5");
    let error = |options: &[(&str, &str)]| bench.error(JINJA2, "t", options);
    assert_eq!(
        error(&[("rendered", "o"), ("template", "t.in"), ("md5sum", "abc")]),
        "MD5 checksum mismatch for local resource at '{dir}/t.in'."
    );
    assert_eq!(error(&[("inline", "x")]), "Missing option: t:rendered");
    assert_eq!(error(&[("rendered", "o"), ("url", "t.in")]), "Missing option: t:template");
    assert_eq!(error(&[("output", "o"), ("template", "t.in")]), "one of the options 'inline' 'url' is required");
}

#[test]
fn errors_of_options() {
    let bench = Bench::new();
    let error =
        |options: &[(&str, &str)]| bench.error(JINJA2, "t", &[&[("output", "o"), ("inline", "x")], options].concat());
    let values = "ValueError: not enough values to unpack";
    assert_eq!(error(&[("context", "raw x")]), format!("{values} (expected 3, got 2)"));
    assert_eq!(error(&[("context", "foo x y")]), "KeyError: 'foo'");
    assert_eq!(error(&[("context", "raw len y")]), "ValueError: Duplicate context entry 'len'");
    assert_eq!(error(&[("context", "raw x y\nraw x z")]), "ValueError: Duplicate context entry 'x'");
    assert_eq!(error(&[("context", "key y nosuch")]), format!("{values} (expected 2, got 1)"));
    assert_eq!(error(&[("context", "key y :nosuch")]), "Missing option: t:nosuch");
    assert_eq!(error(&[("context", "key y foo:nosuch")]), "The referenced section, 'foo', was not defined.");
    assert!(error(&[("context", "json y {nosuch")]).starts_with("json.decoder.JSONDecodeError: "));
    assert_eq!(error(&[("import-list", "rawfile a m\nrawfile a m")]), "ValueError: Duplicate import-list entry 'a'");
    assert_eq!(error(&[("import-list", "foo a m")]), "KeyError: 'foo'");
    assert_eq!(error(&[("import-list", "rawfile a")]), format!("{values} (expected 3, got 2)"));
    assert_eq!(error(&[("update", "yes")]), "ValueError: tuple.index(x): x not in tuple");
    assert_eq!(
        error(&[("encoding", "latin-1")]),
        "The encoding `latin-1` of a template isn't supported: only utf-8 is."
    );
}

#[test]
fn errors_of_templates() {
    let bench = Bench::new();
    let error = |template: &str| bench.error(JINJA2, "t", &[("output", "o"), ("inline", template)]);
    assert_eq!(error("\n{{ x }}"), "jinja2.exceptions.UndefinedError: 'x' is undefined");
    assert_eq!(bench.records(), ["ERROR: The template <inline> failed in line 2."]);
    assert_eq!(error("{{ assert(false, 'boo') }}"), "AssertionError: boo");
    assert_eq!(error("{{ 1/0 }}"), "ZeroDivisionError: division by zero");
    assert_eq!(
        bench.error(JINJA2, "t", &[("output", "o"), ("url", "nofile")]),
        "FileNotFoundError: [Errno 2] No such file or directory: 'nofile'"
    );
    assert!(!bench.dir.join("o").exists());
}
