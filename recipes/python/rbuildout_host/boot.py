"""The start of the process: descriptor 0 is the channel to the engine."""

import os
import sys
import warnings

from rbuildout_host import finder, paths, server, wire
from rbuildout_host.session import ROOT, session


def main():
    """Serves the engine until it hangs up."""
    descriptor = os.dup(0)
    os.set_inheritable(descriptor, False)
    # The real standard input comes with the first message; nobody may read the channel in its place until then.
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    # `python -c` searches the working directory first, which is the user's.
    sys.path[:] = [ROOT] + [path for path in sys.path if path not in ('', ROOT)]
    for stream in sys.stdout, sys.stderr:
        # What is printed, and what commands print, comes out in the order of events.
        stream.reconfigure(line_buffering=True)
    for message in 'pkg_resources is deprecated', 'Setuptools is replacing distutils':
        # Nothing that somebody who runs a recipe can change.
        warnings.filterwarnings('ignore', message=message)
    finder.setup()
    # A site directory may have made packages such as `zc` at the start, of what it has itself.
    for entry in sys.path:
        paths.extend_namespaces(entry)
    session.channel = wire.Channel(descriptor, server.handle)
    session.channel.serve()
