//! Errors in templates: where they are, in a file, an imported file or the profile.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

const PROFILE: &str = "\
[buildout]
parts =
[plain]
recipe = slapos.recipe.template
output = x
url = ${buildout:directory}/plain.in
[file]
recipe = slapos.recipe.template:jinja2
output = x
url = ${buildout:directory}/file.in
[imported]
recipe = slapos.recipe.template:jinja2
output = x
import-list = rawfile lib lib.in
inline = {% import 'lib' as lib %}{{ lib.m() }}
[repeated]
recipe = slapos.recipe.template:jinja2
output = x
context =
  raw name value
inline = {% if name == 1 %}
  {{ nmae }}
  {% endif %}
  {{ nmae }}
[large]
recipe = slapos.recipe.template:jinja2
rendered = x
template = inline:
  {% set x = 'a' * 9 ** 9 %}
[values]
recipe = slapos.recipe.template:jinja2
output = x
inline =
  first
  # a comment
  ${:number}: {{ 1 / ${:number} }}
number = 0
";

#[test]
fn places() {
    let sandbox = Sandbox::with(PROFILE);
    sandbox.write("plain.in", "one $${kept}\ntwo ${buildout:directory}, ${gone:x}\n");
    sandbox.write("file.in", "one\r\n\ttwo {{ 1 / 0 }}\r\n");
    sandbox.write("lib.in", "{% macro m() %}\n  {{ [][3] }}\n{% endmacro %}\n");
    let mut all = String::new();
    for part in ["plain", "file", "imported", "repeated", "large", "values"] {
        let outcome = sandbox.run(&[&format!("buildout:parts={part}")]).fails();
        let told =
            outcome.err.lines().filter(|line| !line.starts_with("  ") || line.contains('|') || line.contains("-->"));
        all.extend([format!("# {part}\n"), told.collect::<Vec<_>>().join("\n"), "\n".to_owned()]);
    }
    assert_snapshot!(all, @"
    # plain
    While:
    Error: The referenced section, 'gone', was not defined.
     --> [DIR]/plain.in:2:28
      |
    2 | two ${buildout:directory}, ${gone:x}
      |                            ^^^^^^^^^
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [plain]
      | ^^^^^^^ in this part
    # file
    While:
    Error: ZeroDivisionError: division by zero
     --> [DIR]/file.in:2:2
      |
    2 |     two {{ 1 / 0 }}
      |     ^^^^^^^^^^^^^^^
     --> [DIR]/buildout.cfg:7:1
      |
    7 | [file]
      | ^^^^^^ in this part
    Hint: Correct this expression, or the values in `context` that it uses.
    Log: [DIR]/.rbuildout/log/file.log
    # imported
    While:
    Error: jinja2.exceptions.UndefinedError: list object has no element 3
     --> [DIR]/lib.in:2:3
      |
    2 |   {{ [][3] }}
      |   ^^^^^^^^^^^
      --> [DIR]/buildout.cfg:11:1
       |
    11 | [imported]
       | ^^^^^^^^^^ in this part
    Hint: Correct the name, or ask with `is defined` before.
    Log: [DIR]/.rbuildout/log/imported.log
    # repeated
    While:
    Error: jinja2.exceptions.UndefinedError: 'nmae' is undefined
      --> [DIR]/buildout.cfg:24:3
       |
    24 |   {{ nmae }}
       |   ^^^^^^^^^^
    Hint: Did you mean `name`?
    Log: [DIR]/.rbuildout/log/repeated.log
    # large
    While:
    Error: MemoryError: the result has more than 67108864 elements
      --> [DIR]/buildout.cfg:29:3
       |
    29 |   {% set x = 'a' * 9 ** 9 %}
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^
    Hint: The result is larger than any file that a template makes: use smaller numbers.
    Log: [DIR]/.rbuildout/log/large.log
    # values
    While:
    Error: ZeroDivisionError: division by zero
      --> [DIR]/buildout.cfg:36:3
       |
    36 |   ${:number}: {{ 1 / ${:number} }}
       |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    Hint: Correct this expression, or the values in `context` that it uses.
    Log: [DIR]/.rbuildout/log/values.log
    ");
}

/// upstream mode has a traceback in the place of snippets.
#[test]
fn traceback() {
    let sandbox =
        Sandbox::with("[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.template:jinja2\nurl = in\noutput = out\n");
    sandbox.write("in", "one\n  {% nosuch\n");
    let outcome = sandbox.upstream(&[]).fails();
    let (_, traceback) = outcome.err.split_once("Traceback").unwrap();
    assert_snapshot!(traceback, @r#"
     (most recent call last):
      File "[DIR]/buildout.cfg", line 3, in a
        [a]
      File "in", line 2, in a
        {% nosuch
    jinja2.exceptions.TemplateSyntaxError: Encountered unknown tag 'nosuch'.
    "#);
}
