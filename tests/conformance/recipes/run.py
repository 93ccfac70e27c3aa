#!/usr/bin/env python3
"""The tests that recipes carry in their source distributions, run with rbuildout.

    run.py [--rbuildout PATH] [--jobs N] [-v] [--json FILE] [PACKAGE ...]

The source distributions and what they need are fetched with pip into target/conformance/recipes; nothing of them is kept
in the project. What a test needs of the network is refused to it. Each test runs several times. Where it starts
`bin/buildout` of its sample buildout, these run instead:

    reference   zc.buildout itself
    nothing     /bin/false: an example that passes with it cannot tell executables apart
    native      rbuildout --upstream
    hosted      rbuildout --upstream with RBUILDOUT_NATIVE=none: the package's own recipe in the recipe host

A test that starts no buildout, but constructs the recipe's objects itself, runs with the reference and

    direct      in the recipe host of rbuildout, where the zc.buildout that is imported is ours

Examples of doctests are counted one by one, unit tests as one each. Only those count that pass with the reference. Exit 1 if
one of them fails with rbuildout and is not in exceptions.txt beside this file, or is in it and passes.
"""
import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import types
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
TARGET = os.environ.get('CARGO_TARGET_DIR') or os.path.join(ROOT, 'target')

# Project, version, where its modules are, the modules of its tests.
PACKAGES = [
    ('slapos.recipe.build', '0.66', '.', ['slapos.recipe.build.tests']),
    ('slapos.recipe.cmmi', '0.23', '.', ['slapos.recipe.cmmi.test_cmmi']),
    ('slapos.recipe.template', '5.1', '.', ['slapos.recipe.template.tests']),
    ('zc.recipe.egg', '2.0.7', 'src', ['zc.recipe.egg.tests']),
    ('plone.recipe.command', '1.1', '.', []),
    ('collective.recipe.template', '2.2', 'src', ['collective.recipe.template.tests']),
]
# Only for its own sake: it has the modules that the tests of the others import.
BUILDOUT = ('zc.buildout', '3.0.1', 'src', [])
TOOLS = ['pip==22.3.1', 'setuptools==65.5.1', 'wheel==0.38.4']
NEEDED = ['zope.testing', 'mock', 'jinja2', 'six', 'Genshi', 'manuel']

KINDS = ['reference', 'nothing', 'native', 'hosted', 'direct']
UNITS = 'unit tests'
COLUMNS = ['all', 'reference', 'native', 'hosted', 'direct', 'telling', 'telling native', 'telling hosted']


# ---------------------------------------------------------------------------
# In the Python of the tests, in a process of its own for each document and kind

def adapt(testing, their_tests, command, calls):
    """Lets `bin/buildout` of sample buildouts be another command, whose calls are noted in a file."""
    import re
    # What is not an egg is a link in either place; only links of developed distributions say where they are.
    testing.install = testing.install_develop
    # Normalizers of the variant of zc.buildout that SlapOS uses, and of older versions: here there is nothing for them to do.
    for module, name in (testing, 'root_logger_messages'), (their_tests, 'normalize_S'):
        if not hasattr(module, name):
            setattr(module, name, (re.compile('(?!)'), ''))
    set_up = testing.buildoutSetUp

    def buildout_set_up(test):
        set_up(test)
        script = os.path.join(test.globs['sample_buildout'], 'bin', 'buildout')
        if command:
            text = '#!/bin/sh\necho >> %s\nexec %s "$@"\n' % (calls, command)
        else:
            with open(script) as f:
                first, rest = f.read().split('\n', 1)
            text = '%s\nwith open(%r, "a") as f: f.write("\\n")\n%s' % (first, calls, rest)
        with open(script, 'w') as f:
            f.write(text)
    testing.buildoutSetUp = buildout_set_up


def adapt_host(sources):
    """The functions for tests that zc.buildout has, upon the zc.buildout of the recipe host."""
    import importlib.util
    import zc.buildout.buildout
    name = 'zc.buildout.testing'
    spec = importlib.util.spec_from_file_location(name, os.path.join(sources, 'zc', 'buildout', 'testing.py'))
    testing = sys.modules[name] = zc.buildout.testing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(testing)
    their_tests = sys.modules['zc.buildout.tests'] = zc.buildout.tests = types.ModuleType('zc.buildout.tests')
    set_up = testing.buildoutSetUp

    class Bootstrap(object):
        """What makes the sample buildout. No test of this kind starts it."""

        def __init__(self, *_):
            pass

        def bootstrap(self, _):
            for directory in 'bin', 'eggs':
                os.mkdir(directory)
            open(os.path.join('bin', 'buildout'), 'w').close()

    def buildout_set_up(test):
        ours, zc.buildout.buildout.Buildout = zc.buildout.buildout.Buildout, Bootstrap
        try:
            set_up(test)
        finally:
            zc.buildout.buildout.Buildout = ours
    testing.buildoutSetUp = buildout_set_up
    return testing, their_tests


def tests_of(modules):
    """(name, test) of all tests, in order."""
    import importlib
    import unittest
    found = []

    def flatten(suite):
        for test in suite:
            if isinstance(test, unittest.TestSuite):
                flatten(test)
            else:
                doctest = getattr(test, '_dt_test', None)
                found.append((doctest.name if doctest else '.'.join(test.id().split('.')[-2:]), test))
    for name in modules:
        module = importlib.import_module(name)
        suite = getattr(module, 'test_suite', None)
        flatten(suite() if suite else unittest.defaultTestLoader.loadTestsFromModule(module))
    return found


def run_unit(test, name, calls):
    """[key, passed, text, whether it started the buildout]"""
    import unittest
    before = os.path.exists(calls) and os.path.getsize(calls)
    result = unittest.TestResult()
    test.run(result)
    problems = result.errors + result.failures
    after = os.path.exists(calls) and os.path.getsize(calls)
    return [name, not problems and not result.skipped, ''.join(text for _, text in problems), before != after]


def run_document(test, name):
    """The same of each example, all of which belong to the buildout."""
    import doctest
    import unittest
    outcomes = []

    def record(passed):
        def report(runner, out, test, example, got=None):
            text = got or ''
            if isinstance(got, tuple):
                text = '%s: %s' % got[:2]
            key = '%s:%d' % (name, example.lineno + 1)
            outcomes.append((key, passed, '>>> %s--- wanted\n%s--- got\n%s' % (example.source, example.want, text), True))
        return report
    runner = doctest.DocTestRunner
    runner.report_start = lambda *_: None
    runner.report_success = record(True)
    runner.report_failure = record(False)
    runner.report_unexpected_exception = record(False)
    # All failures are wanted, not the first one only.
    test._dt_optionflags &= ~doctest.REPORT_ONLY_FIRST_FAILURE
    result = unittest.TestResult()
    test.run(result)
    if result.errors:
        outcomes.append((name + ':set-up', False, result.errors[0][1], True))
    return outcomes


def child(spec):
    """Runs one document, or some unit tests one after the other; or lists all."""
    sys.path[0:0] = spec['paths']
    import pkg_resources
    for path in spec['paths']:
        pkg_resources.working_set.add_entry(path)
    if spec['kind'] == 'direct':
        testing, their_tests = adapt_host(spec['paths'][-1])
    else:
        import zc.buildout.testing as testing
        import zc.buildout.tests as their_tests
    adapt(testing, their_tests, spec['command'], spec['calls'])
    tests = tests_of(spec['modules'])

    def say(answer):
        with open(spec['answer'] + '.new', 'w') as f:
            json.dump(answer, f)
        os.rename(spec['answer'] + '.new', spec['answer'])
    if spec['tests'] is None:
        return say([[name, hasattr(test, '_dt_test')] for name, test in tests])
    outcomes = []
    for name, test in tests:
        if name in spec['tests']:
            if hasattr(test, '_dt_test'):
                outcomes.extend(run_document(test, name))
            else:
                outcomes.append(run_unit(test, name, spec['calls']))
            # A test that ends the process leaves what was before it.
            say(outcomes)


# ---------------------------------------------------------------------------
# Fetching, running, counting

def prepare(directory):
    """The Python of the tests and the folders with the packages' modules."""
    # By the name by which rbuildout finds it, which is then in scripts.
    python = os.path.join(directory, 'venv', 'bin', 'python3')
    sources = os.path.join(directory, 'sources')
    mark = os.path.join(directory, 'ready')
    wanted = repr((TOOLS, NEEDED, PACKAGES, BUILDOUT))
    if not os.path.exists(mark) or open(mark).read() != wanted:
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(sources)
        # zc.buildout 3.0.1 does not run on the newest Pythons.
        for name in os.environ.get('PYTHON', 'python3.11 python3.10 python3.9 python3').split():
            if shutil.which(name) and not subprocess.call([name, '-c', 'import venv, ensurepip']):
                break
        subprocess.check_call([name, '-m', 'venv', os.path.join(directory, 'venv')])
        pip = [python, '-m', 'pip', '--quiet', '--disable-pip-version-check']
        subprocess.check_call(pip + ['install'] + TOOLS)
        subprocess.check_call(pip + ['install'] + NEEDED)
        # pkg_resources of that age looks for distributions by their written names, which wheels do not keep.
        site = subprocess.check_output(
            [python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], universal_newlines=True).strip()
        for name in os.listdir(site):
            for project in NEEDED:
                if name.lower().startswith(project.replace('.', '_').lower() + '-') and name.endswith('.dist-info'):
                    os.rename(os.path.join(site, name), os.path.join(site, project + name[len(project):]))
        for project, version, _, _ in PACKAGES + [BUILDOUT]:
            subprocess.check_call(pip + [
                'download', '--no-deps', '--no-binary', ':all:', '--dest', sources, '%s==%s' % (project, version)])
        for name in os.listdir(sources):
            archive = os.path.join(sources, name)
            unpacked = zipfile.ZipFile(archive) if name.endswith('.zip') else tarfile.open(archive)
            unpacked.extractall(sources)
        with open(mark, 'w') as f:
            f.write(wanted)
    paths = []
    for project, version, below, _ in PACKAGES + [BUILDOUT]:
        for written in project, project.replace('.', '_'):
            path = os.path.join(sources, '%s-%s' % (written, version), below)
            if os.path.isdir(path):
                paths.append(os.path.normpath(path))
    return python, paths


def environment(python, cache):
    kept = {}
    for name, value in os.environ.items():
        if not name.startswith(('PIP_', 'PYTHON', 'BUILDOUT_', 'RBUILDOUT')) and not name.lower().endswith('_proxy'):
            kept[name] = value
    kept.update(
        PATH=os.path.dirname(python) + os.pathsep + kept['PATH'], PYTHONWARNINGS='ignore', TERM='dumb', LC_ALL='C.UTF-8',
        PIP_DISABLE_PIP_VERSION_CHECK='1', PIP_NO_PYTHON_VERSION_WARNING='1', XDG_CACHE_HOME=cache,
        GIT_CONFIG_COUNT='1', GIT_CONFIG_KEY_0='protocol.file.allow', GIT_CONFIG_VALUE_0='always',
        # Without an index of its own configuration pip's is out of reach, too: nobody listens at the proxy.
        PIP_CONFIG_FILE=os.devnull,
        http_proxy='http://127.0.0.1:9/', https_proxy='http://127.0.0.1:9/', no_proxy='localhost,127.0.0.1')
    return kept


RECIPE = """import importlib.util
import json

spec = importlib.util.spec_from_file_location('run', %(run)r)
run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run)


class Recipe(object):
    def __init__(self, buildout, name, options):
        pass

    def install(self):
        run.child(json.loads(%(spec)r))
        return ()
    update = install
"""


class Runner:
    def __init__(self, directory, rbuildout, timeout):
        os.makedirs(os.path.dirname(directory), exist_ok=True)
        with open(directory + '.lock', 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.python, self.paths = prepare(directory)
        self.temporary = os.path.realpath(tempfile.mkdtemp(prefix='recipes-'))
        self.environment = environment(self.python, os.path.join(self.temporary, 'cache'))
        self.timeout = timeout
        self.rbuildout = rbuildout
        quoted = "'%s' --upstream" % rbuildout
        self.commands = dict(
            reference=None, nothing='/bin/false', native=quoted, hosted='env RBUILDOUT_NATIVE=none ' + quoted, direct='/bin/false')
        self.count = 0

    def start(self, modules, kind='reference', tests=None):
        self.count += 1
        place = os.path.join(self.temporary, str(self.count))
        os.mkdir(place)
        spec = json.dumps(dict(
            paths=self.paths, modules=modules, kind=kind, command=self.commands[kind], tests=tests,
            calls=os.path.join(place, 'calls'), answer=os.path.join(place, 'answer')))
        command = [self.python, os.path.abspath(__file__), '--child', spec]
        if kind == 'direct':
            self.write_buildout(place, spec)
            command = [self.rbuildout, '--upstream']
        with open(os.path.join(place, 'log'), 'wb') as log:
            process = subprocess.Popen(
                command, cwd=place, env=dict(self.environment, TMPDIR=place), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        return place, process

    def write_buildout(self, place, spec):
        """A buildout whose one part runs the tests while it is installed."""
        def write(path, text):
            os.makedirs(os.path.dirname(os.path.join(place, path)), exist_ok=True)
            with open(os.path.join(place, path), 'w') as f:
                f.write(text)
        write('buildout.cfg', '[buildout]\nnewest = false\nparts = tests\n[tests]\nrecipe = runner\n')
        write('develop-eggs/runner.egg-link', os.path.join(place, 'runner') + '\n.')
        write('runner/runner.py', RECIPE % dict(run=os.path.abspath(__file__), spec=spec))
        write('runner/runner.egg-info/PKG-INFO', 'Metadata-Version: 2.1\nName: runner\nVersion: 1.0\n')
        write('runner/runner.egg-info/entry_points.txt', '[zc.buildout]\ndefault = runner:Recipe\n')

    def finish(self, place, process, name):
        """What the process found out, and the end of what it said."""
        try:
            process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
        try:
            with open(os.path.join(place, 'log'), errors='replace') as f:
                log = f.read()[-3000:]
            with open(os.path.join(place, 'answer')) as f:
                return json.load(f), log
        except (OSError, ValueError):
            return [], log
        finally:
            subprocess.call(['chmod', '-R', 'u+w', place])
            shutil.rmtree(place, ignore_errors=True)

    def names(self, modules):
        """[name, whether it is a document] of each test."""
        answer, log = self.finish(*self.start(modules), 'list')
        return answer or sys.exit(log)

    def run(self, jobs, count):
        """The outcomes of (project, name, modules, kind, tests), some at a time: {(project, name, kind): {key: outcome}}."""
        jobs, running, outcomes = list(jobs), [], {}
        while jobs or running:
            while jobs and len(running) < count:
                job = jobs.pop(0)
                running.append((job, self.start(job[2], job[3], job[4])))
            (project, name, _, kind, tests), started = running.pop(0)
            answer, log = self.finish(*started, name)
            found = {key: outcome for key, *outcome in answer}
            for test in tests:
                if not any(key == test or key.startswith(test + ':') for key in found):
                    found[test] = False, 'not reached: ' + log, True
            outcomes[project, name, kind] = found
        return outcomes


def exceptions():
    """kind, key of the examples that fail with us, each below a comment that says why."""
    with open(os.path.join(HERE, 'exceptions.txt')) as f:
        lines = [line.strip() for line in f]
    return {tuple(line.split(' ', 1)) for line in lines if line and not line.startswith('#')}


def main():
    if sys.argv[1:2] == ['--child']:
        return child(json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rbuildout', default=os.environ.get('RBUILDOUT', os.path.join(TARGET, 'release', 'rbuildout')))
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--timeout', type=int, default=600, help='seconds for one test')
    parser.add_argument('--json', help='file for all outcomes')
    parser.add_argument('-v', '--verbose', action='store_true', help='show what failed')
    parser.add_argument('packages', nargs='*')
    arguments = parser.parse_args()
    rbuildout = os.path.realpath(arguments.rbuildout)
    if not os.access(rbuildout, os.X_OK):
        sys.exit('%s is no program: build it, or name it with --rbuildout' % rbuildout)
    runner = Runner(os.path.join(TARGET, 'conformance', 'recipes'), rbuildout, arguments.timeout)

    units = {}
    jobs = []
    for project, _, _, modules in PACKAGES:
        if modules and (not arguments.packages or project in arguments.packages):
            names = runner.names(modules)
            units[project] = [name for name, document in names if not document], modules
            jobs.append((project, UNITS, modules, 'reference', units[project][0]))
            jobs.extend((project, name, modules, kind, [name]) for name, document in names if document for kind in KINDS[:-1])
    outcomes = runner.run([job for job in jobs if job[4]], arguments.jobs)
    jobs = []
    for project, (_, modules) in units.items():
        passed = {name: of[2] for name, of in outcomes.get((project, UNITS, 'reference'), {}).items() if of[0]}
        indirect, direct = ([name for name in passed if passed[name] == starts] for starts in (True, False))
        jobs.extend((project, UNITS, modules, kind, indirect) for kind in KINDS[1:-1] if indirect)
        if direct:
            jobs.append((project, UNITS, modules, 'direct', direct))
    outcomes.update(runner.run(jobs, arguments.jobs))
    shutil.rmtree(runner.temporary, ignore_errors=True)

    table, failed = {}, {}
    for (project, name, kind), examples in outcomes.items():
        if kind != 'reference':
            continue
        for key, (passed, _, starts) in examples.items():
            row = table.setdefault((project, name if starts else name + ', direct'), dict.fromkeys(COLUMNS, 0))
            row['all'] += 1
            if not passed:
                continue
            row['reference'] += 1
            of = {k: outcomes.get((project, name, k), {}).get(key, (False, 'not reached')) for k in KINDS}
            telling = starts and not of['nothing'][0]
            row['telling'] += telling
            for k in ('native', 'hosted') if starts else ('direct',):
                row[k] += of[k][0]
                if telling:
                    row['telling ' + k] += of[k][0]
                if not of[k][0]:
                    failed[k, '%s %s' % (project, key)] = of[k][1]
    print(' | '.join(['package', 'tests', *COLUMNS]))
    for (project, name), row in table.items():
        print(' | '.join([project, name, *(str(row[column]) for column in COLUMNS)]))
    if arguments.json:
        with open(arguments.json, 'w') as f:
            json.dump([[*where, examples] for where, examples in outcomes.items()], f, indent=1)

    known = {one for one in exceptions() if not arguments.packages or one[1].split()[0] in arguments.packages}
    for kind, key in sorted(failed):
        if arguments.verbose or (kind, key) not in known:
            print('-' * 70)
            print(kind, key, '(an exception)' if (kind, key) in known else '')
            print(failed[kind, key])
    gone = sorted(known - set(failed))
    for kind, key in gone:
        print('no exception any more:', kind, key)
    new = set(failed) - known
    print('%d exceptions, %d other failures' % (len(known) - len(gone), len(new)))
    sys.exit(bool(new or gone))


if __name__ == '__main__':
    main()
