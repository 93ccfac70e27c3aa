"""Running commands and measuring them: wall and CPU time, memory, system calls, equality of trees."""

import hashlib
import os
import platform
import re
import shutil
import statistics
import subprocess
import tempfile
import time


class Failed(Exception):
    """A command failed or an output differs: no number of that measure counts."""


class Sample:
    """What one run of a command took. `memory` (KiB) is only right where `memory()` made it."""

    def __init__(self, wall, user, system, status, output):
        self.wall = wall
        self.cpu = user + system
        self.status = status
        self.output = output


def run(argv, cwd=None, env=None, ok=(0,), output=True):
    """Runs a command to its end. Its output (standard output, then error) is kept if asked for, else thrown away."""
    with tempfile.TemporaryFile() as out:
        target = out if output else subprocess.DEVNULL
        started = time.perf_counter()
        process = subprocess.Popen(
            [os.fspath(word) for word in argv], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=target,
            stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        text = b''
        if output:
            out.seek(0)
            text = out.read()
    if ok is not None and process.returncode not in ok:
        raise Failed('%s: exit status %s\n%s' % (
            ' '.join(map(str, argv))[:400], process.returncode, text.decode(errors='replace')[-2000:]))
    return Sample(wall, usage.ru_utime, usage.ru_stime, process.returncode, text)


def median(samples, pick=statistics.median):
    """Median wall and CPU seconds of several runs, or what `pick` picks."""
    return {
        'wall': pick(s.wall for s in samples),
        'cpu': pick(s.cpu for s in samples),
        'wall_min': min(s.wall for s in samples),
        'cpu_min': min(s.cpu for s in samples),
        'runs': len(samples),
    }


def interleaved(runs, pick=statistics.median, **functions):
    """Calls all functions in turn, `runs` times each after one unmeasured round; medians by name.

    A function's weight in runs may be given as (function, factor): the quick one is run more often.
    """
    samples = {name: [] for name in functions}
    plain = {name: f if isinstance(f, tuple) else (f, 1) for name, f in functions.items()}
    for function, _ in plain.values():
        function()
    for _ in range(runs):
        for name, (function, factor) in plain.items():
            samples[name].extend(function() for _ in range(factor))
    return {name: median(values, pick) for name, values in samples.items()}


def warm_memory():
    """Makes free memory that is there: a virtual machine may have to get pages from its host first, which takes
    severalfold the time of writing a file to them, at the cost of whoever comes first."""
    block = b'x' * (400 << 20)
    del block


def memory(argv, cwd=None, env=None):
    """Peak resident memory in MB, or None without GNU time: a child of this process would start with its size."""
    time_program = shutil.which('time')
    if time_program is None:
        return None
    with tempfile.NamedTemporaryFile('r') as report:
        run([time_program, '-f', '%M', '-o', report.name, *argv], cwd, env, output=False)
        return int(report.read().split()[-1]) / 1024


def system_calls(argv, names, cwd=None, env=None):
    """Lines of `strace -f` for these calls; file descriptors are shown with their paths."""
    with tempfile.NamedTemporaryFile('r', errors='replace') as report:
        run(['strace', '-f', '-y', '-s', '0', '-e', 'trace=' + names, '-o', report.name, *argv], cwd, env)
        return report.read().splitlines()


def processes_started(argv, cwd, env):
    """Programs executed by a run besides itself, and processes (not threads) that it made."""
    lines = system_calls(argv, 'execve,execveat,fork,vfork,clone,clone3', cwd, env)
    executed = sum(bool(re.search(r'\bexecve(at)?\(', line)) for line in lines) - 1
    made = sum(bool(re.search(r'\b(v?fork|clone3?)\(', line)) and 'CLONE_THREAD' not in line for line in lines)
    return executed, made


def state_writes(argv, cwd, env, kind):
    """Bytes and calls of writing, and syncs, of the files for which `kind(path)` is not empty; bytes by kind."""
    lines = system_calls(argv, 'write,pwrite64,writev,fsync,fdatasync,sync_file_range', cwd, env)
    result = {'bytes': 0, 'writes': 0, 'syncs': 0, 'by_kind': {}}
    for line in lines:
        match = re.search(r'(\w+)\(\d+<([^>]*)>.*= (\d+)$', line)
        name = kind(match[2]) if match else ''
        if name:
            if 'sync' in match[1]:
                result['syncs'] += 1
            else:
                result['writes'] += 1
                result['bytes'] += int(match[3])
                result['by_kind'][name] = result['by_kind'].get(name, 0) + int(match[3])
    return result


def tree(root, skip=()):
    """Path -> mode and content digest of all below a directory, for comparison."""
    result = {}
    for directory, directories, files in os.walk(root):
        directories.sort()
        for name in directories + files:
            path = os.path.join(directory, name)
            relative = os.path.relpath(path, root)
            if any(relative == s or relative.startswith(s + '/') for s in skip):
                continue
            status = os.lstat(path)
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, 'rb') as stream:
                    content = hashlib.file_digest(stream, 'md5').hexdigest() if hasattr(hashlib, 'file_digest') \
                        else hashlib.md5(stream.read()).hexdigest()
            else:
                content = ''
            result[relative] = '%o %s' % (status.st_mode, content)
    return result


def same(what, left, right):
    """Refuses to go on if two results are not equal."""
    if left == right:
        return
    if isinstance(left, dict) and isinstance(right, dict):
        keys = sorted(k for k in left.keys() | right.keys() if left.get(k) != right.get(k))
        detail = '%s differ, e.g. %s: %r, %r' % (len(keys), keys[0], left.get(keys[0]), right.get(keys[0]))
    else:
        detail = '%.300r, %.300r' % (left, right)
    raise Failed('%s: not equal: %s' % (what, detail))


def file_system(path):
    best = ('', '?')
    with open('/proc/mounts') as mounts:
        for line in mounts:
            _, point, kind = line.split()[:3]
            if (path == point or path.startswith(point.rstrip('/') + '/')) and len(point) > len(best[0]):
                best = point, kind
    return best[1]


def description(directory):
    """The machine in general words."""
    with open('/proc/meminfo') as stream:
        total = int(stream.readline().split()[1])
    return {
        'cores': len(os.sched_getaffinity(0)),
        'architecture': platform.machine(),
        'kernel': '.'.join(re.findall(r'\d+', platform.release())[:2]),
        'memory_gb': round(total / 1024 / 1024),
        'file_system': file_system(os.path.realpath(directory)),
        'python': platform.python_version(),
    }


def load():
    return round(os.getloadavg()[0], 1)
