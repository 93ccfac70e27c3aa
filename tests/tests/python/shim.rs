//! What recipes import of `zc.buildout`, and what they do with it.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

use super::{sandbox, sandbox_with};

/// A recipe whose functions `init` and `install` are given.
fn recipe(init: &str, install: &str) -> String {
    let indented = |body: &str| body.trim().replace('\n', "\n        ");
    format!(
        "import os, sys\nimport zc.buildout\n\nclass Recipe(object):\n    def __init__(self, buildout, name, options):\n        \
         self.buildout, self.name, self.options = buildout, name, options\n        {}\n    def install(self):\n        {}\n        \
         return ()\n    update = install\n",
        indented(init),
        indented(install)
    )
}

const PROFILE: &str = "[buildout]\nparts = a\n[a]\nrecipe = recipes\n";

/// Each symbol that the recipes, extensions and inline code of SlapOS import or use.
const SYMBOLS: &str = r"
from zc.buildout import UserError, buildout as module, configparser, download, easy_install, rmtree
from zc.buildout.buildout import Buildout, MissingOption, MissingSection, Options, bool_option
from zc.buildout.download import ChecksumError, Download, check_md5sum
from zc.buildout.easy_install import Installer, _safe_arg, script_header
from zc.buildout.rmtree import rmtree as remove
import zc.recipe.egg
from zc.recipe.egg import Custom, Develop, Egg, Eggs, Scripts
from zc.recipe.egg.custom import Custom as TheSame
from zc.recipe.egg.egg import Eggs as Base
import zc.buildout.testing, io

assert issubclass(MissingOption, (UserError, KeyError)) and issubclass(MissingSection, UserError)
assert issubclass(ChecksumError, UserError) and isinstance(buildout, Buildout) and isinstance(options, Options)
assert bool_option({'x': 'true'}, 'x') is True and bool_option({}, 'x', 'false') is False
assert configparser.parse(io.StringIO('[s]\na = 1\n'), 'name')['s'] == {'a': '1'}
assert getattr(module, 'dumps')([1]).startswith('!py') and module.loads(module.dumps({'x': 1})) == {'x': 1}
assert _safe_arg('a b') and script_header % {'python': '/p'} == '#!/p'
os.makedirs('tree/below'); remove('tree'); assert not os.path.exists('tree')
assert issubclass(Custom, TheSame) and issubclass(Egg, Base) and Scripts is Egg and Eggs is Base and Develop
try:
    buildout['nowhere']
except MissingSection as error:
    assert str(error) == 'The referenced section, \'nowhere\', was not defined.'
try:
    options['nothing']
except MissingOption as error:
    assert str(error).strip(chr(39)) == 'Missing option: a:nothing'
path = os.path.join(buildout['buildout']['directory'], 'file')
with open(path, 'w') as f:
    f.write('x')
assert check_md5sum(path, '9dd4e461268c8034f5c8564e155c67a6')
assert Download(buildout['buildout'], hash_name=True)(path)[0] == path
found = easy_install.working_set(['recipes'], [buildout['buildout']['develop-eggs-directory']])
assert [each.project_name for each in found] == ['recipes']
found = easy_install.install(['recipes'], None, path=[buildout['buildout']['develop-eggs-directory']], newest=False)
assert [each.project_name for each in found] == ['recipes']
found = Installer(None, path=[buildout['buildout']['develop-eggs-directory']], newest=False).install(['recipes'])
made = easy_install.scripts([('run', 'rec', 'run')], found, sys.executable, buildout['buildout']['bin-directory'])
assert [os.path.basename(each) for each in made] == ['run']
old = easy_install.default_versions({'recipes': '1.0'})
assert easy_install.default_versions(old) == {'recipes': '1.0'}
assert callable(easy_install.build) and callable(easy_install.develop)
assert issubclass(zc.buildout.testing.Buildout, object)
for name in '_links', '_allow_hosts', 'newest', 'offline', 'Options', '_parts', '_logger', '_log_level', 'dry_run':
    getattr(buildout, name)
assert options.name == 'a' and options.buildout is buildout and options._sub('${buildout:offline}', None) == 'true'
assert 'recipe' in options.copy() and options._data is not None
";

#[test]
fn every_symbol_that_recipes_use() {
    let sandbox = sandbox(PROFILE, &recipe(&format!("{SYMBOLS}\nprint('all of it')"), "pass"));
    fs_err::create_dir_all(sandbox.path("bin")).unwrap();
    let outcome = sandbox.run(&[]).ok();
    assert!(outcome.err.contains("all of it"), "{outcome}");
    assert!(sandbox.exists("bin/run"));
}

#[test]
fn settings_of_eggs() {
    let init = "
from zc.buildout import easy_install
def show(*names):
    print(' '.join('%s=%r' % (name, getattr(easy_install, name)()) for name in names))
show('prefer_final', 'use_dependency_links', 'allow_picked_versions', 'install_from_cache', 'store_required_by')
print(easy_install.download_cache(), easy_install.Installer._download_cache)
assert easy_install.prefer_final(False) is True and easy_install.Installer._prefer_final is False
easy_install.use_dependency_links(True)
easy_install.allow_picked_versions(False)
easy_install.download_cache('cached')
print(os.path.basename(easy_install.download_cache()))
easy_install.download_cache(None)
show('prefer_final', 'use_dependency_links', 'allow_picked_versions', 'download_cache')
os.makedirs('links', exist_ok=True)
try:
    easy_install.install(['rec'], None, path=['develop-eggs'])
except zc.buildout.UserError as error:
    print(error)
";
    let profile = PROFILE.replace("[a]", "use-dependency-links = false\n[a]");
    let sandbox = sandbox(&profile, &recipe(init, "pass"));
    assert_snapshot!(sandbox.run(&[]).ok().err, @"
    prefer_final=True use_dependency_links=False allow_picked_versions=True install_from_cache=False store_required_by=False
    None None
    cached
    prefer_final=False use_dependency_links=True allow_picked_versions=False download_cache=None
    We don't have a distribution for rec
    and can't install one in offline (no-install) mode.
    ");
    assert_snapshot!(sandbox.upstream(&[]).ok().out, @"
    prefer_final=True use_dependency_links=False allow_picked_versions=True install_from_cache=False store_required_by=False
    None None
    cached
    prefer_final=False use_dependency_links=True allow_picked_versions=False download_cache=None
    We don't have a distribution for rec
    and can't install one in offline (no-install) mode.

    Updating a.
    ");
}

#[test]
fn what_is_installed() {
    let init = "
print('before', sorted(buildout.installed_part_options))
for part in buildout.installed_part_options['buildout']['parts'].split():
    print(sorted(buildout.installed_part_options[part].items()))
";
    let install = "print('at', self.name, buildout_parts(self.buildout))";
    let code = recipe(init, install).replace(
        "class Recipe",
        "def buildout_parts(buildout):\n    return buildout.installed_part_options['buildout']['parts']\n\nclass Recipe",
    );
    let profile = "[buildout]\nparts = a b\n[a]\nrecipe = recipes\n[b]\nrecipe = recipes\nx = 1\n";
    let mut sandbox = sandbox(profile, &code);
    sandbox.filter_pattern("recipes-[0-9a-f]{32}", "recipes-MD5");
    assert_snapshot!(sandbox.upstream(&[]).ok().out, @"
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    before ['buildout']
    before ['buildout']
    Installing a.
    at a 
    Installing b.
    at b a
    Section `b` contains unused option(s): 'x'.
    This may be an indication for either a typo in the option's name or a bug in the used recipe.
    ");
    assert_snapshot!(sandbox.upstream(&[]).ok().out, @"
    before ['a', 'b', 'buildout']
    [('__buildout_installed__', ''), ('__buildout_signature__', 'recipes-MD5'), ('recipe', 'recipes')]
    [('__buildout_installed__', ''), ('__buildout_signature__', 'recipes-MD5'), ('recipe', 'recipes'), ('x', '1')]
    before ['a', 'b', 'buildout']
    [('__buildout_installed__', ''), ('__buildout_signature__', 'recipes-MD5'), ('recipe', 'recipes')]
    [('__buildout_installed__', ''), ('__buildout_signature__', 'recipes-MD5'), ('recipe', 'recipes'), ('x', '1')]
    Updating a.
    at a a b
    Updating b.
    at b b a
    ");
}

/// `neoppod.cluster` of slapos.cookbook does this with the sections of its nodes.
#[test]
fn recipes_that_are_built_in() {
    let init = "
node = buildout['node']
print(type(node.recipe).__name__, node['location'])
node['wrapper-path'] = buildout['buildout']['directory'] + '/other'
node.recipe.__init__(buildout, node.name, node)
assert node.recipe is buildout['node'].recipe and buildout['plain'].recipe is None
";
    let profile = "[buildout]
parts = node a
[a]
recipe = recipes
[plain]
x = 1
[node]
recipe = slapos.cookbook:wrapper
location = here
command-line = true
wrapper-path = ${buildout:directory}/one
";
    let sandbox = sandbox(profile, &recipe(init, "pass"));
    let outcome = sandbox.run(&[]).ok();
    assert!(outcome.err.contains("BuiltIn here\n"), "{outcome}");
    assert!(sandbox.exists("other") && !sandbox.exists("one"), "{outcome}");
    let again = sandbox.run(&[]).ok();
    assert!(!again.out.contains("Uninstalling"), "{again}");
}

/// A recipe that was initialised without Python is an object there as soon as another one looks.
#[test]
fn recipes_that_were_initialised_without_python() {
    let code = recipe("options['x'] = buildout['a'].recipe.name if name == 'b' else name", "pass");
    let sandbox = sandbox("[buildout]\nparts = a b\n[a]\nrecipe = recipes\n[b]\nrecipe = recipes\n", &code);
    sandbox.run(&[]).ok();
    let outcome = sandbox.run(&["b:more=1"]).ok();
    assert!(outcome.out.contains("Installing b."), "{outcome}");
    assert!(sandbox.installed().contains("more = 1\nrecipe = recipes\nx = a\n"), "{}", sandbox.installed());
}

#[test]
fn a_plan_for_a_directory_that_is_not_there() {
    let sandbox = sandbox(PROFILE, &recipe("options['x'] = name", "pass"));
    let elsewhere = format!("buildout:directory={}", sandbox.path("elsewhere").display());
    let eggs = format!("buildout:develop-eggs-directory={}", sandbox.path("develop-eggs").display());
    let outcome = sandbox.run(&["plan", &elsewhere, &eggs]).ok();
    assert_eq!(outcome.out, "install   a\n1 to install.\n");
    assert!(!sandbox.exists("elsewhere"));
}

/// `slapos.cookbook:switch-softwaretype` runs another profile in the directory of the run at work.
fn nested(mode: &str) -> Sandbox {
    let install = "
from zc.buildout.buildout import Buildout
directory = self.buildout['buildout']['directory']
if self.name == 'a':
    inner = Buildout(directory + '/inner.cfg', [('buildout', 'directory', directory),
                                                ('buildout', 'installed', '.installed-inner.cfg')])
    inner.install([])
";
    let sandbox = sandbox(PROFILE, &recipe("pass", install));
    let inner = "[buildout]\noffline = true\nparts = inner deeper\n[inner]\nrecipe = recipes\n[deeper]\nrecipe = plone.recipe.command\ncommand = echo deep > ${buildout:directory}/deep\n";
    sandbox.write("inner.cfg", inner);
    for _ in 0..2 {
        let outcome = if mode == "upstream" { sandbox.upstream(&[]) } else { sandbox.run(&[]) }.ok();
        assert!(!outcome.to_string().contains("waiting"), "{outcome}");
    }
    assert!(sandbox.installed().contains("parts = a\n"), "{}", sandbox.installed());
    assert!(sandbox.read(".installed-inner.cfg").contains("parts = inner deeper\n"));
    sandbox
}

#[test]
fn a_buildout_in_a_buildout() {
    let sandbox = nested("slapos");
    assert!(sandbox.exists("deep") && sandbox.exists(".rbuildout/nested/runs"));
}

#[test]
fn a_buildout_in_a_buildout_of_upstream_mode() {
    let sandbox = nested("upstream");
    assert!(sandbox.exists("deep") && !sandbox.exists(".rbuildout"));
}

/// Two parts at work have each their own environment, also where the engine runs the program.
#[test]
fn environment_of_builds() {
    let install = "
import time
from zc.buildout import easy_install
directory = self.buildout['buildout']['directory']
os.environ['MARK'] = self.name
self.options.get('x')
open(self.name + '-set', 'w').close()
other = {'a': 'b', 'b': 'a'}[self.name] + '-set'
while not os.path.exists(other):
    time.sleep(0.01)
self.options.get('x')
easy_install.develop(os.path.join(directory, 'project-' + self.name), os.path.join(directory, 'develop-eggs'))
";
    let profile = "[buildout]\nparts = a b\n[a]\nrecipe = recipes\n[b]\nrecipe = recipes\n";
    let code =
        recipe("pass", install).replace("    update = install\n", "    def update(self):\n        return None\n");
    let sandbox = sandbox_with(profile, &code, "zc.buildout", &[("default", "Recipe")]);
    for name in ["a", "b"] {
        let setup = format!(
            "import os\nfrom setuptools import setup\nopen('mark', 'w').write(os.environ['MARK'])\nsetup(name='{name}')\n"
        );
        sandbox.write(&format!("project-{name}/setup.py"), setup);
    }
    sandbox.run(&["--jobs=2"]).ok();
    assert_eq!((sandbox.read("project-a/mark"), sandbox.read("project-b/mark")), ("a".into(), "b".into()));
}
