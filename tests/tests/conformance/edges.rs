//! The edge cases, in upstream mode.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rbuildout_tests::{Sandbox, repository};

/// Cases whose recipes are Python classes: they need the Python recipe host.
const PYTHON: [&str; 10] = [
    "order and implicit parts",
    "install args skip dependencies",
    "section first touched during install",
    "update stanzas",
    "missing installed file",
    "failure in second part",
    "created() on failure",
    "None result and unused option",
    "installed.cfg escapes",
    "value that cannot round-trip",
];

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
    let mut compared = 0;
    for (name, expected) in &reference {
        let needs_python = expected.iter().any(|line| line.contains("recipe = recipes"));
        assert_eq!(needs_python, PYTHON.contains(&name.as_str()), "is `{name}` a case that needs Python?");
        if needs_python {
            println!("left out, as it needs the Python recipe host: {name}");
            continue;
        }
        compared += 1;
        let found = ours.get(name).cloned().unwrap_or_default();
        if found != *expected {
            wrong.push_str(&format!(
                "### {name}\n--- expected\n{}\n--- found\n{}\n",
                expected.join("\n"),
                found.join("\n")
            ));
        }
    }
    println!("{compared} edge cases compared");
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(compared, 30);
}
