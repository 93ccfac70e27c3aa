"""Recipes written in Python, against a small engine in another process."""

import os
import shutil
import tempfile
import textwrap
import unittest

from tests.engine import Engine, Failed


class Case(unittest.TestCase):
    """A directory with a module `r`, and an engine."""

    def setUp(self):
        self.directory = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        self.engine = None
        self.addCleanup(lambda: self.engine and self.engine.process.poll() is None and self.engine.close())

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, 'w') as f:
            f.write(textwrap.dedent(text))
        return path

    def start(self, module, sections, **kw):
        self.write('eggs/r.egg/r.py', 'import os, sys\nimport zc.buildout\n' + textwrap.dedent(module))
        names = {'r:' + name: ('r', name) for name in 'ABC'}
        self.engine = Engine(self.directory, sections, names, paths=[os.path.join(self.directory, 'eggs/r.egg')], **kw)
        return self.engine

    def init(self, body, mode='slapos', sections=None, **kw):
        """The options of a section whose recipe has this constructor."""
        module = 'class A(object):\n    def __init__(self, buildout, name, options):\n' + textwrap.indent(
            textwrap.dedent(body), '        ') + '\n    def install(self):\n        return ()\n'
        engine = self.start(module, dict(sections or {}, a=dict(kw, recipe='r:A')), mode=mode)
        engine.touch('a', engine.main)
        return engine.sections['a']

    def fails(self, body, **kw):
        """The error of such a constructor."""
        with self.assertRaises(Failed) as caught:
            self.init(body, **kw)
        return caught.exception.error


class TestOptions(Case):

    def test_read_once(self):
        a = self.init('''
            o = buildout['o']
            values = [options['x'], options['x'], o['y'], o['y']]
            o['y'] = 'new'
            options['seen'] = ' '.join(values + [o['y'], options['x']])
            ''', x='X', sections={'o': {'y': 'Y'}})
        self.assertEqual(a['seen'], 'X X Y Y new X')
        self.assertEqual(self.engine.dialogue.count('get'), 4)

    def test_mapping(self):
        a = self.init('''
            options['b'] = options['x'] + options.get('y', 'no')
            del options['x']
            options['c'] = options.pop('z')
            options['d'] = options.pop('z', 'gone')
            options['e'] = options.setdefault('b', 'never')
            options.update(f='1', g='2')
            options['h'] = ' '.join(sorted(options))
            options['i'] = str('f' in options) + str('x' in options)
            assert options == dict(options) and options.copy() == dict(options.items())
            assert type(options.copy()) is dict and repr(options) == repr(dict(options))
            assert len(options) == len(options.keys()), options.keys()
            assert options.name == name == 'a' and options.buildout is buildout
            ''', x='X', z='Z')
        self.assertEqual((a['b'], a['c'], a['d'], a['e'], a['i']), ('Xno', 'Z', 'gone', 'Xno', 'TrueFalse'))
        self.assertEqual(a['h'], 'b c d e f g recipe')
        self.assertNotIn('x', a)

    def test_missing(self):
        a = self.init('''
            for error in zc.buildout.UserError, KeyError, zc.buildout.buildout.MissingOption:
                try:
                    options['no']
                except error as caught:
                    options['message'] = str(caught)
            try:
                del options['no']
            except KeyError as caught:
                assert not isinstance(caught, zc.buildout.UserError)
            try:
                buildout['no']
            except zc.buildout.buildout.MissingSection as caught:
                options['section'] = str(caught)
                assert isinstance(caught, KeyError) and isinstance(caught, zc.buildout.UserError)
                assert caught.args == ('no',), caught.args
            assert buildout.get('no', {}) == {} and 'no' not in buildout
            ''')
        self.assertEqual(a['message'], 'Missing option: a:no')
        self.assertEqual(a['section'], "The referenced section, 'no', was not defined.")

    def test_missing_option_ends_the_run(self):
        error = self.fails("options['no']")
        self.assertEqual((error['kind'], error['message']), ('missing-option', 'Missing option: a:no'))
        self.assertEqual([frame['text'] for frame in error['frames']], ["options['no']"])

    def test_typed(self):
        a = self.init('''
            options['t'] = {'b': [1, 2.5, None], 'a': ('$', ';', u'\\u20ac'), 'c': {True}}
            assert options['t'] == {'b': [1, 2.5, None], 'a': ('$', ';', u'\\u20ac'), 'c': {True}}
            options['t']['a'] = 'lost: each read is another copy'
            options['b'] = b'x'
            options['n'] = None
            assert options['n'] is None and options.get('n', 1) is None and 'n' in options
            options['p'] = options['given'] + 'x'
            from zc.buildout.buildout import dumps, loads
            assert loads(dumps('a')) == 'a' and dumps('a') == "!py!'a'"
            assert dict(options)['b'] == options.copy()['b'] == b'x'
            try:
                options['o'] = object()
            except ValueError as error:
                assert str(error).startswith('Value cannot be serialised: <object object'), error
            else:
                raise AssertionError
            ''', given="!py!'abc'[1:]")
        self.assertEqual(a['t'], "!py!{'a': ('\\x24', '\\x3b', '\u20ac'), 'b': [1, 2.5, None], 'c': {True}}")
        self.assertEqual((a['b'], a['n'], a['p']), ("!py!b'x'", '!py!None', 'bcx'))

    def test_strings_only(self):
        error = self.fails("options['t'] = 1", mode='upstream')
        self.assertEqual((error['class'], error['message']), ('TypeError', "('Option values must be strings', 1)"))
        self.assertEqual(error['kind'], 'internal')

    def test_upstream_reads_no_values(self):
        a = self.init("""
            options['u'] = options['t']
            assert not hasattr(zc.buildout.buildout, 'dumps')
            """, mode='upstream', t='!py!1')
        self.assertEqual(a['u'], '!py!1')

    def test_substitution(self):
        a = self.init('''
            options['sub'] = options._sub('<${b:k} ${:x}>', None)
            options['dollar'] = options['d']
            ''', sections={'b': {'k': 'K'}}, x='X', d='$${b:k}')
        self.assertEqual((a['sub'], a['dollar']), ('<K X>', '${b:k}'))

    def test_surrogates(self):
        a = self.init("assert options['x'] == os.fsdecode(b'\\xff'); options['y'] = options['x']", x='\udcff')
        self.assertEqual(a['y'], '\udcff')

    def test_replaced_data_and_copy(self):
        a = self.init('''
            options['passwd'] = 'secret'

            class Hashed(dict):
                def __missing__(self, key):
                    if key.startswith('passwd-'):
                        return 'hash of ' + key[7:]
                    raise KeyError(key)
            options._data = Hashed(options._data)
            assert options['passwd-x'] == 'hash of x' and 'other' not in options
            real = options.copy

            def copy():
                result = real()
                result.pop('passwd')
                return result
            options.copy = copy
            options['later'] = 'L'
            ''')
        self.assertEqual(a, {'recipe': 'r:A', 'passwd': 'secret', 'later': 'L'})
        self.assertEqual(self.engine.text('a', 'passwd-y', self.engine.main), 'hash of y')
        self.assertIsNone(self.engine.text('a', 'nothing', self.engine.main))
        self.assertEqual(self.engine.main.call('copy', section='a'), {'recipe': 'r:A', 'later': 'L'})

    def test_depends(self):
        self.init('''
            options.depends.add('x')
            before = options.depends
            options.depends = set(before) | {'y'}
            assert options.depends == {'x', 'y'}
            options.depends = before
            options.barrier()
            assert options['__buildout_signature__'] == 'signature of a'
            depends = options.depends
            assert depends == {'x'} and not hasattr(depends, 'add')
            options.depends = set(depends)
            options.depends.add('z')
            options.depends = depends
            assert options.depends == depends
            ''')
        self.assertEqual(self.engine.depends['a'], frozenset(['x']))
        self.assertIn('barrier', self.engine.dialogue)

    def test_upstream_has_no_depends(self):
        self.init('''
            assert not hasattr(options, 'depends') and not hasattr(options, 'barrier')
            assert options.get('__buildout_signature__') is None
            ''', mode='upstream')


class TestBuildout(Case):

    def test_sections(self):
        self.init('''
            buildout['new'] = {'k': 'v'}
            assert buildout['new']['k'] == 'v'
            for again in (lambda: buildout.__setitem__('new', {}), lambda: buildout.parse('[new]')):
                try:
                    again()
                except KeyError as error:
                    assert error.args == ('Section already exists', 'new'), error.args
                else:
                    raise AssertionError
            buildout.parse("""
                [parsed]
                k = p
                """)
            assert buildout['parsed']['k'] == 'p' and list(buildout) == buildout.keys()
            assert buildout['new'] is buildout['new']
            assert buildout.newest and not buildout.offline
            assert buildout._links == () and buildout._allow_hosts == ('*',)
            assert buildout._log_level == 20 and buildout._parts == []
            buildout.anything = 1
            assert not hasattr(buildout, '_zc_recipe_egg_working_set_cache')
            assert sys.argv == ['/bin/buildout', 'install']
            ''')
        self.assertEqual(self.engine.alive, ['a', 'new', 'parsed'])

    def test_nested(self):
        engine = self.start('''
            class A(object):
                def __init__(self, buildout, name, options):
                    self.other = buildout['b']
                    options['of-b'] = self.other['made'] + self.other.recipe.state
                    self.other.recipe.__init__(buildout, 'b', self.other)

            class B(object):
                def __init__(self, buildout, name, options):
                    options['made'] = options.get('made', '') + 'm'
                    self.state = 'S'
            ''', {'a': {'recipe': 'r:A'}, 'b': {'recipe': 'r:B'}})
        engine.touch('a', engine.main)
        self.assertEqual((engine.sections['a']['of-b'], engine.sections['b']['made']), ('mS', 'mm'))
        self.assertEqual(engine.parts, ['b', 'a'])

    def test_nested_error_is_the_same_object(self):
        engine = self.start('''
            class Own(Exception):
                pass

            class A(object):
                def __init__(self, buildout, name, options):
                    try:
                        buildout['b']
                    except Own as error:
                        options['caught'] = error.detail
                    buildout['c']

            class B(object):
                def __init__(self, buildout, name, options):
                    error = Own('x')
                    error.detail = 'D'
                    raise error

            class C(object):
                def __init__(self, buildout, name, options):
                    raise zc.buildout.UserError('one', 2)
            ''', {name: {'recipe': 'r:' + name.upper()} for name in 'abc'})
        with self.assertRaises(Failed) as caught:
            engine.touch('a', engine.main)
        self.assertEqual(engine.sections['a']['caught'], 'D')
        error = caught.exception.error
        self.assertEqual((error['kind'], error['module'], error['message']), ('user', 'zc.buildout', 'one 2'))

    def test_engine_error_keeps_its_token(self):
        error = self.fails("buildout['nowhere']")
        self.assertEqual((error['kind'], error['token']), ('missing-section', 7))

    def test_replaced_class_of_sections(self):
        self.init('''
            Options = buildout.Options

            def new(buildout, section, data):
                del buildout.Options
                made = buildout.Options(buildout, section, data)
                made.update({'passwd': 'published'})
                return made
            buildout.Options = new
            b = buildout['b']
            assert buildout.Options is Options and b['passwd'] == 'published' and b is buildout['b']
            buildout.Options = new
            buildout['b']
            assert buildout.Options is new, 'it was called for a section that is alive'
            ''', sections={'b': {'passwd': 'x'}})

    def test_another_buildout(self):
        self.init("""
            sys.argv[0] = 'echo'
            another = zc.buildout.buildout.Buildout('x.cfg', [('a', 'b', 'c')], False)
            another.install(['p'])
            sys.argv[0] = 'false'
            try:
                zc.buildout.buildout.Buildout('x.cfg', []).install()
            except zc.buildout.UserError as error:
                print(error)
            """)
        self.assertEqual(self.engine.close()[0],
                         '-c x.cfg -U a:b=c install p\nThe buildout of x.cfg failed.\n')

    def test_download(self):
        path = self.write('file', 'x')
        a = self.init('''
            from zc.buildout.download import check_md5sum
            download = zc.buildout.download.Download(buildout['buildout'], hash_name=True)
            options['path'] = download(%r)[0]
            assert download(options['path'], path='copy') == ('copy', False) and os.path.exists('copy')
            assert download.filename('http://h/x') == 'f3a8c6e90e538177e7879fa0f926c991'
            assert check_md5sum(options['path'], '9dd4e461268c8034f5c8564e155c67a6')
            try:
                download('file://' + options['path'], 'bad')
            except zc.buildout.download.ChecksumError as error:
                assert isinstance(error, zc.buildout.UserError)
                options['error'] = str(error)
            ''' % path)
        self.assertEqual((a['path'], a['error']), (path, 'MD5 checksum mismatch for local resource at %r.' % path))

    def test_log(self):
        self.init('''
            import logging
            logging.getLogger(name).info('hello %s', 'x')
            logging.getLogger(name).debug('no')
            logging.getLogger('zc.buildout').warning('careful')
            ''')
        self.assertEqual(self.engine.logs, [('a', 20, 'hello x'), ('zc.buildout', 30, 'careful')])


if __name__ == '__main__':
    unittest.main()
