"""Results as text."""

from measures import ms, size

# Load from which on wall times say little.
BUSY = 0.5


def number(value, kind):
    if value is None:
        return '-'
    if kind == 'mb':
        return '%.0f MB' % value['mb']
    if kind == 'bytes':
        return size(value['bytes'])
    text = '%s CPU, %s wall' % (ms(value['cpu']), ms(value['wall']))
    return text + ' (scaled)' if value.get('extrapolated') else text


def ratio(result):
    theirs, ours = result.get('reference'), result['ours']
    if not theirs:
        return '-'
    kind = result['by']
    if kind in ('mb', 'bytes'):
        return '%.1fx' % (theirs[kind] / ours[kind])
    return '%sx CPU, %sx wall' % tuple(short(theirs[k] / ours[k]) for k in ('cpu', 'wall'))


def short(value):
    return '%.0f' % value if value >= 10 else '%.1f' % value if value >= 0.1 else '%.2f' % value


def verdict(result):
    if 'verdict' in result:
        return result['verdict']
    goal = result.get('goal')
    if goal is None:
        if result['by'] in ('mb', 'bytes'):
            return '-'
        return '-' if result['ours']['cpu'] < result['reference']['cpu'] else 'slower'
    by = result['by']
    text = against(result['ours'][by], goal)
    if by == 'wall' and text != 'reached' and max(result.get('load', [0])) > BUSY:
        by_cpu = against(result['ours']['cpu'] / result.get('parallel', 1), goal)
        text += ' by wall on a busy machine; by CPU' + (' a core' if 'parallel' in result else '') + ' ' + by_cpu
    return text


def against(value, goal):
    return 'reached' if value <= goal else 'missed by %.1fx' % (value / goal)


def line(result):
    for word in ('skipped', 'failed'):
        if word in result:
            return '%s: %s' % (word, result[word])
    return 'reference %s, ours %s: %s (load %s)' % (
        number(result.get('reference'), result['by']), number(result['ours'], result['by']), verdict(result),
        '-'.join(map(str, result['load'])))


def order(name):
    digits = ''.join(c for c in name if c.isdigit())
    return int(digits), name


def table(results):
    facts = results['machine']
    lines = [
        '%(cores)d cores (%(architecture)s), %(memory_gb)d GB, Linux %(kernel)s, %(file_system)s, Python %(python)s. '
        % facts + 'Reference: ' + ', '.join(results['reference']) + '.',
        '',
        '| # | work | goal | reference | ours | ratio | limit | verdict | load |',
        '|---|---|---|---|---|---|---|---|---|',
    ]
    notes = []
    for name, result in sorted(results['measures'].items(), key=lambda item: order(item[0])):
        if 'skipped' in result or 'failed' in result:
            lines.append('| %s | %s | | | | | | | |' % (name, line(result).replace('\n', ' ')[:200]))
            continue
        lines.append('| %s |' % ' | '.join([
            name, result['work'], result['goal_text'], number(result.get('reference'), result['by']),
            number(result['ours'], result['by']), ratio(result), result['limit_text'], verdict(result),
            '-'.join(map(str, result['load']))]))
        notes += ['- %s: %s' % (name, note) for note in result.get('notes', [])]
    return '\n'.join(lines + ['', *notes])
