//! slapos.recipe.build:gitclone against a real git.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use std::process::Command;

use indexmap::IndexMap;
use rbuildout_recipes::{Effects, Installed, RecipeError, find};
use support::{Bench, Ready};

const GIT: &str = "slapos.recipe.build:gitclone";

fn git(bench: &Bench, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=n", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(&bench.dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn commit(bench: &Bench, content: &str) -> String {
    bench.write("repo/f", content);
    git(bench, &["-C", "repo", "add", "."]);
    git(bench, &["-C", "repo", "commit", "-qm", content]);
    git(bench, &["-C", "repo", "rev-parse", "HEAD"])
}

/// A repository with two commits on `main`, and one more on `other`. Returns the three.
fn repository(bench: &Bench) -> [String; 3] {
    git(bench, &["init", "-q", "-b", "main", "repo"]);
    let one = commit(bench, "one");
    git(bench, &["-C", "repo", "checkout", "-qb", "other"]);
    let other = commit(bench, "other");
    git(bench, &["-C", "repo", "checkout", "-q", "main"]);
    [one, commit(bench, "two"), other]
}

fn init<'a>(bench: &'a Bench, options: &[(&str, &str)]) -> Ready<'a> {
    bench.init(GIT, "g", &[&[("repository", "{dir}/repo")], options].concat()).unwrap()
}

fn uninstall(bench: &Bench, saved: &[(&str, &str)]) -> Option<Vec<String>> {
    let saved: IndexMap<_, _> = saved.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    find(GIT).unwrap().uninstall("g", &saved, &bench.run("g")).unwrap()
}

#[test]
fn follows_the_remote_head() {
    let bench = Bench::new();
    let [_, two, _] = repository(&bench);
    let part = init(&bench, &[]);
    assert_eq!((part.option("location"), part.option("revision")), ("{dir}/parts/g".into(), two));
    assert_eq!(part.part.effects(), Effects::Hermetic);
    assert!(!part.part.update_is_noop());
    bench.write("parts/g/stale", "");
    part.install().unwrap();
    assert_eq!(bench.read("parts/g/f"), "two");
    assert_eq!(bench.records(), ["| destination directory already exists.", "| Deleting it."]);
    let three = commit(&bench, "three");
    let part = init(&bench, &[]);
    assert_eq!(part.option("revision"), three);
    bench.write("parts/g/x/y.pyc", "");
    assert_eq!(part.update().unwrap(), Installed::None);
    assert_eq!((bench.read("parts/g/f").as_str(), bench.tree("parts/g/x")), ("three", vec![]));
}

#[test]
fn branch_and_revision() {
    let bench = Bench::new();
    let [one, _, other] = repository(&bench);
    let part = init(&bench, &[("branch", "other")]);
    assert_eq!(part.option("revision"), other);
    part.install().unwrap();
    assert_eq!(git(&bench, &["-C", "parts/g", "branch", "--show-current"]), "other");
    let part = init(&bench, &[("branch", "other"), ("revision", &one)]);
    part.install().unwrap();
    assert_eq!(git(&bench, &["-C", "parts/g", "rev-parse", "HEAD"]), one);
    let warning =
        format!("| Warning: \"branch\" parameter with value \"other\" is ignored. Checking out to revision {one}.");
    assert!(bench.records().contains(&warning));
    assert!(init(&bench, &[("revision", &one)]).part.update_is_noop());
}

#[test]
fn sparse_shallow_and_shared() {
    let bench = Bench::new();
    repository(&bench);
    bench.write("repo/dir/g", "");
    commit(&bench, "more");
    let url = format!("file://{}/repo", bench.dir.display());
    init(&bench, &[("repository", &url), ("depth", "1"), ("sparse-checkout", "/dir")]).install().unwrap();
    assert_eq!(git(&bench, &["-C", "parts/g", "rev-list", "--count", "HEAD"]), "1");
    assert!(bench.dir.join("parts/g/dir/g").exists() && !bench.dir.join("parts/g/f").exists());
    init(&bench, &[("shared", "true")]).install().unwrap();
    assert!(bench.dir.join("parts/g/.git/objects/info/alternates").exists());
}

#[test]
fn submodules() {
    let bench = Bench::new();
    repository(&bench);
    git(&bench, &["init", "-q", "-b", "main", "outer"]);
    let add = ["-C", "outer", "-c", "protocol.file.allow=always", "submodule", "-q", "add", "../repo", "sub"];
    git(&bench, &add);
    git(&bench, &["-C", "outer", "commit", "-qm", "x"]);
    init(&bench, &[("repository", "{dir}/outer")]).install().unwrap();
    assert_eq!(bench.read("parts/g/sub/f"), "two");
    init(&bench, &[("repository", "{dir}/outer"), ("ignore-cloning-submodules", "yes")]).install().unwrap();
    assert!(!bench.dir.join("parts/g/sub/f").exists());
}

#[test]
fn develop_is_the_users() {
    let bench = Bench::new();
    repository(&bench);
    let part = init(&bench, &[("develop", "true")]);
    assert_eq!(part.option("revision"), "");
    bench.write("parts/.g.rbuildout-new/half", "of a clone that was killed");
    part.install().unwrap();
    assert_eq!(bench.tree("parts").iter().filter(|line| !line.contains("g/")).count(), 0);
    bench.write("parts/g/mine", "");
    part.install().unwrap();
    assert_eq!(bench.records(), ["| destination directory already exists."]);
    assert!(init(&bench, &[("develop", "true")]).part.update_is_noop());

    let location = bench.dir.join("parts/g").display().to_string();
    assert_eq!(uninstall(&bench, &[("location", &location), ("develop", "false")]), None);
    assert_eq!(uninstall(&bench, &[("location", &location)]), Some(vec![]));
    fs_err::remove_file(bench.dir.join("parts/g/mine")).unwrap();
    assert_eq!(uninstall(&bench, &[("location", &location)]), None);
    git(&bench, &["-C", "parts/g", "commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(uninstall(&bench, &[("location", &location)]), Some(vec![]));
    assert_eq!(uninstall(&bench, &[("location", &location), ("git-executable", "/nosuch/git")]), Some(vec![]));
    assert_eq!(
        bench.records(),
        [
            "| You have uncommitted changes in {dir}/parts/g. This folder will be left as is.",
            "| You have commits not pushed upstream in {dir}/parts/g. This folder will be left as is.",
            "| Cannot check if there are unpushed/uncommitted changes in {dir}/parts/g. This folder will be left as is.",
        ]
    );
}

#[test]
fn errors() {
    let bench = Bench::new();
    let [one, ..] = repository(&bench);
    let error = |options: &[(&str, &str)]| bench.error(GIT, "g", options);
    assert_eq!(error(&[("repository", "")]), "repository parameter is mandatory.");
    assert_eq!(error(&[("repository", "{dir}/nosuch")]), "Impossible to clone repository.");
    let records = bench.records();
    assert_eq!(records[0], "| fatal: '{dir}/nosuch' does not appear to be a git repository");
    assert_eq!(
        records[records.len() - 2..],
        [
            "| Ignoring git error when fetching revision from remote with git: Command '['git', 'ls-remote', '-q', \
             '{dir}/nosuch', 'HEAD']' returned non-zero exit status 128.",
            "| Unable to download from git repository. Trying from network cache...",
        ]
    );
    assert_eq!(
        error(&[("repository", "{dir}/nosuch"), ("use-cache", "true")]),
        "Impossible to clone repository and impossible to download from cache."
    );
    assert_eq!(error(&[("repository", "{dir}/repo"), ("revision", "0000")]), "Impossible to clone repository.");
    assert!(!bench.dir.join("parts/g").exists());
    assert_eq!(
        error(&[("repository", "{dir}/repo"), ("branch", "nosuch")]),
        "The repository {dir}/repo has no branch or reference `nosuch`."
    );
    bench.records();
    let options = [("repository", "{dir}/repo"), ("git-executable", "/nosuch/git")];
    assert!(matches!(bench.install(GIT, "g", &options).unwrap_err(), RecipeError::Io(_)));
    assert!(
        bench.records()[0].starts_with("| Ignoring git error when fetching revision from remote with /nosuch/git: ")
    );
    bench.install(GIT, "g", &[("repository", "{dir}/repo"), ("revision", &one)]).unwrap();
}
