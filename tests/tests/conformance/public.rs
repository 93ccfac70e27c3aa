//! The profiles of the real SlapOS tree, where a checkout of it is at hand.

use std::path::PathBuf;

use rbuildout_tests::{Sandbox, repository};

/// Compares with the comparer that comes with the digests, `../shared/conformance/profiles/compare.py`.
#[test]
fn public_profiles() {
    let digests = repository().join("../shared/conformance/profiles");
    let tree = std::env::var_os("RBUILDOUT_SLAPOS_TREE").map(PathBuf::from).filter(|tree| tree.join("stack").is_dir());
    let (Some(tree), true) = (tree, digests.join("compare.py").is_file()) else {
        println!(
            "LEFT OUT: the public profiles. It needs a checkout of the SlapOS tree in RBUILDOUT_SLAPOS_TREE, and the \
             digests in ../shared/conformance/profiles beside the project."
        );
        return;
    };
    let sandbox = Sandbox::new();
    let command = format!(
        "{} -U resolve --json -c {{profile}} buildout:directory={{bd}}",
        sandbox.program("rbuildout").display()
    );
    let output = sandbox
        .command("python3")
        .arg(digests.join("compare.py"))
        .arg("--root")
        .arg(tree)
        .arg("--list")
        .arg(digests.join("public.txt"))
        .args(["--dump-command", &command])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{text}");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
