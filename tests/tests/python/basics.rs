//! Install, update, change, uninstall.

use insta::assert_snapshot;

use rbuildout_tests::Sandbox;

use super::{develop, sandbox, sandbox_with};

const WRITER: &str = r"
import logging, os, sys

class Recipe:
    def __init__(self, buildout, name, options):
        self.name, self.options = name, options
        options['path'] = os.path.join(buildout['buildout']['directory'], options.get('file', name))
        logging.getLogger(name).info('init')

    def install(self):
        logging.getLogger(self.name).info('writing')
        print('printed by', self.name)
        os.system('echo from a command')
        with open(self.options['path'], 'w') as f:
            f.write(self.options.get('text', 'nothing'))
        return self.options['path']

    def update(self):
        pass
";

const TWO: &str =
    "[buildout]\nparts = a b\n[a]\nrecipe = recipes\ntext = ${b:path}\n[b]\nrecipe = recipes\nextra = 1\n";

#[test]
fn slapos() {
    let sandbox = sandbox(TWO, WRITER);
    assert_snapshot!(sandbox.run(&[]), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    b: init
    a: init
    Installing b.
    b: writing
    Section `b` contains unused option(s): 'extra'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    Installing a.
    a: writing
    ");
    assert_snapshot!(sandbox.read(".rbuildout/log/a.log"), @"
    a: writing
    printed by a
    from a command
    ");
    assert_eq!(sandbox.read("a"), sandbox.path("b").to_string_lossy());
    assert_snapshot!(sandbox.run(&[]), @"
    exit 0
    --- out
    b: init
    a: init
    Nothing to do: 2 parts are up to date.
    ");
    assert_snapshot!(sandbox.run(&["a:text=other"]), @"
    exit 0
    --- out
    a: init
    b: init
    Uninstalling a.
    Installing a.
    a: writing
    ");
    assert_eq!(sandbox.read("a"), "other");
    assert_snapshot!(sandbox.run(&["buildout:parts=b"]), @"
    exit 0
    --- out
    b: init
    Uninstalling a.
    ");
    assert!(!sandbox.exists("a") && sandbox.exists("b"));
}

#[test]
fn upstream() {
    let sandbox = sandbox(TWO, WRITER);
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    b: init
    a: init
    Installing b.
    b: writing
    printed by b
    from a command
    Section `b` contains unused option(s): 'extra'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    Installing a.
    a: writing
    printed by a
    from a command
    ");
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 0
    --- out
    b: init
    a: init
    Updating b.
    Updating a.
    ");
    assert_snapshot!(sandbox.filtered(&sandbox.installed()), @"
    [buildout]
    installed_develop_eggs = 
    parts = b a

    [b]
    __buildout_installed__ = [DIR]/b
    __buildout_signature__ = recipes-b4e3b9a916426b2cecc644ed081f3548
    extra = 1
    path = [DIR]/b
    recipe = recipes

    [a]
    __buildout_installed__ = [DIR]/a
    __buildout_signature__ = recipes-b4e3b9a916426b2cecc644ed081f3548
    path = [DIR]/a
    recipe = recipes
    text = [DIR]/b

    [buildout]
    installed_develop_eggs = 

    [buildout]
    parts = a b

    [buildout]
    parts = b a
    ");
}

/// The plan of a recipe in Python is that of any other.
#[test]
fn plan() {
    let sandbox = sandbox(TWO, WRITER);
    assert_snapshot!(sandbox.run(&["plan"]), @"
    exit 0
    --- out
    install   b
    install   a
    2 to install.
    ");
    assert!(!sandbox.exists("eggs"));
    sandbox.run(&[]).ok();
    assert_snapshot!(sandbox.run(&["plan", "b:file=other"]), @"
    exit 0
    --- out
    reinstall b
              - option file is new: 'other'
              - option path changed from '[DIR]/b' to '[DIR]/other'
    reinstall a
              - option text changed from '[DIR]/b' to '[DIR]/other'
              - [b], which it reads, changed
    2 to reinstall.
    ");
}

/// A change of what is developed changes the signature.
#[test]
fn changed_code() {
    let sandbox = sandbox(TWO, WRITER);
    sandbox.run(&[]).ok();
    sandbox.write("src/recipes/rec.py", WRITER.replace("nothing", "something"));
    assert_snapshot!(sandbox.run(&[]), @"
    exit 0
    --- out
    b: init
    a: init
    Uninstalling a.
    Uninstalling b.
    Installing b.
    b: writing
    Section `b` contains unused option(s): 'extra'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    Installing a.
    a: writing
    ");
}

#[test]
fn without_update() {
    let code = r"
class Recipe:
    def __init__(self, buildout, name, options):
        pass
    def install(self):
        print('at work')
        return ()
";
    let sandbox = sandbox("[buildout]\nparts = a\n[a]\nrecipe = recipes\n", code);
    sandbox.upstream(&[]).ok();
    assert_snapshot!(sandbox.upstream(&[]), @"
    exit 0
    --- out
    Updating a.
    The recipe for a doesn't define an update method. Using its install method.
    at work
    ");
}

#[test]
fn uninstall() {
    let code = r"
class Recipe:
    def __init__(self, buildout, name, options):
        options['kept'] = 'yes'
    def install(self):
        open('mine', 'w').close()
        return ['mine']
    update = install

def bye(name, options):
    print('bye', name, options['kept'], options['__buildout_installed__'])
    options['__buildout_installed__'] = ''
";
    let profile = "[buildout]\nparts = a\n[a]\nrecipe = recipes\n";
    let sandbox = sandbox_with(profile, code, "zc.buildout", &[("default", "Recipe")]);
    develop(
        &sandbox,
        "recipes",
        code,
        "[zc.buildout]\ndefault = rec:Recipe\n[zc.buildout.uninstall]\ndefault = rec:bye\n",
    );
    for run in ["rbuildout", "buildout"] {
        let run =
            |arguments: &[&str]| if run == "buildout" { sandbox.upstream(arguments) } else { sandbox.run(arguments) };
        run(&[]).ok();
        assert_snapshot!(run(&["buildout:parts="]));
        assert!(sandbox.exists("mine"));
    }
}

/// What is native can be forced through Python, and the other way round nothing changes.
#[test]
fn natives_can_be_switched_off() {
    let code = "class Recipe:\n    def __init__(self, buildout, name, options):\n        print('python')\n    def install(self):\n        return ()\n    update = install\n";
    let profile = "[buildout]\nparts = a\n[a]\nrecipe = plone.recipe.command\ncommand = true\n";
    let mut sandbox = sandbox(profile, code);
    develop(&sandbox, "plone.recipe.command", code, "[zc.buildout]\ndefault = rec:Recipe\n");
    assert!(!sandbox.upstream(&[]).ok().out.contains("python"));
    sandbox.env("RBUILDOUT_NATIVE", "none");
    assert!(sandbox.upstream(&[]).ok().out.contains("python"));
}

/// `-vv` shows how setup scripts are called and lets them talk; a recipe that is built in is said to be.
#[test]
fn upstream_tells_more() {
    let parts = "[a]\nrecipe = plone.recipe.command\ncommand = true\n[b]\n<= a\n";
    let sandbox = Sandbox::with(&format!("[buildout]\noffline = true\nparts = a b\ndevelop = p\n{parts}"));
    sandbox.write("p/setup.py", "from setuptools import setup\nsetup(name='p')\n");
    let lines = |arguments: &[&str]| {
        let outcome = sandbox.upstream(arguments).ok();
        let shown = |line: &&str| {
            line.starts_with("Installed ")
                || line.starts_with("in: ")
                || line.contains(" -mN ")
                || line.contains("built in")
        };
        let words = outcome.out.lines().filter(shown).map(|line| match line.split_once(" develop -mN -d ") {
            Some((command, place)) => {
                let (quiet, place) = (command.ends_with(" -q"), place.rsplit_once('/').unwrap().0);
                format!("develop in {place}, quiet: {quiet}")
            }
            None => line.to_owned(),
        });
        words.collect::<Vec<_>>().join("\n")
    };
    let native = "The recipes of plone.recipe.command are built in.";
    assert_eq!(lines(&[]), "");
    assert_eq!(lines(&["-v"]), native);
    let called = "in: '[DIR]/p'\ndevelop in [DIR]/develop-eggs, quiet:";
    assert_eq!(lines(&["-vv"]), format!("{called} false\nInstalled [DIR]/p\n{native}"));
    assert_eq!(lines(&["-vvv"]), format!("{called} true\n{native}"));
}

/// What a bootstrap of zc.buildout linked stands for zc.buildout where the interpreter has none.
#[test]
fn links_of_a_bootstrap() {
    let part = "[py]\nrecipe = zc.recipe.egg\neggs = zc.buildout\ninterpreter = py\n";
    let options = "newest = false\nindex = file:///nowhere\nparts = py\n";
    let sandbox = Sandbox::with(&format!("[buildout]\n{options}{part}"));
    develop(&sandbox, "zc.buildout", "", "");
    sandbox.write("src/zc.buildout/zc.buildout.egg-info/PKG-INFO", "Name: zc.buildout\nVersion: 3.0.1\n");
    let link = sandbox.read("develop-eggs/zc.buildout.egg-link");
    fs_err::remove_dir_all(sandbox.path("develop-eggs")).unwrap();
    assert!(sandbox.upstream(&[]).fails().err.contains("Couldn't find a distribution for 'zc.buildout>=3.0.1'"));
    sandbox.write("eggs/zc.buildout.egg-link", link);
    sandbox.upstream(&[]).ok();
    let place = sandbox.path("src/zc.buildout");
    assert!(sandbox.read("bin/py").contains(&*place.to_string_lossy()), "{}", sandbox.read("bin/py"));
}
