//! Our own profiles, which together use every feature, against the documents beside them.

use std::path::PathBuf;

use rbuildout_tests::{Sandbox, repository};
use serde_json::Value;

const PROFILES: [&str; 6] = ["extends", "operators", "macros", "conditions", "references", "values"];

fn folder() -> PathBuf {
    repository().join("tests/conformance/own")
}

/// The document of a profile, with the folder's path replaced.
fn document(profile: &str, upstream: bool) -> Value {
    let sandbox = Sandbox::new();
    let root = folder();
    let config = root.join(format!("{profile}.cfg"));
    let config = config.to_string_lossy();
    let mut arguments = vec!["-U", "-c", &config, "resolve", "--json", "buildout:directory=/buildout"];
    if upstream {
        arguments.insert(0, "--upstream");
    }
    let outcome = sandbox.run(&arguments).ok();
    serde_json::from_str(&outcome.out.replace(&*root.to_string_lossy(), "@ROOT@")).unwrap()
}

fn compare(profile: &str) {
    let document = serde_json::json!({ "slapos": document(profile, false), "upstream": document(profile, true) });
    let text = format!("{document:#}\n");
    let path = folder().join(format!("{profile}.json"));
    if std::env::var_os("RBUILDOUT_UPDATE").is_some() {
        fs_err::write(&path, &text).unwrap();
    }
    let expected = fs_err::read_to_string(&path).unwrap_or_default();
    let differing: Vec<String> = text
        .lines()
        .zip(expected.lines().chain(std::iter::repeat("")))
        .filter(|(found, expected)| found != expected)
        .map(|(found, expected)| format!("- {expected}\n+ {found}"))
        .collect();
    assert!(text == expected, "{} differs from the profile:\n{}", path.display(), differing.join("\n"));
}

#[test]
fn extends() {
    compare("extends");
}

#[test]
fn operators() {
    compare("operators");
}

#[test]
fn macros() {
    compare("macros");
}

#[test]
fn conditions() {
    compare("conditions");
}

#[test]
fn references() {
    compare("references");
}

#[test]
fn values() {
    compare("values");
}

#[test]
fn every_profile_is_compared() {
    let known: Vec<String> = fs_err::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    assert!(known.iter().all(|name| PROFILES.contains(&name.as_str())), "{known:?}");
    assert_eq!(known.len(), PROFILES.len());
}
