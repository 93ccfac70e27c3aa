"""The reference made fair where upstream is not: zc.buildout with every extended file loaded once.

    reference.py annotate [buildout options...] annotate
    reference.py resolve OUTPUT|- [buildout options...]

zc.buildout 3.0.1 loads and merges a file again each time it is reached through `extends`, and copies all that was
merged so far with each merge. Real profiles extend in diamonds: minutes of work, and another result than that of the
SlapOS variant, which loads each file once, at its first visit. The variant can't be had from the package index, so this
driver replaces the loader of zc.buildout by the cheapest one which has the variant's order: a file is parsed once, by
zc.buildout's own parser, and merged in place, without copies. All else (start, conditions, annotate, macros,
substitution) is zc.buildout's own code.

`resolve` needs no recipe: sections are expanded and substituted by zc.buildout; an option that only a recipe could
set is reported as such. OUTPUT gets the values as JSON (`-`: none), standard output a line with counts.
"""

import json
import os
import platform
import sys

import zc.buildout
import zc.buildout.buildout as engine
import zc.buildout.configparser

LOCATION = '_profile_base_location_'
LOCATION_REFERENCE = '${:%s}' % LOCATION


def with_multiarch(original):
    def globals_():
        result = original()
        result['multiarch'] = '%s-linux-gnu' % platform.machine()
        return result
    return globals_


class OnceLoader:
    """Replaces `_open`: each file once, in post-order, merged in place."""

    def __init__(self, base_data):
        self.seen = set()
        self.stack = []
        self.data = {}
        self.defaults = base_data

    def load(self, base, name):
        while name.startswith('../'):
            name = name[3:]
            base = base[:base.rfind('/')]
        path = os.path.normpath(os.path.join(base, name))
        if path in self.stack:
            raise zc.buildout.UserError('Recursive file include', self.stack, path)
        if path in self.seen:
            return
        self.seen.add(path)
        self.stack.append(path)
        base = os.path.dirname(path)
        with open(path) as stream:
            sections = zc.buildout.configparser.parse(stream, path, engine._default_globals)
        extends = sections.get('buildout', {}).pop('extends', '')
        for options in sections.values():
            if any(LOCATION_REFERENCE in value for value in options.values()):
                options[LOCATION] = base
        for extended in extends.split():
            self.load(base, extended)
        self.merge(sections, path)
        self.stack.pop()

    def merge(self, sections, path):
        for name, options in sections.items():
            target = self.data.get(name)
            if target is None:
                target = self.data[name] = {}
                if '<' in options:
                    # Operations wait for the macros: `Options` applies them.
                    target.update((key, engine.SectionKey(value, path)) for key, value in options.items())
                    continue
            plain, operations = [], []
            for key in options:
                (operations if key[-1] in '+-' else plain).append(key)
            for key in plain:
                new = engine.SectionKey(options[key], path)
                old = target.get(key)
                if old is None:
                    target[key] = new
                else:
                    old.overrideValue(new)
            for key in sorted(operations, key=lambda k: (k.rstrip(' +-'), k[-1])):
                option = key.rstrip(' ' + key[-1])
                old = target.get(option)
                if old is None:
                    # Onto the built-in value, or onto nothing; what a macro may bring is added by Options below.
                    old = self.defaults.get(option) if name == 'buildout' else None
                    pending = old is None and '<' in (*target, *options)
                    if pending:
                        known = target.get(key)
                        if known is not None:
                            known.value += '\n' + options[key]
                        else:
                            target[key] = engine.SectionKey(options[key], path)
                        continue
                    old = engine.copy.deepcopy(old) if old else engine.SectionKey('', 'IMPLICIT_VALUE')
                    target[option] = old
                if key[-1] == '+':
                    old.addToValue(options[key], path)
                else:
                    old.removeFromValue(options[key], path)


def open_once(base, filename, seen, download_options, override, downloaded, user_defaults):
    loader = OnceLoader(download_options)
    if user_defaults:
        loader.data = user_defaults
    loader.load(base, filename)
    return loader.data, {}


class NeedsRecipe(Exception):
    pass


class StaticOptions(engine.Options):
    """A section without its recipe."""

    def _initialize(self):
        if '<' in self._raw:
            self._raw = self._do_extend_raw(self.name, self._raw, [])

    def get(self, option, default=None, seen=None):
        value = super().get(option, default, seen)
        if value is None and seen is not None and option != '_buildout_section_name_' and self._raw.get('recipe'):
            raise NeedsRecipe
        return value


def resolve(output, arguments):
    config, options = None, []
    words = iter(arguments)
    for word in words:
        if word == '-c':
            config = next(words)
        elif '=' in word:
            name, value = word.split('=', 1)
            section, option = name.split(':') if ':' in name else ('buildout', name)
            options.append((section, option, value))
    engine.Buildout.Options = StaticOptions
    buildout = engine.Buildout(config, options, False, 'annotate', ())
    document, total, waiting, wrong = {}, 0, 0, 0
    for name in buildout:
        values = document[name] = {}
        section = buildout[name]
        for option in list(section._raw):
            total += 1
            try:
                values[option] = section.get(option, seen=None).replace('$${', '${')
            except NeedsRecipe:
                waiting += 1
                values[option] = None
            except zc.buildout.UserError:
                wrong += 1
                values[option] = False
    if output != '-':
        with open(output, 'w') as stream:
            json.dump(document, stream)
    print('%s: %s sections, %s options, %s need a recipe, %s problems'
          % (config, len(document), total, waiting, wrong))


def main():
    engine._open = open_once
    engine._default_globals = with_multiarch(engine._default_globals)
    command, *arguments = sys.argv[1:]
    if command == 'resolve':
        resolve(arguments[0], arguments[1:])
    else:
        sys.argv[1:] = arguments
        engine.main()


if __name__ == '__main__':
    main()
