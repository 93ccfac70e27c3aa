//! The crates depend on each other in one direction only.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::process::Command;

use rbuildout_tests::repository;

/// From the bottom up. A crate may depend on those before it only.
const HOUSE: [&str; 10] = [
    "rbuildout-parser",
    "rbuildout-cache",
    "rbuildout-eggs",
    "rbuildout-recipes",
    "rbuildout-slap",
    "rbuildout-instance",
    "rbuildout",
    "rslapos-master",
    "rslapos",
    "rbuildout-tests",
];

/// Crates side by side on one floor, that must not know each other.
const STRANGERS: [(&str, &str); 1] = [("rbuildout-cache", "rbuildout-parser")];

/// Packages of the workspace with those of their dependencies that are in it, test dependencies included.
fn graph() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap();
            let mut inside: Vec<String> =
                dependencies.iter().filter(|dep| dep["path"].is_string()).map(|dep| text(&dep["name"])).collect();
            inside.sort();
            inside.dedup();
            (text(&package["name"]), inside)
        })
        .collect()
}

#[test]
fn dependencies_point_down() {
    let graph = graph();
    let floor = |name: &str| HOUSE.iter().position(|known| *known == name);
    let mut wrong = Vec::new();
    for (package, dependencies) in &graph {
        println!("{package} -> {}", dependencies.join(" "));
        let Some(own) = floor(package) else {
            wrong.push(format!("{package} has no place in the house: give it one in {}", file!()));
            continue;
        };
        for dependency in dependencies {
            if floor(dependency).is_none_or(|below| below >= own) {
                wrong.push(format!("{package} depends on {dependency}, which is not below it"));
            }
            if STRANGERS.contains(&(package.as_str(), dependency.as_str())) {
                wrong.push(format!("{package} must not know {dependency}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(graph.len() >= 5, "{graph:?}");
}
