"""What this process knows about its run: there is one run for each process."""

import os

#: The directory that holds this package and the `zc` it serves.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Session(object):
    """The run.

    `channel` has `call(name, **arguments)`; it is a `wire.Channel`, or what a test puts there. `mode` is `slapos` or
    `upstream`. `version` is that of zc.buildout which recipes are shown.
    """

    channel = None
    mode = 'slapos'
    version = '3.0.1'
    buildout = None
    recorder = None

    def __init__(self):
        self.recipes = {}

    @property
    def typed(self):
        """True if option values may be other than strings."""
        return self.mode == 'slapos'


session = Session()


def call(name, /, **arguments):
    """Asks the engine. Raises what the engine answers with, and RuntimeError outside of a run."""
    if session.channel is None:
        raise RuntimeError('%s is only possible in a run of buildout' % name)
    return session.channel.call(name, **arguments)
