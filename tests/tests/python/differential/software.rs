//! Building and cloning.

use rbuildout_tests::{Archive, Sandbox, md5};

use super::{Apart, each, each_without};

fn package(sandbox: &Sandbox, archive: &[u8]) {
    sandbox.write("x.tar.gz", archive);
    sandbox.write("fix.patch", PATCH);
    sandbox.write("source/setup", "echo \"$@\" > options\n");
    sandbox.write(
        "source/Makefile",
        "all:\n\techo all > made\ninstall:\n\tmkdir -p ../parts/a/x\n\tcp options made ../parts/a/x\n\
         more:\n\tln -s x ../parts/a/link\n",
    );
}

const PATCH: &str = "--- a/input\n+++ b/input\n@@ -1 +1 @@\n-into the light\n+into the dark\n";

#[test]
fn cmmi() {
    let archive = Archive::package("x").script("x-1.0/tool", "#!/usr/bin/env python\nprint('x')\n").gz();
    let url = format!("url = ${{buildout:directory}}/x.tar.gz\nmd5sum = {}\n", md5(&archive));
    let patched = format!(
        "{url}patches =\n  ${{buildout:directory}}/fix.patch#{}\npatch-options = -p1\n\
         pre-configure = echo %(prefix)s > before\npost-install =\n  mkdir -p %(location)s/bin\n  \
         cp before tool $NAME @@LOCATION@@/bin\nenvironment =\n  NAME=input\n  PATH=/usr/local/bin:%(PATH)s\n\
         configure-options = --with-x\n  --prefix=@@LOCATION@@\nmake-options = V=1\npromises = @@LOCATION@@/share/x.txt\n",
        md5(PATCH)
    );
    let failing = |step: &str| format!("{url}{step} = exit 3\n");
    each(
        [
            patched,
            url.clone(),
            format!("{url}strip-top-level-dir = true\nkeep-compile-dir = true\nenvironment = b\n[b]\nX = 1\n"),
            format!("{url}promises = @@LOCATION@@/absent\nprefix = @@LOCATION@@/inside\n"),
            format!("{url}path = source\n"),
            "configure-command = true\n".to_owned(),
            failing("pre-configure"),
            failing("pre-build"),
            failing("post-install"),
            format!("{url}pre-build = echo %(bogus)s\n"),
            format!("{url}location = elsewhere\n"),
            format!("{url}environment = B\n"),
            format!("{url}shared = true\nprefix = /x\n"),
            "path = ${buildout:directory}/source\nconfigure-command = sh setup\nmake-targets = install more\n\
         prefix = ${buildout:parts-directory}/a/inside\n"
                .to_owned(),
            "path = ${buildout:directory}/absent\nconfigure-command = true\n".to_owned(),
        ],
        |options: &str| {
            let sandbox = super::sandbox(&format!("[a]\nrecipe = slapos.recipe.cmmi\n{options}"));
            package(&sandbox, &archive);
            sandbox
        },
    );
}

#[test]
fn cmmi_that_is_shared() {
    let archive = Archive::package("x").gz();
    let sandbox = super::sandbox(&format!(
        "shared-part-list = ${{buildout:directory}}/shared\n\
         [a]\nrecipe = slapos.recipe.cmmi\nshared = true\nurl = ${{buildout:directory}}/x.tar.gz\nmd5sum = {}\n",
        md5(&archive)
    ));
    sandbox.write("shared/.keep", "");
    package(&sandbox, &archive);
    for natives in ["all", "none"] {
        let mut command = sandbox.command(sandbox.program("rbuildout"));
        sandbox.outcome(command.env("RBUILDOUT_NATIVE", natives)).ok();
        assert!(sandbox.installed().contains("shared/a/"), "{}", sandbox.installed());
    }
}

#[test]
fn git_clone() {
    let clone = |options: &str| {
        let sandbox = super::sandbox(&format!(
            "[a]\nrecipe = slapos.recipe.build:gitclone\nrepository = ${{buildout:directory}}/origin\n[a]\n{options}"
        ));
        let commit = "GIT_COMMITTER_DATE='2020-01-01 00:00:00 +0000' git commit -q --date '2020-01-01 00:00:00 +0000'";
        let script = format!(
            "git init -q -b master origin && cd origin && git config user.email a@b && git config user.name a && \
             echo 1 > f && git add f && {commit} -m one && git checkout -q -b other && echo 2 > f && {commit} -am two"
        );
        sandbox.must("sh", &["-c", &script]);
        sandbox
    };
    // Git's own files have times in them.
    let options = [
        "branch = other\ndevelop = false\n",
        "branch = master\n",
        "branch = absent\n",
        "develop = true\nbranch = master\n",
        "revision = 0000000\n",
        "depth = 1\n",
        "shared = true\n",
        "location = ${buildout:directory}/here\n",
        "sparse-checkout = /f\n",
        "repository = ${buildout:directory}/nowhere\n",
        "repository = ${buildout:directory}/nowhere\nuse-cache = true\n",
        "repository =\n",
    ];
    each_without(options, clone, Apart { files: &["parts/a/.git", "here/.git"], ..Apart::default() });
}
