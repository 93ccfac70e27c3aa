#!/usr/bin/env python3
"""zc.buildout 3.0.1's own doctests, run with another command: what doctests.sh calls once it has set up a directory.

    run.py --directory DIR [--jobs N] [-v] [--results FILE] COMMAND [FILE | FILE:TEST]...

Where the tests start the `bin/buildout` of a sample buildout, or a `buildout` of the documentation, COMMAND runs instead, with
the same arguments, directory, input and environment.

Results are counted by example: a prompt and what must follow. `baseline.txt` beside this file has a line for each test, with
a letter for each of its examples: `d` passes with zc.buildout and fails with /bin/false, so that it can tell commands apart;
`s` passes with both; `x` fails with zc.buildout itself, and does not count.

Exit 1 if an example fails that is not in `exceptions.txt` beside this file, or one that is in it passes.
"""
import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


# ---------------------------------------------------------------------------
# In the Python of the tests: one test

SCRIPT = '''#!/bin/sh
exec %s "$@"
'''


class Child(object):
    """Notes the outcome of each example of a test: a list of dictionaries."""

    def __init__(self, directory, command):
        self.directory = directory
        self.command = command
        self.examples = []

    def adapt(self):
        """Puts the command in the place of zc.buildout, and this object in that of doctest's reports."""
        import doctest
        import logging

        import zc.buildout.testing as testing
        # The test runner of zope installs it; a test counts on that.
        logging.getLogger().addHandler(logging.NullHandler())
        set_up = testing.buildoutSetUp

        def buildout_set_up(test):
            set_up(test)
            with open(os.path.join(test.globs['sample_buildout'], 'bin', 'buildout'), 'w') as f:
                f.write(SCRIPT % self.command)
        testing.buildoutSetUp = buildout_set_up
        testing.run_buildout_in_process = self.run_buildout

        class Runner(object):
            """What replaces the methods of doctest.DocTestRunner."""

            def report_start(runner, out, test, example):
                pass

            def report_success(runner, out, test, example, got):
                self.note(test, example, 'pass', '')

            def report_failure(runner, out, test, example, got):
                self.note(test, example, 'fail', got)
                out(runner._failure_header(test, example))

            def report_unexpected_exception(runner, out, test, example, exc_info):
                import traceback
                self.note(test, example, 'error', ''.join(traceback.format_exception(*exc_info)))
                out(runner._failure_header(test, example))
        for name in vars(Runner):
            if name.startswith('report_'):
                setattr(doctest.DocTestRunner, name, vars(Runner)[name])

    def note(self, test, example, outcome, got):
        line = (test.lineno or 0) + example.lineno + 1
        self.examples.append(dict(line=line, outcome=outcome, source=example.source, want=example.want, got=got))

    def run_buildout(self, command='buildout'):
        """A command of the documentation; what it says goes to the file `out`."""
        import zc.buildout.testing as testing
        options = ['use-dependency-links=false', 'index=' + testing.__file__ + 'nonexistent']
        env = dict(os.environ, HOME=os.path.join(os.getcwd(), 'home'))
        # The distributions that zc.buildout sees when it runs in the process of the tests.
        env['PYTHONPATH'] = os.pathsep.join(path_of(self.directory))
        with open('out', 'w') as out:
            status = subprocess.call(shlex.split(self.command) + options + command.split()[1:], stdout=out,
                                     stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env)
        if status:
            with open('out') as f:
                print(f.read() or 'exit code %r and no output' % status)

    def run(self, test):
        """The outcomes of all examples. One that is no doctest is an example."""
        import unittest
        result = unittest.TestResult()
        test.run(result)
        problems = '\n'.join(text for _, text in result.errors + result.failures)
        if not is_doctest(test):
            self.examples = [dict(line=0, outcome='fail' if problems else 'pass', source='', want='', got=problems)]
        elif not self.examples and problems:
            self.examples = [dict(line=0, outcome='error', source='', want='', got=problems)]
        return self.examples


def is_doctest(test):
    return hasattr(test, '_dt_test') or hasattr(test, 'regions')


def suite():
    """(file, test, object) of all tests, in order."""
    import unittest

    from zc.buildout.tests import test_all, test_extras, test_increment

    def flatten(tests):
        for test in tests:
            if isinstance(test, unittest.TestSuite):
                for one in flatten(test):
                    yield one
            else:
                yield test
    for module in test_all, test_increment, test_extras:
        for test in flatten([module.test_suite()]):
            yield names(test, module) + (test,)


def names(test, module):
    import doctest
    if hasattr(test, 'regions'):
        return os.path.basename(test.regions.location), ''
    if isinstance(test, doctest.DocFileCase):
        return os.path.basename(test._dt_test.filename), ''
    own = module.__name__.rsplit('.', 1)[1] + '.py'
    if isinstance(test, doctest.DocTestCase):
        file = 'rmtree.py' if 'rmtree' in test._dt_test.name else own
        return file, test._dt_test.name.rsplit('.', 1)[1]
    return own, test.id().split('.', 4)[-1]


def path_of(directory):
    """What the tests have on their path."""
    with open(os.path.join(directory, 'path.json')) as f:
        return json.load(f)


def child(task):
    """Writes the list of tests, or the outcomes of one, to a file."""
    sys.path[0:0] = path_of(task['directory'])
    here = Child(task['directory'], task['command'])
    here.adapt()
    if task['index'] is None:
        answer = [[file, name] for file, name, _ in suite()]
    else:
        answer = here.run(list(suite())[task['index']][2])
    with open(task['answer'], 'w') as f:
        json.dump(answer, f)


# ---------------------------------------------------------------------------
# The parent: all tests

def environment():
    """That of the run, without what changes Python, pip or downloads."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(('PIP_', 'PYTHON', 'BUILDOUT_', 'RBUILDOUT'))
           and name.lower() not in ('http_proxy', 'https_proxy', 'no_proxy')}
    env.update(PIP_NO_PYTHON_VERSION_WARNING='1', PIP_DISABLE_PIP_VERSION_CHECK='1', PYTHONWARNINGS='ignore',
               TERM='dumb', LC_ALL='C.UTF-8')
    # As if the environment of the tests were activated.
    env['PATH'] = os.path.dirname(sys.executable) + os.pathsep + env['PATH']
    return env


class Process(object):
    """A child at work, in a directory of its own."""

    def __init__(self, directory, command, index=None):
        self.work = tempfile.mkdtemp(prefix='rb-doctest-')
        # The only place where tests leave anything.
        tmp = os.path.join(self.work, 'tmp')
        os.mkdir(tmp)
        self.answer = os.path.join(self.work, 'answer')
        self.log = os.path.join(self.work, 'log')
        self.began = time.time()
        task = dict(directory=directory, command=command, index=index, answer=self.answer)
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                [sys.executable, os.path.abspath(__file__), '--child', json.dumps(task)], cwd=tmp,
                env=dict(environment(), TMPDIR=tmp, XDG_CACHE_HOME=os.path.join(self.work, 'cache')),
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def ended(self, limit):
        if self.process.poll() is None and time.time() - self.began < limit:
            return False
        try:
            # A test may leave its server.
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        return True

    def result(self):
        """What the child wrote, or None, and then what it said."""
        try:
            with open(self.answer) as f:
                result = json.load(f)
        except (OSError, ValueError):
            result = None
        with open(self.log, errors='replace') as f:
            said = f.read()[-3000:]
        shutil.rmtree(self.work, ignore_errors=True)
        return result, said or 'It took too long.'


def run_all(args, indices):
    """The outcomes of tests, by index."""
    waiting, running, done = list(indices), {}, {}
    while waiting or running:
        while waiting and len(running) < args.jobs:
            index = waiting.pop(0)
            running[index] = Process(args.directory, args.command, index)
        time.sleep(.05)
        for index, process in list(running.items()):
            if process.ended(args.timeout):
                del running[index]
                examples, said = process.result()
                done[index] = examples or [dict(line=0, outcome='error', source='', want='', got=said)]
    return done


def read_baseline():
    """The letters of each test's examples, by file and test."""
    baseline = {}
    with open(os.path.join(HERE, 'baseline.txt')) as f:
        for line in f:
            if line.strip() and not line.startswith('#'):
                key, letters = line.split()
                baseline[key] = letters
    return baseline


def read_exceptions():
    with open(os.path.join(HERE, 'exceptions.txt')) as f:
        return {line.strip() for line in f if line.strip() and not line.startswith('#')}


def main():
    if sys.argv[1:2] == ['--child']:
        return child(json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--directory', required=True, help='what doctests.sh has set up')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--timeout', type=int, default=900, help='seconds for one test')
    parser.add_argument('-v', '--verbose', action='store_true', help='show expected failures too')
    parser.add_argument('--results', help='file for the outcome of every example')
    parser.add_argument('command')
    parser.add_argument('files', nargs='*')
    args = parser.parse_args()

    process = Process(args.directory, args.command)
    while not process.ended(60):
        time.sleep(.05)
    tests, said = process.result()
    if tests is None:
        sys.exit(said)
    known = {file for file, _ in tests} | {'%s:%s' % (file, name) for file, name in tests}
    # Files of a checkout are not asked for where there is none.
    baseline = read_baseline()
    absent = [file for file in args.files if file not in known]
    for file in absent:
        if not any(key.split(':')[0] == file for key in baseline):
            parser.error('there is no %s' % file)
        print('%s is not in the source distribution.' % file)
    if args.files:
        indices = [i for i, (file, name) in enumerate(tests) if {file, '%s:%s' % (file, name)} & set(args.files)]
    else:
        indices = range(len(tests))

    exceptions, wrong, files, results = read_exceptions(), [], {}, {}
    for index, examples in run_all(args, indices).items():
        file, name = tests[index]
        test = '%s:%s' % (file, name) if name else file
        letters = baseline.get(test, '')
        row = files.setdefault(file, dict(telling=0, of=0, others=0, of_others=0))
        for number, letter in enumerate(letters):
            if number < len(examples):
                example = examples[number]
            else:
                example = dict(examples[-1], outcome='not reached')
            key = '%s#%d' % (test, number)
            results[key] = example
            if letter == 'x':
                continue
            passed = example['outcome'] == 'pass'
            kind = ('telling', 'of') if letter == 'd' else ('others', 'of_others')
            row[kind[0]] += passed
            row[kind[1]] += 1
            expected = key in exceptions
            if passed == expected:
                wrong.append(key)
            if not passed and (args.verbose or not expected):
                print('%s, line %d: %s' % (key, example['line'], example['outcome']))
                print('%s--- expected\n%s--- got\n%s' % (example['source'], example['want'], example['got']))
            elif passed and expected:
                print('%s passes: take it out of exceptions.txt.' % key)
    if args.results:
        with open(args.results, 'w') as f:
            json.dump(results, f, indent=1, sort_keys=True)

    total = {name: sum(row[name] for row in files.values()) for name in ('telling', 'of', 'others', 'of_others')}
    print('%-44s %-17s %s' % ('file', 'telling examples', 'others'))
    for file, row in sorted(files.items()) + [('all', total)]:
        print('%-44s %5d of %-5d %8d of %d' % (file, row['telling'], row['of'], row['others'], row['of_others']))
    if wrong:
        print('%d examples are not as expected: %s' % (len(wrong), ' '.join(wrong)))
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
