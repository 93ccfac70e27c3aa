//! Running commands: output, process groups, interruption.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rbuildout_recipes::run::CommandSpec;
use rbuildout_recipes::{CommandStatus, RecipeError};
use support::Bench;

fn shell(bench: &Bench, text: &str) -> CommandSpec {
    CommandSpec::shell(text, &bench.dir).environment(&bench.environment)
}

#[test]
fn output_goes_to_the_log() {
    let bench = Bench::new();
    let status = bench.run("p").run(&shell(&bench, "echo out; echo err >&2; pwd; echo $HOME; cat; exit 7")).unwrap();
    assert_eq!(status, CommandStatus::Exited(7));
    assert_eq!(bench.output(), "out\nerr\n{dir}\n/home/tester\n");
    assert_eq!(bench.echoed(), "");
}

#[test]
fn echo_shows_what_is_logged() {
    let mut bench = Bench::new();
    bench.echo();
    let status = bench.run("p").run(&shell(&bench, "echo out; echo err >&2; seq 20000")).unwrap();
    assert!(status.success());
    assert_eq!(bench.echoed(), bench.output());
    assert!(bench.echoed().starts_with("out\nerr\n1\n") && bench.echoed().ends_with("\n20000\n"));
}

#[test]
fn a_daemon_that_keeps_the_pipe_is_not_waited_for() {
    let mut bench = Bench::new();
    bench.echo();
    let start = Instant::now();
    bench.run("p").run(&shell(&bench, "sleep 20 & echo $! > pid; echo done")).unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(bench.echoed(), "done\n");
    bench.run("p").run(&shell(&bench, "kill $(cat pid)")).unwrap();
}

#[test]
fn output_can_be_taken() {
    let bench = Bench::new();
    let (status, output) = bench.run("p").run_for_output(&shell(&bench, "echo out; echo err >&2")).unwrap();
    assert!(status.success());
    assert_eq!((output.as_slice(), bench.output().as_str()), (&b"out\n"[..], "err\n"));
}

#[test]
fn a_program_that_is_not_there() {
    let bench = Bench::new();
    let error = bench.run("p").run(&CommandSpec::new("/nosuch/git", &bench.dir)).unwrap_err();
    let text = bench.shorten(&error.to_string());
    assert_eq!(text, "Can't start `/nosuch/git` in {dir}: No such file or directory (os error 2)");
}

#[test]
fn input_and_environment_are_only_what_is_given() {
    let bench = Bench::new();
    let file = bench.write("in", "text");
    let spec = CommandSpec::new("/usr/bin/env", &bench.dir).environment(&BTreeMap::from([("A".into(), "1".into())]));
    bench.run("p").run(&spec).unwrap();
    bench.run("p").run(&CommandSpec::new("/bin/cat", &bench.dir).input(file)).unwrap();
    assert_eq!(bench.output(), "A=1\ntext");
    assert_eq!(bench.shorten(&spec.arguments(["a b"]).input("x").display()), "/usr/bin/env 'a b' < x");
}

/// Interrupts a command once it has written `ready`, and returns how long it took to end.
fn interrupt(text: &str) -> (Bench, Duration) {
    let bench = Bench::new();
    let elapsed = std::thread::scope(|scope| {
        let command = scope.spawn(|| bench.run("p").run(&shell(&bench, text)));
        while !bench.dir.join("ready").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let start = Instant::now();
        assert_eq!(bench.groups().len(), 1);
        bench.interrupted.store(true, Ordering::Relaxed);
        assert!(matches!(command.join().unwrap(), Err(RecipeError::Interrupted)));
        start.elapsed()
    });
    assert!(bench.groups().is_empty());
    assert!(matches!(bench.run("p").run(&shell(&bench, "true")), Err(RecipeError::Interrupted)));
    (bench, elapsed)
}

#[test]
fn an_interruption_reaches_the_whole_group() {
    let (bench, elapsed) =
        interrupt("(trap 'echo child >&2; exit 0' TERM; touch ready; sleep 30 & wait) | cat; echo no");
    assert!(elapsed < Duration::from_secs(4), "{elapsed:?}");
    assert_eq!(bench.output(), "child\n");
}

#[test]
fn who_ignores_it_is_killed() {
    let (_bench, elapsed) = interrupt("trap '' TERM; touch ready; sleep 30; sleep 30");
    assert!(elapsed >= Duration::from_secs(5) && elapsed < Duration::from_secs(10), "{elapsed:?}");
}
