"""Eggs with C extensions, built with options."""

import logging
import os
import sys

from zc.buildout import easy_install
from zc.recipe.egg import egg

_PLAIN = ('define', 'undef', 'libraries', 'link-objects', 'debug', 'force', 'compiler', 'swig-cpp', 'swig-opts')
_SYMBOLIC = tuple(form % name for name in ('ORIGIN', 'LIB', 'PLATFORM') for form in ('$%s', '${%s}'))


def build_ext(buildout, options):
    """The options of `build_ext`; paths are made absolute and published."""
    directory = buildout['buildout']['directory']
    result = {}
    for name in 'include-dirs', 'library-dirs', 'rpath':
        value = options.get(name)
        if value is not None:
            symbolic = _SYMBOLIC if name == 'rpath' else ()
            result[name] = options[name] = os.pathsep.join(
                path if symbolic and path.startswith(symbolic) else os.path.join(directory, path)
                for path in egg.lines(value))
    swig = options.get('swig')
    if swig:
        result['swig'] = options['swig'] = os.path.join(directory, swig)
    for name in _PLAIN:
        value = options.get(name)
        if value is not None:
            result[name] = value
    return result


class Base(object):
    """What is built in place or from source, with an environment of its own."""

    def __init__(self, buildout, name, options):
        self.name, self.options = name, options
        options['_d'] = buildout['buildout']['develop-eggs-directory']
        self.build_ext = build_ext(buildout, options)
        section = options.get('environment')
        self.environment = buildout[section] if section else {}

    def _build(self):
        raise NotImplementedError

    def install(self):
        """Builds in the environment of the part."""
        environment = {key: value % os.environ for key, value in self.environment.items()}
        saved = {key: os.environ.get(key) for key in environment}
        os.environ.update(environment)
        try:
            return self._build()
        finally:
            for key, value in saved.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value

    def update(self):
        """The same."""
        return self.install()


class Custom(Base):
    """An egg built from its source distribution."""

    def __init__(self, buildout, name, options):
        Base.__init__(self, buildout, name, options)
        self.links, self.index = egg.sources(buildout, options)
        options['_environment-data'] = repr(sorted(self.environment.items()))
        options['_e'] = buildout['buildout']['eggs-directory']
        self.newest = buildout['buildout'].get('newest') == 'true'
        if buildout['buildout'].get('offline') == 'true':
            self.install = lambda: ()

    def _build(self):
        options = self.options
        requirement = options.get('egg')
        if requirement is None:
            requirement = options.get('eggs')
            if requirement is not None:
                logging.getLogger('zc.recipe.egg.custom').warning('The eggs option is deprecated. Use egg instead')
        requirement = (self.name if requirement is None else requirement).strip()
        return easy_install.build(
            requirement, options['_d'], self.build_ext, self.links, self.index, sys.executable, [options['_e']],
            newest=self.newest, patches=egg.patches(options, [requirement]))


class Develop(Base):
    """A project built in place."""

    def __init__(self, buildout, name, options):
        Base.__init__(self, buildout, name, options)
        options['setup'] = os.path.join(buildout['buildout']['directory'], options['setup'])

    def _build(self):
        return easy_install.develop(self.options['setup'], self.options['_d'], self.build_ext)
