"""Renders the templates of snippets.txt with the real Jinja2 and writes golden.json.

Usage: python generate.py   (Python 3.11, Jinja2 3.1.6, six)

The environment and the default context are those of slapos.recipe.template:jinja2. The results are what the Rust test
`recipes/tests/templates.rs` expects of the native engine.
"""
import base64, functools, hashlib, itertools, json, operator, os, pprint, re, shlex, sys, urllib.parse

import jinja2
import six

HERE = os.path.dirname(os.path.abspath(__file__))

CONTEXT = {
    's': 'text',
    'd': {'a': 1, 'b': 'two'},
    'people': [
        {'name': 'ann', 'age': 31, 'admin': True},
        {'name': 'bob', 'age': 25, 'admin': False},
        {'name': 'cid', 'age': 31, 'admin': False},
    ],
    'tree': [{'v': 1, 'c': [{'v': 2, 'c': []}, {'v': 3, 'c': [{'v': 4, 'c': []}]}]}],
}
MODULES = {
    'json': json, 'os': os, 'parse': urllib.parse, 'hashlib': hashlib, 'base64': base64, 're': re,
    'itertools': itertools, 'functools': functools, 'operator': operator, 'shlex': shlex,
}
IMPORTS = {
    'lib': '{% macro hello(n) %}hello {{ n }}{% endmacro %}{% set value = 42 %}{% set shared = [] %}'
           '{% macro uses_context() %}{{ s }}{% endmacro %}{% macro builtin() %}{{ len("abc") }}{% endmacro %}',
    'part': 'part {{ s }}\n',
    'broken': '\n{% if %}',
}
EXTENSIONS = ['jinja2.ext.do', 'jinja2.ext.loopcontrols']

MODULE_NAMES = {name: module.__name__ for name, module in MODULES.items()}


def dumps(value):
    return '!py!' + pprint.saferepr(value).replace('$', r'\x24').replace(';', r'\x3b')


def check(condition, *args):
    if condition:
        return ''
    raise AssertionError(*args)


def default_context():
    context = {f.__name__: f for f in (
        abs, all, any, bin, bool, bytes, callable, chr, complex, dict, divmod, enumerate, filter, float, format,
        frozenset, hex, int, isinstance, iter, len, list, map, max, min, next, oct, ord, pow, range, repr, reversed,
        round, set, six, sorted, str, sum, tuple, zip)}
    context.update(dumps=dumps)
    context['assert'] = check
    return context


def class_name(error):
    cls = type(error)
    return cls.__name__ if cls.__module__ == 'builtins' else '%s.%s' % (cls.__module__, cls.__name__)


def render(source, context, imports, extensions, name='<inline>'):
    """One rendering as {'ok': text} or {'class': ..., 'message': ...}."""
    loader = jinja2.DictLoader(imports) if imports is not None else None
    try:
        environment = jinja2.Environment(extensions=extensions, undefined=jinja2.StrictUndefined, loader=loader)
        code = environment.compile(source, filename=name)
        template = environment.template_class.from_code(environment, code, environment.make_globals(None), None)
        return {'ok': template.render(**context)}
    except RecursionError:
        raise
    except Exception as error:
        return {'class': class_name(error), 'message': str(error)}


def snippets():
    with open(os.path.join(HERE, 'snippets.txt')) as f:
        for line in f:
            line = line.rstrip('\n')
            if line and not line.startswith('# ') and not line.startswith('## '):
                yield re.sub(r'\\(n|\\)', lambda m: '\n' if m.group(1) == 'n' else '\\', line)


def main():
    cases = []
    for source in snippets():
        context = default_context()
        context.update(json.loads(json.dumps(CONTEXT)), **MODULES)
        context['b'] = b'bytes'
        cases.append(dict({'source': source}, **render(source, context, IMPORTS, EXTENSIONS)))
    with open(os.path.join(HERE, 'golden.json'), 'w') as f:
        json.dump({
            'context': CONTEXT, 'modules': MODULE_NAMES, 'imports': IMPORTS, 'extensions': EXTENSIONS,
            'cases': cases,
        }, f, indent=1)
        f.write('\n')
    print(len(cases), 'cases,', sum('ok' in case for case in cases), 'of them render', file=sys.stderr)


if __name__ == '__main__':
    main()
