"""Sets of eggs, and the scripts in them."""

import copy
import logging
import os
import re
import sys

from zc.buildout import UserError, easy_install
from zc.buildout.buildout import bool_option

_CACHE = '_zc_recipe_egg_working_set_cache'


def lines(text):
    """The lines that are not blank, without the blanks around them."""
    return [line for line in map(str.strip, (text or '').splitlines()) if line]


def sources(buildout, options):
    """Publishes where eggs come from. Returns `(links, index)`."""
    links = options.get('find-links', buildout['buildout'].get('find-links', '')).split()
    if links:
        options['find-links'] = '\n'.join(links)
    index = options.get('index', buildout['buildout'].get('index'))
    if index is not None:
        options['index'] = index
    return links, index


def patches(options, projects):
    """`<egg>-patches` and its companions, by egg; without the name of the egg if there is only one."""
    result = {}
    for project in projects:
        project = re.split(r'[^-.\w]', project, maxsplit=1)[0]

        def option(name, default=''):
            value = options.get('%s-%s' % (project, name))
            if value is None and len(projects) == 1:
                value = options.get(name)
            return default if value is None else value
        urls = lines(option('patches'))
        if urls:
            result[project] = {
                'urls': urls,
                'options': option('patch-options', '-p0').split(),
                'binary': option('patch-binary', 'patch'),
                'revision': int(option('patch-revision', len(urls))),
            }
    return result


class Eggs(object):
    """A working set."""

    def __init__(self, buildout, name, options):
        self.buildout, self.name, self.options = buildout, name, options
        common = buildout['buildout']
        self.links, self.index = sources(buildout, options)
        self.allow_hosts = tuple(lines(common['allow-hosts']))
        options['eggs-directory'] = options['_e'] = common['eggs-directory']
        options['develop-eggs-directory'] = options['_d'] = common['develop-eggs-directory']

    def working_set(self, extra=()):
        """The requirements of the part, and the working set of these and more."""
        options, common = self.options, self.buildout['buildout']
        options['executable'] = sys.executable
        requirements = lines(options.get('eggs', self.name))
        directory, develop = options['eggs-directory'], options['develop-eggs-directory']
        offline = common.get('offline') == 'true'
        arguments = dict(
            specs=requirements + list(extra),
            dest=None if offline else directory,
            links=self.links, index=self.index,
            path=[develop, directory] if offline else [develop],
            newest=common.get('newest') == 'true',
            allow_hosts=self.allow_hosts,
            allow_unknown_extras=bool_option(common, 'allow-unknown-extras', 'false'),
            patches=patches(options, requirements),
        )
        cache = self.buildout.__dict__.setdefault(_CACHE, {})
        key = repr(sorted(arguments.items()))
        if key not in cache:
            found = easy_install.install(**arguments)
            cache[key] = easy_install.sort_working_set(found, directory, develop)
        # Callers may add to it.
        return requirements, copy.deepcopy(cache[key])

    def install(self):
        """Makes sure that the eggs are there."""
        self.working_set()
        return ()

    def update(self):
        """The same: develop eggs, and newer versions, come without any change of options."""
        return self.install()


class Scripts(Eggs):
    """A working set, and scripts that use it."""

    def __init__(self, buildout, name, options):
        Eggs.__init__(self, buildout, name, options)
        common = buildout['buildout']
        options['bin-directory'] = options['_b'] = common['bin-directory']
        self.extra_paths = [os.path.join(common['directory'], path) for path in lines(options.get('extra-paths'))]
        if self.extra_paths:
            options['extra-paths'] = '\n'.join(self.extra_paths)
        relative = options.get('relative-paths', common.get('relative-paths', 'false'))
        assert relative in ('true', 'false'), relative
        self._relative_paths = ''
        if relative == 'true':
            self._relative_paths = options['buildout-directory'] = common['directory']

    parse_entry_point = re.compile(r'([^=]+)=(\w+(?:[.]\w+)*):(\w+(?:[.]\w+)*)$').match

    def install(self):
        """Writes the scripts."""
        requirements, working_set = self.working_set()
        options = self.options
        wanted = options.get('scripts')
        if wanted is not None:
            if not wanted:
                return ()
            pairs = (each.partition('=') for each in wanted.split())
            wanted = {name: target or name for name, _, target in pairs}
        for each in options.get('entry-points', '').split():
            parsed = self.parse_entry_point(each)
            if not parsed:
                logging.getLogger(self.name).error('Cannot parse the entry point %s.', each)
                raise UserError('Invalid entry point')
            requirements.append(parsed.groups())
        if get_bool(options, 'dependent-scripts'):
            requirements += [each.project_name for each in working_set
                             if each.project_name != 'setuptools' and each.project_name not in requirements]
        return easy_install.scripts(
            requirements, working_set, sys.executable, options['bin-directory'], scripts=wanted,
            extra_paths=self.extra_paths, interpreter=options.get('interpreter'),
            initialization=options.get('initialization', ''), arguments=options.get('arguments', ''),
            relative_paths=self._relative_paths)


def get_bool(options, name, default=False):
    """An option that is `true`, `false` or nothing."""
    value = options.get(name)
    if not value:
        return default
    if value not in ('true', 'false'):
        raise UserError('Invalid value for %s option: %s' % (name, value))
    return value == 'true'


Egg = Scripts
