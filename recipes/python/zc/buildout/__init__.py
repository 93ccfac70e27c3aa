"""What recipes import of buildout, answered by the engine of rbuildout."""

import importlib

from rbuildout_host.errors import UserError

WINDOWS = False
PY2 = False
PY3 = True

_MODULES = frozenset(('buildout', 'configparser', 'download', 'easy_install', 'rmtree', 'testing'))

__all__ = ('UserError', 'WINDOWS', 'PY2', 'PY3')


def __getattr__(name):
    # Recipes say `import zc.buildout` and use all of it.
    if name in _MODULES:
        return importlib.import_module('zc.buildout.' + name)
    raise AttributeError('module %r has no attribute %r' % (__name__, name))
