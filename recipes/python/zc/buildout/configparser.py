"""Reading text in the language of profiles."""

from rbuildout_host.errors import UserError
from rbuildout_host.session import call

__all__ = ('Error', 'MissingSectionHeaderError', 'ParsingError', 'parse')


class Error(Exception):
    """Base class of the errors of this module."""

    def __init__(self, message=''):
        self.message = message
        Exception.__init__(self, message)


class ParsingError(Error):
    """A text that is no profile."""


class MissingSectionHeaderError(ParsingError):
    """An option before the first section."""


def parse(fp, fpname, exp_globals=dict):
    """The sections of a file: a dictionary of dictionaries. Nothing is substituted."""
    try:
        return call('configparser', text=fp.read(), name=str(fpname))
    except UserError as error:
        kind = MissingSectionHeaderError if 'no section headers' in str(error) else ParsingError
        raise kind(str(error)) from None
