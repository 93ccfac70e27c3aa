"""What `import` finds in the place of the original.

`zc.buildout` is always the one beside this package, never one that is installed, while `zc` stays open for
everybody's packages. `zc.recipe.egg` is ours only where none is installed. `pkg_resources` and `importlib.metadata`
see a distribution `zc.buildout`: recipes require it.
"""

import os
import sys
from importlib import machinery

from rbuildout_host.session import ROOT, session

_OURS = 'zc.buildout'
_FALLBACK = os.path.join(ROOT, 'rbuildout_host', 'fallback')


class Finder(object):
    """The first finder of the meta path."""

    def find_spec(self, name, path=None, target=None):
        """Where a module is, if that is ours to say."""
        if name == _OURS:
            return machinery.PathFinder.find_spec(name, [os.path.join(ROOT, 'zc')])
        if name == 'pkg_resources':
            spec = machinery.PathFinder.find_spec(name, path)
            if spec is not None and hasattr(spec.loader, 'exec_module'):
                spec.loader = _After(spec.loader, _tell_pkg_resources)
            return spec
        return None

    def invalidate_caches(self):
        """Nothing is kept."""

    def find_distributions(self, context=None):
        """For `importlib.metadata`: the distribution `zc.buildout`."""
        name = getattr(context, 'name', None)
        if name is None or name.lower().replace('_', '.').replace('-', '.') == _OURS:
            yield _metadata()


class Fallback(object):
    """The last finder of the meta path: what nobody else has."""

    def find_spec(self, name, path=None, target=None):
        """Where a module is, if it is one of ours."""
        if name == 'zc.recipe':
            spec = machinery.ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [os.path.join(_FALLBACK, 'zc_recipe')]
            return spec
        if name == 'zc.recipe.egg':
            return machinery.PathFinder.find_spec(name, [os.path.join(_FALLBACK, 'zc_recipe')])
        return None

    def invalidate_caches(self):
        """Nothing is kept."""


class _After(object):
    """A loader that does something once its module is there."""

    def __init__(self, loader, function):
        self._loader = loader
        self._function = function

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._function(module)


def _tell_pkg_resources(module):
    ours = module.Distribution(ROOT, project_name=_OURS, version=session.version)
    module.working_set.add(ours, insert=False, replace=True)


def _metadata():
    from importlib import metadata

    class Ours(metadata.Distribution):
        """The distribution that provides the package beside this one."""

        def read_text(self, filename):
            if filename == 'METADATA':
                return 'Metadata-Version: 2.1\nName: %s\nVersion: %s\n' % (_OURS, session.version)
            return None

        def locate_file(self, path):
            return os.path.join(ROOT, path)

    return Ours()


def setup():
    """Puts the finders in place, and forgets an original that the interpreter imported at its start."""
    for name in list(sys.modules):
        if name == _OURS or name.startswith(_OURS + '.'):
            del sys.modules[name]
    sys.meta_path.insert(0, Finder())
    sys.meta_path.append(Fallback())
