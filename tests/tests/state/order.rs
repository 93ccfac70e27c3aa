//! Parts side by side: the same tree, the same output, the same state as one after another.

use std::fmt::Write as _;

use rbuildout_tests::{Archive, Sandbox, difference, md5};

/// A dozen parts of several kinds that need each other, with a few ordered ones between.
fn mixed() -> Sandbox {
    let bytes = Archive::package("x").gz();
    let mut profile = String::from("[buildout]\nparts =");
    let mut sections = String::new();
    for at in 0..6 {
        let needs = if at > 1 { format!("${{package-{}:location}}", at - 2) } else { "none".to_owned() };
        let _ = write!(profile, "\n  package-{at}\n  note-{at}\n  text-{at}");
        let _ = write!(
            sections,
            "\n[package-{at}]\nrecipe = slapos.recipe.cmmi\nurl = ${{buildout:directory}}/x.tar.gz\nmd5sum = {sum}\n\
             environment =\n  NEEDS={needs}\npre-configure = echo {at} says something; sleep 0.0{wait}\n\
             post-install = echo $NEEDS > @@LOCATION@@/needs\npromises = @@LOCATION@@/nothing-{at}\n\
             [note-{at}]\nrecipe = plone.recipe.command\ncommand = echo {at} >> ${{buildout:directory}}/order; ls parts | wc -l\n\
             [text-{at}]\nrecipe = slapos.recipe.template\ninline = ${{package-{at}:location}}\n\
             output = ${{buildout:directory}}/text-{at}\nunused = 1\n",
            sum = md5(&bytes),
            wait = 6 - at,
        );
    }
    let sandbox = Sandbox::with(&format!("{profile}\n{sections}"));
    sandbox.write("x.tar.gz", bytes);
    sandbox
}

/// Paths of the sandbox do not count.
fn state(sandbox: &Sandbox) -> String {
    let text = sandbox.filtered(&sandbox.installed());
    // Digests of sections that hold such paths.
    let digest = regex::Regex::new("[0-9a-f]{32}").unwrap();
    digest.replace_all(&text, "[DIGEST]").into_owned()
}

#[test]
fn any_number_of_jobs_gives_the_same() {
    let one = mixed();
    let mut said = one.run(&["--jobs=1"]).ok();
    // The same directory, so that paths are the same.
    let tree = one.tree();
    let installed = one.installed();
    for jobs in ["--jobs=2", "--jobs=4", "--jobs=16"] {
        for name in ["parts", "order", ".rbuildout", ".installed.cfg"] {
            one.must("rm", &["-r", name]);
        }
        one.must("mkdir", &["parts"]);
        let again = one.run(&[jobs]).ok();
        said.out =
            said.out.lines().filter(|line| !line.starts_with("Creating")).fold(String::new(), |t, l| t + l + "\n");
        assert_eq!(again.out, said.out, "{jobs}");
        assert_eq!(one.installed(), installed, "{jobs}");
        assert_eq!(difference(&tree, &one.tree()), "", "{jobs}");
    }
    assert_eq!(one.read("order"), "0\n1\n2\n3\n4\n5\n");
}

/// The same with what commands print.
#[test]
fn any_number_of_jobs_echoes_the_same() {
    let (one, four) = (mixed(), mixed());
    let said = one.run(&["-v", "--jobs=1"]).ok();
    assert_eq!(four.run(&["-v", "--jobs=4"]).ok().out, said.out);
    assert_eq!(state(&one), state(&four));
}

/// Commands run at their place in the list: all before them is there, nothing after them has begun.
#[test]
fn commands_are_fences() {
    let sandbox = mixed();
    let said = sandbox.run(&["-v", "--jobs=4"]).ok().out;
    let counts: Vec<&str> = said.lines().filter(|line| line.len() == 1 && line.parse::<u8>().is_ok()).collect();
    assert_eq!(counts, ["1", "2", "3", "4", "5", "6"], "{said}");
}

/// Independent parts really run side by side.
#[test]
fn side_by_side() {
    let part = |mine: &str, other: &str| {
        format!(
            "[{mine}]\nrecipe = slapos.recipe.cmmi\npath = .\nmake-binary = true\nconfigure-command =\n  touch {mine}.begun; \
             n=0; while [ ! -e {other}.begun ]; do sleep 0.01; n=`expr $n + 1`; [ $n -lt 2000 ]; done\n"
        )
    };
    let sandbox = Sandbox::with(&format!("[buildout]\nparts = a b\n{}{}", part("a", "b"), part("b", "a")));
    sandbox.run(&["--jobs=2"]).ok();
}

/// Never more at work than allowed, makes included.
#[test]
fn no_more_than_allowed() {
    let makefile = "T = 1 2 3 4 5 6\nall: $(T)\n$(T):\n\t@echo + >> ../../../../log; sleep 0.05; echo - >> ../../../../log\ninstall: all\n";
    let bytes = Archive::new().script("x/configure", "#!/bin/sh\n").file("x/Makefile", makefile).gz();
    let mut profile = String::from("[buildout]\nparts = a b c d\n");
    for name in ["a", "b", "c", "d"] {
        let sum = md5(&bytes);
        let _ = write!(
            profile,
            "[{name}]\nrecipe = slapos.recipe.cmmi\nurl = ${{buildout:directory}}/x.tar.gz\nmd5sum = {sum}\n"
        );
    }
    for (jobs, most) in [("--jobs=1", 1), ("--jobs=3", 3)] {
        let sandbox = Sandbox::with(&profile);
        sandbox.write("x.tar.gz", &bytes);
        sandbox.run(&[jobs]).ok();
        let (mut now, mut peak) = (0, 0);
        for line in sandbox.read("log").lines() {
            now += if line == "+" { 1 } else { -1 };
            peak = peak.max(now);
        }
        assert_eq!(now, 0);
        assert_eq!(peak, most, "{jobs}");
    }
}

/// Parts that do not need a failed one are built all the same, if that is wanted.
#[test]
fn keep_going() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = bad after other last\n[bad]\nrecipe = plone.recipe.command\ncommand = false\nstop-on-error = true\n\
         [after]\nrecipe = slapos.recipe.template\ninline = ${bad:command}\noutput = after\n\
         [other]\nrecipe = slapos.recipe.template\ninline = x\noutput = other\n\
         [last]\nrecipe = slapos.recipe.template\ninline = ${other:output}\noutput = last\n",
    );
    sandbox.run(&["-k"]).fails();
    assert_eq!((sandbox.exists("after"), sandbox.exists("other"), sandbox.exists("last")), (false, true, true));
    assert!(sandbox.installed().contains("parts = other last\n"), "{}", sandbox.installed());
    let why = sandbox.run(&["why", "after"]).ok().out;
    assert!(why.contains("not reached"), "{why}");
    let without = Sandbox::with(&sandbox.read("buildout.cfg"));
    without.run(&[]).fails();
    assert!(!without.exists("other"));
}

/// Two parts that read each other's options: the one that stands earlier needs what the other one reads.
#[test]
fn loops() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = hub\n\
         [hub]\nrecipe = plone.recipe.command\ncommand = :\ndepends = ${user:recipe}\nfile = ${env:file}\n\
         [user]\nrecipe = plone.recipe.command\ncommand = touch ${hub:file}.used\n\
         [env]\nrecipe = plone.recipe.command\nfile = env\ncommand = false\nstop-on-error = true\n",
    );
    sandbox.run(&["-k"]).fails();
    assert!(!sandbox.exists("env.used"));
    sandbox.run(&["env:command=true"]).ok();
    assert!(sandbox.exists("env.used"));
}
