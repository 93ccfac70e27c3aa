"""Renders all Jinja templates of a SlapOS checkout with Jinja2 and with the native engine, and compares.

Usage: python differential.py CHECKOUT RENDER_TEMPLATE [--verbose]

RENDER_TEMPLATE is the example binary of rbuildout-recipes (`cargo build -p rbuildout-recipes --example render_template`).

A template is a file with Jinja syntax that some section may render, or the `inline` option of a section. Its context is
made up: every undeclared name is first an object that watches how it is used (as text, number, list or mapping), and is
then replaced by plain data of that shape, written as JSON; names that `context` lines bind with `import` are modules.
Both engines get the same data. Each template is tried with several kinds of values; all results have to be equal.
"""
import argparse, collections, importlib, json, os, re, subprocess, sys, types

import jinja2, jinja2.meta

from generate import default_context, render

EXTENSIONS = ['jinja2.ext.do', 'jinja2.ext.loopcontrols']
VALUE_KINDS = ('named', 'one', 'true', 'defaults')
STR_METHODS = [m for m in dir(str) if not m.startswith('_')]
DICT_METHODS = ('get', 'items', 'keys', 'values', 'setdefault', 'pop', 'update', 'copy', 'iteritems', 'itervalues', 'iterkeys')


def text_for(name, kind):
    if kind == 'one':
        return '1'
    if kind == 'true':
        return 'true'
    name = name.lower()
    for words, value in (
            (('port', 'count', 'size', 'number', 'timeout', 'interval', 'limit', 'amount', 'index', 'max', 'min',
              'nb', 'duration', 'ttl', 'age'), '8080'),
            (('ipv6', 'ip6'), '2001:db8::1'), (('ipv4', 'ip'), '10.0.0.1'),
            (('url', 'uri'), 'https://user:pw@host.example:8443/path?q=1'), (('json',), '{}'),
            (('path', 'dir', 'file', 'bin', 'location'), '/srv/' + re.sub(r'\W', '-', name)),
            (('enable', 'bool', 'use-', 'is_'), 'true')):
        if any(word in name for word in words):
            return value
    return 'value of %s & "%s"' % (name, name)


class Watch:
    """A value that becomes what it is used as."""

    def __init__(self, name, kind):
        self.__dict__.update(_name=name, _kind=kind, _shape=None, _items={}, _list=None, _json=None)

    def _is(self, shape):
        if self._shape is None or (self._shape == 'text' and shape in ('dict', 'list')):
            self.__dict__['_shape'] = shape

    def _child(self, key):
        self._is('dict')
        if isinstance(key, Watch):
            key = str(key)
        if key not in self._items:
            self._items[key] = Watch(str(key), self._kind)
        return self._items[key]

    def plain(self):
        if self._json is not None:
            return json.dumps(self._json.plain())
        if self._shape == 'dict':
            return {k if isinstance(k, str) else str(k): v.plain() if isinstance(v, Watch) else plain(v)
                    for k, v in self._items.items()}
        if self._shape == 'list':
            return [v.plain() for v in self._elements()]
        if self._shape == 'int':
            return 3
        return text_for(self._name, self._kind)

    width = 2

    def _elements(self):
        if self._list is None:
            self.__dict__['_list'] = [Watch('%s %d' % (self._name, i), self._kind) for i in range(self.width)]
        return self._list

    def __getattr__(self, name):
        if name.startswith('__') and name.endswith('__') and name != '__setitem__':
            raise AttributeError(name)
        if name == 'get':
            def get(key, default=None):
                self._is('dict')
                if self._kind == 'defaults' and key not in self._items:
                    return default
                return self._child(key)
            return get
        if name in ('items', 'iteritems'):
            return lambda: list(self._entries().items())
        if name in ('values', 'itervalues'):
            return lambda: list(self._entries().values())
        if name in ('keys', 'iterkeys'):
            return lambda: list(self._entries())
        if name in ('setdefault', 'pop'):
            def access(key, *default):
                self._is('dict')
                if self._kind == 'defaults' and default and key not in self._items:
                    return default[0]
                return self._child(key)
            return access
        if name == 'update':
            return lambda *a, **k: self._is('dict')
        if name == 'copy':
            self._is('dict')
            return lambda: self
        if name in STR_METHODS and self._shape != 'dict':
            self._is('text')
            return getattr(str(self), name)
        return self._child(name)

    def _entries(self):
        self._is('dict')
        if not self._items:
            self._child('first-key')
            self._child('second-key')
        return self._items

    def __getitem__(self, key):
        if isinstance(key, slice) or (isinstance(key, int) and self._shape != 'dict'):
            if self._shape in ('text', None) and isinstance(key, slice):
                return str(self)[key]
            self._is('list')
            return self._elements()[key] if isinstance(key, slice) else self._elements()[key % 2]
        return self._child(key)

    def __setitem__(self, key, value):
        self._is('dict')

    def __iter__(self):
        if self._shape == 'dict':
            return iter(list(self._entries()))
        if self._shape == 'text':
            return iter(str(self))
        self._is('list')
        return iter(self._elements())

    def __len__(self):
        if self._shape == 'text':
            return len(str(self))
        return len(self._items) if self._shape == 'dict' else 2

    def __bool__(self):
        return True

    def __contains__(self, key):
        if self._shape == 'dict' or (self._shape is None and isinstance(key, str)):
            self._is('dict')
            if self._kind != 'defaults':
                self._child(key)
            return self._kind != 'defaults'
        return key in (str(self) if self._shape == 'text' else self._elements())

    def __str__(self):
        self._is('text')
        value = self.plain()
        return value if isinstance(value, str) else repr(value)
    __repr__ = lambda self: repr(str(self))
    __format__ = lambda self, spec: format(str(self), spec)

    def __hash__(self):
        return hash(str(self))

    def __int__(self):
        if self._shape is None:
            self.__dict__['_shape'] = 'int'
        return int(self.plain()) if self._shape == 'text' else 3
    __index__ = __int__

    def __float__(self):
        return float(int(self))

    def _math(self, other, op):
        if isinstance(other, (int, float)) and not isinstance(other, bool):
            return op(int(self), other)
        if isinstance(other, (list, tuple)):
            self._is('list')
            return op(type(other)(self._elements()), other)
        return op(str(self), str(other))

    def __eq__(self, other):
        if isinstance(other, (int, float, list, dict)) or other is None:
            return False
        return str(self) == str(other)


for _name in ('add', 'sub', 'mul', 'truediv', 'floordiv', 'mod', 'lt', 'le', 'gt', 'ge'):
    def _make(op):
        return lambda self, other: self._math(other, op)
    import operator as _operator
    setattr(Watch, '__%s__' % _name, _make(getattr(_operator, _name)))
    setattr(Watch, '__r%s__' % _name, _make(lambda a, b, op=getattr(_operator, _name): op(b, a)))


def plain(value):
    if isinstance(value, Watch):
        return value.plain()
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(v) for v in value)
    return value


class Module:
    """A module whose functions see plain data instead of watching values."""

    def __init__(self, module):
        self._module = module

    def __getattr__(self, name):
        value = getattr(self._module, name)
        if isinstance(value, types.ModuleType):
            return Module(value)
        if not callable(value):
            return value

        def call(*args, **kwargs):
            if self._module.__name__ == 'json' and name == 'loads' and isinstance(args[0], Watch):
                watch = args[0]
                watch._is('text')
                if watch._json is None:
                    watch.__dict__['_json'] = Watch(watch._name, watch._kind)
                return watch._json
            for arg in args:
                if isinstance(arg, Watch) and arg._shape is None and self._module.__name__ not in ('six', 'itertools', 'functools'):
                    str(arg)
            if self._module.__name__ == 'six' and args and isinstance(args[0], Watch):
                if name in DICT_METHODS:
                    return getattr(args[0], name)()
                str(args[0])
            if self._module.__name__ in ('functools', 'itertools'):
                return value(*args, **kwargs)
            return value(*plain(args), **plain(kwargs))
        return call


class Checkout:
    def __init__(self, root):
        self.files = {}
        self.by_name = collections.defaultdict(list)
        self.context_kinds = collections.defaultdict(collections.Counter)
        self.modules = collections.defaultdict(collections.Counter)
        self.imports = collections.defaultdict(collections.Counter)
        self.section_files = collections.defaultdict(collections.Counter)
        self.inline = []
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(f for f in folders if not f.startswith('.') and f != 'node_modules')
            for name in sorted(names):
                path = os.path.join(folder, name)
                try:
                    with open(path, encoding='utf-8', newline='') as f:
                        text = f.read()
                except (UnicodeDecodeError, OSError):
                    continue
                relative = os.path.relpath(path, root)
                self.by_name[name].append(relative)
                if '.cfg' in name or '.in' in name or '.jinja' in name:
                    self.profile(relative, text)
                if ('{{' in text or '{%' in text) and self.renderable(relative):
                    self.files[relative] = text

    @staticmethod
    def renderable(path):
        name = os.path.basename(path)
        if name.endswith(('.py', '.md', '.rst', '.js', '.html', '.css', '.txt', '.patch', '.svg', '.go', '.json')):
            return '.in' in name or '.jinja' in name
        return True

    def profile(self, path, text):
        section, option, value = None, None, []
        options = {}

        def end_option():
            if option:
                options[option] = '\n'.join(value)

        def end_section():
            end_option()
            if section:
                self.section(path, section, options)
        for line in text.splitlines():
            header = re.match(r'\[([^\]\n]+)\]\s*$', line)
            assignment = re.match(r'([^\s\[#;{%=][^=\s]*)\s*\+?=\s*(.*)$', line)
            if header:
                end_section()
                section, option, value, options = header.group(1), None, [], {}
            elif line[:1] in ' \t' and option:
                value.append(line)
            elif line.strip() == '' and option:
                value.append('')
            elif assignment and section:
                end_option()
                option, value = assignment.group(1), [assignment.group(2)]
        end_section()

    def section(self, path, section, options):
        for line in options.get('context', '').splitlines():
            parts = line.split(None, 2)
            if len(parts) == 3 and parts[0] in ('raw', 'key', 'section', 'import', 'json', 'jsonkey'):
                self.context_kinds[parts[1]][parts[0]] += 1
                if parts[0] == 'import':
                    self.modules[parts[1]][parts[2]] += 1
        for line in options.get('import-list', '').splitlines():
            parts = line.split(None, 2)
            if len(parts) == 3:
                self.imports[parts[1]][parts[2]] += 1
        for option in ('url', 'filename', '_update_hash_filename_', 'template'):
            name = os.path.basename(options.get(option, '').strip())
            if name:
                self.section_files[section.split(':')[0].strip()][name] += 1
        inline = options.get('inline')
        if inline and ('{{' in inline or '{%' in inline):
            lines = inline.split('\n')
            margin = min([len(l) - len(l.lstrip()) for l in lines[1:] if l.strip()] or [0])
            body = '\n'.join(([lines[0]] if lines[0] else []) + [l[margin:] for l in lines[1:]]).rstrip()
            self.inline.append(('%s [%s]' % (path, section), body))

    def import_text(self, alias, near):
        """The text of an imported template, by what the profiles say about the alias."""
        names = []
        for expression in self.imports.get(alias, ()):
            name = os.path.basename(re.sub(r'\$\{[^}]*\}', '', expression).strip())
            names.append(name)
            for section in re.findall(r'([\w.-]+):[\w.-]+', expression):
                names.extend(self.section_files.get(section, ()))
        names.append(alias)
        wanted = alias.replace('-', '_')
        for name in sorted(self.by_name):
            stem = name.split('.')[0].replace('-', '_')
            if stem in (wanted, 'instance_' + wanted, 'template_' + wanted, 'macro_' + wanted):
                names.append(name)
            elif wanted.startswith('instance_') and stem == wanted:
                names.append(name)
        for section in (alias, alias.replace('_', '-'), 'template-' + alias.replace('_', '-')):
            names.extend(self.section_files.get(section, ()))
        for name in names:
            paths = self.by_name.get(name, ())
            for path in sorted(paths, key=lambda p: -len(os.path.commonprefix([p, near]))):
                if path in self.files:
                    return self.files[path]
        return None


class Engine:
    def __init__(self, binary):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def render(self, job):
        self.process.stdin.write(json.dumps(job) + '\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {'class': 'crash', 'message': 'the engine ended'}


def names_of(source, imports):
    environment = jinja2.Environment(extensions=EXTENSIONS)
    names = set()
    imported = {}
    pending = [(None, source)]
    while pending:
        _, text = pending.pop()
        tree = environment.parse(text)
        names |= jinja2.meta.find_undeclared_variables(tree)
        for reference in jinja2.meta.find_referenced_templates(tree):
            if reference and reference not in imported:
                imported[reference] = imports(reference)
                if imported[reference] is not None:
                    pending.append((reference, imported[reference]))
    return names, {name: text for name, text in imported.items() if text is not None}


def compare(checkout, engine, path, source, verbose):
    """The outcome for one template: a word, and details."""
    try:
        names, imported = names_of(source, lambda name: checkout.import_text(name, path))
    except jinja2.TemplateSyntaxError as error:
        expected = render(source, default_context(), {}, EXTENSIONS)
        actual = engine.render(job(source, {}, {}, {}))
        same = expected['class'] == actual.get('class')
        return ('not a template, both say so' if same else 'syntax differs'), [(expected, actual)]
    defaults = default_context()
    modules, data_names, python_only = {}, [], []
    for name in sorted(names - set(defaults) - set(jinja2.defaults.DEFAULT_NAMESPACE)):
        kinds = checkout.context_kinds.get(name, {})
        if kinds and 'import' in kinds and kinds['import'] == max(kinds.values()):
            module = checkout.modules[name].most_common(1)[0][0]
            try:
                modules[name] = importlib.import_module(module)
            except ImportError:
                python_only.append(module)
                continue
            modules[name].__dict__.setdefault('__name__', module)
            imported_as = module
            modules[name] = (imported_as, modules[name])
        else:
            data_names.append(name)
    if python_only:
        answers = [engine.render(job('', {}, {'m': module}, {})) for module in python_only]
        if all('unsupported' not in answer for answer in answers):
            return 'not comparable: %s is not installed' % ', '.join(python_only), [python_only]
        return 'needs a Python module', [python_only]
    foreign = [m for m, _ in modules.values() if 'unsupported' in engine.render(job('', {}, {'m': m}, {}))]
    if foreign:
        return 'needs a Python module', [foreign]
    outcomes = []
    rendered = False
    for kind in VALUE_KINDS:
        watches = {name: Watch(name, kind) for name in data_names}
        context = dict(defaults, **watches)
        context.update({name: Module(module) for name, (_, module) in modules.items()})
        for builtin in ('len', 'int', 'float', 'sorted', 'list', 'repr', 'str', 'dumps'):
            context[builtin] = wrap(defaults[builtin])
        context['dict'] = WatchDict
        watched = render(source, context, imported, EXTENSIONS)
        unpacked = re.search(r'values to unpack \(expected (\d+)', watched.get('message', ''))
        if unpacked and Watch.width == 2 and unpacked.group(1) != '2':
            Watch.width = int(unpacked.group(1))
            try:
                return compare(checkout, engine, path, source, verbose)
            finally:
                Watch.width = 2
        data = {name: watch.plain() for name, watch in watches.items()}
        data = json.loads(json.dumps(data))
        context = dict(defaults, **json.loads(json.dumps(data)))
        context.update({name: module for name, (_, module) in modules.items()})
        expected = render(source, context, imported, EXTENSIONS, path)
        actual = engine.render(job(source, data, {name: m for name, (m, _) in modules.items()}, imported, path))
        if 'unsupported' in actual:
            return 'unsupported', [(expected, actual)]
        rendered |= 'ok' in expected
        if 'ok' in expected:
            same = expected['ok'] == actual.get('ok')
        else:
            same = expected['class'] == actual.get('class')
        outcomes.append((kind, same, expected, actual, data))
    bad = [(e, a, d) for _, same, e, a, d in outcomes if not same]
    if bad:
        return ('differs' if rendered else 'error differs'), bad
    return ('equal' if rendered else 'equal errors'), [e for _, _, e, _, _ in outcomes]


class WatchDict(dict):
    """dict() that sees a watching value as a mapping."""

    def __init__(self, *args, **kwargs):
        if args and isinstance(args[0], Watch):
            args = (args[0]._entries(),)
        super().__init__(*args, **kwargs)


def wrap(function):
    def call(*args, **kwargs):
        if function is list and args and isinstance(args[0], Watch):
            return list(iter(args[0]))
        if function is dict and args and isinstance(args[0], Watch):
            return dict(args[0]._entries(), **kwargs)
        return function(*[a if function in (len, sorted, int, float, str) else plain(a) for a in args], **kwargs)
    return call


def job(source, data, modules, imported, name='<inline>'):
    context = {n: {'value': v} for n, v in data.items()}
    context.update({n: {'module': m} for n, m in modules.items()})
    return {
        'source': source, 'name': name, 'context': context, 'extensions': EXTENSIONS,
        'imports': {'delimiter': '\0', 'aliases': {n: {'text': t} for n, t in imported.items()}},
    }


def difference(expected, actual):
    if 'ok' in expected and 'ok' in actual:
        for number, (a, b) in enumerate(zip(expected['ok'].split('\n'), actual['ok'].split('\n')), 1):
            if a != b:
                return 'line %d: %r != %r' % (number, a[:300], b[:300])
        return 'length %d != %d' % (len(expected['ok']), len(actual['ok']))
    return '%s != %s' % (str(expected)[:300], str(actual)[:300])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('checkout')
    parser.add_argument('engine')
    parser.add_argument('--verbose', action='store_true')
    parser.add_argument('--only')
    args = parser.parse_args()
    checkout = Checkout(args.checkout)
    engine = Engine(args.engine)
    templates = sorted(checkout.files.items()) + sorted(checkout.inline)
    counts = collections.Counter()
    for path, source in templates:
        if args.only and args.only not in path:
            continue
        outcome, details = compare(checkout, engine, path, source, args.verbose)
        counts[outcome] += 1
        if outcome in ('differs', 'error differs', 'syntax differs', 'should be unsupported', 'unsupported'):
            print('%s: %s' % (outcome, path))
            for detail in details[:2]:
                print('   ', difference(*detail[:2]) if len(detail) >= 2 else detail)
        elif args.verbose and outcome != 'equal':
            print('%s: %s %s' % (outcome, path, str(details[0])[:200]))
    print(json.dumps(dict(counts.most_common()), indent=1))


if __name__ == '__main__':
    main()
