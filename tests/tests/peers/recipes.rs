//! Native recipes and their originals.

use rbuildout_tests::{Answer, Archive, Sandbox, Server, md5};

use super::same;

/// Install, update, a change, removal.
const LIFE: [&[&str]; 5] = [&[], &[], &["a:changed=1"], &["a:changed=1"], &["buildout:parts="]];

fn sandbox(sections: &str) -> Sandbox {
    Sandbox::with(&format!("[buildout]\nparts = a\nnewest = false\n{sections}"))
}

#[test]
fn cmmi() {
    let patch = "--- a/input\n+++ b/input\n@@ -1 +1 @@\n-into the light\n+into the dark\n";
    let archive = Archive::package("x").script("x-1.0/tool", "#!/usr/bin/env python\nprint('x')\n").gz();
    let sandbox = sandbox(&format!(
        "[a]\nrecipe = slapos.recipe.cmmi\nurl = ${{buildout:directory}}/x.tar.gz\nmd5sum = {}\n\
         patches =\n  ${{buildout:directory}}/fix.patch#{}\npatch-options = -p1\n\
         pre-configure = echo %(prefix)s > before\npost-install =\n  mkdir -p %(location)s/bin\n  \
         cp before tool $NAME @@LOCATION@@/bin\nenvironment =\n  NAME=input\n  PATH=/usr/local/bin:%(PATH)s\n\
         configure-options = --with-x\n  --prefix=@@LOCATION@@\nmake-options = V=1\npromises = @@LOCATION@@/share/x.txt\n",
        md5(&archive),
        md5(patch)
    ));
    sandbox.write("x.tar.gz", archive);
    sandbox.write("fix.patch", patch);
    same(&sandbox, &LIFE);
}

#[test]
fn cmmi_from_a_directory() {
    let sandbox = sandbox(
        "[a]\nrecipe = slapos.recipe.cmmi\npath = ${buildout:directory}/source\nconfigure-command = sh setup\n\
         make-targets = install more\nprefix = ${buildout:parts-directory}/a/inside\n",
    );
    sandbox.write("source/setup", "echo \"$@\" > options\n");
    sandbox.write(
        "source/Makefile",
        "all:\n\techo all > made\ninstall:\n\tmkdir -p ../parts/a/x\n\tcp options made ../parts/a/x\nmore:\n\tln -s x ../parts/a/link\n",
    );
    same(&sandbox, &[&[], &[], &["buildout:parts="]]);
}

#[test]
fn cmmi_that_fails() {
    let archive = Archive::package("x").gz();
    let sandbox = sandbox(&format!(
        "[a]\nrecipe = slapos.recipe.cmmi\nurl = ${{buildout:directory}}/x.tar.gz\nmd5sum = {}\npre-build = exit 3\n",
        md5(&archive)
    ));
    sandbox.write("x.tar.gz", archive);
    let origin = sandbox.read("buildout.cfg");
    let theirs = super::reference(&sandbox, &[]);
    let ours = super::ours(&sandbox, &[]);
    assert_eq!((theirs.code, ours.code), (1, 1), "{theirs}\n{ours}");
    assert_eq!(theirs.err.lines().last(), ours.err.lines().last(), "{theirs}\n{ours}");
    assert_eq!(sandbox.read("buildout.cfg"), origin);
}

#[test]
fn download() {
    let content = "some content\n";
    let sandbox = sandbox(&format!(
        "[a]\nrecipe = slapos.recipe.build:download\nurl = ${{buildout:directory}}/file.txt\nmd5sum = {}\nfilename = name.txt\n",
        md5(content)
    ));
    sandbox.write("file.txt", content);
    same(&sandbox, &LIFE);
}

#[test]
fn download_to_a_destination() {
    let sandbox = sandbox(
        "[a]\nrecipe = slapos.recipe.build:download\nurl = file.txt\ndestination = ${buildout:directory}/here.txt\n\
         md5sum = f75b8179e4bbe7e2b4a074dcef62de95\n",
    );
    sandbox.write("file.txt", "content\n");
    same(&sandbox, &LIFE);
}

#[test]
fn download_of_something_else() {
    for path in ["${buildout:directory}/file.txt", "file.txt"] {
        for recipe in ["slapos.recipe.build:download", "slapos.recipe.template"] {
            let sandbox = sandbox(&format!(
                "[a]\nrecipe = {recipe}\nurl = {path}\noutput = out\nmd5sum = 00000000000000000000000000000000\n"
            ));
            sandbox.write("file.txt", "content\n");
            same(&sandbox, &[&[]]);
        }
    }
}

#[test]
fn what_downloads_of_one_file_say() {
    let server = Server::start(|_| Answer::ok("content\n"));
    for cache in ["", "[buildout]\ndownload-cache = cache\n"] {
        let said = [super::reference, super::ours].map(|run| {
            let sandbox = sandbox(&format!(
                "[a]\nrecipe = slapos.recipe.build:download\nurl = {}\nmd5sum = f75b8179e4bbe7e2b4a074dcef62de95\n\
                 [b]\n<= a\n[buildout]\nparts = a b\n{cache}",
                server.url("file.txt"),
            ));
            sandbox.write("cache/.keep", "");
            let outcome = run(&sandbox, &[]);
            assert_eq!(outcome.code, 0, "{outcome}");
            super::lines(&outcome.out).join("\n")
        });
        assert_eq!(said[0], said[1]);
        assert_eq!(said[1].matches("Downloading ").count(), if cache.is_empty() { 2 } else { 1 });
    }
}

#[test]
fn download_unpacked() {
    let archive = Archive::package("x").symlink("x-1.0/link", "input").file("x-1.0/deep/er/file", "x").gz();
    for more in [
        "",
        "strip-top-level-dir = true\n",
        "strip-top-level-dir = false\n",
        "destination = ${buildout:directory}/to\n",
    ] {
        let sandbox = sandbox(&format!(
            "[a]\nrecipe = slapos.recipe.build:download-unpacked\nurl = ${{buildout:directory}}/x.tar.gz\nmd5sum = {}\n{more}",
            md5(&archive)
        ));
        sandbox.write("x.tar.gz", &archive);
        same(&sandbox, &LIFE);
    }
}

#[test]
fn template() {
    let sandbox = sandbox(
        "[a]\nrecipe = slapos.recipe.template\nurl = ${buildout:directory}/in.txt\noutput = ${buildout:directory}/out.txt\n\
         value = from a\n[b]\nvalue =\n  from b\n  twice\n",
    );
    sandbox.write("in.txt", "${:value} ${b:value} $${kept} $x %(y)s {{ z }}\n${buildout:directory}\n");
    same(&sandbox, &LIFE);
}

#[test]
fn template_inline() {
    let sandbox = sandbox(
        "[a]\nrecipe = slapos.recipe.template\ninline =\n  #!/bin/sh\n    echo ${b:value}\n\n  exit\n\
         output = ${buildout:bin-directory}/out\nmode = 0755\n[b]\nvalue = v\n",
    );
    same(&sandbox, &LIFE);
}

#[test]
fn jinja2() {
    let sandbox = sandbox(
        "[a]\nrecipe = slapos.recipe.template:jinja2\nurl = ${buildout:directory}/in.txt\noutput = ${buildout:directory}/out.txt\n\
         mode = 0640\nimport-list =\n  rawfile lib lib.txt\n  rawfolder more more\n\
         context =\n  key k b:value\n  raw r raw text\n  section s b\n  jsonkey j b:json\n  import os_path os.path\n\
         [b]\nvalue = v\nzero = 0\njson = {\"l\": [1, 2.5, null, true], \"d\": {\"x\": \"y\"}}\n",
    );
    sandbox.write("lib.txt", "{% macro m(x, y='z') %}<{{ x }}{{ y }}>{% endmacro %}");
    sandbox.write("more/inner.txt", "{% set exported = 'inner' %}");
    sandbox.write(
        "in.txt",
        "{% import 'lib' as lib %}{% from 'more/inner.txt' import exported %}\n\
         {{ k }} {{ r|upper }} {{ lib.m(k) }} {{ exported }}\n\
         {% for key, value in s|dictsort %}{{ key }}={{ value }} {% endfor %}\n\
         {{ j }} {{ j.l[1] + 1 }} {{ j['d']['x'] * 3 }} {{ os_path.join('a', 'b') }}\n\
         {%- if 'x' in j.d and not none %} yes{% else %} no{% endif %} {{ '%05.1f|%s' % (3.14159, [1]) }}\n\
         {{ 7 // 2 }} {{ 7 / 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ \"it's\" }} {{ ['a', \"b'c\"] }}\n{# gone #}end\n",
    );
    same(&sandbox, &LIFE);
}

#[test]
fn plone_command() {
    let sandbox = sandbox(
        "[a]\nrecipe = plone.recipe.command\ncommand = echo install >> log; touch made; cat input\nupdate-command = echo update >> log\n\
         location = made\n  other\nstop-on-error = true\n",
    );
    sandbox.write("input", "one\ntwo\n");
    same(&sandbox, &LIFE);
}

#[test]
fn plone_command_that_fails() {
    let sandbox_of_command =
        || sandbox("[a]\nrecipe = plone.recipe.command\ncommand = echo x > made; exit 3\nlocation = made\n");
    same(&sandbox_of_command(), &[&[], &["a:stop-on-error=yes"]]);
    same(&sandbox_of_command(), &[&["a:command="]]);
}

#[test]
fn git_clone() {
    let sandbox = sandbox(
        "[a]\nrecipe = slapos.recipe.build:gitclone\nrepository = ${buildout:directory}/origin\nbranch = other\ndevelop = false\n",
    );
    sandbox.must(
        "sh",
        &[
            "-c",
            "git init -q -b master origin && cd origin && git config user.email a@b && git config user.name a && \
             echo 1 > f && git add f && GIT_COMMITTER_DATE='2020-01-01 00:00:00 +0000' git commit -q --date '2020-01-01 00:00:00 +0000' -m one && \
             git checkout -q -b other && echo 2 > f && \
             GIT_COMMITTER_DATE='2020-01-01 00:00:00 +0000' git commit -q --date '2020-01-01 00:00:00 +0000' -am two",
        ],
    );
    let origin = sandbox.root().join("before");
    sandbox.must("cp", &["-a", ".", &origin.to_string_lossy()]);
    let checkout = |sandbox: &Sandbox| {
        let of = |arguments: &[&str]| sandbox.must("git", &[&["-C", "parts/a"], arguments].concat());
        (
            of(&["rev-parse", "HEAD"]),
            of(&["status", "--porcelain=v1", "-b"]),
            of(&["config", "--get", "remote.origin.url"]),
        )
    };
    let theirs = super::reference(&sandbox, &[]).ok();
    let (their_checkout, their_state) = (checkout(&sandbox), super::installed(&sandbox));
    super::restore(&sandbox, &origin);
    let ours = super::ours(&sandbox, &[]).ok();
    assert_eq!(checkout(&sandbox), their_checkout, "{theirs}\n{ours}");
    assert_eq!(super::installed(&sandbox), their_state);
    assert_eq!(sandbox.read("parts/a/f"), "2\n");
}

#[test]
fn make_directory() {
    let sandbox = sandbox(
        "[a]\nrecipe = slapos.recipe.build:mkdirectory\nmode = 0750\netc = ${buildout:directory}/etc\nvar = ${:etc}/var\n",
    );
    same(&sandbox, &[&[], &[], &["buildout:parts="]]);
}

/// Options that nobody reads: which ones an original reads, and when, is told apart for each recipe. A part that was
/// there before never warns, as it is compared with what was saved.
#[test]
fn unused_options() {
    const LIVES: [&[&str]; 3] = [&[], &["a:more=1"], &["a:more=1"]];
    for section in [
        "recipe = plone.recipe.command\ncommand = true\nupdate-command = true\nlocation =\nstop-on-error = no\nother = 1\n",
        "recipe = slapos.recipe.build:mkdirectory\nmode = 0750\netc = ${buildout:directory}/etc\nvar = ${:etc}/var\n",
        "recipe = slapos.recipe.build:download\nurl = ${buildout:directory}/f\nmd5sum =\nalternate-url =\nmode = 0644\n\
         offline = false\nfilename = x\ndestination =\nshared = false\nenvironment =\nother = 1\n",
        "recipe = slapos.recipe.template\nurl =\nmd5sum =\nmode = 600\ninline = x\noutput = x\nonce = \nother = 1\n",
        "recipe = slapos.recipe.template:jinja2\nurl =\nmd5sum =\nmode = 600\ninline = x\noutput = x\nonce = \nrendered = x\n\
         template = y\ncontext = key a :other\nother = 1\nanother = 2\nencoding = utf-8\nimport-delimiter = /\n",
        "recipe = slapos.recipe.template:jinja2\nurl =\nmd5sum =\nmode = 600\ninline = x\nrendered = x\n\
         template = inline: y\nother = 1\n",
        "recipe = slapos.recipe.cmmi\npath = ${buildout:directory}/source\nconfigure-command = true\nother = 1\n",
    ] {
        let sandbox = sandbox(&format!("[a]\n{section}"));
        sandbox.write("f", "f");
        sandbox.write("source/Makefile", "all install:\n\ttrue\n");
        same(&sandbox, &LIVES);
    }
}

/// Several parts of all kinds together: order, implicit parts, failures in the middle.
#[test]
fn together() {
    let sandbox = sandbox(
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
