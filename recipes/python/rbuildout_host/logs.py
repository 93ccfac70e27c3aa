"""Log records, which the engine formats and writes."""

import logging
import sys

from rbuildout_host import wire
from rbuildout_host.session import session


class Handler(logging.Handler):
    """Hands every record to the engine, after what was printed before it."""

    def emit(self, record):
        channel = session.channel
        try:
            text = self.format(record)
            if channel is None or not channel.listening:
                sys.stderr.write('%s: %s\n' % (record.name, text))
                return
            wire.flush()
        except Exception:
            self.handleError(record)
            return
        channel.call('log', logger=record.name, level=record.levelno, text=text)


def setup(level):
    """Sends the records of all loggers from `level` on to the engine."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    root.addHandler(Handler())
    root.setLevel(level)
