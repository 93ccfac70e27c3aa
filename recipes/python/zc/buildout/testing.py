"""A buildout in memory, for the unit tests of recipes.

It has sections and substitution, no macros and no parts: a section's recipe is the test's to construct.
"""

import os
import re
import sys

from rbuildout_host.errors import ChecksumError, MissingOption, MissingSection
from rbuildout_host.session import session
from zc.buildout import buildout

_REFERENCE = re.compile(r'(?<!\$)\$\{([-\w .]*):([-\w .]+)\}')


class Memory(object):
    """What the engine is for a buildout: it answers the requests of the protocol."""

    listening = True

    def __init__(self, sections):
        self.sections = sections
        self.alive = []
        self.parts = []
        self.depends = {}
        self.virtual = set()

    def call(self, name, /, **arguments):
        """The answer to a request."""
        answer = getattr(self, 'on_' + name.replace('.', '_'), None)
        if answer is None:
            raise RuntimeError('this buildout cannot do %s' % name)
        return answer(**arguments)

    def construct(self, section):
        """Called when a section comes to life."""

    def virtual_option(self, section, key):
        """An option that only its recipe knows."""
        return session.buildout._options(section)._replaced(key)

    def on_touch(self, section):
        if section not in self.sections:
            raise MissingSection(section)
        if section not in self.alive:
            self.alive.append(section)
            self.construct(section)

    def on_get(self, section, key):
        value = self.sections[section].get(key)
        if value is None and section in self.virtual:
            value = self.virtual_option(section, key)
        if value is None or value.startswith('!py'):
            return value
        value = self.on_sub(section, value)
        return value.replace('$${', '${') if session.typed else value

    def on_sub(self, section, text):
        def one(match):
            other, key = match.group(1) or section, match.group(2)
            self.on_touch(other)
            value = other if key == '_buildout_section_name_' else self.on_get(other, key)
            if value is None:
                raise MissingOption('Referenced option does not exist:', other, key)
            return value
        return _REFERENCE.sub(one, text)

    def on_set(self, section, key, value):
        self.sections[section][key] = value

    def on_delete(self, section, key):
        return self.sections[section].pop(key, None) is not None

    def on_contains(self, section):
        return section in self.sections

    def on_alive(self, section):
        return section in self.alive

    def on_keys(self, section):
        return list(self.sections[section])

    def on_raw(self, section):
        return dict(self.sections[section])

    def on_copy(self, section):
        return {key: self.on_sub(section, text) for key, text in self.sections[section].items()}

    def on_sections(self):
        return list(self.sections)

    def on_add(self, name, options):
        if name in self.sections:
            return False
        self.sections[name] = options
        self.on_touch(name)
        return True

    def on_parse(self, text):
        new = {}
        for line in text.splitlines():
            line = line.strip()
            if line.startswith('['):
                options = new[line.strip('[]')] = {}
            elif line and not line.startswith('#'):
                key, _, value = line.partition('=')
                options[key.strip()] = value.strip()
        for name in new:
            if name in self.sections:
                return name
        self.sections.update(new)
        for name in new:
            self.on_touch(name)

    def on_signature(self, section):
        self.depends[section] = frozenset(self.depends.get(section, ()))
        return 'signature of ' + section

    def on_depends(self, section):
        names = self.depends.get(section, ())
        return {'names': sorted(names), 'frozen': isinstance(names, frozenset)}

    def on_set_depends(self, section, names, frozen):
        self.depends[section] = frozenset(names) if frozen else set(names)

    def on_barrier(self, section):
        pass

    def on_virtual(self, section):
        self.virtual.add(section)

    def on_settings(self, key):
        return self.parts if key == '_parts' else {}

    def on_log(self, logger, level, text):
        sys.stderr.write('%s: %s\n' % (logger, text))

    def on_download(self, url, md5, path, options):
        from zc.buildout.download import check_md5sum, locate_at
        local = url[len('file://'):] if url.startswith('file://') else url
        if not check_md5sum(local, md5):
            raise ChecksumError('MD5 checksum mismatch for local resource at %r.' % local)
        return [locate_at(local, path), False]


class TestOptions(buildout.Options):
    """A section as if its part were being installed."""

    def __init__(self, *args):
        buildout.Options.__init__(self, *args)
        self._created = []


class Buildout(buildout.Buildout):
    """A buildout of the working directory. Sections are added with `[]` and `parse`."""

    Options = TestOptions

    def __init__(self):
        here = os.getcwd()
        options = {
            'directory': here,
            'executable': sys.executable,
            'installed': os.path.join(here, '.installed.cfg'),
            'allow-hosts': '*', 'allow-unknown-extras': 'false', 'find-links': '', 'install-from-cache': 'false',
            'newest': 'true', 'offline': 'false', 'relative-paths': 'false', 'versions': 'versions', 'verbosity': '0',
        }
        for name in 'bin', 'parts', 'eggs', 'develop-eggs':
            options[name + '-directory'] = os.path.join(here, name)
        for name in 'eggs', 'parts':
            os.makedirs(name, exist_ok=True)
        session.channel = Memory({'buildout': options, 'versions': {}})
        session.buildout = self
        self._start({'offline': False, 'newest': True, '_links': (), '_allow_hosts': ('*',), '_log_level': 20})
