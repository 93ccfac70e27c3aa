//! Runs with nothing to do start no Python.

use std::os::unix::fs::PermissionsExt as _;

use rbuildout_tests::{Outcome, Sandbox};

use super::{develop, sandbox};

const CODE: &str = r"
import logging, os

class Recipe:
    def __init__(self, buildout, name, options):
        self.name, self.options = name, options
        options['path'] = os.path.join(buildout['buildout']['directory'], name)
        options['seen'] = buildout['data']['x'] + os.environ.get('SPECIAL', '')
        logging.getLogger(name).info('init')
        if 'read' in options:
            options['content'] = open(options['read']).read()
    def install(self):
        with open(self.options['path'], 'w') as f:
            f.write(self.options['seen'])
        return self.options['path']
    def update(self):
        pass

class Signed(Recipe):
    def __init__(self, buildout, name, options):
        Recipe.__init__(self, buildout, name, options)
        options['before'] = str('__buildout_signature__' in list(options))
        options.get('__buildout_signature__')
        options['after'] = dict(options.items())['__buildout_signature__']

class Updating(Recipe):
    def update(self):
        with open(self.options['path'], 'a') as f:
            f.write('+')
";

const POINTS: &str = "[zc.buildout]\ndefault = rec:Recipe\nupdating = rec:Updating\nsigned = rec:Signed\n";
const PROFILE: &str = "[buildout]\nparts = a b\n[data]\nx = 1\n[a]\nrecipe = recipes\n[b]\nrecipe = recipes\n";

/// A sandbox whose Python notes each of its starts as the recipe host.
fn watched(profile: &str) -> Sandbox {
    let sandbox = sandbox(profile, CODE);
    develop(&sandbox, "recipes", CODE, POINTS);
    let starts = sandbox.path("starts");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *rbuildout_host*) echo >> '{}';; esac\nexec python3 \"$@\"\n",
        starts.display()
    );
    let python = sandbox.write("python", script);
    fs_err::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> (usize, Outcome) {
    if sandbox.exists("starts") {
        fs_err::remove_file(sandbox.path("starts")).unwrap();
    }
    let python = format!("buildout:executable={}", sandbox.path("python").display());
    let outcome = sandbox.run(&[&[python.as_str()], arguments].concat()).ok();
    let starts = if sandbox.exists("starts") { sandbox.read("starts").lines().count() } else { 0 };
    (starts, outcome)
}

#[test]
fn nothing_to_do() {
    let sandbox = watched(PROFILE);
    assert_eq!(run(&sandbox, &[]).0, 1);
    for _ in 0..2 {
        let (starts, outcome) = run(&sandbox, &[]);
        assert_eq!((starts, &*outcome.out), (0, "a: init\nb: init\nNothing to do: 2 parts are up to date.\n"));
    }
    // The plan needs none either.
    assert_eq!(run(&sandbox, &["plan"]).0, 0);
}

/// Everything that decides about an initialisation is noticed.
#[test]
fn changes() {
    let mut sandbox = watched(PROFILE);
    run(&sandbox, &[]);
    let (starts, outcome) = run(&sandbox, &["data:x=2"]);
    assert_eq!(starts, 1);
    assert!(outcome.out.starts_with("a: init\nb: init\nUninstalling b.\n"), "{outcome}");
    assert_eq!(sandbox.read("a"), "2");
    assert_eq!(run(&sandbox, &["data:x=2"]).0, 0);
    assert_eq!(run(&sandbox, &["data:x=2", "a:other=1"]).0, 1);
    assert_eq!(run(&sandbox, &["data:x=2", "a:other=1"]).0, 0);
    sandbox.write("src/recipes/rec.py", CODE.replace("buildout['data']['x']", "'3'"));
    assert_eq!(run(&sandbox, &["data:x=2", "a:other=1"]).0, 1);
    assert_eq!(sandbox.read("a"), "3");
    assert_eq!(run(&sandbox, &["data:x=2", "a:other=1"]).0, 0);
    sandbox.env("SPECIAL", "!");
    assert_eq!(run(&sandbox, &["data:x=2", "a:other=1"]).0, 1);
    assert_eq!(sandbox.read("a"), "3!");
}

/// A recipe that reads more than options is asked each time.
#[test]
fn world() {
    let sandbox = watched(&PROFILE.replace("[b]\n", "[b]\nread = input\n"));
    sandbox.write("input", "1");
    run(&sandbox, &[]);
    assert_eq!(run(&sandbox, &[]).0, 1);
    sandbox.write("input", "2");
    let (starts, outcome) = run(&sandbox, &[]);
    assert_eq!(starts, 1);
    assert!(outcome.out.contains("Installing b.") && !outcome.out.contains("Installing a."), "{outcome}");
}

/// A part that has something to do after all gets its recipe.
#[test]
fn work_after_a_replay() {
    let sandbox = watched(&PROFILE.replace("[b]\nrecipe = recipes\n", "[b]\nrecipe = recipes:updating\n"));
    run(&sandbox, &[]);
    fs_err::remove_file(sandbox.path("a")).unwrap();
    let (starts, outcome) = run(&sandbox, &[]);
    assert_eq!(starts, 1);
    assert!(outcome.out.starts_with("a: init\nb: init\nUninstalling a.\nInstalling a.\n"), "{outcome}");
    assert_eq!((sandbox.read("a").as_str(), sandbox.read("b").as_str()), ("1", "1+"));
}

/// Parts that are shared ask for their signature, which is among their options from then on.
#[test]
fn signatures() {
    let sandbox = watched("[buildout]\nparts = a\n[data]\nx = 1\n[a]\nrecipe = recipes:signed\n");
    assert_eq!(run(&sandbox, &[]).0, 1);
    let installed = sandbox.installed();
    let value = |key: &str| {
        let prefix = format!("{key} = ");
        installed.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
    };
    assert_eq!(value("before").as_deref(), Some("False"));
    assert!(value("after").is_some() && value("after") == value("__buildout_signature__"), "{installed}");
    assert_eq!(run(&sandbox, &[]).0, 0);
}
