"""The module search path, and packages that are spread over it.

A package such as `slapos.recipe` lives in many eggs. Python finds the parts of it that are on the path at the first
import; those of eggs that come later are added here, whatever the style of the package (PEP 420, pkgutil,
pkg_resources). pkg_resources, once a recipe has imported it, is told too; it is not imported for that.
"""

import os
import sys

from rbuildout_host.session import ROOT


def activate(paths):
    """Puts directories on the search path, in order, before those that were there."""
    new = [path for path in paths if path not in sys.path]
    at = 1 if sys.path and sys.path[0] == ROOT else 0
    if 'pkg_resources' in sys.modules:
        working_set = sys.modules['pkg_resources'].working_set
        for path in new:
            # It appends to sys.path itself, if that is where its list of entries is.
            working_set.add_entry(path)
            while path in sys.path:
                sys.path.remove(path)
    sys.path[at:at] = new
    if new:
        for path in new:
            extend_namespaces(path)


def extend_namespaces(entry):
    """Adds what a directory has of packages that are imported already and may be spread."""
    for name, module in list(sys.modules.items()):
        places = getattr(module, '__path__', None)
        if places is None or name.startswith('rbuildout_host'):
            continue
        directory = os.path.join(entry, *name.split('.'))
        if not os.path.isdir(directory) or not _is_namespace(module, directory):
            continue
        try:
            if directory not in places:
                places.append(directory)
        except (AttributeError, TypeError):
            pass


def _is_namespace(module, directory):
    own = getattr(module, '__file__', None)
    for init in own, os.path.join(directory, '__init__.py'):
        if not init or not os.path.exists(init):
            continue
        with open(init, 'rb') as f:
            text = f.read(4096)
        if b'declare_namespace' not in text and b'extend_path' not in text:
            return False
    return True
