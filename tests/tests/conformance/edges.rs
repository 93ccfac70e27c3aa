//! The edge cases, in upstream mode.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rbuildout_tests::{Sandbox, repository};

fn folder() -> PathBuf {
    repository().join("tests/conformance/buildout-edges")
}

/// Cases by name. Of a Python traceback only the last exception is kept: nobody can print the reference's frames.
fn cases(text: &str) -> BTreeMap<String, Vec<String>> {
    const TRACEBACK: &str = "  e|Traceback (most recent call last):";
    let mut cases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut lines: Option<&mut Vec<String>> = None;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            let name = title.split_once(' ').map_or(title, |(_, name)| name);
            lines = Some(cases.entry(name.to_owned()).or_default());
        } else if let Some(lines) = &mut lines {
            if line.trim_end() == TRACEBACK
                && let Some(at) = lines.iter().rposition(|line| !line.starts_with("  e|"))
                && let Some(first) = lines[at..].iter().position(|line| line == TRACEBACK)
            {
                // One traceback after another, in one output: only the last counts.
                lines.truncate(at + first);
            }
            let is_source = line.starts_with("  e|    ") && lines.iter().any(|line| line == TRACEBACK);
            if !is_source {
                lines.push(line.trim_end_matches('\r').to_owned());
            }
        }
    }
    cases
}

#[test]
fn equal_to_the_reference() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .command("python3")
        // Unbuffered: its own lines and those of commands that it runs go to one place.
        .arg("-u")
        .arg(folder().join("edge.py"))
        .env("BO", format!("{} --upstream", sandbox.program("rbuildout").display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ours = cases(&String::from_utf8_lossy(&output.stdout));
    let reference = cases(&fs_err::read_to_string(folder().join("expected-upstream-3.0.1.txt")).unwrap());
    let mut wrong = String::new();
    for (name, expected) in &reference {
        let found = ours.get(name).cloned().unwrap_or_default();
        if found != *expected {
            wrong.push_str(&format!(
                "### {name}\n--- expected\n{}\n--- found\n{}\n",
                expected.join("\n"),
                found.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(reference.len(), 40);
}
