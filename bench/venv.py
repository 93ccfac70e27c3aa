"""The reference: zc.buildout and recipes from the package index in an environment of their own."""

import os
import re
import subprocess
import sys

REQUIREMENTS = (
    'zc.buildout==3.0.1', 'slapos.recipe.cmmi==0.23', 'slapos.recipe.build==0.66', 'slapos.recipe.template==5.1',
    'plone.recipe.command==1.1', 'zc.recipe.egg==2.0.7', 'jinja2==3.1.6', 'setuptools==67.8.0', 'wheel==0.38.4',
)
NAMESPACES = ('slapos.', 'plone.', 'zc.')

# Prints where each recipe comes from; the versions must be the pinned ones, found in the environment itself.
CHECK = '''
import pkg_resources, sys
for requirement in sys.argv[1:]:
    found = pkg_resources.working_set.find(pkg_resources.Requirement.parse(requirement))
    print(found.project_name, found.version, found.location.startswith(sys.prefix))
'''


class Reference:
    """Paths of the programs, and the facts that were checked."""

    def __init__(self, directory):
        self.python = os.path.join(directory, 'bin/python')
        self.buildout = os.path.join(directory, 'bin/buildout')
        self.checked = []

    def driver(self, *words):
        """Command of the driver that loads each file once."""
        return [self.python, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'reference.py'), *words]


def dotted(name):
    """`slapos_recipe_cmmi-0.23.dist-info` -> `slapos.recipe.cmmi-0.23.dist-info`, or None."""
    match = re.fullmatch(r'([a-z_]+)-(.*)\.dist-info', name)
    if match and '_' in match[1]:
        project = match[1].replace('_', '.')
        if project.startswith(NAMESPACES):
            return '%s-%s.dist-info' % (project, match[2])
    return None


def make(directory):
    """Makes the environment if it is not there, and checks that it is what it should be."""
    reference = Reference(directory)
    if not os.path.exists(reference.buildout):
        subprocess.run([sys.executable, '-m', 'venv', directory], check=True)
        subprocess.run([reference.python, '-m', 'pip', '--quiet', '--disable-pip-version-check', 'install',
                        *REQUIREMENTS], check=True)
    library = os.path.join(directory, 'lib')
    for root, directories, _ in os.walk(library):
        if os.path.basename(root) != 'site-packages':
            continue
        # pkg_resources of this setuptools does not find projects whose directory is written with underscores;
        # zc.buildout then takes another version from the index without a word.
        for name in directories:
            if dotted(name):
                os.rename(os.path.join(root, name), os.path.join(root, dotted(name)))
        directories.clear()
        subprocess.run([reference.python, '-m', 'compileall', '-q', root], check=False)
    pins = [r for r in REQUIREMENTS if '==' in r]
    text = subprocess.run([reference.python, '-c', CHECK, *pins], check=True, capture_output=True, text=True).stdout
    found = [line.split() for line in text.splitlines()]
    wanted = [[*r.split('=='), 'True'] for r in pins]
    if [[n.lower(), *rest] for n, *rest in found] != wanted:
        raise SystemExit('the reference is not what it should be: %s' % found)
    reference.checked = [' '.join(words[:2]) for words in found]
    return reference
