//! Templates, downloads, directories, commands.

use rbuildout_tests::{Archive, Sandbox, md5};

use super::{LIFE, each, same};

#[test]
fn plone_command() {
    let sandbox = super::sandbox(
        "[a]\nrecipe = plone.recipe.command\ncommand = echo install >> log; touch made; cat input; echo \"$PWD\" > place\n\
         update-command = echo update >> log\nlocation = made\n  other\nstop-on-error = true\n",
    );
    sandbox.write("input", "one\ntwo\n");
    same(&sandbox, &LIFE);
}

#[test]
fn plone_command_that_fails() {
    let failing =
        || super::sandbox("[a]\nrecipe = plone.recipe.command\ncommand = echo x > made; exit 3\nlocation = made\n");
    same(&failing(), &[&[], &["a:stop-on-error=yes"]]);
    same(&failing(), &[&["a:stop-on-error=on"], &[]]);
    same(&failing(), &[&["a:command="], &["buildout:parts="]]);
    let update = super::sandbox(
        "[a]\nrecipe = plone.recipe.command\ncommand = touch made\nupdate-command = exit 1\nlocation = made\nstop-on-error = 1\n",
    );
    same(&update, &[&[], &[], &["a:stop-on-error=true"], &["a:stop-on-error=true"]]);
}

#[test]
fn download() {
    let md5 = md5("content\n");
    let option_sets = [
        format!("url = ${{buildout:directory}}/file.txt\nmd5sum = {md5}\nfilename = name.txt\n"),
        format!("url = file.txt\nmd5sum = {md5}\ndestination = ${{buildout:directory}}/deep/er/here.txt\n"),
        "url = file.txt\n".to_owned(),
        "url = file://${buildout:directory}/file.txt\nmd5sum =\ndestination = here.txt\n".to_owned(),
        "url = file.txt\nmd5sum = 00000000000000000000000000000000\n".to_owned(),
        "url = nowhere.txt\n".to_owned(),
        "url = file.txt\nmode = 0600\n".to_owned(),
        "filename = x\n".to_owned(),
        "url = file.txt\nshared = true\n".to_owned(),
        format!("url = file.txt\nmd5sum = {md5}\nshared = true\ndestination = x\n"),
        format!("url = file.txt\nmd5sum = {md5}\nlocation = elsewhere\n"),
    ];
    each(option_sets, |options: &str| {
        let sandbox = super::sandbox(&format!("[a]\nrecipe = slapos.recipe.build:download\n{options}"));
        sandbox.write("file.txt", "content\n");
        sandbox
    });
}

#[test]
fn download_unpacked() {
    let archive = Archive::package("x").symlink("x-1.0/link", "input").file("x-1.0/deep/er/file", "x").gz();
    let flat = Archive::new().file("one", "1").script("two", "2").gz();
    each(
        [
            "",
            "url = flat.tar.gz\nmd5sum =\n",
            "url = flat.tar.gz\nmd5sum =\nstrip-top-level-dir = true\n",
            "url = flat.tar.gz\nmd5sum =\nstrip-top-level-dir = false\n",
            "strip-top-level-dir = true\n",
            "strip-top-level-dir = false\n",
            "destination = ${buildout:directory}/to\n",
            "url = text\nmd5sum =\n",
            "shared = true\nmd5sum =\n",
        ],
        |more: &str| {
            let sandbox = super::sandbox(&format!(
                "[a]\nrecipe = slapos.recipe.build:download-unpacked\nurl = ${{buildout:directory}}/x.tar.gz\nmd5sum = {}\n\
             [a]\n{more}",
                md5(&archive)
            ));
            sandbox.write("x.tar.gz", &archive);
            sandbox.write("flat.tar.gz", &flat);
            sandbox.write("text", "no archive");
            sandbox
        },
    );
}

#[test]
fn make_directory() {
    for (mode, exists) in [("0750", false), ("", true), ("0777", true)] {
        let sandbox = super::sandbox(&format!(
            "[a]\nrecipe = slapos.recipe.build:mkdirectory\nmode = {mode}\netc = ${{buildout:directory}}/etc\nvar = ${{:etc}}/var\nnone =\n"
        ));
        if exists {
            sandbox.write("etc/var/x", "");
        }
        same(&sandbox, &[&[], &[], &["buildout:parts="]]);
    }
    let sandbox = super::sandbox("[a]\nrecipe = slapos.recipe.build:mkdirectory\nfile = ${buildout:directory}/file\n");
    sandbox.write("file", "");
    same(&sandbox, &LIFE);
}

fn text(sandbox: &Sandbox) {
    sandbox.write("in.txt", "${:value} ${b:value} $${kept} $x %(y)s {{ z }}\n${buildout:directory}\n");
}

#[test]
fn template() {
    each(
        [
            "url = ${buildout:directory}/in.txt\noutput = ${buildout:directory}/out.txt\nvalue = from a\n",
            "url = in.txt\noutput = deep/er/out.txt\nvalue = from a\nmode = 0750\n",
            "inline =\n  #!/bin/sh\n    echo ${b:value}\n\n  exit\noutput = ${buildout:bin-directory}/out\nmode = 0755\n",
            "inline = #!/bin/sh\noutput = out\n",
            "inline = #!/no/shell\noutput = out\n",
            "inline =\nurl =\noutput = out\n",
            "inline = x\nurl = in.txt\noutput = out\n",
            "inline = x\nmd5sum = 92eb5ffee6ae2fec3ad71c777531578f\noutput = out\n",
            "inline = $${x} $${b:value} ${b:value}\noutput = out\n",
            "url = in.txt\noutput = out\n",
            "url = in.txt\nvalue = x\nmd5sum = 92eb5ffee6ae2fec3ad71c777531578f\noutput = out\n",
            "url = nowhere\noutput = out\n",
            "inline = x\n",
            "inline = x\noutput = out\nmode = abc\n",
        ],
        |options: &str| {
            let sandbox = super::sandbox(&format!(
                "[a]\nrecipe = slapos.recipe.template\n{options}[b]\nvalue =\n  from b\n  twice\n"
            ));
            text(&sandbox);
            sandbox
        },
    );
}

#[test]
fn jinja2() {
    let context = "[b]\nvalue = v\nzero = 0\njson = {\"l\": [1, 2.5, null, true], \"d\": {\"x\": \"y\"}}\n";
    each(
        [
            "url = ${buildout:directory}/in.txt\noutput = ${buildout:directory}/out.txt\nmode = 0640\n",
            "inline = {{ k }} {{ s | length }} {{ dict(s)['value'] }}\noutput = out\n",
            "template = inline: {{ k }}\nrendered = out\n",
            "template = in.txt\nrendered = out\n",
            "inline = {{ k }}\noutput = out\nonce = ${buildout:directory}/once\n",
            "inline = {{ k }}\noutput = out\nonce = out\n",
            "inline = {{ k }}\noutput = out\nupdate = true\n",
            "inline = {{ absent }}\noutput = out\n",
            "inline = {{ absent\noutput = out\n",
            "inline = {{ 1 // 0 }}\noutput = out\n",
            "inline = {{ assert(false, 'no') }}\noutput = out\n",
            "inline = {% do [].append(1) %}x\noutput = out\n",
            "inline = {% do [].append(1) %}x\noutput = out\nextensions = jinja2.ext.do\n",
            "inline = {{ dumps(s) }}\noutput = out\n",
            "inline = {% import 'lib' as lib with context %}{{ lib.m(1) }}\noutput = out\n",
            "inline = {% import 'nothing' as lib %}\noutput = out\n",
            "inline = x\ncontext = key k b:absent\noutput = out\n",
            "inline = x\ncontext = key k absent:value\noutput = out\n",
            "inline = x\ncontext = raw range x\noutput = out\n",
            "inline = x\ncontext = strange k x\noutput = out\n",
            "inline = x\ncontext = raw k\noutput = out\n",
            "inline = x\n",
        ],
        |options: &str| {
            let sandbox = super::sandbox(&format!(
                "[a]\nrecipe = slapos.recipe.template:jinja2\n\
             import-list =\n  rawfile lib lib.txt\n  rawfolder more more\n\
             context =\n  key k b:value\n  raw r raw text\n  section s b\n  jsonkey j b:json\n  json n [1, {{\"a\": 2}}]\n  \
             import os_path os.path\n[a]\n{options}{context}"
            ));
            sandbox.write("lib.txt", "{% macro m(x, y='z') %}<{{ x }}{{ y }}>{% endmacro %}");
            sandbox.write("more/inner.txt", "{% set exported = 'inner' %}");
            sandbox.write(
                "in.txt",
                "{% import 'lib' as lib %}{% from 'more/inner.txt' import exported %}\n\
             {{ k }} {{ r|upper }} {{ lib.m(k) }} {{ exported }}\n\
             {% for key, value in s|dictsort %}{{ key }}={{ value }} {% endfor %}\n\
             {{ j }} {{ n }} {{ j.l[1] + 1 }} {{ j['d']['x'] * 3 }} {{ os_path.join('a', 'b') }}\n\
             {%- if 'x' in j.d and not none %} yes{% else %} no{% endif %} {{ '%05.1f|%s' % (3.14159, [1]) }}\n\
             {{ 7 // 2 }} {{ 7 / 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ \"it's\" }} {{ ['a', \"b'c\"] }}\n{# gone #}end\n",
            );
            sandbox
        },
    );
}

#[test]
fn collective_template() {
    each(
        [
            "inline =\n  ${value} ${b:value}\n    more\noutput = out\nvalue = own\n",
            "input = in.txt\noutput = ${buildout:directory}/deep/er/out\nvalue = own\n",
            "input = in.txt\noutput = out\nmode = 755\nvalue = own\n",
            "input = inline: ${value}\noutput = out\nvalue = own\n",
            "inline = x\noutput = out\noverwrite = false\n",
            "inline = x\noutput = out\noverwrite = no\nmode = 600\n",
            "input = nowhere\noutput = out\n",
            "input = in.txt\ninline = x\noutput = out\nvalue = x\n",
            "output = out\n",
            "inline = x\n",
            "inline = ${absent}\noutput = out\n",
        ],
        |options: &str| {
            let sandbox =
                super::sandbox(&format!("[a]\nrecipe = collective.recipe.template\n{options}[b]\nvalue = from b\n"));
            sandbox.write("in.txt", "${value} ${:value} ${b:value} $x\n");
            sandbox
        },
    );
}

/// Parts of all kinds together, with failures in the middle.
#[test]
fn together() {
    let sandbox = super::sandbox(
        "[a]\nrecipe = slapos.recipe.template\ninline = ${b:output} ${c:location}\noutput = ${buildout:directory}/a.txt\n\
         [b]\nrecipe = slapos.recipe.template\ninline = b\noutput = ${buildout:directory}/b.txt\n\
         [c]\nrecipe = slapos.recipe.build:download\nurl = ${b:output}\nmd5sum = 92eb5ffee6ae2fec3ad71c777531578f\n\
         [d]\nrecipe = plone.recipe.command\ncommand = false\nstop-on-error = true\n",
    );
    same(
        &sandbox,
        &[
            &[],
            &["buildout:parts=b a"],
            &["b:x=1"],
            &["buildout:parts=a d b"],
            &["install", "b"],
            &["buildout:parts=c"],
            &["buildout:parts="],
        ],
    );
}
