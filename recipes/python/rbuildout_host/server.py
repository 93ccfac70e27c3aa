"""The requests of the engine."""

import importlib
import os
import sys

from rbuildout_host import PROTOCOL, errors, noop, paths, wire
from rbuildout_host.session import session
from rbuildout_host.values import to_text
from rbuildout_host.world import Recorder

#: Ended children, by process id: their status as waitpid gives it.
_ended = {}
_children = set()


def handle(name, arguments):
    """Answers a request of the engine."""
    function = _CALLS.get(name)
    if function is None:
        raise ValueError('unknown request %r' % (name,))
    return function(**arguments)


def hello(protocol, mode, version, argv0=None, argv=(), log_level=20, settings=None, sys_path=(), **_):
    """The first request: what holds for the whole run."""
    if protocol != PROTOCOL:
        raise ValueError('this is protocol %s, not %s' % (PROTOCOL, protocol))
    if session.channel.descriptors:
        standard_input = session.channel.descriptors.pop(0)
        os.dup2(standard_input, 0)
        os.close(standard_input)
        sys.stdin = open(0, 'r', closefd=False)
    session.mode = mode
    session.version = version
    session.recorder = Recorder()
    sys.argv = [argv0 or 'buildout'] + list(argv)
    paths.activate(sys_path)
    from rbuildout_host import logs
    logs.setup(log_level)
    from zc.buildout.buildout import live
    session.buildout = live(dict(settings or {}, log_level=log_level))
    return {
        'python': '.'.join(map(str, sys.version_info[:3])),
        'executable': sys.executable,
        'protocol': PROTOCOL,
    }


def _load(entry):
    """The object of an entry point."""
    try:
        found = importlib.import_module(entry['module'])
    except Exception as error:
        errors.note(error, 'importing', True)
        raise
    attributes = entry.get('attrs') or []
    for name in attributes.split('.') if isinstance(attributes, str) else attributes:
        found = getattr(found, name)
    return found


def _options(section):
    return session.buildout._options(section)


def init(section, entry, paths=(), **_):
    """Constructs the recipe of a section."""
    _activate(paths)
    recipe_class = _load(entry)
    options = _options(section)
    recorder = session.recorder
    recorder.start()
    before = os.environ._data.copy()
    try:
        for base in getattr(recipe_class, '__mro__', ()):
            for function in vars(base).values():
                code = getattr(getattr(function, '__func__', function), '__code__', None)
                if code is not None:
                    recorder.scan(code)
        recipe = recipe_class(session.buildout, section, options)
        if os.environ._data != before:
            recorder.note('environ')
    finally:
        world, variables = recorder.stop()
    options.recipe = session.recipes[section] = recipe
    update = getattr(recipe, 'update', None)
    return {
        'has_update': update is not None,
        'update_noop': update is not None and noop.is_noop(recipe, update),
        'world': world,
        'environ': variables,
    }


def _run(section, name):
    """Calls `install` or `update` of a part, in the directory of the buildout."""
    options = _options(section)
    recipe = session.recipes[section]
    function = getattr(recipe, name, None)
    if function is None:
        # The engine has warned.
        function = recipe.install
    directory = session.channel.call('get', section='buildout', key='directory')
    created = options._created = []
    try:
        os.chdir(directory)
        result = _paths(section, name, function())
    except BaseException as error:
        try:
            errors.note(error, 'created', [os.fspath(path) for path in created])
        except TypeError:
            pass
        raise
    finally:
        options._created = None
        os.chdir(directory)
    return {'paths': result, 'created': created}


def _paths(section, name, result):
    """The paths that `install` or `update` returned, or None."""
    if result is None:
        return None
    try:
        paths = [result] if isinstance(result, str) else list(result or ())
        return [os.fspath(path) for path in paths]
    except TypeError:
        shown = repr(result)
        raise TypeError('%s of %s must return a path or paths, not %s' % (name, section, shown[:200])) from None


def install(section, **_):
    """Installs a part."""
    return _run(section, 'install')


def update(section, **_):
    """Updates a part."""
    return _run(section, 'update')


def uninstall(entry, section, options, paths=(), **_):
    """Calls the uninstall function of a recipe with the saved options, which it may change."""
    _activate(paths)
    saved = dict(options)
    _load(entry)(section, saved)
    return {'options': {key: to_text(value) for key, value in saved.items()}}


def copy(section, **_):
    """What is to be saved of a section whose recipe decides that itself."""
    options = _options(section)
    if 'copy' not in options.__dict__:
        return None
    return {key: to_text(value) for key, value in options.copy().items()}


def lookup(section, key, **_):
    """An option that only the dictionary which a recipe put in the place of `_data` knows, or None."""
    return _options(section)._replaced(key)


def extension(entry, paths=(), **_):
    """Calls an extension."""
    _activate(paths)
    _load(entry)(session.buildout)


def fork(**_):
    """A child process that answers one request on its own channel, with its own log."""
    _reap()
    channel, log = session.channel.descriptors[:2]
    del session.channel.descriptors[:2]
    wire.flush()
    pid = os.fork()
    if pid:
        try:
            os.setpgid(pid, pid)
        except OSError:
            # The child was faster, or is gone.
            pass
        os.close(channel)
        os.close(log)
        _children.add(pid)
        return pid
    status = 1
    try:
        os.setpgid(0, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        session.channel.close()
        _children.clear()
        session.channel = wire.Channel(channel, handle)
        session.channel.serve(1)
        status = 0
    except BaseException as error:
        errors.show(errors.to_wire(error))
    finally:
        wire.flush()
        os._exit(status)


def _reap():
    for pid in list(_children):
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            found, status = pid, 0
        if found:
            _children.discard(pid)
            _ended[pid] = status


def wait(pid, **_):
    """Waits for the end of a child. Returns its status, as `{"status": n}` or `{"signal": n}`."""
    if pid in _children:
        try:
            status = os.waitpid(pid, 0)[1]
        except ChildProcessError:
            status = 0
        _children.discard(pid)
    else:
        status = _ended.pop(pid, 0)
    if os.WIFSIGNALED(status):
        return {'signal': os.WTERMSIG(status)}
    return {'status': os.WEXITSTATUS(status)}


def environment(set=None, **_):
    """Changes the environment."""
    for key, value in (set or {}).items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value
    session.channel.synchronised()


def quit(**_):
    """The last request."""


_activate = paths.activate
_CALLS = {each.__name__: each for each in (
    hello, init, install, update, uninstall, copy, lookup, extension, fork, wait, environment, quit)}
