//! What is native of `slapos.cookbook`.

use super::{LIFE, each, same};

#[test]
fn wrapper() {
    each(
        [
            "command-line = /bin/echo 'a b' \"c $d\" e\\ f # g\nwrapper-path = ${buildout:directory}/deep/er/run\n",
            "command-line = /bin/echo\nwrapper-path = run\nenvironment =\n  NAME = value with 'quote'\n  OTHER=$x\n",
            "command-line = /bin/echo\nwrapper-path = run\nsig-ign = SIGHUP\n",
            "command-line = /bin/echo\nwrapper-path = run\nsig-ign = NOTHING\n",
            "command-line = /bin/echo\nwrapper-path = run\nhash-existing-files = ${buildout:directory}/file\n",
            "command-line = /bin/echo\nwrapper-path = run\nhash-files = ${buildout:directory}/later\n",
            "command-line = /bin/echo\nwrapper-path = run\nhash-files = ${buildout:directory}/file /etc/passwd\n",
            "command-line = /bin/echo 'open\nwrapper-path = run\n",
            "command-line = /bin/echo\nwrapper-path = run\nredirect-signal = x\n",
            "wrapper-path = run\n",
            "command-line = x\n",
        ],
        |options: &str| {
            let sandbox = super::sandbox_of("cookbook", &format!("[a]\nrecipe = slapos.cookbook:wrapper\n{options}"));
            sandbox.write("file", "content");
            sandbox
        },
    );
}

#[test]
fn make_directory() {
    for mode in ["0750", ""] {
        let sandbox = super::sandbox_of(
            "cookbook",
            &format!(
                "[a]\nrecipe = slapos.cookbook:mkdirectory\nmode = {mode}\netc = ${{buildout:directory}}/etc\nvar = ${{:etc}}/var\nnone =\n"
            ),
        );
        same(&sandbox, &[&[], &[], &["buildout:parts="]]);
    }
    let sandbox =
        super::sandbox_of("cookbook", "[a]\nrecipe = slapos.cookbook:mkdirectory\nfile = ${buildout:directory}/file\n");
    sandbox.write("file", "");
    same(&sandbox, &LIFE);
}

#[test]
fn symbolic_link() {
    each(
        [
            "target-directory = ${buildout:directory}/links\nlink-binary =\n  /bin/sh\n  /nowhere/tool\n",
            "target-directory = ${buildout:directory}/taken\nlink-binary = /bin/sh\n",
            "target-directory = ${buildout:directory}/taken\nlink-binary = /bin/old\n",
            "target-directory = ${buildout:directory}/absent\nlink-binary = /bin/sh\n",
            "target-directory = ${buildout:directory}/links\nlink-binary =\n",
            "target-directory = ${buildout:directory}/links\n",
        ],
        |options: &str| {
            let sandbox =
                super::sandbox_of("cookbook", &format!("[a]\nrecipe = slapos.cookbook:symbolic.link\n{options}"));
            sandbox.write("links/.keep", "");
            sandbox.write("taken/sh", "a file");
            sandbox.must("ln", &["-s", "/elsewhere", "taken/old"]);
            sandbox
        },
    );
}
