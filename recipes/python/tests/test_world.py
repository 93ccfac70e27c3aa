"""What a construction is found to read of the world, and which updates do nothing."""

import unittest

from tests.test_recipes import Case


class TestWorld(Case):

    def world(self, body, **kw):
        """What such a constructor reads, and the variables of the environment."""
        self.init(body, **kw)
        result = self.engine.results['a']
        return result['world'], result['environ']

    def test_nothing(self):
        self.assertEqual(self.world('''
            import json, logging, email.mime.text, xml.dom.minidom
            options['x'] = json.dumps(os.path.join(options['recipe'], 'b'))
            logging.getLogger(name).info('x')
            ''' ), ([], {}))

    def test_modules_of_the_recipe(self):
        self.write('eggs/r.egg/other.py', 'x = open(__file__).read()')
        self.assertEqual(self.world('import other')[0], [])

    def test_files(self):
        path = self.write('file', 'x')
        for body, verb in (('open(%r).close()', 'open'), ('os.path.exists(%r)', 'stat'), ('os.stat(%r)', 'stat'),
                           ('os.access(%r, os.W_OK)', 'stat'), ('os.path.isfile(%r)', 'stat'),
                           ('open(%r, "a").close()', 'write'), ('os.unlink(%r)', 'write')):
            world, _ = self.world(body % path)
            self.assertIn('%s %s' % (verb, path), world, body)
            self.assertLessEqual(len(world), 2, world)
            self.engine.close()
        self.assertEqual(self.world('os.listdir(%r)' % self.directory)[0], ['list ' + self.directory])

    def test_commands(self):
        world, _ = self.world('''
            import subprocess
            subprocess.check_output(['git', '--version'])
            ''')
        self.assertIn('run git --version', world)
        self.engine.close()
        self.assertEqual(self.world("os.system('true')")[0], ['run true'])

    def test_network(self):
        world, _ = self.world('''
            import socket
            try:
                socket.create_connection(('127.0.0.1', 9))
            except OSError:
                pass
            ''')
        self.assertTrue({'resolve 127.0.0.1', "connect 127.0.0.1 9"} & set(world), world)

    def test_clock(self):
        for body in ('import time; time.time()', 'import datetime; datetime.datetime.now()',
                     "exec(compile('from datetime import date; date.today()', 'x', 'exec'))",
                     'import time; time.strftime("%Y")'):
            self.assertEqual(self.world(body)[0], ['clock'], body)
            self.engine.close()

    def test_randomness(self):
        for body in ('import random; random.choice([1, 2])', 'import random; random.SystemRandom().random()',
                     'import uuid; uuid.uuid4()', 'import secrets; secrets.token_hex()', 'os.urandom(1)'):
            self.assertIn('random', self.world(body)[0], body)
            self.engine.close()

    def test_system(self):
        for body, word in (('import pwd; pwd.getpwuid(0)', 'user'), ('os.uname()', 'system'),
                           ('import platform; platform.machine()', 'system'), ('os.cpu_count()', 'system')):
            self.assertIn(word, self.world(body)[0], body)
            self.engine.close()

    def test_printing(self):
        self.assertEqual(self.world('print(1)')[0], ['print'])
        self.assertEqual(self.engine.close()[0], '1\n')

    def test_environment(self):
        self.assertEqual(self.world('''
            options['x'] = os.environ['GIVEN'] + os.getenv('NOT_THERE', 'n')
            '%(GIVEN)s' % os.environ
            ''', mode='slapos'), ([], {'GIVEN': 'g', 'NOT_THERE': None}))
        self.engine.close()
        self.assertEqual(self.world('dict(os.environ)')[0], ['environ'])
        self.engine.close()
        self.assertEqual(self.world('os.environ.copy()')[0], ['environ'])
        self.engine.close()
        self.assertIn('environ', self.world("os.environ['X'] = '1'")[0])
        self.assertEqual(self.engine.seen, {'X': '1'})

    def test_nested(self):
        engine = self.start('''
            class A(object):
                def __init__(self, buildout, name, options):
                    buildout['b']

            class B(object):
                def __init__(self, buildout, name, options):
                    os.urandom(1)
            ''', {'a': {'recipe': 'r:A'}, 'b': {'recipe': 'r:B'}})
        engine.touch('a', engine.main)
        self.assertEqual((engine.results['a']['world'], engine.results['b']['world']), ([], ['random']))

    def test_wrappers_are_taken_away(self):
        self.init("options['x'] = os.urandom.__name__")
        self.engine.sections['b'] = {'recipe': 'r:B'}
        self.engine.recipes['r:B'] = ('r', 'A')
        self.engine.touch('b', self.engine.main)
        self.assertEqual(self.engine.results['b']['world'], [])

    def setUp(self):
        Case.setUp(self)
        real = self.start
        self.start = lambda *args, **kw: real(*args, **dict({'GIVEN': 'g'}, **kw))


class TestUpdate(Case):

    def noop(self, methods):
        engine = self.start('class A(object):\n    def __init__(self, *args):\n        self.log = []\n' + methods,
                            {'a': {'recipe': 'r:A'}})
        engine.touch('a', engine.main)
        return engine.results['a']['update_noop']

    def test_nothing(self):
        for methods in ('    def update(self): pass', '    def update(self):\n        """Nothing."""',
                        '    update = lambda self: None', '    install = update = lambda self: ()',
                        '    def update(self):\n        return ()', '    def update(self, *args, **kw): return None'):
            self.assertTrue(self.noop(methods), methods)
            self.engine.close()

    def test_something(self):
        for methods in ('    def update(self): self.install()', "    def update(self): return 'x'",
                        '    def update(self): self.log.append(1)', '    def update(self, needed): pass',
                        '    def install(self): pass', '    update = os.getpid', '    update = print'):
            self.assertFalse(self.noop(methods), methods)
            self.engine.close()


if __name__ == '__main__':
    unittest.main()
