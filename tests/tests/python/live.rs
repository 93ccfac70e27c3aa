//! What recipes do to sections while they are initialised and installed.

use insta::assert_snapshot;

use super::sandbox;

/// Runs its options as code.
const DOER: &str = r"
import os
import zc.buildout

class Recipe:
    def __init__(self, buildout, name, options):
        self.buildout, self.name, self.options = buildout, name, options
        exec(options.get('init', ''))
    def install(self):
        exec(self.options.get('do', ''))
        return ()
    def update(self):
        exec(self.options.get('do', ''))
";

/// Sections that a recipe adds are sections like others, and parts if they have a recipe.
#[test]
fn added_sections() {
    let profile = r"[buildout]
parts = a
[a]
recipe = recipes
sections =
  [c]
  recipe = recipes
  x = !{:y}
  y = 1
init =
  buildout.parse(options['sections'].replace('!', chr(36)))
  buildout['d'] = {'recipe': 'recipes', 'z': '5'}
  options['all'] = ' '.join([buildout['c']['x'], buildout['d']['z']])
  try: buildout['d'] = {}
  except KeyError as e: print('again', e)
";
    for upstream in [false, true] {
        let sandbox = sandbox(profile, DOER);
        let outcome = if upstream { sandbox.upstream(&[]) } else { sandbox.run(&[]) };
        outcome.ok();
        let installed = sandbox.installed();
        assert!(installed.contains("parts = c d a"), "{installed}");
        assert!(installed.contains("all = 1 5"), "{installed}");
    }
}

/// The environment belongs to the run.
#[test]
fn environment() {
    let profile = "[buildout]\nparts = a b c\n[a]\nrecipe = recipes\ndo = os.environ['SET_BY_A'] = 'value'; os.environ.pop('HOME')\n\
         [b]\nrecipe = plone.recipe.command\ncommand = echo \"$SET_BY_A ${HOME-unset}\" > b\n\
         [c]\nrecipe = recipes\ndo = open('c', 'w').write(os.environ['SET_BY_A'])\n";
    for upstream in [false, true] {
        let sandbox = sandbox(&profile.replace("${HOME", "$${HOME"), DOER);
        let outcome = if upstream { sandbox.upstream(&[]) } else { sandbox.run(&[]) };
        outcome.ok();
        if !upstream {
            assert_eq!(sandbox.read("b"), "value unset\n");
        }
        assert_eq!(sandbox.read("c"), "value");
    }
}

/// Values that are no strings, and signatures with what a part reads.
#[test]
fn slapos_features() {
    let profile = "[buildout]\nparts = a b\n[a]\nrecipe = recipes\ninit =\n  options['value'] = {'k': [1, None, 'x$y']}\n  options.barrier()\n[b]\nrecipe = recipes\ninit =\n  options['copy'] = repr(buildout['a']['value']['k'])\n  options['escaped'] = options['raw']\nraw = $${x}\n";
    let sandbox = sandbox(profile, DOER);
    sandbox.run(&[]).ok();
    assert_snapshot!(sandbox.installed());
}

/// Recipes see the changes that others made, also during installation.
#[test]
fn upstream_state() {
    let profile = "[buildout]\nparts = a b\n[a]\nrecipe = recipes\ndo = self.buildout['b']['late'] = 'set by a'\n[b]\nrecipe = recipes\ndo = print(self.options['late'])\n";
    let sandbox = sandbox(profile, DOER);
    assert!(sandbox.upstream(&[]).ok().out.contains("set by a\n"));
    // As in the reference it is saved, because it was there before the part was installed.
    assert!(sandbox.installed().contains("late = set by a"));
}
