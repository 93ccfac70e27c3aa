"""Eggs, which the engine finds, installs and builds, and the scripts that it writes for them.

Sets of distributions are pkg_resources' own where it can be imported: recipes treat them as such. It is imported when
the first one is needed.
"""

import logging
import os
import sys

from rbuildout_host import paths
from rbuildout_host.errors import IncompatibleConstraintError, MissingDistribution, VersionConflict
from rbuildout_host.session import ROOT, call

__all__ = (
    'IncompatibleConstraintError', 'IncompatibleVersionError', 'Installer', 'MissingDistribution', 'VersionConflict',
    'allow_picked_versions', 'build', 'default_versions', 'develop', 'download_cache', 'get_picked_versions', 'install',
    'install_from_cache', 'prefer_final', 'realpath', 'scripts', 'store_required_by', 'use_dependency_links',
    'working_set')

IncompatibleVersionError = IncompatibleConstraintError

logger = logging.getLogger('zc.buildout.easy_install')
realpath = os.path.realpath
is_win32 = False
is_jython = False
script_header = '#!%(python)s'
_safe_arg = str

_PATHS = {
    'buildout_and_setuptools_path': (ROOT, 'setuptools', 'pip', 'wheel'),
    'setuptools_path': ('setuptools', 'pip', 'wheel'),
    'pip_path': ('setuptools', 'pip', 'wheel'),
}


def __getattr__(name):
    if name in _PATHS:
        from importlib.util import find_spec
        found = []
        for each in _PATHS[name]:
            spec = None if each == ROOT else find_spec(each)
            place = each if each == ROOT else spec and os.path.dirname(os.path.dirname(spec.origin))
            if place and place not in found:
                found.append(place)
        globals()[name] = sorted(found)
        return globals()[name]
    if name in ('pip_pythonpath', 'setuptools_pythonpath'):
        return os.pathsep.join(__getattr__(name.replace('pythonpath', 'path')))
    if name == 'default_index_url':
        # As long as nobody has assigned it.
        return _index()
    raise AttributeError('module %r has no attribute %r' % (__name__, name))


class Distribution(object):
    """A distribution, where pkg_resources is not there to describe it."""

    def __init__(self, project, version, location):
        self.project_name = project
        self.key = project.lower()
        self.version = version
        self.location = location

    def as_requirement(self):
        """The requirement of exactly this one."""
        return '%s==%s' % (self.project_name, self.version)

    def __str__(self):
        return '%s %s' % (self.project_name, self.version)


class WorkingSet(object):
    """Distributions in their order, where pkg_resources is not there to hold them."""

    def __init__(self):
        self.entries = []
        self.by_key = {}

    def add(self, distribution, insert=True):
        """Adds a distribution behind the others, unless its project is there."""
        if distribution.key not in self.by_key:
            self.by_key[distribution.key] = distribution
            self.add_entry(distribution.location)

    def add_entry(self, entry):
        """Adds a directory behind the others."""
        if entry not in self.entries:
            self.entries.append(entry)

    def __iter__(self):
        return iter(list(self.by_key.values()))


def _pkg_resources():
    try:
        import pkg_resources
        return pkg_resources
    except ImportError:
        return None


def _distribution(resources, found):
    """What pkg_resources finds of a distribution at its location."""
    project, version, location = found['project'], found['version'], found['location']
    if resources is None:
        return Distribution(project, version, location)
    key = resources.safe_name(project).lower()
    for distribution in resources.find_distributions(location):
        if distribution.key.replace('_', '-') == key.replace('_', '-'):
            return distribution
    return resources.Distribution(
        location, project_name=project, version=version, precedence=resources.DEVELOP_DIST)


def _add(found, ws=None):
    """The working set of what the engine found, or the given one with it."""
    resources = _pkg_resources()
    if ws is None:
        ws = WorkingSet() if resources is None else resources.WorkingSet([])
        for each in found:
            distribution = _distribution(resources, each)
            if distribution.location not in ws.entries:
                ws.entries.append(distribution.location)
            ws.add(distribution, insert=False)
        return ws
    # Each goes before those that were there, so that the first stays first.
    for each in reversed(found):
        key = each['project'].lower()
        if key not in ws.by_key:
            distribution = _distribution(resources, each)
            if ws.entries is sys.path or resources is not None and ws is resources.working_set:
                paths.activate([distribution.location])
            ws.add(distribution)
    return ws


def _index():
    """pip's default index, or that of zc.buildout's tests."""
    testing = os.environ.get('buildout_testing_index_url')
    if testing:
        return testing
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        return None
    return PyPI.simple_url


def _assigned_index():
    """The index that somebody has put in the place of pip's."""
    return globals().get('default_index_url')


def _same_python(executable):
    assert executable == sys.executable, (executable, sys.executable)


class _Shared(type):
    """What all installers have in common is the run's: it is asked for, and assigned, as attributes of the class."""

    def __getattr__(cls, name):
        if name == '_versions':
            return call('eggs.default_versions', versions=None)
        if name in _SHARED:
            return call('eggs.setting', name=name[1:])
        raise AttributeError('type object %r has no attribute %r' % (cls.__name__, name))

    def __setattr__(cls, name, value):
        if name == '_versions':
            default_versions(value)
        elif name in _SHARED:
            call('eggs.setting', name=name[1:], value='' if value is None else value)
        else:
            type.__setattr__(cls, name, value)


_SHARED = frozenset(('_allow_picked_versions', '_download_cache', '_install_from_cache', '_prefer_final',
                     '_store_required_by', '_use_dependency_links'))


class Installer(metaclass=_Shared):
    """Installs distributions into a directory; with no directory it looks for installed ones."""

    def __init__(self, dest=None, links=(), index=None, executable=sys.executable, always_unzip=None, path=None,
                 newest=True, versions=None, use_dependency_links=None, allow_hosts=('*',), check_picked=True,
                 allow_unknown_extras=False, patches=None):
        _same_python(executable)
        self._arguments = {
            'dest': dest,
            'links': list(links),
            'index': index or _assigned_index(),
            'path': list(path or ()),
            'newest': bool(newest) and dest is not None,
            'versions': None if versions is None else dict(versions),
            'use_dependency_links': use_dependency_links,
            'allow_hosts': list(allow_hosts),
            'check_picked': check_picked,
            'allow_unknown_extras': bool(allow_unknown_extras),
            'patches': dict(patches or {}),
        }

    def __getattr__(self, name):
        return getattr(type(self), name)

    def install(self, specs, working_set=None):
        """The working set of the requirements and all that they require."""
        active = [] if working_set is None else [
            {'project': each.project_name, 'version': each.version, 'location': each.location}
            for each in working_set]
        found = call('eggs.install', specs=list(map(str, specs)), active=active, **self._arguments)
        return _add(found, working_set)

    def build(self, spec, build_ext):
        """Builds an egg from source, with options of `build_ext`. Returns the paths of what was built."""
        return call('eggs.build', spec=str(spec), build_ext=dict(build_ext), **self._arguments)


def install(specs, dest, links=(), index=None, executable=sys.executable, always_unzip=None, path=None,
            working_set=None, newest=True, versions=None, use_dependency_links=None, allow_hosts=('*',),
            include_site_packages=None, allowed_eggs_from_site_packages=None, check_picked=True,
            allow_unknown_extras=False, patches=None):
    """The working set of the requirements, installed into `dest` where they are not in it or in `path`."""
    installer = Installer(dest, links, index, executable, always_unzip, path, newest, versions, use_dependency_links,
                          allow_hosts, check_picked, allow_unknown_extras, patches)
    return installer.install(specs, working_set)


def working_set(specs, executable, path=None, include_site_packages=None, allowed_eggs_from_site_packages=None):
    """The working set of the requirements, of what is installed in `path`."""
    if path is None:
        path = executable
    else:
        _same_python(executable)
    return install(specs, None, path=path)


def build(spec, dest, build_ext, links=(), index=None, executable=sys.executable, path=None, newest=True, versions=None,
          allow_hosts=('*',), patches=None):
    """Builds an egg from source into `dest`, with options of `build_ext`. Returns the paths of what was built."""
    installer = Installer(dest, links, index, executable, True, path, newest, versions, allow_hosts=allow_hosts,
                          patches=patches)
    return installer.build(spec, build_ext)


def develop(setup, dest, build_ext=None, executable=sys.executable):
    """Makes the project of a setup script available in place. Returns the path of the link in `dest`."""
    _same_python(executable)
    return call('eggs.develop', setup=os.path.abspath(setup), dest=os.path.abspath(dest),
                build_ext=None if build_ext is None else dict(build_ext))


def scripts(reqs, working_set, executable, dest=None, scripts=None, extra_paths=(), arguments='', interpreter=None,
            initialization='', relative_paths=False):
    """Writes the scripts of requirements, or of `(name, module, attributes)`. Returns their paths."""
    _same_python(executable)
    if isinstance(reqs, str):
        raise TypeError('Expected iterable of requirements or entry points, got string.')
    return call(
        'eggs.scripts',
        reqs=[each if isinstance(each, str) else [str(part) for part in each] for each in reqs],
        distributions=[{'project': getattr(each, 'project_name', None), 'version': getattr(each, 'version', None),
                        'location': each.location} for each in working_set],
        dest=dest, scripts=scripts, extra_paths=list(extra_paths), arguments=arguments, interpreter=interpreter,
        initialization=initialization, relative_paths=relative_paths or None)


def default_versions(versions=None):
    """The pins of installations to come. Returns the ones before."""
    old = call('eggs.default_versions',
               versions=None if versions is None else {key.lower(): str(value) for key, value in versions.items()})
    return old


def get_picked_versions():
    """What was installed without a pin, `[(project, version)]`, and who required it."""
    picked = call('eggs.picked')
    return [tuple(each) for each in picked['versions']], {
        project: set(requirers) for project, requirers in picked['required_by'].items()}


def _setting(name, convert, unasked=None):
    def setting(value=unasked):
        changes = {} if value is unasked else {'value': convert(value)}
        return call('eggs.setting', name=name, **changes)
    setting.__name__ = name
    setting.__doc__ = 'The setting %s of installations to come. Returns the one before.' % name
    return setting


download_cache = _setting('download_cache', lambda path: realpath(path) if path else '', -1)
install_from_cache = _setting('install_from_cache', bool)
prefer_final = _setting('prefer_final', bool)
use_dependency_links = _setting('use_dependency_links', bool)
allow_picked_versions = _setting('allow_picked_versions', bool)
store_required_by = _setting('store_required_by', bool)


def call_subprocess(args, **kw):
    """Runs a command. Exception if it fails."""
    import subprocess
    if subprocess.call(args, **kw):
        raise Exception('Failed to run command:\n%s' % repr(args)[1:-1])


def _execute_permission():
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o777 - mask


def sort_working_set(ws, eggs_dir, develop_eggs_dir):
    """The working set with developed distributions first, then those below `eggs_dir`, then the others."""
    import glob
    developed = set()
    for link in glob.glob(os.path.join(glob.escape(develop_eggs_dir), '*.egg-link')):
        with open(link) as f:
            developed.add(f.readline().strip())
    eggs = os.path.join(eggs_dir, '')

    def rank(distribution):
        location = distribution.location
        return 0 if location in developed else 1 if location.startswith(eggs) else 2
    ordered = sorted(ws, key=rank)
    if isinstance(ws, WorkingSet):
        result = WorkingSet()
        for each in ordered:
            result.add(each)
        return result
    return type(ws)([each.location for each in ordered])


def clear_index_cache():
    """Nothing about an index is kept in this process."""
