"""The measures: each makes its inputs, shows that the outputs are equal, and then takes the times."""

import glob
import json
import os
import re
import shutil
import time
import zlib

import generate
import machine
from machine import Failed, same

PROFILES = ('software/*/software*.cfg', 'component/*/buildout.cfg')
LARGEST = 'software/erp5/software.cfg'
# Options that only the SlapOS variant has built in; zc.buildout's annotate can't show them.
OWN_OPTIONS = ('check-signature', 'dry-run')


class Bench:
    """What all measures share."""

    def __init__(self, binary, measure, reference, work, tree, runs, scratch=None):
        self.binary, self.measure, self.reference = binary, measure, reference
        self.work, self.tree, self.runs = work, tree, runs
        # Where archives are unpacked: another place than `work` if its disk is shared with others.
        self.scratch = scratch or work
        home = self.fresh('home')
        self.env = {**os.environ, 'HOME': home, 'XDG_CACHE_HOME': os.path.join(home, '.cache'), 'LC_ALL': 'C.UTF-8'}
        for name in ('BUILDOUT_HOME', 'RBUILDOUT_MIRRORS', 'MAKEFLAGS', 'PYTHONDONTWRITEBYTECODE'):
            self.env.pop(name, None)

    def fresh(self, name, below=None):
        """An empty directory below the bench's own."""
        path = os.path.join(below or self.work, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def run(self, *argv, cwd=None, ok=(0,), output=True):
        return machine.run(argv, cwd, self.env, ok, output)

    def timed(self, *argv, cwd=None, ok=(0,)):
        """A function that runs a command without keeping its output."""
        return lambda: machine.run(argv, cwd, self.env, ok, output=False)

    def need_tree(self):
        if not self.tree:
            raise Skipped('needs --slapos-tree')
        return self.tree


class Skipped(Exception):
    """A measure that can't be taken here, and why."""


def p1(bench):
    """start"""
    ours = bench.run(bench.binary, '--upstream', '--version')
    theirs = bench.run(bench.reference.buildout, '--version')
    same('version', theirs.output, ours.output)
    times = machine.interleaved(
        bench.runs, reference=bench.timed(bench.reference.buildout, '--version'),
        ours=(bench.timed(bench.binary, '--version'), 5))
    nothing = machine.interleaved(bench.runs, true=(bench.timed('/bin/true'), 5))['true']
    return {'work': 'start (`--version`)', 'goal': 0.005, 'goal_text': '5 ms', **times,
            'limit': nothing['cpu'], 'limit_text': '%s (`/bin/true`)' % ms(nothing['cpu']), 'by': 'cpu'}


def annotated(text):
    """What annotate says, without the options that only one of the two has."""
    text = text[text.index('\nAnnotated sections'):]
    for option in OWN_OPTIONS:
        text = text.replace('%s= %s\n    DEFAULT_VALUE\n' % (option, {'dry-run': 'false'}.get(option, 'true')), '')
    return text


def annotate_commands(bench, config, once=True):
    directory = bench.fresh('annotate')
    python = bench.reference.python
    words = ['-U', '-N', '-o', '-c', config, 'buildout:directory=' + directory, 'buildout:executable=' + python,
             'annotate']
    start = bench.reference.driver('annotate') if once else [bench.reference.buildout]
    return [*start, *words], [bench.binary, *words]


def p2(bench):
    """annotate of the largest real release"""
    config = os.path.join(bench.need_tree(), LARGEST)
    theirs, ours = annotate_commands(bench, config)
    bench.run(*ours)
    first, second = bench.run(*theirs).output.decode(), bench.run(*ours).output.decode()
    same('annotate', annotated(first).split('\n'), annotated(second).split('\n'))
    times = machine.interleaved(bench.runs, reference=bench.timed(*theirs), ours=(bench.timed(*ours), 5))
    files = machine.system_calls(ours, 'openat', env=bench.env)
    names = {m[1] for m in (re.search(r'<([^>]*\.cfg)>$', line) for line in files) if m}
    started = time.perf_counter()
    for _ in range(20):
        for name in names:
            with open(name, 'rb', buffering=0) as stream:
                stream.read()
    reading = (time.perf_counter() - started) / 20
    return {'work': '`annotate` of %s: %d files, %d lines of output' % (LARGEST, len(names), second.count('\n')),
            'goal': 0.006, 'goal_text': '6 ms; 2 ms when nothing changed', **times, 'by': 'cpu',
            'limit': 0.0024, 'limit_text': '2.4 ms to read and parse (an earlier measure); reading alone %s here' % ms(reading),
            'notes': ['The reference is zc.buildout with a loader that reads each file once (bench/reference.py); '
                      'upstream itself needs minutes for this profile and gives another result.',
                      'Nothing is kept from one run to the next: the goal of 2 ms when nothing changed is not reached.']}


def p2_diamonds(bench):
    """generated diamonds"""
    directory = bench.fresh('diamonds')
    generate.diamonds(directory, 8)
    theirs, ours = annotate_commands(bench, os.path.join(directory, 'buildout.cfg'), once=False)
    bench.run(*ours)
    first, second = bench.run(*theirs), bench.run(*ours)
    same('annotate', *(annotated(sample.output.decode()).split('\n') for sample in (first, second)))
    few = bench.timed(*ours)
    times = {'reference': machine.median([first]), 'ours': machine.median([few() for _ in range(bench.runs)])}
    twelve = bench.fresh('diamonds12')
    generate.diamonds(twelve, 12)
    ours12 = annotate_commands(bench, os.path.join(twelve, 'buildout.cfg'))[1]
    bench.run(*ours12)
    best = machine.median([bench.timed(*ours12)() for _ in range(bench.runs)])
    return {'work': '`annotate` of generated diamonds of 8 levels (16 files, 510 visits upstream)', 'goal': None,
            'goal_text': '-', **times, 'by': 'cpu', 'limit_text': '-',
            'notes': ['Upstream visits a file once for each way that leads to it and is no fair reference here; '
                      'the row shows why. Twelve levels take %s here; upstream was not tried.' % ms(best['cpu'])]}


def values(document, python):
    """Resolved options of our document in the reference's form."""
    result = {}
    for section, data in document['sections'].items():
        for option, value in data.get('resolved', {}).items():
            text = value.get('v', None if value.get('s') == 'needs-recipe' else False)
            result[section, option] = text.replace('@PYTHON@', python) if isinstance(text, str) else text
    return result


def resolve_equal(bench, config, directory):
    """Compares all resolved options of a profile; gives the reference's summary line."""
    python = bench.reference.python
    path = os.path.join(directory, 'reference.json')
    words = ['-c', config, 'buildout:directory=' + directory, 'buildout:executable=' + python]
    line = bench.run(*bench.reference.driver('resolve', path, *words)).output.decode().strip()
    ours = json.loads(bench.run(bench.binary, '-U', 'resolve', '--json', *words).output)
    with open(path) as stream:
        theirs = json.load(stream)
    want = {(s, o): v for s, options in theirs.items() for o, v in options.items()}
    got = values(ours, python)
    # Our document leaves out what no profile sets (built-in options).
    same(config, {key: want.get(key, '(missing)') for key in got}, got)
    missing = [key for key in want if key not in got and key[0] not in ('buildout', 'versions')]
    if missing:
        raise Failed('%s: not in our document: %s' % (config, missing[:3]))
    return line


def p2_macros(bench):
    """generated macros"""
    directory = bench.fresh('macros')
    generate.macros(directory, 40, 20)
    config = os.path.join(directory, 'buildout.cfg')
    resolve_equal(bench, config, directory)
    words = ['-c', config, 'buildout:directory=' + directory]
    times = machine.interleaved(
        max(3, bench.runs // 4), reference=bench.timed(*bench.reference.driver('resolve', '-', *words)),
        ours=(bench.timed(bench.binary, '-U', 'resolve', '--check', *words), 3))
    return {'work': 'resolve generated macros: 20 chains, 40 deep (800 sections)', 'goal': None, 'goal_text': '-',
            **times, 'by': 'cpu', 'limit_text': '-', 'notes': []}


def p3(bench):
    """all real profiles"""
    root = bench.need_tree()
    profiles = sorted(p for pattern in PROFILES for p in glob.glob(os.path.join(root, pattern)))
    directory = bench.fresh('resolve')
    python = bench.reference.python
    words = ['buildout:directory=' + directory, 'buildout:executable=' + python]
    everything = [bench.binary, '-U', 'resolve', '--check', *words, *profiles]
    # The tree has profiles with references to what does not exist: the reference says the same of them.
    text = bench.run(*everything, ok=(0, 1)).output.decode()
    summary = {}
    for line in text.splitlines():
        match = re.match(r'(.*?): (\d+) sections, (\d+) options, (\d+) need a recipe, (\d+) problems$', line)
        if match:
            summary[match[1]] = tuple(int(n) for n in match.groups()[1:])
    if len(summary) != len(profiles):
        raise Failed('%d of %d profiles were resolved' % (len(summary), len(profiles)))
    sample = profiles[::17]
    samples, unlike = [], []
    for profile in sample:
        try:
            line = resolve_equal(bench, profile, directory)
        except Failed as failed:
            unlike.append(str(failed).replace(root + '/', '')[:300])
            continue
        samples.append(bench.timed(*bench.reference.driver(
            'resolve', '-', '-c', profile, 'buildout:directory=' + directory))())
        numbers = [int(n) for n in re.findall(r'(\d+) (?:sections|options|need|problems)', line)]
        numbers[1] += len(OWN_OPTIONS)
        same('counts of ' + profile, tuple(numbers), summary[profile])
    if not samples or len(unlike) > 1:
        raise Failed('; '.join(unlike))
    scale = len(profiles) / len(samples)
    reference = {'cpu': sum(s.cpu for s in samples) * scale, 'wall': sum(s.wall for s in samples) * scale,
                 'runs': len(samples), 'extrapolated': True}
    quick = bench.timed(*everything, ok=(0, 1))
    quick()
    ours = machine.median([quick() for _ in range(bench.runs)])
    problems = sum(s[3] for s in summary.values())
    notes = ['The reference (each file loaded once, a process for each profile) was run for %d of the %d profiles and '
             'scaled. Of these every option and every count, that of the problems too, was equal; %d problems are '
             'reported for the whole tree.' % (len(samples), len(profiles), problems)]
    notes += ['Left out: ' + text for text in unlike]
    return {'work': 'resolve all %d real profiles in one run' % len(profiles), 'goal': 0.5,
            'goal_text': '0.5 s on 2 cores', 'reference': reference, 'ours': ours, 'by': 'wall',
            'parallel': 2, 'limit_text': '7.5 ms of parsing (an earlier measure) + merges', 'notes': notes}


def installed(bench, make, name, *options):
    """Two directories with the same profile, built once by each side; the trees below `out` must be equal."""
    directory = bench.fresh(name)
    make(directory)
    commands = {'reference': [bench.reference.buildout, '-N', '-o'], 'ours': [bench.binary, '-N', '-o', *options]}
    for side, command in commands.items():
        clean(directory)
        bench.run(*command, cwd=directory)
        trees = machine.tree(os.path.join(directory, 'out'))
        if side == 'reference':
            expected = trees
    same(name, expected, trees)
    # Both sides need the same absolute path to be comparable; from here each has its own.
    theirs = bench.fresh(name + '-reference')
    make(theirs)
    bench.run(*commands['reference'], cwd=theirs)
    return commands, {'reference': theirs, 'ours': directory}


def clean(directory):
    for name in os.listdir(directory):
        if name != 'buildout.cfg':
            path = os.path.join(directory, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def p4(bench, count=1000):
    """a run with nothing to do"""
    commands, places = installed(bench, lambda d: generate.parts(d, count), 'noop%d' % count)
    executed, made = machine.processes_started(commands['ours'], places['ours'], bench.env)
    text = bench.run(*commands['ours'], cwd=places['ours']).output.decode()
    if 'Nothing to do' not in text:
        raise Failed('the second run did something: ' + text[:300])
    with open(os.path.join(places['ours'], '.installed.cfg'), 'rb') as stream:
        ours_size = len(stream.read())
    # The reference's state grows with each run that does nothing; it always gets that of its first run.
    saved = os.path.join(places['reference'], '.installed.cfg')
    shutil.copy(saved, saved + '.first')
    first_size = os.path.getsize(saved)

    def reference():
        shutil.copy(saved + '.first', saved)
        return bench.timed(*commands['reference'], cwd=places['reference'])()

    runs = max(3, bench.runs // (4 if count > 100 else 1))
    times = machine.interleaved(runs, reference=reference, ours=(bench.timed(*commands['ours'], cwd=places['ours']), 4))
    grown = os.path.getsize(saved)
    return {'work': 'no-op over %s parts' % format(count, ','), 'goal': 0.02 if count >= 1000 else None,
            'goal_text': '20 ms, no process started' if count >= 1000 else '-', **times, 'by': 'cpu', 'limit': 0.005,
            'limit_text': '5 ms' if count >= 1000 else '-', 'processes': [executed, made],
            'notes': ['`strace -f`: %d programs and %d processes were started by ours.' % (executed, made),
                      'The state (.installed.cfg) is %s with ours; the reference has %s and after a run with nothing '
                      'to do %s, as it appends a list of all parts for each part.'
                      % (size(ours_size), size(first_size), size(grown))]}


def p5(bench):
    """state after one part"""
    rows = []
    for count in (10, 100, 1000):
        commands, places = installed(bench, lambda d: generate.parts(d, count), 'state%d' % count)
        row = {'parts': count}
        for side, command in commands.items():
            place = places[side]
            generate.parts(place, count, 'second')
            row[side] = machine.state_writes(
                command, place, bench.env, lambda path: state_kind(path[len(place) + 1:]))
            row[side + '_state'] = os.path.getsize(place + '/.installed.cfg')
        same('state%d after a change' % count,
             normal(machine.tree(places['reference'] + '/out')), normal(machine.tree(places['ours'] + '/out')))
        rows.append(row)
    small, large = rows[0], rows[-1]
    text = '; '.join('%d parts: %s in %d writes and %d syncs (%s), reference %s in %d writes and %d syncs' % (
        r['parts'], size(r['ours']['bytes']), r['ours']['writes'], r['ours']['syncs'],
        ', '.join('%s %s' % (kind, size(n)) for kind, n in r['ours']['by_kind'].items()),
        size(r['reference']['bytes']), r['reference']['writes'], r['reference']['syncs']) for r in rows)
    return {'work': 'state written by a run that changes one part of 10, 100, 1,000', 'goal': None,
            'goal_text': 'one record; state grows linearly with parts', 'rows': rows, 'by': 'bytes',
            'reference': {'bytes': large['reference']['bytes']}, 'ours': {'bytes': large['ours']['bytes']},
            'limit_text': 'one fsync', 'verdict': 'the state is linear (%.0fx for 100x the parts); a part is one record, but the '
            'whole .installed.cfg is written once more at the end' % (large['ours_state'] / small['ours_state']),
            'notes': [text + '.', 'These are all writes of the run to its state, the record of the part as well as what '
                      'is written once at the end (.installed.cfg, the record of the run). The SlapOS variant writes '
                      '.installed.cfg once at the end, and nothing before: a kill loses the run.']}


def state_kind(name):
    """What a file of a build directory holds, if it is state."""
    if name.startswith('.installed.cfg'):
        return '.installed.cfg'
    if name.startswith('.rbuildout/'):
        return name.split('/')[1]
    return ''


def normal(tree):
    """Names and modes only: the contents name the two directories."""
    return {path: text.split()[0] for path, text in tree.items()}


def p6(bench, count=200):
    """trivial parts from nothing"""
    commands, places = installed(bench, lambda d: generate.trivial(d, count), 'trivial')

    def cold(side):
        def once():
            clean(places[side])
            return bench.timed(*commands[side], cwd=places[side])()
        return once

    times = machine.interleaved(bench.runs, reference=cold('reference'), ours=(cold('ours'), 2))
    lines = machine.system_calls(commands['ours'], 'fsync,fdatasync', cold_directory(places['ours']), bench.env)
    syncs = len([line for line in lines if 'sync' in line])
    handle = os.open(os.path.join(bench.work, 'sync'), os.O_WRONLY | os.O_CREAT)
    waits = []
    for _ in range(50):
        os.write(handle, b'x' * 500)
        started = time.perf_counter()
        os.fdatasync(handle)
        waits.append(time.perf_counter() - started)
    os.close(handle)
    wait = sorted(waits)[len(waits) // 2]
    return {'work': '%d trivial parts (directories and templates) from nothing' % count, 'goal': 0.06,
            'goal_text': '60 ms', **times, 'by': 'wall', 'limit_text': 'no fork; one fdatasync is %s here' % ms(wait),
            'notes': ['%d syncs in a run.' % syncs]}


def cold_directory(directory):
    clean(directory)
    return directory


def archive(bench):
    base = os.path.join(bench.work, 'archive/many-files')
    if not os.path.exists(base + '.tar.xz'):
        generate.archive(base, 10000, 15000)
    return base


UNPACK = 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])'


def p9(bench, kind='gz'):
    """unpack many files"""
    base = archive(bench)
    packed = '%s.tar.%s' % (base, kind)
    commands = {
        'reference': lambda d: [bench.reference.python, '-c', UNPACK, packed, d],
        'gnu': lambda d: ['tar', '--no-same-owner', '-xf', packed, '-C', d],
        'ours': lambda d: [bench.measure, 'unpack', packed, d],
    }
    trees = []
    for command in commands.values():
        target = bench.fresh('rbuildout-bench-unpacked', bench.scratch)
        bench.run(*command(target))
        trees.append(machine.tree(target))
    same('python and GNU tar', trees[0], trees[1])
    same('GNU tar and ours', trees[1], trees[2])

    def cold(command):
        def once():
            target = bench.fresh('rbuildout-bench-unpacked', bench.scratch)
            machine.warm_memory()
            return bench.timed(*command(target))()
        return once

    plain = lambda d: ['tar', '--no-same-owner', '-xf', base + '.tar', '-C', d]
    expand = {'gz': ['gzip', '-dc', packed], 'xz': ['xz', '-T1', '-dc', packed]}[kind]
    functions = {name: cold(command) for name, command in commands.items()}
    # Writing differs much from run to run, more than the sides do: the best of each counts.
    times = machine.interleaved(
        max(5, bench.runs // 2), min, **functions, writes=cold(plain), inflate=bench.timed(*expand))
    inflate = times['inflate']['cpu']
    if kind == 'gz':
        with open(packed, 'rb') as stream:
            data = stream.read()
        started = time.process_time()
        zlib.decompress(data, 31)
        inflate = min(inflate, time.process_time() - started)
    limit = inflate + times['writes']['cpu']
    total = os.path.getsize(base + '.tar')
    return {'work': 'unpack 10,000 files (%s) from .tar.%s' % (size(total), kind), 'goal': 1.1 * limit,
            'goal_text': '1.1x the limit' if kind == 'gz' else '-', 'reference': times['reference'], 'ours': times['ours'],
            'other': {'GNU tar': times['gnu']}, 'by': 'cpu', 'limit': limit,
            'limit_text': '%s (%s to expand + %s for GNU tar to write the plain .tar)' % (
                ms(limit), ms(inflate), ms(times['writes']['cpu'])),
            'notes': ['Written to %s. GNU tar: %s CPU, %s wall. All are the best of %d runs: what the kernel takes for the '
                      'same writes varies.' % (
                          machine.file_system(bench.scratch), ms(times['gnu']['cpu']), ms(times['gnu']['wall']),
                          times['gnu']['runs'])] + (
                ['xz is expanded by one thread, and that is nearly all of it: nothing to gain but the writing beside it.']
                if kind == 'xz' else [])}


LINKS = '''
import os, sys
source, target = sys.argv[1:]
os.mkdir(target)
for number in range(10000):
    os.link(source, '%s/%d' % (target, number))
'''


def p10(bench):
    """placing by hard links"""
    source = bench.fresh('links/source')
    bench.run('tar', '--no-same-owner', '-xf', archive(bench) + '.tar', '-C', source)
    one = os.path.join(source, 'tree/one')
    with open(one, 'w') as stream:
        stream.write('x')
    target = os.path.join(bench.work, 'links/target')

    def cold(*argv):
        def once():
            shutil.rmtree(target, ignore_errors=True)
            machine.warm_memory()
            return bench.timed(*argv)()
        return once

    ours = [bench.measure, 'clone', source, target]
    theirs = ['cp', '-al', source, target]
    trees = []
    for argv in (theirs, ours):
        shutil.rmtree(target, ignore_errors=True)
        bench.run(*argv)
        trees.append({p: (os.lstat(os.path.join(target, p)).st_mode, os.path.isdir(os.path.join(target, p))
                          or os.lstat(os.path.join(target, p)).st_ino) for p in machine.tree(target)})
    same('links', *trees)
    times = machine.interleaved(
        bench.runs, reference=cold(*theirs), ours=cold(*ours),
        bare=cold(bench.reference.python, '-S', '-c', LINKS, one, target),
        start=bench.timed(bench.reference.python, '-S', '-c', 'pass'))
    bare = times['bare']['cpu'] - times['start']['cpu']
    return {'work': 'place 10,000 files by hard links', 'goal': bare / 0.8, 'goal_text': '0.8 of the limit',
            'reference': times['reference'], 'ours': times['ours'], 'by': 'cpu', 'limit': bare,
            'limit_text': '%s (10,000 bare link(2) in one directory)' % ms(bare),
            'notes': ['The reference is `cp -al`; zc.buildout has nothing of the kind and would unpack again (P9).']}


def p19(bench):
    """memory"""
    config = os.path.join(bench.need_tree(), LARGEST)
    directory = bench.fresh('memory')
    words = ['-c', config, 'buildout:directory=' + directory]
    ours = {
        'annotate': machine.memory([bench.binary, '-U', *words, 'annotate'], env=bench.env),
        'resolve': machine.memory([bench.binary, '-U', 'resolve', '--json', *words], env=bench.env),
        'check': machine.memory([bench.binary, '-U', 'resolve', '--check', *words], env=bench.env),
    }
    theirs = {
        'annotate': machine.memory(bench.reference.driver('annotate', '-U', *words, 'annotate'), env=bench.env),
        'resolve': machine.memory(bench.reference.driver('resolve', directory + '/r.json', *words), env=bench.env),
    }
    if ours['annotate'] is None:
        raise Skipped('needs GNU time: a child of this program would start with its size')
    return {'work': 'peak memory of `annotate` and `resolve` of %s' % LARGEST, 'goal': 40, 'goal_text': '40 MB',
            'reference': {'mb': max(theirs.values())}, 'ours': {'mb': max(ours.values())}, 'by': 'mb', 'limit_text': '-',
            'notes': ['`annotate` %.1f MB (reference %.1f), `resolve --json` %.1f MB (reference %.1f), `resolve --check` %.1f MB.'
                      % (ours['annotate'], theirs['annotate'], ours['resolve'], theirs['resolve'], ours['check']),
                      '`plan` of this profile, which starts Python for its recipes, is not measured.']}


def ms(seconds):
    if seconds >= 1:
        return '%.2f s' % seconds
    if seconds < 0.0005:
        return '%.1f us' % (seconds * 1e6)
    return '%.*f ms' % (1 if seconds < 0.1 else 0, seconds * 1000)


def size(number):
    for unit in ('bytes', 'kB', 'MB'):
        if number < 1000 or unit == 'MB':
            return '%.*f %s' % (0 if unit == 'bytes' else 1, number, unit)
        number /= 1000


MEASURES = {
    'P1': p1, 'P2': p2, 'P2d': p2_diamonds, 'P2m': p2_macros, 'P3': p3,
    'P4': p4, 'P4s': lambda bench: p4(bench, 10), 'P5': p5, 'P6': p6,
    'P9': p9, 'P9x': lambda bench: p9(bench, 'xz'), 'P10': p10, 'P19': p19,
}
