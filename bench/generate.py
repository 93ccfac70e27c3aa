"""Generated inputs: many parts, diamonds, deep macros, an archive of many files. The same bytes in each run."""

import io
import os
import random
import tarfile


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as stream:
        stream.write(text)


def beginning(count):
    """Lines up to the parts: one directory part, and what parts with a template have in common."""
    return [
        '[buildout]',
        'parts =', *('  part%d' % i for i in range(count)),
        '',
        '[base]',
        'recipe = slapos.recipe.build:mkdirectory',
        'directory = ${buildout:directory}/out',
        '',
        '[common]',
        'recipe = slapos.recipe.template',
        'output = ${base:directory}/${:_buildout_section_name_}',
        '',
    ]


def parts(directory, count, text='first'):
    """`count` templates, each with the names of three earlier ones, over one directory part."""
    lines = beginning(count)
    for i in range(count):
        lines += ['[part%d]' % i, '<= common', 'inline =', '  this is ${:_buildout_section_name_}']
        lines += ['  after ${part%d:output}' % j for j in sorted({i // 2, i // 3, max(0, i - 1)} - {i})]
        if i == count - 1:
            lines.append('  ' + text)
        lines.append('')
    write(os.path.join(directory, 'buildout.cfg'), '\n'.join(lines))


def trivial(directory, count):
    """`count` parts, half of them directories and half templates in these."""
    half = count // 2
    lines = ['[buildout]', 'parts =']
    lines += ['  text%d' % i for i in range(half)]
    for i in range(half):
        lines += [
            '',
            '[directory%d]' % i,
            'recipe = slapos.recipe.build:mkdirectory',
            'path = ${buildout:directory}/out/%d' % i,
            '',
            '[text%d]' % i,
            'recipe = slapos.recipe.template',
            'inline =',
            '  number %d' % i,
            '  in ${directory%d:path}' % i,
            'output = ${directory%d:path}/text' % i,
        ]
    write(os.path.join(directory, 'buildout.cfg'), '\n'.join(lines) + '\n')


def inline(directory, count, every):
    """`count` parts of which each `every`-th is Python code that computes an option and writes a file."""
    lines = [
        *beginning(count),
        '[python]',
        'recipe = slapos.recipe.build',
        'path = ${base:directory}/${:_buildout_section_name_}',
        'init =',
        "  options['text'] = self.buildout['base']['directory'].rsplit('/', 1)[1] + ' ' + options['number']",
        'install =',
        "  with open(options['path'], 'w') as f: f.write(options['text'])",
        "  import os; os.makedirs(options['location'], exist_ok=True)",
        '',
    ]
    for i in range(count):
        lines += ['[part%d]' % i]
        lines += ['<= python', 'number = %d' % i] if i % every == 0 else ['<= common', 'inline = this is part %d' % i]
        lines.append('')
    write(os.path.join(directory, 'buildout.cfg'), '\n'.join(lines))


def reads(directory, options, times):
    """A part whose Python code reads `options` options of its own and as many of another section, `times` times each."""
    lines = [
        '[buildout]',
        'parts = reader',
        '',
        '[other]',
        *('option%d = value' % i for i in range(options)),
        '',
        '[reader]',
        'recipe = slapos.recipe.build',
        *('option%d = value' % i for i in range(options)),
        'init =',
        "  other = self.buildout['other']",
        '  for i in range(%d):' % options,
        '    for j in range(%d):' % times,
        "      options['option%d' % i], other['option%d' % i]",
        'install =',
        '  import os',
        "  os.makedirs(options['location'])",
        "  os.mkdir(self.buildout['buildout']['directory'] + '/out')",
    ]
    write(os.path.join(directory, 'buildout.cfg'), '\n'.join(lines) + '\n')


def eggs(directory, cache, pins):
    """A part with all pinned projects and an interpreter, from the distributions in a download cache."""
    lines = [
        '[buildout]',
        'parts = eggs',
        'download-cache = ' + cache,
        'install-from-cache = true',
        'eggs-directory = ${buildout:directory}/eggs',
        'versions = versions',
        '',
        '[eggs]',
        'recipe = zc.recipe.egg',
        'interpreter = py',
        'eggs =', *('  ' + name for name, _ in pins),
        '',
        '[versions]',
        *('%s = %s' % (name, version) for name, version in pins),
    ]
    write(os.path.join(directory, 'buildout.cfg'), '\n'.join(lines) + '\n')


def diamonds(directory, levels):
    """Two files on each level, both extending both of the next: 2**levels ways to the bottom."""
    for level in range(levels):
        for side in 'ab':
            extends = '' if level + 1 == levels else 'extends = level%d-a.cfg level%d-b.cfg' % (level + 1, level + 1)
            body = ['[buildout]', extends]
            for section in range(3):
                body += ['[s%d-%d-%s]' % (section, level, side),
                         *('option%d = value %d of %s' % (o, level, side) for o in range(5))]
            write(os.path.join(directory, 'level%d-%s.cfg' % (level, side)), '\n'.join(body) + '\n')
    write(os.path.join(directory, 'buildout.cfg'), '[buildout]\nextends = level0-a.cfg level0-b.cfg\nparts =\n')


def macros(directory, depth, width):
    """`width` chains of `depth` macros, each of which adds an option and a line to an inherited one."""
    lines = ['[buildout]', 'parts =', '']
    for chain in range(width):
        for level in range(depth):
            lines.append('[m%d-%d]' % (chain, level))
            if level:
                lines += ['<= m%d-%d' % (chain, level - 1), 'list +=', '  entry %d ${:own%d}' % (level, level)]
            else:
                lines += ['list =', '  entry 0 ${:own0}']
            lines += ['own%d = ${:_buildout_section_name_} %d' % (level, level), '']
    write(os.path.join(directory, 'buildout.cfg'), '\n'.join(lines))


WORDS = ('static int const char void return if else for while struct sizeof NULL buffer length offset '
         'error result context state next value index count flags size data node list table entry').split()


def sources(count, mean):
    """Name and bytes of `count` files that compress about as source code does (to a fifth)."""
    chance = random.Random(20000)
    names = ['%s_%s' % (chance.choice(WORDS), chance.randrange(1000)) for _ in range(4000)]

    def line():
        words = [chance.choice(WORDS) if chance.random() < 0.6 else chance.choice(names)
                 for _ in range(chance.randrange(2, 12))]
        return '  ' * chance.randrange(4) + ' '.join(words) + ';\n'

    lines = [line() for _ in range(200000)]
    for number in range(count):
        size = int(chance.expovariate(1 / mean)) + 50
        start = chance.randrange(len(lines) - size // 20)
        text = ''.join(lines[start:start + size // 20])[:size]
        yield 'tree/d%02d/e%d/file%05d.c' % (number % 50, number % 7, number), text.encode()


def archive(path, count, mean):
    """A .tar of many files, and of it a .tar.gz and a .tar.xz."""
    import gzip
    import lzma
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode='w', format=tarfile.GNU_FORMAT) as tar:
        for name, data in sources(count, mean):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            member.mode = 0o644
            member.mtime = 1600000000
            tar.addfile(member, io.BytesIO(data))
    data = raw.getvalue()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + '.tar', 'wb') as stream:
        stream.write(data)
    with gzip.GzipFile(path + '.tar.gz', 'wb', 6, mtime=0) as stream:
        stream.write(data)
    with lzma.open(path + '.tar.xz', 'wb', preset=2) as stream:
        stream.write(data)
    return len(data)
