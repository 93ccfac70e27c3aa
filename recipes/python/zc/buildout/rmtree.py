"""Deleting a directory that resists."""

import errno
import os
import shutil
import stat
import time

_ATTEMPTS = 10


def rmtree(path):
    """Deletes a directory tree, also one with read-only directories in it, or one that somebody still writes to."""
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    for attempt in range(_ATTEMPTS):
        try:
            shutil.rmtree(path)
            return
        except FileNotFoundError:
            if not os.path.lexists(path):
                return
        except OSError:
            if attempt == _ATTEMPTS - 1:
                raise
            if attempt:
                time.sleep(0.1)
            _open_up(path)


def _open_up(directory):
    """Lets the owner change a directory and all below it."""
    os.chmod(directory, stat.S_IMODE(os.lstat(directory).st_mode) | 0o700)
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _open_up(entry.path)
