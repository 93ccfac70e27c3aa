//! The configuration as zc.buildout shows it.

use rbuildout_tests::{Sandbox, repository};

use super::{ours, peer, reference};

/// `annotate` in upstream mode is equal, byte for byte.
fn annotated(profile: &str) {
    let sandbox = Sandbox::new();
    let config = repository().join("tests/conformance/own").join(profile);
    let config = config.to_string_lossy().into_owned();
    let directory = format!("buildout:directory={}", sandbox.dir().display());
    let python = format!("buildout:executable={}", peer().with_file_name("python").display());
    for verbose in ["-o", "-ov"] {
        let arguments = [verbose, "-c", &config, &directory, &python, "annotate"];
        let (theirs, ours) = (reference(&sandbox, &arguments), ours(&sandbox, &arguments));
        assert_eq!(theirs.code, ours.code, "{theirs}\n{ours}");
        let text = |out: &str| out.lines().filter(|line| !is_preparation(line)).map(str::to_owned).collect::<Vec<_>>();
        let (theirs, ours) = (text(&theirs.out), text(&ours.out));
        let differing: Vec<_> = theirs.iter().zip(&ours).filter(|(a, b)| a != b).take(10).collect();
        assert!(theirs == ours, "{profile}: {differing:#?} {} {}", theirs.len(), ours.len());
    }
}

/// What the reference does before it prints.
fn is_preparation(line: &str) -> bool {
    line.starts_with("Creating directory ")
}

#[test]
fn extends() {
    annotated("extends.cfg");
}

#[test]
fn operators() {
    annotated("operators.cfg");
}

#[test]
fn macros() {
    annotated("macros.cfg");
}

#[test]
fn conditions() {
    annotated("conditions.cfg");
}

#[test]
fn references() {
    annotated("references.cfg");
}

#[test]
fn values() {
    annotated("values.cfg");
}
