"""The half of rbuildout that runs in a Python process, for recipes and extensions written in Python.

The engine starts one such process and talks with it over a socket, a line of JSON for each message (`wire`). The engine
asks to construct a recipe, to install a part (`server`); the recipe asks for options, sections, downloads
(`zc.buildout`, which `finder` puts in the place of the original). Nothing about profiles, eggs or files is decided
here: the engine answers. What lives here is what must look like Python: mappings, exceptions, values, log records.

Importing this package costs nothing and does nothing: `main` takes over the process.
"""

import sys

#: The oldest Python that this package is written for.
OLDEST = (3, 8)
#: Version of the protocol that both sides must speak.
PROTOCOL = 1


def main():
    """Serves the engine at the other end of standard input until it hangs up."""
    if sys.version_info < OLDEST:
        sys.exit('recipes need Python %d.%d or later, this is %d.%d' % (OLDEST + tuple(sys.version_info[:2])))
    from rbuildout_host import boot
    boot.main()
