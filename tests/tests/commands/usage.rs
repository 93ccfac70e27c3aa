use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

#[test]
fn help() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["--help"]).ok();
    assert_snapshot!(help.out, @r#"
    Usage: buildout [options] [assignments] [command [command arguments]]

    Options:

      -c config_file

        Specify the path to the buildout configuration file to be used.
        This defaults to the file named "buildout.cfg" in the current
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
        the program is called as "buildout".

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
    "#);
    assert_eq!(sandbox.run(&["-h"]), help);
    assert_eq!(sandbox.upstream(&["--help"]), help);
    assert_eq!(help.err, "");
}

#[test]
fn version() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run(&["--version"]), @"
    exit 0
    --- out
    rbuildout 0.1.0 (buildout 3.0.1)
    ");
    assert_snapshot!(sandbox.upstream(&["--version"]), @"
    exit 0
    --- out
    buildout version 3.0.1
    ");
}

/// Nothing is read or written before the command line is understood.
#[test]
fn wrong_arguments() {
    let sandbox = Sandbox::new();
    let mut all = String::new();
    for arguments in [
        &["-Z"][..],
        &["--foo"],
        &["-c"],
        &["-t"],
        &["-t", "x"],
        &["-t", "-5"],
        &["-c", ""],
        &["-j"],
        &["-j0"],
        &["--jobs=many"],
        &["--color", "pink"],
        &["a:b:c=1"],
        &["nope"],
        &["plan", "--jason"],
        &["why"],
        &["why", "a", "b"],
        &["graph", "nope"],
        &["graph", "--dot", "--json"],
        &["resolve", "--jason"],
        &["query"],
        &["query", "a", "b"],
    ] {
        let outcome = sandbox.run(arguments).fails();
        assert_eq!(outcome.out, "", "{arguments:?}");
        all.push_str(&format!("$ rbuildout {}\n{}", arguments.join(" "), outcome.err));
    }
    assert_snapshot!(all, @"
    $ rbuildout -Z
    Error: Invalid option -Z
    $ rbuildout --foo
    Error: Invalid option --foo
    $ rbuildout -c
    Error: No file name specified for option -c
    $ rbuildout -t
    Error: No timeout value specified for option -t
    $ rbuildout -t x
    Error: Timeout value must be numeric -t
    $ rbuildout -t -5
    Error: Invalid timeout '-5': use a number of seconds from 1
    $ rbuildout -c 
    Error: No file name specified for option -c
    $ rbuildout -j
    Error: No value specified for option -j
    $ rbuildout -j0
    Error: Invalid number of jobs '0': use a number from 1 to 1024
    $ rbuildout --jobs=many
    Error: Invalid number of jobs 'many': use a number from 1 to 1024
    $ rbuildout --color pink
    Error: Invalid value 'pink' for --color: use auto, always or never
    $ rbuildout a:b:c=1
    Error: Invalid option: a:b:c
    $ rbuildout nope
    Error: invalid command: nope
    $ rbuildout plan --jason
    Error: Invalid option --jason
    $ rbuildout why
    Error: The why command requires a single argument.
    $ rbuildout why a b
    Error: The why command requires a single argument.
    $ rbuildout graph nope
    Error: The graph command takes no argument 'nope'.
    $ rbuildout graph --dot --json
    Error: The graph command takes only one of --json and --dot.
    $ rbuildout resolve --jason
    Error: Invalid option --jason
    $ rbuildout query
    Error: The query command requires a single argument.
    $ rbuildout query a b
    Error: The query command requires a single argument.
    ");
    assert!(sandbox.tree().is_empty());
}

#[test]
fn wrong_arguments_in_upstream_mode() {
    let sandbox = Sandbox::new();
    let mut all = String::new();
    for arguments in [&["--foo"][..], &["-k"], &["-j2"], &["--dry-run"], &["nope"], &["-c"], &["-t", "x"]] {
        let outcome = sandbox.upstream(arguments).fails();
        all.push_str(&format!("$ buildout {}\n{}", arguments.join(" "), outcome.err));
    }
    assert_snapshot!(all, @"
    $ buildout --foo
    Error: Invalid option --
    $ buildout -k
    Error: Invalid option -k
    $ buildout -j2
    Error: Invalid option -j
    $ buildout --dry-run
    Error: Invalid option --
    $ buildout nope
    Error: invalid command: nope
    $ buildout -c
    Error: No file name specified for option -c
    $ buildout -t x
    Error: Timeout value must be numeric -t
    ");
}

/// The commands of the reference that need Python say so.
#[test]
fn commands_that_need_python() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n");
    let mut all = String::new();
    for command in ["setup", "runsetup"] {
        all.push_str(&sandbox.run(&[command]).fails().err);
    }
    assert_snapshot!(all, @"
    Error: The setup command requires the path to a setup script or 
    directory containing a setup script, and its arguments.
    Error: The setup command requires the path to a setup script or 
    directory containing a setup script, and its arguments.
    ");
}

#[test]
fn bootstrap_and_init() {
    let sandbox = Sandbox::new();
    assert_snapshot!(sandbox.run(&["bootstrap"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Couldn't open [DIR]/buildout.cfg
    Hint: Name the profile with `-c FILE`, or run in the directory of a `buildout.cfg`.
    ");
    assert_snapshot!(sandbox.run(&["init"]), @"
    exit 0
    --- out
    Creating '[DIR]/buildout.cfg'.
    Creating directory '[DIR]/eggs'.
    Creating directory '[DIR]/bin'.
    Creating directory '[DIR]/parts'.
    Creating directory '[DIR]/develop-eggs'.
    Generated script '[DIR]/bin/buildout'.
    ");
    assert_snapshot!(sandbox.read("buildout.cfg"), @"
    [buildout]
    parts =
    ");
    assert_snapshot!(sandbox.run(&["init"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: '[DIR]/buildout.cfg' already exists.
    ");
    assert_snapshot!(sandbox.run(&["bootstrap"]), @"exit 0");
    let script = sandbox.path("bin/buildout");
    assert_snapshot!(sandbox.outcome(sandbox.command(script).arg("--version")), @"
    exit 0
    --- out
    rbuildout 0.1.0 (buildout 3.0.1)
    ");
}

#[test]
fn no_profile() {
    let sandbox = Sandbox::new();
    for arguments in [&["install"][..], &["plan"], &["annotate"], &["resolve", "--json"]] {
        let outcome = sandbox.run(arguments).fails();
        assert_eq!(outcome, sandbox.run(&[]), "{arguments:?}");
    }
    assert_snapshot!(sandbox.run(&[]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Couldn't open [DIR]/buildout.cfg
    Hint: Name the profile with `-c FILE`, or run in the directory of a `buildout.cfg`.
    ");
    assert_snapshot!(sandbox.upstream(&["-c", "sub/no.cfg"]), @"
    exit 1
    --- err
    While:
      Initializing.
    Error: Couldn't open [DIR]/sub/no.cfg
    ");
    assert!(sandbox.tree().is_empty());
}

#[test]
fn a_profile_elsewhere() {
    let sandbox = Sandbox::new();
    sandbox.write("there/x.cfg", "[buildout]\nparts = a\n[a]\nrecipe = plone.recipe.command\ncommand = pwd > where\n");
    sandbox.run(&["-c", "there/x.cfg"]).ok();
    assert_eq!(sandbox.filtered(&sandbox.read("there/where")), "[DIR]/there\n");
}
