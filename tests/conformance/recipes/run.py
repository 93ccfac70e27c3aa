#!/usr/bin/env python3
"""The tests that recipes carry in their source distributions, run with rbuildout.

    run.py [--rbuildout PATH] [--jobs N] [-v] [--json FILE] [PACKAGE ...]

The source distributions and what they need are fetched with pip into target/conformance/recipes; nothing of them is kept
in the project. Each test runs four times. Where it starts `bin/buildout` of its sample buildout, these run instead:

    reference   zc.buildout itself
    nothing     /bin/false: an example that passes with it cannot tell executables apart
    native      rbuildout --upstream
    hosted      rbuildout --upstream with RBUILDOUT_NATIVE=none: the package's own recipe in the recipe host

Examples of doctests are counted one by one, unit tests as one each. Only those count that pass with the reference. Exit 1 if
one of them fails with rbuildout and is not in exceptions.txt beside this file, or is in it and passes.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
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

KINDS = ['reference', 'nothing', 'native', 'hosted']


# ---------------------------------------------------------------------------
# In the Python of the tests: one test, with one executable

def adapt(command, calls):
    """Lets `bin/buildout` of sample buildouts be another command, which notes each call in a file."""
    import re
    import zc.buildout.testing as testing
    # What is not an egg is a link in either place; only links of developed distributions say where they are.
    testing.install = testing.install_develop
    import zc.buildout.tests
    # Normalizers of the variant of zc.buildout that SlapOS uses, and of older versions: here there is nothing for them to do.
    for module, name in (testing, 'root_logger_messages'), (zc.buildout.tests, 'normalize_S'):
        if not hasattr(module, name):
            setattr(module, name, (re.compile('(?!)'), ''))
    set_up = testing.buildoutSetUp

    def buildout_set_up(test):
        set_up(test)
        if not command:
            return
        script = os.path.join(test.globs['sample_buildout'], 'bin', 'buildout')
        with open(script, 'w') as f:
            f.write('#!/bin/sh\necho >> %s\nexec %s "$@"\n' % (calls, command))
    testing.buildoutSetUp = buildout_set_up


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
                found.append((doctest.name if doctest else test.id().split('.', 3)[-1], test))
    for name in modules:
        module = importlib.import_module(name)
        suite = getattr(module, 'test_suite', None)
        flatten(suite() if suite else unittest.defaultTestLoader.loadTestsFromModule(module))
    return found


def run_test(test, name):
    """The outcome of each example: (key, passed, text)."""
    import doctest
    import unittest
    outcomes = []
    if not hasattr(test, '_dt_test'):
        result = unittest.TestResult()
        test.run(result)
        problems = result.errors + result.failures
        return [(name, not problems and not result.skipped, ''.join(text for _, text in problems))]

    def record(passed):
        def report(runner, out, test, example, got=None):
            text = got or ''
            if isinstance(got, tuple):
                text = '%s: %s' % got[:2]
            key = '%s:%d' % (name, example.lineno + 1)
            outcomes.append((key, passed, '>>> %s--- wanted\n%s--- got\n%s' % (example.source, example.want, text)))
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
        outcomes.append((name + ':set-up', False, result.errors[0][1]))
    return outcomes


def child(spec):
    sys.path[0:0] = spec['paths']
    import pkg_resources
    for path in spec['paths']:
        pkg_resources.working_set.add_entry(path)
    adapt(spec['command'], spec['calls'])
    tests = tests_of(spec['modules'])
    if spec['test'] is None:
        answer = [name for name, _ in tests]
    else:
        name, test = tests[spec['test']]
        answer = run_test(test, name)
    with open(spec['answer'], 'w') as f:
        json.dump(answer, f)


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
        GIT_CONFIG_COUNT='1', GIT_CONFIG_KEY_0='protocol.file.allow', GIT_CONFIG_VALUE_0='always')
    return kept


class Runner:
    def __init__(self, directory, rbuildout, timeout):
        self.python, self.paths = prepare(directory)
        self.temporary = os.path.realpath(tempfile.mkdtemp(prefix='recipes-'))
        self.environment = environment(self.python, os.path.join(self.temporary, 'cache'))
        self.timeout = timeout
        quoted = "'%s' --upstream" % rbuildout
        self.commands = dict(
            reference=None, nothing='/bin/false', native=quoted, hosted='env RBUILDOUT_NATIVE=none ' + quoted)
        self.count = 0

    def start(self, modules, kind='reference', test=None):
        self.count += 1
        place = os.path.join(self.temporary, str(self.count))
        os.mkdir(place)
        spec = dict(
            paths=self.paths, modules=modules, command=self.commands[kind], test=test,
            calls=os.path.join(place, 'calls'), answer=os.path.join(place, 'answer'))
        environment = dict(self.environment, TMPDIR=place)
        with open(os.path.join(place, 'log'), 'wb') as log:
            process = subprocess.Popen(
                [self.python, os.path.abspath(__file__), '--child', json.dumps(spec)], cwd=place, env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        return place, process

    def finish(self, place, process, name):
        try:
            process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
        try:
            with open(os.path.join(place, 'answer')) as f:
                return json.load(f)
        except (OSError, ValueError):
            with open(os.path.join(place, 'log'), errors='replace') as f:
                return [(name + ':whole', False, f.read()[-3000:])]
        finally:
            subprocess.call(['chmod', '-R', 'u+w', place])
            shutil.rmtree(place, ignore_errors=True)

    def names(self, modules):
        place, process = self.start(modules)
        answer = self.finish(place, process, 'list')
        if answer and not isinstance(answer[0], str):
            sys.exit(answer[0][2])
        return answer


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

    queue = []
    for project, _, _, modules in PACKAGES:
        if modules and (not arguments.packages or project in arguments.packages):
            for index, name in enumerate(runner.names(modules)):
                queue.extend((project, name, modules, kind, index) for kind in KINDS)
    outcomes, running = {}, []
    while queue or running:
        while queue and len(running) < arguments.jobs:
            job = queue.pop(0)
            running.append((job, runner.start(job[2], job[3], job[4])))
        (project, name, _, kind, _), started = running.pop(0)
        outcomes[project, name, kind] = {
            key: (passed, text) for key, passed, text in runner.finish(*started, name)}
    shutil.rmtree(runner.temporary, ignore_errors=True)

    table, failed = {}, {}
    for (project, name, kind), examples in outcomes.items():
        if kind != 'reference':
            continue
        row = table.setdefault((project, name if ':' not in name and name.endswith(('.rst', '.txt')) else 'unit tests'), {})
        for key, (passed, _) in examples.items():
            row['all'] = row.get('all', 0) + 1
            if not passed:
                continue
            row['reference'] = row.get('reference', 0) + 1
            of = {k: outcomes[project, name, k].get(key, (False, 'not reached')) for k in KINDS}
            telling = not of['nothing'][0]
            row['telling'] = row.get('telling', 0) + telling
            for k in 'native', 'hosted':
                row[k] = row.get(k, 0) + of[k][0]
                row[k + ' telling'] = row.get(k + ' telling', 0) + (telling and of[k][0])
                if not of[k][0]:
                    failed[k, '%s %s' % (project, key)] = of[k][1]
    form = '%-28s %-28s %9s %9s %9s %9s %9s %9s'
    print(form % ('', '', 'reference', 'native', 'hosted', 'telling', 'native', 'hosted'))
    for (project, name), row in table.items():
        print(form % (project, name, *(row.get(k, 0) for k in (
            'reference', 'native', 'hosted', 'telling', 'native telling', 'hosted telling'))))
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
