//! The tests of the host's Python side, in Python.

use std::process::Command;

use rbuildout_tests::{repository, tool};

#[test]
fn of_the_host() {
    let mut command = Command::new(tool("python3").expect("python3 is needed"));
    command
        .args(["-m", "unittest", "discover", "-t", ".", "-s", "tests"])
        .current_dir(repository().join("recipes/python"));
    // A run leaves nothing in the sources.
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("Ran 0 tests"), "{said}");
}
