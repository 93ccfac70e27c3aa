//! `.installed.cfg` from one to the other.

use rbuildout_tests::{Archive, Sandbox, md5};

use super::{ours, reference};

fn sandbox() -> Sandbox {
    let archive = Archive::package("x").gz();
    let sandbox = Sandbox::with(&format!(
        "[buildout]\nparts = built text odd\nnewest = false\n\
         [built]\nrecipe = slapos.recipe.cmmi\nurl = ${{buildout:directory}}/x.tar.gz\nmd5sum = {}\n\
         [text]\nrecipe = slapos.recipe.template\ninline =\n  ${{built:location}}\n\n    indented  \n  end\n\
         output = ${{buildout:directory}}/text\n\
         [odd]\nrecipe = plone.recipe.command\ncommand = touch made\nlocation = made\nempty =\nlines =\n  a\n\n   b\n\n  c\n\
         percent = %(x)s\nunicode = \u{e4}\u{4e2d}\n",
        md5(&archive)
    ));
    sandbox.write("x.tar.gz", archive);
    sandbox
}

/// The signature of the reference names all distributions with their Python, ours only the recipe: the reference builds a
/// part anew for that. All other options must be as it would have written them.
#[test]
fn the_reference_reads_ours() {
    let sandbox = sandbox();
    ours(&sandbox, &[]).ok();
    let before = super::installed(&sandbox);
    let outcome = reference(&sandbox, &["-vv"]).ok();
    let reasons: Vec<&str> = outcome
        .out
        .lines()
        .filter(|line| line.starts_with("Part ") && !line.contains("option __buildout_signature__ changed"))
        .collect();
    assert_eq!(reasons, Vec::<&str>::new(), "{outcome}");
    // The stanzas of its updates are merged again.
    ours(&sandbox, &[]).ok();
    ours(&sandbox, &["buildout:parts="]).ok();
    assert!(!sandbox.exists("made") && !sandbox.exists("text") && !sandbox.exists("parts/built"));
    assert!(before.contains("[odd]"));
}

/// What the reference installed is kept.
#[test]
fn ours_reads_the_reference() {
    let sandbox = sandbox();
    reference(&sandbox, &[]).ok();
    let outcome = ours(&sandbox, &[]).ok();
    assert_eq!(super::lines(&outcome.out), ["Updating built.", "Updating text.", "Updating odd."], "{outcome}");
    reference(&sandbox, &[]).ok();
    let kept = sandbox.run(&["-UN", "plan"]).ok();
    // slapos mode adds what a part reads to its signature: nothing else may differ.
    let others: Vec<&str> = kept
        .out
        .lines()
        .filter(|line| line.trim_start().starts_with("- ") && !line.contains("it now reads ["))
        .collect();
    assert_eq!(others, Vec::<&str>::new(), "{kept}");
}

/// Each removes what the other installed.
#[test]
fn each_removes_what_the_other_installed() {
    let sandbox = sandbox();
    for (first, second) in
        [(ours as fn(&Sandbox, &[&str]) -> _, reference as fn(&Sandbox, &[&str]) -> _), (reference, ours)]
    {
        first(&sandbox, &[]).ok();
        assert!(sandbox.exists("made") && sandbox.exists("parts/built/share/x.txt"));
        let outcome = second(&sandbox, &["buildout:parts="]).ok();
        let removed: Vec<&str> = outcome.out.lines().filter(|line| line.starts_with("Uninstalling")).collect();
        assert_eq!(removed, ["Uninstalling odd.", "Uninstalling text.", "Uninstalling built."], "{outcome}");
        assert!(!sandbox.exists("made") && !sandbox.exists("parts/built") && !sandbox.exists(".installed.cfg"));
    }
}

/// Directories and the stanza of a run are there before any part is initialised.
#[test]
fn a_failed_initialisation_leaves_the_same() {
    let sandbox = Sandbox::with(
        "[buildout]\nparts = bad\nnewest = false\n[bad]\nrecipe = slapos.recipe.template\n\
         [good]\nrecipe = plone.recipe.command\ncommand = touch made\nlocation = made\n",
    );
    super::same(&sandbox, &[&[], &["buildout:parts=good"], &[], &["buildout:parts=nowhere"], &["install", "good"]]);
    assert!(sandbox.installed().matches("installed_develop_eggs").count() > 1);
}
