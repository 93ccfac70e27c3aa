"""The exceptions of buildout, and their way between Python and the engine."""

import os
import sys

from rbuildout_host.session import ROOT


class UserError(Exception):
    """A mistake of the user, shown without a traceback."""

    def __str__(self):
        return ' '.join(map(str, self.args))


class MissingOption(UserError, KeyError):
    """An option that is needed is not there."""


class MissingSection(UserError, KeyError):
    """A section that is needed is not there. Its argument is the name."""

    def __str__(self):
        return 'The referenced section, %r, was not defined.' % (self.args[0] if self.args else '')


class ChecksumError(UserError):
    """A downloaded file has another content than expected."""


class VersionConflict(UserError):
    """Requirements that cannot be met together."""


class MissingDistribution(UserError):
    """A requirement that nothing meets."""


class IncompatibleConstraintError(UserError):
    """A pin that contradicts a requirement."""


class RemoteError(RuntimeError):
    """An error of the engine, or of a recipe in another process, whose class does not exist here."""


for _class, _module in (
        (UserError, 'zc.buildout'),
        (MissingOption, 'zc.buildout.buildout'),
        (MissingSection, 'zc.buildout.buildout'),
        (ChecksumError, 'zc.buildout.download'),
        (VersionConflict, 'zc.buildout.easy_install'),
        (MissingDistribution, 'zc.buildout.easy_install'),
        (IncompatibleConstraintError, 'zc.buildout.easy_install')):
    _class.__module__ = _module

_USER_CLASSES = {each.__name__: each for each in (
    ChecksumError, VersionConflict, MissingDistribution, IncompatibleConstraintError)}

#: The exception that left last. The engine may hand it back, to the recipe that asked for the section.
_last = None


def note(error, name, value):
    """Remembers something for the error object of an exception, if that takes attributes."""
    try:
        setattr(error, '_rbuildout_' + name, value)
    except AttributeError:
        pass


def _kind(error):
    if isinstance(error, MissingSection):
        return 'missing-section'
    if isinstance(error, MissingOption):
        return 'missing-option'
    if isinstance(error, UserError):
        return 'user'
    if isinstance(error, SystemExit):
        return 'exit'
    if isinstance(error, KeyboardInterrupt):
        return 'interrupt'
    # The errors of distutils are the user's in buildout; their module has two names since setuptools has a copy of it.
    if any(each.__name__ == 'DistutilsError' for each in type(error).__mro__):
        return 'user'
    if type(error) is KeyError:
        return 'key'
    return 'internal'


def to_wire(error):
    """The error object of an exception."""
    global _last
    _last = error
    kind = _kind(error)
    message, lines = _message(error), frames(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        message = error.msg
        lines.append({'file': error.filename, 'line': error.lineno, 'function': '', 'text': _marked(error)})
    result = {
        'kind': kind,
        'class': type(error).__qualname__,
        'module': type(error).__module__,
        'message': message,
        'frames': lines,
    }
    if kind == 'exit':
        code = error.code
        result['status'] = code if isinstance(code, int) else 0 if code is None else 1
    for name in 'token', 'created', 'importing':
        value = getattr(error, '_rbuildout_' + name, None)
        if value is not None:
            result[name] = value
    return result


def _message(error):
    try:
        return str(error)
    except Exception:
        return '<unprintable %s>' % type(error).__name__


def _marked(error):
    """The source line of a SyntaxError, with a mark below the place, or None."""
    if not error.text:
        return None
    line = error.text.rstrip()
    text = line.lstrip()
    if not error.offset:
        return text
    column = min(max(error.offset - 1 - (len(line) - len(text)), 0), len(text))
    return '%s\n%s^' % (text, ' ' * column)


def frames(trace):
    """The lines of a traceback outside of this package and the import machinery, outermost first."""
    import importlib
    import linecache
    result = []
    while trace is not None:
        code = trace.tb_frame.f_code
        name = code.co_filename
        if not name.startswith((ROOT + os.sep, '<frozen importlib')) and name != importlib.__file__:
            text = linecache.getline(name, trace.tb_lineno, trace.tb_frame.f_globals).strip()
            result.append({'file': name, 'line': trace.tb_lineno, 'function': code.co_name, 'text': text or None})
        trace = trace.tb_next
    return result


def from_wire(error):
    """The exception of an error object."""
    name, message, last = error.get('class'), error.get('message') or '', _last
    if (last is not None and type(last).__qualname__ == name and type(last).__module__ == error.get('module')
            and _message(last) == message):
        result = last
    else:
        result = _build(error.get('kind'), name, error.get('module'), message)
    if error.get('token') is not None:
        try:
            result._rbuildout_token = error['token']
        except AttributeError:
            pass
    return result


def _build(kind, name, module, message):
    if kind == 'missing-section':
        before, after = 'The referenced section, ', ', was not defined.'
        if message.startswith(before) and message.endswith(after):
            message = message[len(before) + 1:-len(after) - 1]
        return MissingSection(message)
    if kind == 'missing-option':
        return MissingOption(message)
    if kind == 'user':
        return _USER_CLASSES.get(name, UserError)(message)
    if kind == 'key':
        return KeyError(message)
    if kind == 'interrupt':
        return KeyboardInterrupt()
    if kind == 'exit':
        return SystemExit(message)
    import builtins
    found = getattr(builtins, name or '', None) if module in (None, '', 'builtins') else None
    if isinstance(found, type) and issubclass(found, Exception):
        try:
            return found(message)
        except TypeError:
            pass
    return RemoteError('%s: %s' % (name, message) if name else message)


def show(error):
    """Prints an error object for somebody who has nothing but the log."""
    if error:
        for frame in error['frames']:
            sys.stderr.write('  File "%(file)s", line %(line)s, in %(function)s\n' % frame)
        sys.stderr.write('%(class)s: %(message)s\n' % error)
