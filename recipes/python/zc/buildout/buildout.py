"""The buildout and its sections, as live mappings: the engine holds them."""

import logging
import os
import sys
from collections.abc import MutableMapping

from rbuildout_host import session as run
from rbuildout_host import values
from rbuildout_host.errors import MissingOption, MissingSection, UserError
from rbuildout_host.session import session
from rbuildout_host.values import read, to_text

__all__ = ('Buildout', 'MissingOption', 'MissingSection', 'Options', 'bool_option', 'print_')

_MISSING = object()
#: Tells a buildout which state directories are taken until it ends.
_OUTER = 'RBUILDOUT_OUTER_RUNS'
_SIGNATURE = '__buildout_signature__'
_BOOLEANS = {'true': True, 'false': False, True: True, False: False}


def __getattr__(name):
    # Recipes look for these to know whether values may be other than strings.
    if name in ('dumps', 'loads') and session.typed:
        return getattr(values, name)
    raise AttributeError('module %r has no attribute %r' % (__name__, name))


def bool_option(options, name, default=None):
    """An option that is `true` or `false`. KeyError if it is absent and there is no default."""
    value = options.get(name, default)
    if value is None:
        raise KeyError(name)
    try:
        return _BOOLEANS[value]
    except (KeyError, TypeError):
        raise UserError('Invalid value for %r option: %r' % (name, value))


def print_(*args, **kw):
    """print, with the end of the line and the stream of the moment."""
    kw.setdefault('file', sys.stdout)
    print(*args, **kw)


class _Depends(set):
    """The names of the sections that a section depends on. A change goes to the engine."""

    def __repr__(self):
        return repr(set(self))

    def _changing(name):
        method = getattr(set, name)

        def change(self, *args):
            result = method(self, *args)
            self._options._set_depends(self)
            return self if result is self else result
        change.__name__ = name
        return change

    for _name in ('add', 'clear', 'difference_update', 'discard', 'intersection_update', 'pop', 'remove',
                  'symmetric_difference_update', 'update', '__iand__', '__ior__', '__isub__', '__ixor__'):
        locals()[_name] = _changing(_name)
    del _name, _changing


class Options(MutableMapping):
    """A section.

    Every access asks the engine: another recipe, or a substitution, may have changed it. Attributes are free for
    recipes to set; `_data`, `copy` and `depends` mean something when they are replaced.
    """

    _recipe = None
    _created = None
    _override = None

    def __init__(self, buildout, section, data=None):
        self.buildout = buildout
        self.name = section

    @property
    def recipe(self):
        """The recipe of the section, None if it has none. One that is built in has a stand-in."""
        if self._recipe is None:
            native = self._call('recipe')
            # One that had been replayed is there from now on.
            if self._recipe is None and native is not None:
                self._recipe = BuiltIn._of(self)
        return self._recipe

    @recipe.setter
    def recipe(self, recipe):
        self._recipe = recipe

    def _call(self, name, /, **arguments):
        return self.buildout._call(name, section=self.name, **arguments)

    def _read(self, text):
        return read(text, self.buildout._typed)

    def _replaced(self, key):
        """The stored text that a replaced `_data` has, or None."""
        if self._override is not None:
            try:
                return self._override[key]
            except KeyError:
                pass
        return None

    def get(self, option, default=None, seen=None):
        """The value of an option, or the default."""
        text = self._replaced(option)
        if text is not None:
            if self.buildout._typed:
                text = text.replace('$${', '${')
        else:
            signature = option == _SIGNATURE and self.buildout._typed
            text = self._call('signature') if signature else self._call('get', key=option)
        return default if text is None else self._read(text)

    def __getitem__(self, option):
        value = self.get(option, _MISSING)
        if value is _MISSING:
            raise MissingOption('Missing option: %s:%s' % (self.name, option))
        return value

    def __contains__(self, option):
        return isinstance(option, str) and self.get(option, _MISSING) is not _MISSING

    def __setitem__(self, option, value):
        if not isinstance(value, str) and not self.buildout._typed:
            raise TypeError('Option values must be strings', value)
        text = to_text(value)
        if self._override is not None:
            self._override[option] = text
        self._call('set', key=option, value=text)

    def __delitem__(self, option):
        known = self._override is not None and self._override.pop(option, None) is not None
        if not self._call('delete', key=option) and not known:
            raise KeyError(option)

    def keys(self):
        """The names of all options: those of the profile, then those that were set."""
        keys = self._call('keys')
        if self._override is not None:
            keys += [key for key in self._override if key not in keys]
        return keys

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def copy(self):
        """All options, as they would be saved. Does not count as a use of them."""
        texts = self._call('copy')
        if self._override is not None:
            texts.update(self._override)
        return {key: self._read(text) for key, text in texts.items()}

    def __deepcopy__(self, memo):
        return dict(self)

    def __repr__(self):
        return repr(dict(self))

    @property
    def _raw(self):
        return self._call('raw')

    @property
    def _data(self):
        return self._call('copy') if self._override is None else self._override

    @_data.setter
    def _data(self, data):
        self._override = data
        self._call('virtual')

    def _sub(self, template, seen=None, last=True):
        """The text with its references substituted, as if it were an option of this section."""
        return self._call('sub', text=template)

    @property
    def depends(self):
        """The names of the sections that this one depends on. They are frozen once its signature is known.

        A recipe that must read another section nevertheless replaces them by a set for the time being.
        """
        if not self.buildout._typed:
            raise AttributeError('depends')
        depends = self._call('depends')
        if depends['frozen']:
            return frozenset(depends['names'])
        result = _Depends(depends['names'])
        result._options = self
        return result

    @depends.setter
    def depends(self, names):
        self._set_depends(names)

    def _set_depends(self, names):
        self._call('set_depends', names=sorted(names), frozen=isinstance(names, frozenset))

    @property
    def barrier(self):
        """A function: every section that comes to life from now on depends on this one."""
        if not self.buildout._typed:
            raise AttributeError('barrier')
        return lambda: self._call('barrier')

    def created(self, *paths):
        """Registers paths to be deleted if the installation fails."""
        if self._created is None:
            raise TypeError('Attempt to register a created path while not installing', self.name)
        self._created.extend(paths)
        return self._created


class BuiltIn(object):
    """Stands in for a recipe that the engine has built in: it can be constructed once more."""

    def __init__(self, buildout, name, options):
        self.buildout, self.name, self.options = buildout, name, options
        buildout._call('construct', section=name)

    @classmethod
    def _of(cls, options):
        this = cls.__new__(cls)
        this.buildout, this.name, this.options = options.buildout, options.name, options
        return this


class Buildout(MutableMapping):
    """The buildout: its sections by name.

    An instance that recipes construct is another buildout, run by a process of its own.
    """

    Options = Options

    _typed = property(lambda self: session.typed)
    _call = staticmethod(run.call)

    def __init__(self, config_file, cloptions=(), use_user_defaults=True, command=None, args=()):
        self._config_file = config_file or os.devnull
        self._nested = [sys.argv[0], '-c', self._config_file]
        if not session.typed:
            self._nested.append('--upstream')
        if not use_user_defaults:
            self._nested.append('-U')
        self._nested += ['%s:%s=%s' % (section, option, value) for section, option, value in cloptions]
        self._start({})

    def _start(self, attributes):
        self._live = {}
        self._logger = logging.getLogger('zc.buildout')
        self.__dict__.update(attributes)

    def install(self, install_args=()):
        """Runs the buildout that was constructed."""
        self._run('install', *install_args)

    def bootstrap(self, args=()):
        """Bootstraps the buildout that was constructed."""
        self._run('bootstrap', *args)

    def _run(self, *arguments):
        import subprocess
        # The run at work waits for this one, which must not wait for it.
        outer = [os.environ.get(_OUTER), session.buildout._state_directory]
        environment = dict(os.environ, **{_OUTER: os.pathsep.join(filter(None, outer))})
        if subprocess.call(self._nested + list(arguments), env=environment):
            raise UserError('The buildout of %s failed.' % self._config_file)

    def _options(self, name):
        """The object of a section, without bringing the section to life."""
        options = self._live.get(name)
        if options is None:
            options = self.Options(self, name, {})
            # The class may be a function that looks at the section.
            options = self._live.setdefault(name, options)
        return options

    def __getitem__(self, section):
        if not isinstance(section, str):
            raise MissingSection(section)
        options = self._live.get(section)
        if options is None and self._call('contains', section=section):
            if 'Options' in self.__dict__ and self._call('alive', section=section):
                # Too late for a class that a recipe put there for the next new section.
                options = self._live[section] = type(self).Options(self, section, {})
            else:
                options = self._options(section)
        self._call('touch', section=section)
        return options

    def __contains__(self, section):
        return isinstance(section, str) and self._call('contains', section=section)

    def get(self, section, default=None):
        """The section, or the default if there is none of that name."""
        return self[section] if section in self else default

    def __setitem__(self, name, data):
        if not self._call('add', name=name, options={key: to_text(value) if self._typed else str(value)
                                                     for key, value in data.items()}):
            raise KeyError('Section already exists', name)

    def __delitem__(self, name):
        raise NotImplementedError('__delitem__')

    def parse(self, data):
        """Adds the sections of a text in the language of profiles, and brings them to life."""
        existing = self._call('parse', text=data)
        if existing is not None:
            raise KeyError('Section already exists', existing)

    def keys(self):
        """The names of all sections."""
        return self._call('sections')

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def __getattr__(self, name):
        if name in _STATE:
            value = self._call('settings', key=name)
            if value is not None:
                return value
        raise AttributeError('%r object has no attribute %r' % (type(self).__name__, name))

    def __deepcopy__(self, memo):
        return self

    __hash__ = object.__hash__

    def __eq__(self, other):
        return self is other


#: Attributes that change during the run.
_STATE = frozenset(('_parts', 'installed_part_options'))


def live(settings):
    """The buildout of this run."""
    settings['_log_level'] = settings.pop('log_level', logging.INFO)
    for name in 'links', 'allow_hosts':
        settings['_' + name] = tuple(settings.pop(name, ()))
    buildout = Buildout.__new__(Buildout)
    buildout._start(settings)
    return buildout
