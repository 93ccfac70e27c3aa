"""Calls about eggs, and the sets of distributions that come back."""

import os
import unittest

from tests.test_recipes import Case


def importable(name):
    import importlib.util
    return importlib.util.find_spec(name) is not None


class TestEggs(Case):

    def setUp(self):
        Case.setUp(self)
        self.found = []
        for name in 'one', 'two':
            egg = 'eggs/%s-1.0-py3.egg' % name
            self.write(egg + '/EGG-INFO/PKG-INFO', 'Metadata-Version: 1.0\nName: %s\nVersion: 1.0\n' % name)
            self.write(egg + '/%s.py' % name, 'name = %r' % name)
            self.found.append({'project': name, 'version': '1.0', 'location': os.path.join(self.directory, egg)})

    def start(self, *args, **kw):
        engine = Case.start(self, *args, **kw)
        engine.found = self.found
        return engine

    def working_set(self, **kw):
        self.init('''
            from zc.buildout import easy_install
            ws = easy_install.working_set(['one'], ['dev', 'eggs'])
            options['order'] = ' '.join(dist.project_name + dist.version for dist in ws)
            options['entries'] = ' '.join(map(os.path.basename, ws.entries))
            options['locations'] = ' '.join(os.path.basename(dist.location) for dist in ws)
            options['modules'] = str('pkg_resources' in sys.modules)
            easy_install.scripts(['one', ('x', 'm', 'f')], ws, sys.executable, 'bin', extra_paths=('more',),
                                 scripts={'one': 'uno'}, relative_paths='')
            import copy
            ws = easy_install.sort_working_set(copy.deepcopy(ws), os.path.dirname(ws.entries[0]), 'dev')
            assert len(list(ws)) == 2
            ''', **kw)
        a = self.engine.sections['a']
        self.assertEqual(a['order'], 'one1.0 two1.0')
        self.assertEqual(a['entries'], 'one-1.0-py3.egg two-1.0-py3.egg')
        self.assertEqual(a['locations'], a['entries'])
        (_, install), (_, scripts) = self.engine.eggs
        self.assertEqual((install['specs'], install['dest'], install['path'], install['newest'], install['active']),
                         (['one'], None, ['dev', 'eggs'], False, []))
        self.assertEqual((scripts['reqs'], scripts['distributions'], scripts['scripts'], scripts['relative_paths']),
                         (['one', ['x', 'm', 'f']], self.found, {'one': 'uno'}, None))
        return a

    @unittest.skipUnless(importable('pkg_resources'), 'needs pkg_resources')
    def test_working_set(self):
        self.assertEqual(self.working_set()['modules'], 'True')

    def test_without_pkg_resources(self):
        self.write('none/pkg_resources.py', 'raise ImportError')
        self.working_set(PYTHONPATH=os.path.join(self.directory, 'none'))

    def init(self, body, **kw):
        environment = {key: kw.pop(key) for key in list(kw) if key.isupper()}
        real = self.start
        self.start = lambda *args, **more: real(*args, **dict(more, **environment))
        try:
            return Case.init(self, body, **kw)
        finally:
            self.start = real

    @unittest.skipUnless(importable('pkg_resources'), 'needs pkg_resources')
    def test_active_at_once(self):
        self.init('''
            import pkg_resources, zc.buildout
            assert pkg_resources.require('zc.buildout')[0].version == '3.0.1+slapos010'
            ws = zc.buildout.easy_install.install(['one'], None, working_set=pkg_resources.working_set,
                                                  path=['dev'], newest=False)
            assert ws is pkg_resources.working_set
            import one, two
            options['x'] = one.name + pkg_resources.get_distribution('two').version
            ''')
        self.assertEqual(self.engine.sections['a']['x'], 'one1.0')

    @unittest.skipIf(importable('zc') and importable('zc.recipe') and importable('zc.recipe.egg'),
                     'zc.recipe.egg is installed')
    def test_egg_of_recipes(self):
        self.found[:] = self.found[:1]
        self.init('''
            import zc.recipe.egg
            assert 'rbuildout_host' in zc.recipe.egg.__file__, 'another one is installed'
            egg = zc.recipe.egg.Egg(buildout, 'one', options)
            requirements, ws = egg.working_set(['more'])
            assert requirements == ['one'] and [each.project_name for each in ws] == ['one']
            assert egg.working_set(['more'])[1] is not ws
            options['made'] = ' '.join(egg.install())
            ''', sections={'buildout': {
                'eggs-directory': self.directory + '/eggs', 'develop-eggs-directory': self.directory + '/dev',
                'bin-directory': '/bin', 'allow-hosts': '*', 'find-links': 'a\n b', 'newest': 'true',
                'directory': self.directory}}, interpreter='py', scripts='x=y z',
            **{'one-patches': 'p#1\nq', 'entry-points': 'e=m.n:f.g'})
        install, scripts = self.engine.eggs[0][1], self.engine.eggs[-1][1]
        self.assertEqual((install['specs'], install['dest'], install['links'], install['newest']),
                         (['one', 'more'], self.directory + '/eggs', ['a', 'b'], True))
        self.assertEqual(install['patches'],
                         {'one': {'urls': ['p#1', 'q'], 'options': ['-p0'], 'binary': 'patch', 'revision': 2}})
        self.assertEqual((scripts['reqs'], scripts['scripts'], scripts['interpreter'], scripts['dest']),
                         (['one', ['e', 'm.n', 'f.g']], {'x': 'y', 'z': 'z'}, 'py', '/bin'))
        self.assertEqual(self.engine.sections['a']['made'], '/bin/x')

    def test_pins(self):
        self.init('''
            from zc.buildout import easy_install
            assert easy_install.default_versions({'A': '2'}) == {'a': '1'}
            assert easy_install.Installer._versions == {'a': '1'}
            assert easy_install.prefer_final() is True and easy_install.prefer_final(False) is True
            assert easy_install.prefer_final() is False and easy_install.Installer._prefer_final is False
            easy_install.download_cache(None)
            easy_install.Installer([])._download_cache
            assert easy_install.default_index_url.endswith('/simple'), easy_install.default_index_url
            easy_install.default_index_url = 'http://localhost/simple'
            easy_install.Installer('eggs', index='http://other').install(['x'])
            easy_install.Installer('eggs').install(['x'])
            assert isinstance(easy_install.buildout_and_setuptools_path, list)
            ''')
        self.assertEqual([each for each in self.engine.eggs if each[0] != 'eggs.install'], [
            ('eggs.default_versions', {'versions': {'a': '2'}}),
            ('eggs.default_versions', {'versions': None}),
            ('eggs.setting', {'name': 'prefer_final'}),
            ('eggs.setting', {'name': 'prefer_final', 'value': False}),
            ('eggs.setting', {'name': 'prefer_final'}),
            ('eggs.setting', {'name': 'prefer_final'}),
            ('eggs.setting', {'name': 'download_cache', 'value': ''}),
            ('eggs.setting', {'name': 'download_cache'})])
        self.assertEqual([each[1]['index'] for each in self.engine.eggs if each[0] == 'eggs.install'],
                         ['http://other', 'http://localhost/simple'])


if __name__ == '__main__':
    unittest.main()
