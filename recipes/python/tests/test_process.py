"""What the process does around recipes: running parts, forks, errors, the environment, the module path."""

import os
import signal
import tempfile
import time
import unittest

from tests.engine import Failed
from tests.test_recipes import Case


class TestRun(Case):

    def run_part(self, body, call='install', **kw):
        engine = self.start('class A(object):\n    def __init__(self, buildout, name, options):\n'
                            '        self.options = options\n' + body, {'a': {'recipe': 'r:A'}}, **kw)
        engine.touch('a', engine.main)
        return engine.main.call(call, section='a')

    def test_paths(self):
        result = self.run_part('''
    def install(self):
        assert os.getcwd() == %r
        os.chdir('/')
        self.options.created('/created')
        return (each for each in ('b', 'c'))
''' % self.directory)
        self.assertEqual(result, {'paths': ['b', 'c'], 'created': ['/created']})
        self.assertEqual(self.engine.results['a']['has_update'], False)

    def test_update(self):
        result = self.run_part('''
        self.update = self.install
    def install(self):
        return 'one'
''', 'update')
        self.assertEqual(result['paths'], ['one'])
        self.assertEqual(self.engine.results['a']['has_update'], True)

    def test_nothing(self):
        self.assertEqual(self.run_part('    def install(self): pass')['paths'], None)

    def test_failure(self):
        with self.assertRaises(Failed) as caught:
            self.run_part('''
    def install(self):
        self.options.created('made')
        exec(compile('1/0', 'snippet', 'exec'))
''')
        error = caught.exception.error
        self.assertEqual((error['class'], error['module']), ('ZeroDivisionError', 'builtins'))
        self.assertEqual(error['kind'], 'internal')
        self.assertEqual(error['created'], ['made'])
        self.assertEqual([(os.path.basename(frame['file']), frame['function']) for frame in error['frames']],
                         [('r.py', 'install'), ('snippet', '<module>')])

    def test_no_paths(self):
        for result in '5', '[1]', '{None: 1}':
            with self.assertRaises(Failed) as caught:
                self.run_part('    def install(self): return ' + result)
            self.assertEqual(caught.exception.error['message'],
                             'install of a must return a path or paths, not ' + result)
            self.engine.close()

    def test_not_installing(self):
        error = self.fails("options.created('x')")
        self.assertEqual(error['message'], "('Attempt to register a created path while not installing', 'a')")

    def test_exit(self):
        for statement, kind, status in (('sys.exit(3)', 'exit', 3), ('raise KeyboardInterrupt', 'interrupt', None)):
            with self.assertRaises(Failed) as caught:
                self.run_part('    def install(self): ' + statement)
            self.assertEqual((caught.exception.error['kind'], caught.exception.error.get('status')), (kind, status))
            self.engine.close()

    def test_distutils_errors_are_the_users(self):
        error = self.fails('''
            DistutilsError = type('DistutilsError', (Exception,), {})
            raise type('DistutilsArgError', (DistutilsError,), {})('bad')
            ''')
        self.assertEqual((error['kind'], error['class']), ('user', 'DistutilsArgError'))

    def test_environment(self):
        self.run_part('''
    def install(self):
        assert os.environ['GIVEN'] == 'g'
        os.environ['PATH'] = '/new'
        self.options['x'] = 'y'
        del os.environ['GIVEN']
''', GIVEN='g')
        self.assertEqual(self.engine.seen, {'PATH': '/new', 'GIVEN': None})
        self.engine.seen.clear()
        self.engine.env = {'FROM': 'engine', 'PATH': None}
        self.engine.sections['b'] = {'recipe': 'r:B'}
        self.engine.recipes['r:B'] = ('os', 'getenv')
        with self.assertRaises(Failed):
            self.engine.touch('b', self.engine.main)
        self.assertEqual(self.engine.seen, {}, 'what the engine changed does not come back')

    def test_output_in_order(self):
        self.run_part('''
    def install(self):
        print('one')
        os.system('echo two')
        sys.stdout.write('three')
''')
        self.assertEqual(self.engine.close(), ('one\ntwo\nthree', 0))

    def test_standard_input(self):
        with tempfile.TemporaryFile('w+') as f:
            f.write('typed\n')
            f.flush()
            f.seek(0)
            engine = self.start('''
                class A(object):
                    def __init__(self, buildout, name, options):
                        options['in'] = sys.stdin.readline()
                ''', {'a': {'recipe': 'r:A'}}, stdin=f)
            engine.touch('a', engine.main)
            self.assertEqual(engine.sections['a']['in'], 'typed\n')

    def test_uninstall(self):
        engine = self.start('''
            def gone(name, options):
                assert options['__buildout_installed__'] == 'x', options
                options['__buildout_installed__'] = ''
            ''', {})
        saved = engine.main.call('uninstall', entry={'module': 'r', 'attrs': ['gone']}, paths=engine.paths, section='a',
                                 options={'__buildout_installed__': 'x'})
        self.assertEqual(saved, {'options': {'__buildout_installed__': ''}})

    def test_extension(self):
        engine = self.start("def load(buildout): buildout['buildout']['x'] = 'loaded'", {})
        engine.main.call('extension', entry={'module': 'r', 'attrs': ['load']}, paths=engine.paths, kind='load')
        self.assertEqual(engine.sections['buildout']['x'], 'loaded')


class TestFork(Case):

    def fork(self, body, call='install', sections=None):
        engine = self.start('''
            class A(object):
                def __init__(self, buildout, name, options):
                    self.options, self.buildout = options, buildout
                    self.state = 'S'

                def install(self):
            ''' + '\n'.join(' ' * 20 + line for line in body.splitlines()), {'a': {'recipe': 'r:A'}})
        engine.touch('a', engine.main)
        with tempfile.TemporaryFile() as log:
            result, status = engine.fork(call, 'a', log)
            log.seek(0)
            return result, status, log.read().decode()

    def test_result(self):
        result, status, log = self.fork('''
import logging
logging.getLogger('a').info('record')
self.options['late'] = self.state
print('output')
os.system('echo command')
os.environ['X'] = 'Y'
assert os.getpgid(0) == os.getpid()
return ['p']
''')
        self.assertEqual((result['paths'], status, log), (['p'], {'status': 0}, 'output\ncommand\n'))
        self.assertEqual(self.engine.sections['a']['late'], 'S')
        self.assertEqual(self.engine.logs, [('a', 20, 'record')])
        self.assertEqual(self.engine.seen, {'X': 'Y'})
        self.assertEqual(self.engine.close(), ('', 0))

    def test_crash(self):
        result, status, _ = self.fork('import signal; os.kill(os.getpid(), signal.SIGSEGV)')
        self.assertEqual((result, status), (None, {'signal': signal.SIGSEGV}))
        self.assertEqual(self.engine.main.call('wait', pid=1), {'status': 0})

    def test_exit(self):
        result, status, log = self.fork("sys.stdout.write('last words'); sys.stdout.flush(); os._exit(3)")
        self.assertEqual((result, status, log), (None, {'status': 3}, 'last words'))

    def test_error(self):
        with self.assertRaises(Failed):
            self.fork('raise ValueError("no")')
        self.engine.touch('buildout', self.engine.main)

    def test_recipe_that_forks(self):
        result, status, log = self.fork('''
pid = os.fork()
if pid:
    os.waitpid(pid, 0)
    return ['parent']
try:
    self.options['recipe']
except RuntimeError as error:
    print(error)
raise ValueError('the child goes its way')
''')
        self.assertEqual((result['paths'], status), (['parent'], {'status': 0}))
        self.assertIn('buildout is not there for get', log)
        self.assertIn('ValueError: the child goes its way', log)

    def test_threads(self):
        result, _, _ = self.fork('''
import logging, threading
def work(number):
    for _ in range(50):
        self.options['k%s' % number] = self.options['recipe']
        logging.getLogger('t').info('x')
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for each in threads: each.start()
for each in threads: each.join()
return [self.options['k3']]
''')
        self.assertEqual(result['paths'], ['r:A'])
        self.assertEqual(len(self.engine.logs), 200)


class TestSignals(Case):

    def test_interrupt_between_calls(self):
        engine = self.start('', {})
        time.sleep(0.1)
        engine.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        self.assertEqual(engine.close()[1], 0)


class TestModules(Case):

    def test_ours(self):
        self.write('site/zc/__init__.py', "__import__('pkgutil').extend_path(__path__, __name__)\n")
        self.write('site/zc/buildout/__init__.py', "raise ImportError('the original')")
        self.write('site/zc/other/__init__.py', 'x = 1')
        self.init('''
            import zc.other, zc.buildout.rmtree
            assert zc.buildout.__file__ != %r
            import importlib.metadata
            assert importlib.metadata.version('zc.buildout') == '3.0.1+slapos010'
            from zc.buildout import UserError, easy_install
            assert zc.buildout.easy_install.script_header %% {'python': easy_install._safe_arg('p')} == '#!p'
            ''' % os.path.join(self.directory, 'site/zc/buildout/__init__.py'))

    def setUp(self):
        Case.setUp(self)
        environ = {'PYTHONPATH': os.path.join(self.directory, 'site')}
        real = self.start
        self.start = lambda *args, **kw: real(*args, **dict(environ, **kw))

    def namespaces(self, init):
        """A package spread over the interpreter's path and the recipe's egg."""
        for place, name in (('site', 'one'), ('eggs/r.egg', 'two')):
            for package in 'spread', 'spread/deep':
                if init is not None:
                    self.write('%s/%s/__init__.py' % (place, package), init)
            self.write('%s/spread/deep/%s.py' % (place, name), 'name = %r' % name)
        engine = self.start('''
            class A(object):
                def __init__(self, buildout, name, options):
                    import spread.deep.one
                    import spread.deep.two
                    options['x'] = spread.deep.one.name + spread.deep.two.name
            ''', {'a': {'recipe': 'r:A'}, 'first': {'recipe': 'early'}})
        self.write('site/early.py', 'import spread.deep.one\ndef Recipe(*args): return object()')
        engine.recipes['early'] = ('early', 'Recipe')
        egg, engine.paths = engine.paths, []
        engine.touch('first', engine.main)
        engine.paths = egg
        engine.touch('a', engine.main)
        self.assertEqual(engine.sections['a']['x'], 'onetwo')

    def test_namespace_without_init(self):
        self.namespaces(None)

    def test_namespace_of_pkgutil(self):
        self.namespaces("__path__ = __import__('pkgutil').extend_path(__path__, __name__)")

    def test_namespace_of_pkg_resources(self):
        self.write('site/pkg_resources.py', '''
            import sys
            class WorkingSet:
                entries = sys.path
                def add_entry(self, path): sys.path.append(path)
                def add(self, distribution, **kw): self.added = distribution
            working_set = WorkingSet()
            class Distribution:
                def __init__(self, location, project_name, version):
                    self.version = version
            def declare_namespace(name): pass
            ''')
        self.namespaces("__import__('pkg_resources').declare_namespace(__name__)")


if __name__ == '__main__':
    unittest.main()
