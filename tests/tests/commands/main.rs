//! Every command, seen from outside: what it prints and how it ends.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod look;
mod plan;
mod resolve;
mod usage;

use rbuildout_tests::Sandbox;

/// A page that needs a style sheet, with a value made in two files.
fn sample() -> Sandbox {
    let sandbox = Sandbox::with(
        "\
[buildout]
extends = base.cfg
parts = page

[page]
recipe = slapos.recipe.template
inline = Hello ${greeting:name}, see ${style:output}
output = ${buildout:directory}/page.html

[greeting]
name += and friends
",
    );
    sandbox.write(
        "base.cfg",
        "\
[greeting]
name = world

[style]
recipe = slapos.recipe.template
inline = body {}
output = ${buildout:directory}/style.css
",
    );
    sandbox
}
