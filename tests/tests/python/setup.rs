//! `setup` and `runsetup`.

use insta::assert_snapshot;
use rbuildout_tests::Sandbox;

#[test]
fn runs_a_script() {
    let sandbox = Sandbox::with("[buildout]\nparts =\n");
    sandbox
        .write("p/setup.py", "import os, sys\nprint(os.getcwd(), sys.argv, __name__, 'setuptools' in sys.modules)\n");
    assert_snapshot!(sandbox.run(&["setup", "p", "-q", "x"]), @"
    exit 0
    --- out
    Running setup script 'p/setup.py'.
    [DIR]/p ['[DIR]/p/setup.py', '-q', 'x'] __main__ True
    ");
    assert_snapshot!(sandbox.upstream(&["runsetup", "p/setup.py"]), @"
    exit 0
    --- out
    Creating directory '[DIR]/eggs'.
    Running setup script 'p/setup.py'.
    [DIR]/p ['[DIR]/p/setup.py'] __main__ True
    ");
    sandbox.write("p/setup.py", "import sys\nsys.exit(2)\n");
    assert_snapshot!(sandbox.run(&["setup", "p"]), @"
    exit 1
    --- out
    Running setup script 'p/setup.py'.
    --- err
    Error: Exception: Failed to run command:
    '[PYTHON]', '[DIR]/p/setup.py'
    ");
    assert_snapshot!(sandbox.run(&["setup"]), @"
    exit 1
    --- err
    Error: The setup command requires the path to a setup script or 
    directory containing a setup script, and its arguments.
    ");
}
