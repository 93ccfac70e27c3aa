//! The text of `--help`.

/// What `--help` prints.
pub const USAGE: &str = "\
Usage: buildout [options] [assignments] [command [command arguments]]

Options:

  -c config_file

    Specify the path to the buildout configuration file to be used.
    This defaults to the file named \"buildout.cfg\" in the current
    working directory.

  -j N, --jobs N

    Build at most N things at the same time; parts and the make processes
    in them share this number. The default is the number of processors.

  -k, --keep-going

    After a failure go on with the parts that do not need the failed one.

  -v / -q

    More / less output. -v also shows the output of the commands.

  -n / -N

    Look for new versions of what is not pinned (default) / do not.

  -o / -O

    Work offline / do not (default).

  -U

    Do not read the user's default configuration.

  -t socket_timeout

    Timeout of network connections in seconds.

  --dry-run

    Initialise all parts and say what would be done, but do nothing.

  --skip-signature-check

    Do not reinstall a part only because its signature changed.

  --no-wait

    Fail if another run is at work in the same directory, instead of
    waiting for it.

  --upstream

    Follow zc.buildout 3.0.1 instead of the SlapOS variant. The default if
    the program is called as \"buildout\".

  --color auto|always|never

  --cache-directory DIR

    Keep what outlives a build (facts about Python interpreters, durations
    of parts) in DIR instead of the user's cache directory.

  -h, --help

    Print this message and exit.

  --version

    Print the version and exit.

rbuildout builds software releases from buildout profiles, several parts
at once.

Assignments are of the form: section:option=value, and override the
configuration. Without a section they set options of [buildout].

Commands:

  install [parts]

    Install parts: all of them (the default command) or those named.

  bootstrap

    Create the standard directories and a bin/buildout that runs this
    program.

  init [requirements or paths]

    Create a configuration file, then bootstrap.

  plan [--json] [parts]

    Show what would be installed, updated or removed, and why.

  why part [--json]

    Explain what would happen to one part, and what happened last time.

  graph [--dot] [--json]

    Show which part needs which, with the critical path.

  resolve --json [profiles]

    Print all sections after extends, macros and substitution, one JSON
    document for each profile.

  resolve --check [profiles]

    Count sections and options of each profile and list what can't be
    resolved.

  annotate [--json] [sections]

    Show every option and where it comes from.

  query section:key

    Print one option of the configuration.
";
