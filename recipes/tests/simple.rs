//! Recipes that write small things: debug, mkdirectory, plone.recipe.command, symbolic.link, wrapper.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use fs_err as fs;
use rbuildout_recipes::{Effects, Installed, RecipeError};
use support::{Bench, paths};

#[test]
fn debug_prints_sorted_options() {
    let bench = Bench::new();
    let part = bench.init("zc.buildout:debug", "d", &[("b", "x'y"), ("a", "1\n2")]).unwrap();
    assert_eq!(part.install().unwrap(), paths([]));
    assert_eq!(bench.records(), ["|   a='1\\n2'", "|   b=\"x'y\"", "|   recipe='zc.buildout:debug'"]);
    part.update().unwrap();
    assert_eq!(bench.records().len(), 3);
}

#[test]
fn mkdirectory_makes_every_option() {
    let bench = Bench::new();
    bench.write("f", "");
    let options = [("mode", "0750"), ("x", "{dir}/d1/d2"), ("y", ""), ("z", "f"), ("r", "d3/d4/")];
    let part = bench.init("slapos.recipe.build:mkdirectory", "m", &options).unwrap();
    assert!(!part.part.update_is_noop());
    assert_eq!(part.install().unwrap(), paths([]));
    let modes = [bench.tree("d1"), bench.tree("d3")];
    assert_eq!(modes, [["750 d2/"], ["750 d4/"]]);
    let error = bench.error("slapos.cookbook:mkdirectory", "m", &[("z", "{dir}/f")]);
    assert!(error.contains("{dir}/f"), "{error}");
    let error = bench.error("slapos.cookbook:mkdirectory", "m", &[("mode", "rwx")]);
    assert_eq!(error, "ValueError: invalid literal for int() with base 8: 'rwx'");
}

#[test]
fn plone_command_runs_and_records() {
    let bench = Bench::new();
    let options = [("command", "echo \"it's\"; pwd; exit 3"), ("location", "a b\n c"), ("update-command", "echo up")];
    let part = bench.init("plone.recipe.command", "c", &options).unwrap();
    assert_eq!(part.part.effects(), Effects::Ordered);
    assert!(!part.part.update_is_noop());
    assert_eq!(part.install().unwrap(), paths(["a", "b", "c"]));
    assert_eq!(bench.output(), "it's\n{dir}\n");
    assert_eq!(part.update().unwrap(), Installed::None);
    assert_eq!(bench.records(), ["Running 'echo \"it's\"; pwd; exit 3'", "Running echo up"]);
    assert!(bench.groups().is_empty());
}

#[test]
fn plone_command_errors() {
    let bench = Bench::new();
    let recipe = "plone.recipe.command";
    let error = bench.install(recipe, "c", &[("command", "exit 1"), ("stop-on-error", "TRUE")]).unwrap_err();
    assert_eq!(error.to_string(), "Non zero exit code (1) while running command.");
    let RecipeError::User { command: Some(failure), .. } = error else { panic!("it names the command") };
    assert_eq!((failure.command.as_str(), failure.status.returncode()), ("/bin/sh -c 'exit 1'", 1));
    let error = bench.error(recipe, "c", &[("command", "kill -9 $$"), ("stop-on-error", "on")]);
    assert_eq!(error, "Non zero exit code (-9) while running command.");
    assert_eq!(bench.error(recipe, "c", &[]), "No command specified");
    let invalid = "Invalid value 'maybe' for 'stop_on_error', use 'yes', 'on', 'true', 'no', 'off' or false.";
    bench.records();
    assert_eq!(bench.error(recipe, "c", &[("command", "true"), ("stop-on-error", "maybe")]), invalid);
    assert_eq!(bench.records(), [format!("ERROR: {invalid}")]);
}

#[test]
fn symbolic_links() {
    let bench = Bench::new();
    let options = [("target-directory", "{dir}/bin"), ("link-binary", "/usr/bin/x\n /opt/y")];
    let part = bench.init("slapos.cookbook:symbolic.link", "l", &options).unwrap();
    fs::os::unix::fs::symlink("/old", bench.dir.join("bin/x")).unwrap();
    assert!(!part.part.update_is_noop());
    let links = ["bin/x", "bin/y"].map(|link| bench.dir.join(link).display().to_string());
    assert_eq!(part.install().unwrap(), paths(links.iter().map(String::as_str)));
    assert_eq!(bench.tree("bin"), ["link x -> /usr/bin/x", "link y -> /opt/y"]);
    assert!(part.part.update_is_noop());
    fs::remove_file(bench.dir.join("bin/x")).unwrap();
    bench.write("bin/x", "");
    let error = part.install().unwrap_err().to_string();
    assert_eq!(bench.shorten(&error), "Target '{dir}/bin/x' already exists but is not a link");
}

#[test]
fn wrapper_in_shell_form() {
    let bench = Bench::new();
    let options = [
        ("command-line", "/bin/echo 'a b' $HOME"),
        ("wrapper-path", "{dir}/bin/w"),
        ("environment", "B = 2\n\nA=it's "),
        ("sig-ign", "USR1"),
    ];
    let part = bench.init("slapos.cookbook:wrapper", "w", &options).unwrap();
    assert_eq!((part.option("_d"), part.option("_e")), ("{dir}/develop-eggs".into(), "{dir}/eggs".into()));
    let path = bench.dir.join("bin/w");
    assert_eq!(part.install().unwrap(), paths([path.to_str().unwrap()]));
    assert_eq!(
        bench.read("bin/w"),
        "#!/bin/sh -e\ntrap '' USR1\nexport A='it'\"'\"'s '\nexport B=2\nexec /bin/echo 'a b' '$HOME' \"$@\"\n"
    );
    assert_eq!(bench.tree("bin"), ["700 w"]);
    assert_eq!(part.update().unwrap(), Installed::None);
    fs::remove_file(path).unwrap();
    let error = part.update().unwrap_err().to_string();
    assert_eq!(bench.shorten(&error), "unstable wrapper path ('{dir}/bin/w')");
}

#[test]
fn wrapper_with_hashes() {
    let bench = Bench::new();
    bench.write("f", "hello world");
    let recipe = "slapos.cookbook:wrapper";
    let options = [("command-line", "true"), ("wrapper-path", "bin/w"), ("hash-existing-files", "{dir}/f")];
    let part = bench.init(recipe, "w", &options).unwrap();
    let hash = "83af3240d992b2165abbd245a3e43368";
    assert_eq!(part.option("__hash_files__"), hash);
    assert_eq!(part.install().unwrap(), paths([bench.dir.join(format!("bin/w-{hash}")).to_string_lossy().as_ref()]));
    bench.write("f", "other");
    assert!(part.update().unwrap_err().to_string().starts_with("unstable wrapper path ('bin/w-"));
    let outside = [("command-line", "true"), ("wrapper-path", "bin/w"), ("hash-files", "/etc/passwd {dir}/f")];
    assert_eq!(
        bench.error(recipe, "w", &outside),
        "hash-files must only list files that are generated by buildout:\n  /etc/passwd"
    );
}

#[test]
fn wrapper_errors() {
    let bench = Bench::new();
    let error = |options: &[(&str, &str)]| {
        let all = [&[("wrapper-path", "bin/w")], options].concat();
        bench.error("slapos.cookbook:wrapper", "w", &all)
    };
    assert_eq!(error(&[]), "Missing option: w:command-line");
    assert_eq!(error(&[("command-line", "'")]), "ValueError: No closing quotation");
    assert_eq!(error(&[("command-line", "x"), ("sig-ign", "NOPE")]), "invalid signal value: NOPE");
    assert_eq!(
        error(&[("command-line", "x"), ("redirect-signal", "USR1")]),
        "redirect-signal without redirecting any output makes no sense"
    );
    let python = error(&[("command-line", "x"), ("pidfile", "p"), ("reserve-cpu", "yes"), ("wait-for-files", "")]);
    assert_eq!(python, "The wrapper of part `w` is a program in Python because of: pidfile, reserve-cpu.");
}
