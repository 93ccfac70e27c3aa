"""What a recipe reads of the world while it is constructed.

A construction that read nothing but options gives the same result next time: the engine then replays it without Python.
So everything else is noted: files, commands, network, clock, randomness, the environment. What only loads code, and
reads of installed code, is not the world: the engine knows by other means when that changes.

Audit hooks cannot be taken away again, so the hook is there once and looks whether somebody records. What has no audit
event (stat, access, the clock) is wrapped while a construction runs. `datetime` cannot be wrapped: a recipe class or a
script that names its clocks counts as reading them; what it calls in other modules is not looked at.
"""

import os
import sys

#: More of one construction tells nobody more.
_MOST = 40

_IMPORT = ('<frozen importlib', '<frozen zipimport')

#: Audit event to how it is told: a verb, and which argument to show.
_EVENTS = {
    'os.listdir': ('list', 0), 'os.scandir': ('list', 0), 'os.chdir': ('chdir', 0),
    'os.system': ('run', 0), 'subprocess.Popen': ('run', 1), 'os.posix_spawn': ('run', 1), 'os.exec': ('run', 1),
    'os.fork': ('fork', None), 'os.forkpty': ('fork', None), 'os.kill': ('kill', 0),
    'os.remove': ('write', 0), 'os.rename': ('write', 0), 'os.mkdir': ('write', 0), 'os.rmdir': ('write', 0),
    'os.link': ('write', 1), 'os.symlink': ('write', 1), 'os.truncate': ('write', 0), 'os.utime': ('write', 0),
    'os.chmod': ('write', 0), 'os.chown': ('write', 0),
    'socket.connect': ('connect', 1), 'socket.bind': ('bind', 1), 'socket.sendto': ('connect', 1),
    'socket.getaddrinfo': ('resolve', 0), 'socket.gethostbyname': ('resolve', 0),
    'socket.gethostname': ('hostname', None), 'sqlite3.connect': ('open', 0), 'ctypes.dlopen': ('open', 0),
    '_thread.start_new_thread': ('thread', None), 'os.putenv': ('environ', 0), 'os.unsetenv': ('environ', 0),
}
#: The place in the state of a random generator that was seeded and not used.
_FRESH = 624
_FILES = frozenset(('open', 'list', 'stat'))
_CLOCKS = frozenset(('now', 'utcnow', 'today'))
_CODE = ('.py', '.pyc', '.so', '.pth')
_STANDARD = os.path.join(os.path.dirname(os.__file__), '')


class Recorder(object):
    """Notes what is read, for the innermost construction at work."""

    def __init__(self):
        self._stack = []
        self._hooked = False
        self._busy = False

    def start(self):
        """A construction begins. Constructions nest."""
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(self._audit)
        if not self._stack:
            self._wrap()
        self._stack.append(({}, {}, _random_state()))

    def stop(self):
        """The construction ends. Returns what it read of the world, and the variables of the environment it read."""
        notes, variables, state = self._stack.pop()
        if not self._stack:
            self._unwrap()
        now = _random_state()
        # A generator that the construction itself has brought in is fresh if it has given nothing yet.
        if state != now and not (state is None and now[1][-1] == _FRESH):
            notes['random'] = True
        return list(notes)[:_MOST], variables

    def note(self, text):
        """The construction at work reads this."""
        if self._stack:
            self._stack[-1][0].setdefault(text, True)

    def scan(self, code):
        """Notes a clock if the code names one."""
        if _CLOCKS.intersection(code.co_names):
            self.note('clock')
        for each in code.co_consts:
            if isinstance(each, type(code)):
                self.scan(each)

    def variable(self, key, value):
        """The construction at work reads a variable of the environment."""
        if self._stack and not self._busy:
            self._stack[-1][1].setdefault(key, value)

    def _audit(self, event, arguments):
        if not self._stack or self._busy:
            return
        if event == 'open':
            path, _, flags = arguments
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            self._note('write' if writes else 'open', path, 2)
        elif event == 'exec':
            if not sys._getframe(1).f_code.co_filename.startswith(_IMPORT):
                self.scan(arguments[0])
        else:
            found = _EVENTS.get(event)
            if found is not None:
                verb, position = found
                self._note(verb, '' if position is None else arguments[position], 2)

    def _note(self, verb, what, depth):
        self._busy = True
        try:
            frame = sys._getframe(depth)
            if frame.f_code.co_filename.startswith(_IMPORT):
                return
            if isinstance(what, int) and verb in _FILES:
                return
            if verb in _FILES and _is_code(what):
                return
            if isinstance(what, (list, tuple)):
                what = ' '.join(map(str, what))
            elif isinstance(what, bytes):
                what = os.fsdecode(what)
            self.note(('%s %s' % (verb, what)).strip())
        finally:
            self._busy = False

    def _wrap(self):
        import grp
        import pwd
        import time
        self._wrapped = wrapped = []

        def replace(module, name, verb):
            real = getattr(module, name, None)
            if real is None:
                return

            def wrapper(*args, **kw):
                # The time of a log record is the engine's.
                caller = sys._getframe(1).f_globals.get('__name__') or ''
                if self._stack and not self._busy and caller.split('.')[0] not in ('logging', 'rbuildout_host'):
                    self._note(verb, args[0] if args and verb == 'stat' else '', 2)
                return real(*args, **kw)
            # Code asks whether a function is among those that support some option.
            for supported in os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids:
                if real in supported:
                    supported.add(wrapper)
            wrapper.__name__ = name
            setattr(module, name, wrapper)
            wrapped.append((module, name, real, wrapper))

        for name in 'stat', 'lstat', 'access', 'readlink', 'statvfs':
            replace(os, name, 'stat')
        for name in 'time', 'time_ns', 'localtime', 'gmtime', 'strftime', 'ctime', 'monotonic':
            replace(time, name, 'clock')
        replace(os, 'urandom', 'random')
        for name in 'uname', 'cpu_count', 'sched_getaffinity', 'getloadavg', 'getuid', 'geteuid', 'getgid', 'getpid':
            replace(os, name, 'system')
        for name in 'getpwuid', 'getpwnam', 'getpwall':
            replace(pwd, name, 'user')
        for name in 'getgrgid', 'getgrnam', 'getgrall':
            replace(grp, name, 'user')
        if 'random' in sys.modules:
            replace(sys.modules['random'], '_urandom', 'random')
        for name in 'stdout', 'stderr':
            stream = getattr(sys, name)
            if hasattr(stream, '__dict__'):
                stream.write = _Write(self, stream.write)
        self._environ = type(os.environ)
        os.environ.__class__ = _environ_class(self, self._environ)

    def _unwrap(self):
        for module, name, real, wrapper in self._wrapped:
            if getattr(module, name) is wrapper:
                setattr(module, name, real)
            for supported in os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids:
                supported.discard(wrapper)
        for stream in sys.stdout, sys.stderr:
            if isinstance(getattr(stream, '__dict__', {}).get('write'), _Write):
                del stream.write
        os.environ.__class__ = self._environ


class _Write(object):
    """Printing is an effect that a replay would not have."""

    def __init__(self, recorder, write):
        self._recorder = recorder
        self._write = write

    def __call__(self, text):
        self._recorder.note('print')
        return self._write(text)


def _environ_class(recorder, base):
    class Environ(base):
        """os.environ while a construction is recorded."""

        def __getitem__(self, key):
            try:
                value = base.__getitem__(self, key)
            except KeyError:
                recorder.variable(key, None)
                raise
            recorder.variable(key, value)
            return value

        def __iter__(self):
            recorder.note('environ')
            return base.__iter__(self)

        def copy(self):
            recorder.note('environ')
            return dict(base.items(self))

    Environ.__name__ = base.__name__
    return Environ


def _random_state():
    module = sys.modules.get('random')
    return module and module.getstate()


def _is_code(path):
    """True for what belongs to installed code: the standard library, installed packages, eggs, modules on the path."""
    try:
        path = os.path.abspath(os.fsdecode(path))
    except (TypeError, ValueError):
        return False
    if path.startswith(_STANDARD) or path.endswith('.egg-link'):
        return True
    for entry in sys.path:
        if not os.path.isabs(entry) or not (path + os.sep).startswith(os.path.join(entry, '')):
            continue
        inside = path[len(entry):]
        if (not inside or entry.endswith('.egg') or '/site-packages' in entry or '/dist-packages' in entry
                or path.endswith(_CODE) or '.egg-info' in inside or '.dist-info' in inside):
            return True
    return False
