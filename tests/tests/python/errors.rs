//! Recipes that fail, end their process, or do not end at all.

use insta::assert_snapshot;
use rustix::process::Signal;

use super::sandbox;

const PROFILE: &str = "[buildout]\nparts = good a\n[good]\nrecipe = recipes\n[a]\nrecipe = recipes\ndo = X\n";

/// Does what its options say.
const DOER: &str = r"
import os, signal, sys, time
import zc.buildout

class Failure(Exception):
    pass

class Recipe:
    def __init__(self, buildout, name, options):
        self.buildout, self.name, self.options = buildout, name, options
        exec(options.get('init', ''))
    def install(self):
        exec(self.options.get('do', ''))
        return ()
    update = install
";

fn doing(what: &str) -> String {
    PROFILE.replace("do = X", what)
}

#[test]
fn exceptions() {
    let mut all = String::new();
    for what in [
        "do = raise zc.buildout.UserError('not like', 'that')",
        "do = raise ValueError('bad')",
        "do = raise Failure('own class')",
        "do = self.options['nope']",
        "do = self.buildout['nope']",
        "do = sys.exit(3)",
        "do = sys.exit('enough')",
        "init = raise ValueError('bad')",
        "init = options['nope']",
        "init = buildout['nope']",
        "init = raise zc.buildout.UserError('no')",
    ] {
        let sandbox = sandbox(&doing(what), DOER);
        for (name, outcome) in [("slapos", sandbox.run(&[])), ("upstream", sandbox.upstream(&[]))] {
            all.push_str(&format!("$ {what} ({name})\n{}", outcome.fails().err));
        }
    }
    assert_snapshot!(all);
}

/// The interpreter is gone: the run says how, and what was finished stays.
#[test]
fn ends_of_the_process() {
    let mut all = String::new();
    for what in [
        "do = os.kill(os.getpid(), signal.SIGSEGV)",
        "init = os._exit(7)",
        "init = os.kill(os.getpid(), signal.SIGSEGV)",
    ] {
        for upstream in [false, true] {
            let sandbox = sandbox(&doing(what), DOER);
            let outcome = if upstream { sandbox.upstream(&[]) } else { sandbox.run(&[]) };
            all.push_str(&format!("$ {what} (upstream: {upstream})\n{}", outcome.fails().err));
            let recorded = sandbox.exists(".installed.cfg") && sandbox.installed().contains("[good]");
            assert_eq!(recorded, what.starts_with("do"));
            // The next run is as good as any.
            let fixed = ["a:do=pass", "a:init=pass"];
            if upstream { sandbox.upstream(&fixed) } else { sandbox.run(&fixed) }.ok();
        }
    }
    assert_snapshot!(all);
}

/// In zc.buildout a recipe that ends its process ends the run, which nobody tells.
#[test]
fn exits() {
    let profile = doing("do = os._exit(7)");
    let sandbox = sandbox(&profile, DOER);
    assert_snapshot!(sandbox.run(&[]).fails().err, @"
    While:
      Installing a.
    Error: The Python process exited with status 7 while a was installed.
     --> [DIR]/buildout.cfg:6:1
      |
    6 | [a]
      | ^^^ in this part
    Hint: The recipe, or a library that it uses, ended the interpreter itself (os._exit). Its output is in [DIR]/.rbuildout/log/a.log.
    Log: [DIR]/.rbuildout/log/a.log
    ");
    fs_err::remove_file(sandbox.path(".installed.cfg")).unwrap();
    let outcome = sandbox.upstream(&[]);
    assert_eq!((outcome.code, outcome.err.as_str()), (7, ""));
    assert!(sandbox.installed().contains("parts = good\n"));
    sandbox.upstream(&["a:do=pass"]).ok();
}

#[test]
fn interruption_of_what_hangs() {
    for what in ["do", "init"] {
        let profile = doing(&format!(
            "{what} =\n  import subprocess\n  open('at-work', 'w').close()\n  subprocess.call(['sleep', '1000'])"
        ));
        let sandbox = sandbox(&profile, DOER);
        let running = sandbox.start(&[]);
        sandbox.wait_for("at-work");
        running.signal(Signal::INT);
        let outcome = running.wait();
        assert_eq!(outcome.code, 130, "{outcome}");
        assert!(outcome.err.contains("Interrupted."), "{outcome}");
        fs_err::remove_file(sandbox.path("at-work")).unwrap();
        sandbox.run(&["a:do=pass", "a:init=pass"]).ok();
    }
}

/// A child of a recipe that goes on, and one that comes back as if it were the recipe.
#[test]
fn forks() {
    let profile = doing("do =\n  pid = os.fork()\n  if pid:\n    os.waitpid(pid, 0)");
    let sandbox = sandbox(&profile, DOER);
    sandbox.run(&[]).ok();
    assert!(sandbox.installed().contains("[a]"));
    sandbox.upstream(&["a:x=1"]).ok();
}

#[test]
fn floods_of_output() {
    let profile = doing("do =\n  for i in range(100000): print('x' * 100)");
    let sandbox = sandbox(&profile, DOER);
    let outcome = sandbox.run(&[]).ok();
    assert!(outcome.out.len() < 1000);
    assert!(sandbox.path(".rbuildout/log/a.log").metadata().unwrap().len() > 10_000_000);
}

/// What a failing part says that it has created goes away.
#[test]
fn created_paths() {
    let profile = doing(
        "do =\n  os.mkdir('made'); open('made/file', 'w').close(); self.options.created('made')\n  open('other', 'w').close()\n  raise ValueError('late')",
    );
    for upstream in [false, true] {
        let sandbox = sandbox(&profile, DOER);
        if upstream { sandbox.upstream(&[]) } else { sandbox.run(&[]) }.fails();
        assert!(!sandbox.exists("made") && sandbox.exists("other"));
    }
}

/// An error of the engine that a recipe catches is over; one that it lets through keeps its place in the profile.
#[test]
fn engine_errors_in_recipes() {
    let profile = "[buildout]\nparts = a\n[a]\nrecipe = recipes\ninit =\n  try: buildout['b']\n  except zc.buildout.UserError as e: print('caught', type(e).__name__, e)\n[b]\nx = $${c:y}\n[c]\n";
    let sandbox = sandbox(&profile.replace("$$", "$"), DOER);
    let outcome = sandbox.upstream(&[]).ok();
    assert!(outcome.out.contains("caught MissingOption Referenced option does not exist: c y"), "{outcome}");
    sandbox.write("buildout.cfg", sandbox.read("buildout.cfg").replace("try: ", "").replace("  except", "  #"));
    assert_snapshot!(sandbox.run(&[]));
}

/// The recipe is not reached: its module can't be imported.
#[test]
fn modules_that_cannot_be_imported() {
    let mut all = String::new();
    for text in ["import os\n    x y\n", "x y\n", "import zc.buildout\nraise zc.buildout.UserError('not here')\n"] {
        let sandbox = sandbox("[buildout]\nparts = a\n[a]\nrecipe = recipes\n", text);
        for (name, outcome) in [("slapos", sandbox.run(&[])), ("upstream", sandbox.upstream(&[]))] {
            all.push_str(&format!("$ {text:?} ({name})\n{}", outcome.fails().err));
        }
    }
    assert_snapshot!(all);
}
