//! What the machine may do to a run: locks, signals, no room, no permission.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;
use rustix::process::Signal;

/// Two parts that wait for a file `go`, each with a child of its own, side by side.
const SLOW: &str = "\
[buildout]
parts = quick one two
[quick]
recipe = slapos.recipe.template
inline = done
output = quick
[slow]
recipe = slapos.recipe.cmmi
path = .
configure-command = cat ${quick:output}; echo $$ >> ${buildout:directory}/started; (sleep 77 & sleep 77); true
make-binary = true
post-install = touch @@LOCATION@@/x
[one]
<= slow
[two]
<= slow
";

const WAITING: &str = "\
[buildout]
parts = a
[a]
recipe = plone.recipe.command
command = touch started; while [ ! -e go ]; do sleep 0.01; done; touch done
location = done
";

#[test]
fn a_second_run_waits() {
    let sandbox = Sandbox::with(WAITING);
    let first = sandbox.start(&[]);
    sandbox.wait_for("started");
    assert_snapshot!(sandbox.run(&["--no-wait"]), @"
    exit 1
    --- err
    Error: Another run is at work in this directory.
    Hint: Wait for it to end, or leave out --no-wait.
    ");
    let mut second = sandbox.start(&[]);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!second.has_ended());
    // A look needs no lock.
    assert_snapshot!(sandbox.run(&["plan"]), @"
    exit 0
    --- out
    install   a
    1 to install.
    ");
    sandbox.write("go", "");
    assert_snapshot!(first.wait(), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    a: Running 'touch started; while [ ! -e go ]; do sleep 0.01; done; touch done'
    ");
    assert_snapshot!(second.wait(), @"
    exit 0
    --- out
    Another run is at work in this directory; waiting for it to end.
    Nothing to do: 1 part is up to date.
    ");
}

/// Processes with the sleeping command of this sandbox.
fn sleepers(sandbox: &Sandbox) -> Vec<String> {
    let group = |pid: &str| -> Option<String> {
        let cwd = fs_err::read_link(format!("/proc/{pid}/cwd")).ok()?;
        let state = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let dead = state.rsplit(") ").next()?.starts_with('Z');
        (cwd.starts_with(sandbox.root()) && !dead).then(|| pid.to_owned())
    };
    let entries = fs_err::read_dir("/proc").unwrap();
    entries.filter_map(|entry| group(entry.ok()?.file_name().to_str()?)).collect()
}

fn interrupted_by(signal: Signal) {
    let sandbox = Sandbox::with(SLOW);
    let run = sandbox.start(&["--jobs=2"]);
    sandbox.wait_for("started");
    while sandbox.read("started").lines().count() < 2 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let begun = Instant::now();
    run.signal(signal);
    let outcome = run.wait();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(sleepers(&sandbox), Vec::<String>::new());
    assert_eq!(outcome.code, 130, "{outcome}");
    assert!(outcome.err.ends_with("Interrupted. What was finished is recorded; run again to go on.\n"), "{outcome}");
    assert!(sandbox.installed().contains("parts = quick\n"), "{}", sandbox.installed());
    // It goes on where it was.
    sandbox.write("buildout.cfg", SLOW.replace("(sleep 77 & sleep 77); true", "true"));
    sandbox.run(&[]).ok();
    assert!(sandbox.exists("parts/one/x") && sandbox.exists("parts/two/x"));
    assert!(sandbox.installed().contains("parts = quick one two\n"), "{}", sandbox.installed());
}

#[test]
fn interrupted() {
    interrupted_by(Signal::INT);
}

#[test]
fn terminated() {
    interrupted_by(Signal::TERM);
}

/// What a killed run leaves behind is ended by the next one.
#[test]
fn killed() {
    let sandbox = Sandbox::with(SLOW);
    let run = sandbox.start(&["--jobs=2"]);
    sandbox.wait_for("started");
    while sandbox.read("started").lines().count() < 2 {
        std::thread::sleep(Duration::from_millis(10));
    }
    run.signal(Signal::KILL);
    assert_eq!(run.wait().code, -9);
    assert_ne!(sleepers(&sandbox), Vec::<String>::new());
    sandbox.write("buildout.cfg", SLOW.replace("(sleep 77 & sleep 77); true", "true"));
    let mut outcome = sandbox.run(&[]).ok();
    let ended = outcome.out.lines().find(|line| line.starts_with("Ended ")).unwrap().to_owned();
    assert!(ended.ends_with(" processes that a killed run had left behind."), "{ended}");
    outcome.out = outcome.out.replace(&format!("{ended}\n"), "");
    assert_snapshot!(outcome, @"
    exit 0
    --- out
    Installing one.
    one: Using local source directory: .
    one: Executing post-install
    Installing two.
    two: Using local source directory: .
    two: Executing post-install
    ");
    assert_eq!(sleepers(&sandbox), Vec::<String>::new());
}

/// Not as root, whom nothing stops.
#[test]
fn no_permission() {
    if rustix::process::geteuid().is_root() {
        eprintln!("left out: root may write anywhere");
        return;
    }
    let sandbox =
        Sandbox::with("[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.template\ninline = x\noutput = closed/x\n");
    fs_err::create_dir(sandbox.path("closed")).unwrap();
    sandbox.must("chmod", &["0555", "closed"]);
    let outcome = sandbox.run(&[]).fails();
    assert!(outcome.err.contains("ermission denied"), "{outcome}");
    sandbox.must("chmod", &["0555", "."]);
    let outcome = sandbox.run(&[]).fails();
    assert!(outcome.err.contains("ermission denied"), "{outcome}");
    sandbox.must("chmod", &["0755", "."]);
}

/// A file where a directory should be.
#[test]
fn a_file_in_the_way() {
    let sandbox =
        Sandbox::with("[buildout]\nparts = a\n[a]\nrecipe = slapos.recipe.template\ninline = x\noutput = file/x\n");
    sandbox.write("file", "");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    --- err
    While:
      Installing a.
    Error: failed to create directory `[DIR]/file`: File exists (os error 17)
     --> [DIR]/buildout.cfg:3:1
      |
    3 | [a]
      | ^^^ in this part
    ");
    fs_err::remove_dir(sandbox.path("parts")).unwrap();
    sandbox.write("parts", "");
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- out
    Creating directory '[DIR]/parts'.
    --- err
    While:
      Installing.
    Error: failed to create directory `[DIR]/parts`: File exists (os error 17)
    ");
}

/// A disk that is really full, where a small one may be mounted.
#[test]
fn disk_full() {
    let mut sandbox = Sandbox::new();
    sandbox.filter_pattern(r"/\.b\.\d+-\d+", "/[TEMPORARY]");
    let mounted = sandbox.command("mount").args(["-t", "tmpfs", "-o", "size=256k", "none", "."]).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("left out: no file system may be mounted here");
        return;
    }
    sandbox.write(
        "buildout.cfg",
        "[buildout]\nparts = a b\n[a]\nrecipe = slapos.recipe.template\ninline = x\noutput = a\n\
         [b]\nrecipe = slapos.recipe.build:download\nurl = /dev/shm/none\nx = ${a:output}\n",
    );
    let big = sandbox.root().join("big");
    fs_err::write(&big, vec![b'x'; 1 << 20]).unwrap();
    let profile = sandbox.read("buildout.cfg").replace("/dev/shm/none", &big.to_string_lossy());
    sandbox.write("buildout.cfg", profile);
    let outcome = sandbox.run(&[]);
    let installed = if sandbox.exists(".installed.cfg") { sandbox.installed() } else { String::new() };
    let unmounted = std::process::Command::new("umount").arg(sandbox.dir()).status().unwrap();
    assert!(unmounted.success());
    assert_snapshot!(outcome, @"
    exit 1
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Installing a.
    Installing b.
    --- err
    While:
      Installing b.
    Error: failed to copy `[ROOT]/big` to `[DIR]/parts/b/[TEMPORARY]`: No space left on device (os error 28)
     --> [DIR]/buildout.cfg:7:1
      |
    7 | [b]
      | ^^^ in this part
    Hint: Make room on the disk and run again: finished parts are kept.
    ");
    assert!(installed.contains("parts = a\n"), "{installed}");
}
