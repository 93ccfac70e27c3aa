"""Measures with Python recipes and eggs: a no-op with Python parts (P4p), the recipe host (P15), eggs (E)."""

import os
import shutil
import subprocess

import generate
import machine
import measures
from machine import Failed, same
from measures import ms

# One part of six has a Python recipe in the profiles of SlapOS.
SHARE = 6
READS = 3000
FROM_SOURCE = 'antlr4-python3-runtime', 'docopt', 'future', 'sgmllib3k', 'termcolor'


def commands(bench):
    python = 'buildout:executable=' + bench.reference.python
    return {'reference': [bench.reference.buildout, '-N', '-o'], 'ours': [bench.binary, '-N', '-o', python]}


def built(bench, name, make):
    """The profile of `make`, built once by each side in a place of its own; the trees below `out` must be equal."""
    places = {}
    for side, command in commands(bench).items():
        places[side] = bench.fresh('%s-%s' % (name, side))
        make(places[side])
        bench.run(*command, cwd=places[side])
    same(name, *(machine.tree(os.path.join(place, 'out')) for place in places.values()))
    return commands(bench), places


def p4(bench, count=1000):
    """a run with nothing to do, one part of six in Python"""
    sides, places = built(bench, 'noop-python', lambda d: generate.inline(d, count, SHARE))
    executed, made = machine.processes_started(sides['ours'], places['ours'], bench.env)
    text = bench.run(*sides['ours'], cwd=places['ours']).output.decode()
    if 'Nothing to do' not in text or executed or made:
        raise Failed('the second run did something (%d programs, %d processes): %s' % (executed, made, text[:300]))
    state = os.path.join(places['reference'], '.installed.cfg')
    shutil.copy(state, state + '.first')

    def reference():
        shutil.copy(state + '.first', state)
        return bench.timed(*sides['reference'], cwd=places['reference'])()

    times = machine.interleaved(
        max(3, bench.runs // 4), reference=reference, ours=(bench.timed(*sides['ours'], cwd=places['ours']), 4))
    python = len(range(0, count, SHARE))
    return {'work': 'no-op over %s parts, %d of them with a Python recipe' % (format(count, ','), python), 'goal': 0.02,
            'goal_text': '20 ms, no process started', **times, 'by': 'cpu', 'limit_text': '5 ms',
            'notes': ['`strace -f`: 0 programs and 0 processes were started by ours.']}


def p15(bench, count=200):
    """parts in the recipe host, from nothing"""
    samples = {}
    for number in (1, count + 1):
        sides, places = built(bench, 'host%d' % number, lambda d: generate.inline(d, number, 1))

        def cold(side):
            def once():
                measures.clean(places[side])
                return bench.timed(*sides[side], cwd=places[side])()
            return once

        samples[number] = machine.interleaved(
            max(3, bench.runs // 2), reference=cold('reference'), ours=(cold('ours'), 2))
    few, many = samples[1], samples[count + 1]
    each = {side: {kind: (many[side][kind] - few[side][kind]) / count for kind in ('wall', 'cpu')}
            for side in ('reference', 'ours')}
    return {'work': 'one part more with a Python recipe (%d from nothing)' % count, 'goal': 0.01, 'goal_text': '10 ms',
            **each, 'by': 'wall', 'limit_text': 'a fork, 2 ms',
            'notes': ['The first part: %s wall with ours, %s with the reference, the start of Python included.'
                      % (ms(few['ours']['wall']), ms(few['reference']['wall']))]}


def p15_reads(bench, times):
    """reading options in the recipe host"""
    # What one more round takes: the first one, or each of many after it.
    rounds = (0, 1) if times == 1 else (1, times)
    samples = {}
    for number in rounds:
        sides, places = built(bench, 'reads%d' % number, lambda d: generate.reads(d, READS, number))

        def cold(side):
            def once():
                measures.clean(places[side])
                return bench.timed(*sides[side], cwd=places[side])()
            return once

        samples[number] = machine.interleaved(
            max(5, bench.runs // 2), reference=cold('reference'), ours=cold('ours'))
    few, many = (samples[number] for number in rounds)
    count = 2 * READS * (rounds[1] - rounds[0])
    each = {side: {kind: max(0, many[side][kind] - few[side][kind]) / count for kind in ('wall', 'cpu')}
            for side in ('reference', 'ours')}
    what = 'for the first time' if times == 1 else 'once more'
    return {'work': 'one read of an option by a Python recipe, %s (%s options of its own, as many of another section)'
                    % (what, format(READS, ',')),
            'goal': 30e-6, 'goal_text': '30 us', **each, 'by': 'wall', 'limit_text': '-', 'notes': []}


def pins():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'pins.txt')
    with open(path) as stream:
        return [line.split('==') for line in stream.read().split()]


def fetched(bench):
    """A download cache with the distributions of all pins."""
    cache = os.path.join(bench.work, 'distributions')
    target = os.path.join(cache, 'dist')
    if not os.path.isdir(target) or len(os.listdir(target)) != len(pins()):
        shutil.rmtree(cache, ignore_errors=True)
        os.makedirs(target)
        subprocess.run([bench.reference.python, '-m', 'pip', '--quiet', '--disable-pip-version-check', 'download', '--no-deps',
                        '--no-build-isolation', '-d', target, *('=='.join(pin) for pin in pins())], check=True)
    return cache


def eggs(bench, kind, wheels=False):
    """sixty pinned packages"""
    cache = fetched(bench)
    wanted = [pin for pin in pins() if not wheels or pin[0] not in FROM_SOURCE]
    sides = {'reference': [bench.reference.buildout],
             'ours': [bench.binary, '--upstream', 'buildout:executable=' + bench.reference.python]}
    places = {}
    for side, command in sides.items():
        places[side] = bench.fresh('eggs-%s' % side)
        generate.eggs(places[side], cache, wanted)
        bench.run(*command, cwd=places[side])
    same('eggs', *(names(place) for place in places.values()))

    def remove(side):
        """What is there before a run: cold: nothing at all; store: our store; shared: the eggs, of another buildout."""
        if kind != 'shared':
            shutil.rmtree(os.path.join(places[side], 'eggs'))
        if kind == 'cold':
            shutil.rmtree(bench.env['XDG_CACHE_HOME'], ignore_errors=True)
        for name in ('bin', 'parts', 'develop-eggs'):
            shutil.rmtree(os.path.join(places[side], name), ignore_errors=True)
        os.remove(os.path.join(places[side], '.installed.cfg'))

    def once(side):
        def run():
            remove(side)
            return bench.timed(*sides[side], cwd=places[side])()
        return run

    times = machine.interleaved(3 if kind == 'cold' else max(3, bench.runs // 2), reference=once('reference'), ours=once('ours'))
    amount = '%d pinned packages, all wheels,' if wheels else '%d pinned packages, 5 of them from source,'
    what = {'cold': 'nothing is there but their distributions',
            'store': 'another buildout of the machine has them (the reference installs them again)',
            'shared': 'they are in a shared eggs directory'}[kind]
    return {'work': 'install %s and their scripts: %s' % (amount % len(wanted), what),
            'goal': None, 'goal_text': '-', **times, 'by': 'wall', 'limit_text': '-', 'notes': []}


def names(place):
    """The files of eggs and scripts; compiled modules carry times, scripts the place."""
    found = {name: '' for name in os.listdir(os.path.join(place, 'bin'))}
    for path, text in machine.tree(os.path.join(place, 'eggs')).items():
        if '__pycache__' not in path:
            found[path] = text.split()[0]
    return found


MEASURES = {
    'P4p': p4,
    'P15': p15,
    'P15r': lambda bench: p15_reads(bench, 1),
    'P15a': lambda bench: p15_reads(bench, 101),
    'E55': lambda bench: eggs(bench, 'cold', wheels=True),
    'E60': lambda bench: eggs(bench, 'cold'),
    'E60w': lambda bench: eggs(bench, 'store'),
    'E60s': lambda bench: eggs(bench, 'shared'),
}
