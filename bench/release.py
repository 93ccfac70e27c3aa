"""P7: a real release, built from nothing by the reference, by one job and by two."""

import glob
import hashlib
import json
import os
import re
import shutil

import machine
from machine import Failed

BUILT_BY = 'slapos.recipe.cmmi'
KEPT = ('parts', 'bin', 'etc')


def archives(directory):
    """md5 -> path of all files of a folder."""
    result = {}
    for path in sorted(glob.glob(os.path.join(directory, '*'))):
        if os.path.isfile(path):
            digest = hashlib.md5()
            with open(path, 'rb') as stream:
                for block in iter(lambda: stream.read(1 << 20), b''):
                    digest.update(block)
            result[digest.hexdigest()] = path
    return result


def closure(sections, names):
    """These parts and all that they reference, in the order of the profile."""
    wanted, queue = set(), list(names)
    while queue:
        name = queue.pop()
        if name in wanted or name not in sections:
            continue
        wanted.add(name)
        data = sections[name]
        for value in data.get('expanded', data['raw']).values():
            queue += [s for s in re.findall(r'\$\{([^:}]+):', value) if s != 'buildout']
    return [name for name in sections if name in wanted]


def flatten(bench, options, directory, sources):
    """The release as one file that zc.buildout 3.0.1 can read: macros expanded, sources by path, only cmmi parts.

    Upstream has no `_profile_base_location_` and no escape for `${`: the first is replaced by the path, the second, which
    pkg-config files use for their prefix, by the part's own path.
    """
    document = json.loads(bench.run(
        bench.binary, '-U', '-c', options.profile, 'resolve', '--json', 'buildout:directory=' + directory).output)
    sections = document['sections']
    texts = {name: data.get('expanded', data['raw']) for name, data in sections.items()}
    parts = options.parts.split(',') if options.parts else [
        p for p in sections['buildout']['resolved']['parts']['v'].split() if texts[p].get('recipe') == BUILT_BY]
    known = archives(sources)
    place = os.path.join(bench.work, 'release-sources')
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    lines, built = ['[buildout]', 'parts =', *('  ' + part for part in parts)], []
    for name in closure(sections, parts):
        lines += ['', '[%s]' % name]
        for key, value in sorted(texts[name].items()):
            if key == 'shared':
                continue
            if key == 'url' and texts[name].get('recipe') == BUILT_BY:
                url = sections[name]['resolved']['url']['v']
                md5 = sections[name]['resolved']['md5sum']['v']
                if md5 not in known:
                    raise Failed('the source of %s (md5 %s) is not in --sources' % (name, md5))
                value = os.path.join(place, re.sub(r'[^-+.\w]', '_', url.rsplit('/', 1)[-1]))
                if not os.path.exists(value):
                    shutil.copy(known[md5], value)
                built.append(name)
            value = value.replace('$${prefix}', '@@LOCATION@@')
            value = value.replace('${:_profile_base_location_}', texts[name].get('_profile_base_location_', ''))
            if '$${' in value:
                raise Failed('[%s] %s: an escape which upstream has not' % (name, key))
            first, *rest = value.split('\n')
            # A value of several lines begins on a line of its own, so that its indentation is kept.
            lines += ['%s =' % key, *('  ' + text for text in [first, *rest])] if rest else ['%s = %s' % (key, value)]
    return '\n'.join(lines) + '\n', built


def tree(directory):
    result = {}
    for name in KEPT:
        for path, text in machine.tree(os.path.join(directory, name)).items():
            result['%s/%s' % (name, path)] = text
    return result


def p7(bench, options):
    """a real release"""
    if not options.sources:
        raise Failed('--release-build needs --sources, a folder with the archives')
    directory = os.path.join(bench.work, 'release')
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    text, built = flatten(bench, options, directory, options.sources)
    commands = {
        'jobs 1': [bench.binary, '-U', '-N', '--jobs', '1'],
        'jobs 2': [bench.binary, '-U', '-N', '--jobs', '2'],
        'reference': [bench.reference.buildout, '-U', '-N', '-o'],
    }
    if options.no_reference_build:
        del commands['reference']
    results, trees, seconds = {}, {}, {}
    for side, command in commands.items():
        shutil.rmtree(directory)
        os.makedirs(directory)
        with open(os.path.join(directory, 'buildout.cfg'), 'w') as stream:
            stream.write(text)
        before = machine.load()
        sample = bench.run(*command, cwd=directory)
        results[side] = {'wall': sample.wall, 'cpu': sample.cpu, 'load': [before, machine.load()]}
        trees[side] = tree(directory)
        if side != 'reference':
            record = sorted(glob.glob(os.path.join(directory, '.rbuildout/runs/*.json')))[-1]
            with open(record) as stream:
                seconds[side] = {p['part']: p['seconds'] for p in json.load(stream)['parts']}
            graph = json.loads(bench.run(*command[:3], 'graph', '--json', cwd=directory).output)
            again = bench.run(*command, cwd=directory)
            if b'Nothing to do' not in again.output:
                raise Failed('the second run did something')
    first, second = trees['jobs 1'], trees['jobs 2']
    if first.keys() != second.keys():
        raise Failed('one job and two give other files: %s' % sorted(first.keys() ^ second.keys())[:5])
    unlike = sorted(path for path in first if first[path] != second[path])
    # With two jobs the make of a part runs two at a time if nothing else is to be done: the shorter of both counts.
    shortest = {part: min(took, seconds['jobs 2'].get(part, took)) for part, took in seconds['jobs 1'].items()}
    longest = critical(graph, shortest)
    cores = min(2, machine.description(bench.work)['cores'])
    bound = max(longest, results['jobs 1']['cpu'] / cores)
    ours = results['jobs 2']
    notes = ['%d parts from source. One job: %.0f s wall, %.0f s CPU. Two jobs: %.0f s wall, %.0f s CPU: %.2f times the bound, '
             'which is max(critical path %.0f s, CPU work of one job / %d cores %.0f s).' % (
                 len(built), results['jobs 1']['wall'], results['jobs 1']['cpu'], ours['wall'], ours['cpu'],
                 ours['wall'] / bound, longest, cores, results['jobs 1']['cpu'] / cores),
             'One job and two: the same %d files; %d of them differ in their bytes%s.' % (
                 len(first), len(unlike), ' (%s)' % ', '.join(unlike[:4]) if unlike else '')]
    if 'reference' in results:
        missing = sorted(p for p in trees['reference'].keys() ^ first.keys())
        differs = [p for p in trees['reference'] if p in first and trees['reference'][p] != first[p]]
        notes.append('Reference: %.0f s wall, %.0f s CPU; files that only one side has: %d%s; with other bytes: %d.' % (
            results['reference']['wall'], results['reference']['cpu'], len(missing),
            ' (%s)' % ', '.join(missing[:4]) if missing else '', len(differs)))
    notes.append('Load before and after: %s.' % '; '.join('%s %s' % (k, v['load']) for k, v in results.items()))
    return {'work': 'build %s: %d parts from source' % (os.path.basename(os.path.dirname(options.profile)), len(built)),
            'goal': 1.15 * bound, 'goal_text': 'within 1.15x of the bound', 'by': 'wall', 'ours': ours,
            'reference': results.get('reference'), 'sides': results, 'bound': bound,
            'limit_text': '%.0f s (bound)' % bound,
            'verdict': '%.2fx the bound%s' % (ours['wall'] / bound, '' if ours['wall'] <= 1.15 * bound else ': missed'),
            'seconds_by_part': seconds, 'unlike': unlike, 'notes': notes}


def critical(graph, seconds):
    """Longest way through the graph by recorded durations."""
    needs = {p['part']: p['needs'] for p in graph['parts']}
    done = {}

    def ends(part):
        if part not in done:
            done[part] = seconds.get(part, 0) + max((ends(n) for n in needs.get(part, ())), default=0)
        return done[part]

    return max(ends(part) for part in needs)
