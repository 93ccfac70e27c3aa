//! Runs with nothing to do, and state that others wrote.

use rbuildout_tests::{Archive, Sandbox, difference, md5, tool};

fn idle() -> Sandbox {
    let bytes = Archive::package("x").gz();
    let sandbox = Sandbox::with(&format!(
        "[buildout]\nparts = built text command page\n[built]\nrecipe = slapos.recipe.cmmi\nurl = ${{buildout:directory}}/x.tar.gz\n\
         md5sum = {}\n[text]\nrecipe = slapos.recipe.template\ninline = ${{built:location}}\noutput = text\n\
         [command]\nrecipe = plone.recipe.command\ncommand = true\n[text:python3]\nextra = 1\n\
         [page]\nrecipe = slapos.recipe.template:jinja2\ninline = {{{{ x }}}}\ncontext = key x text:output\noutput = page\n",
        md5(&bytes)
    ));
    sandbox.write("x.tar.gz", bytes);
    sandbox.run(&[]).ok();
    sandbox
}

#[test]
fn nothing_to_do() {
    let sandbox = idle();
    let (tree, installed) = (sandbox.tree(), sandbox.installed());
    let outcome = sandbox.run(&[]).ok();
    assert_eq!(outcome.out, "Nothing to do: 4 parts are up to date.\n");
    assert_eq!(outcome.err, "");
    assert_eq!(sandbox.installed(), installed);
    assert_eq!(difference(&tree, &sandbox.tree()), "");
}

/// No process at all: no Python, no shell, no make.
#[test]
fn no_process_is_started() {
    let strace = tool("strace").expect("strace is needed for this test: `.ci/run` installs it");
    let sandbox = idle();
    let mut command = sandbox.command(strace);
    let log = sandbox.root().join("trace");
    command.args(["-f", "-qq", "-e", "trace=execve,execveat,fork,vfork,clone,clone3", "-e", "signal=none", "-o"]);
    let outcome = sandbox.outcome(command.arg(&log).arg(sandbox.program("rbuildout")));
    assert_eq!(outcome.out, "Nothing to do: 4 parts are up to date.\n", "{outcome}");
    let trace = fs_err::read_to_string(log).unwrap();
    // Threads are no processes; the first line is the command itself.
    let is_thread = |line: &&str| line.contains("CLONE_THREAD") || line.contains("resumed>");
    let others: Vec<&str> = trace.lines().filter(|line| !is_thread(line)).skip(1).collect();
    assert_eq!(others, Vec::<&str>::new());
    assert!(trace.contains("execve("), "the trace works");
}

/// Values of all kinds survive being written and read.
#[test]
fn values_survive() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\n[a]\nrecipe = zc.buildout:debug\nempty =\nlines =\n  one\n    two\n\n  three\n\
         equals = = x\nheader = [x]\npercent = %(x)s 100%\nescape = $${x}\nunicode = \u{e4}\u{4e2d}\u{1f980}\n\
         typed = !py!{'b': [1, 2.5, None], 'a': ('x',)}\nhash =\n  # not a comment\n  ; neither\nquote = it's \"q\"\n",
    );
    sandbox.run(&[]).ok();
    let installed = sandbox.installed();
    assert_eq!(sandbox.run(&["plan"]).ok().out, "update    a\n1 to update.\n");
    sandbox.run(&[]).ok();
    assert_eq!(sandbox.installed(), installed);
}

/// Other names for the file, and none.
#[test]
fn where_the_state_is() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = a\ninstalled = .other.cfg\n[a]\nrecipe = slapos.recipe.template\ninline = x\noutput = a\n",
    );
    sandbox.run(&[]).ok();
    assert!(sandbox.exists(".other.cfg") && !sandbox.exists(".installed.cfg"));
    assert_eq!(sandbox.run(&[]).ok().out, "Nothing to do: 1 part is up to date.\n");
    let without = ["buildout:installed="];
    assert_eq!(sandbox.run(&without).ok().out, "Installing a.\n");
    assert_eq!(sandbox.run(&without).ok().out, "Installing a.\n");
}

/// A state that is no state is told, with its place.
#[test]
fn broken_state() {
    let sandbox = idle();
    sandbox.write(".installed.cfg", "[buildout]\nparts = a\n\n[a]\nx + = 1\nrecipe = x\n");
    let outcome = sandbox.run(&[]).fails();
    assert!(
        outcome.err.contains("File contains parsing errors: [DIR]/.installed.cfg\n\t[line  5]: 'x + = 1\\n'"),
        "{outcome}"
    );
}
