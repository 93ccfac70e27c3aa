//! slapos.recipe.template and collective.recipe.template.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use fs_err as fs;
use rbuildout_recipes::{Effects, Installed};
use std::os::unix::fs::MetadataExt;
use support::{Bench, paths};

const TEMPLATE: &str = "slapos.recipe.template";
const COLLECTIVE: &str = "collective.recipe.template";

#[test]
fn inline_text_and_modes() {
    let bench = Bench::new();
    let script = "#!/bin/sh\necho ${x:y}";
    let part = bench.init(TEMPLATE, "t", &[("inline", script), ("output", "out/x.sh"), ("md5sum", "")]).unwrap();
    assert_eq!(part.part.effects(), Effects::Hermetic);
    assert_eq!(part.install().unwrap(), paths(["out/x.sh"]));
    assert_eq!((bench.read("out/x.sh").as_str(), bench.tree("out")), (script, vec!["755 x.sh".to_owned()]));
    assert!(part.part.update_is_noop());
    let before = fs::metadata(bench.dir.join("out/x.sh")).unwrap();
    part.install().unwrap();
    assert_eq!(fs::metadata(bench.dir.join("out/x.sh")).unwrap().ino(), before.ino(), "unchanged content stays");

    bench.install(TEMPLATE, "t", &[("inline", "#!/nosuch\n"), ("output", "{dir}/out/x.sh")]).unwrap();
    assert_eq!(bench.tree("out"), ["644 x.sh"]);
    bench.install(TEMPLATE, "t", &[("inline", "x"), ("output", "out/x.sh"), ("mode", "0")]).unwrap();
    assert_eq!(bench.tree("out"), ["0 x.sh"]);
}

#[test]
fn fetched_text_is_substituted() {
    let mut bench = Bench::new();
    bench.section("x", &[("y", "Y")]);
    bench.write("t.in", "$${x:y} $$ $$$$ ${x:y} ${:own}\r\n");
    let options = [("url", "t.in"), ("output", "o"), ("own", "mine")];
    let part = bench.init(TEMPLATE, "t", &options).unwrap();
    assert!(!part.part.update_is_noop());
    part.install().unwrap();
    assert_eq!(bench.read("o"), "${x:y} $ $$ Y mine\n");
    assert!(part.part.update_is_noop(), "the output is as it should be");
    bench.write("o", "changed");
    assert!(!part.part.update_is_noop());
    assert_eq!(part.update().unwrap(), paths(["o"]));
    let md5 = rbuildout_cache::hash::md5_hex(fs::read(bench.dir.join("t.in")).unwrap());
    let part = bench.init(TEMPLATE, "t", &[&options[..], &[("md5sum", md5.as_str())]].concat()).unwrap();
    bench.write("o", "changed");
    assert!(part.part.update_is_noop(), "with a checksum, only options count");
    assert_eq!(part.update().unwrap(), Installed::None);
}

#[test]
fn template_errors() {
    let bench = Bench::new();
    bench.write("t.in", "${p}");
    let error = |options: &[(&str, &str)]| bench.error(TEMPLATE, "t", &[&[("output", "o")], options].concat());
    assert_eq!(error(&[]), "one of the options 'inline' 'url' is required");
    assert_eq!(error(&[("inline", ""), ("url", "")]), "one of the options 'inline' 'url' is required");
    assert_eq!(error(&[("inline", "a"), ("url", "b")]), "options 'inline' & 'url' conflict");
    assert_eq!(error(&[("inline", "a"), ("md5sum", "b")]), "options 'inline' & 'md5sum' conflict");
    assert_eq!(error(&[("url", "t.in")]), "The substitution, ${p},\ndoesn't contain a colon.");
    assert_eq!(error(&[("url", "nofile")]), "FileNotFoundError: [Errno 2] No such file or directory: 'nofile'");
    assert_eq!(bench.error(TEMPLATE, "t", &[("inline", "a")]), "Missing option: t:output");
    assert_eq!(
        bench.error(TEMPLATE, "t", &[("inline", "a"), ("output", "")]),
        "FileNotFoundError: [Errno 2] No such file or directory: ''"
    );
}

#[test]
fn collective_renders_own_names() {
    let mut bench = Bench::new();
    bench.section("x", &[("y", "Y")]);
    let input = bench.write("t.in", "${own} ${x:y}\n");
    fs::set_permissions(&input, std::os::unix::fs::PermissionsExt::from_mode(0o750)).unwrap();
    bench.section("c", &[("own", "mine")]);
    let options = [("input", "t.in"), ("output", "{dir}/a/b/o"), ("own", "mine")];
    let part = bench.init(COLLECTIVE, "c", &options).unwrap();
    let recorded = ["a", "a/b", "a/b/o"].map(|path| bench.dir.join(path).display().to_string());
    assert_eq!(part.install().unwrap(), paths(recorded.iter().map(String::as_str)));
    assert_eq!(bench.read("a/b/o"), "mine Y\n");
    assert_eq!(bench.tree("a/b"), ["750 o"]);
    assert!(part.part.update_is_noop());
    bench.write("a/b/o", "changed");
    assert_eq!(part.update().unwrap(), paths([recorded[2].as_str()]));

    let options = [("inline", "\n  text"), ("output", "a/b/o"), ("overwrite", "false"), ("mode", "600")];
    assert_eq!(bench.install(COLLECTIVE, "c", &options).unwrap(), paths([]));
    assert_eq!(bench.read("a/b/o"), "mine Y\n");
    let options = [("input", "inline:\n text"), ("output", "n"), ("overwrite", "no"), ("mode", "600")];
    assert_eq!(bench.install(COLLECTIVE, "c", &options).unwrap(), paths([]));
    assert_eq!(bench.read("n"), "text");
}

#[test]
fn collective_errors() {
    let bench = Bench::new();
    let error = |options: &[(&str, &str)]| bench.error(COLLECTIVE, "c", options);
    assert_eq!(error(&[]), "No input file, inline template, or URL specified.");
    assert_eq!(error(&[("inline", "x")]), "No output file specified.");
    assert_eq!(error(&[("input", "x"), ("inline", "x"), ("output", "o")]), "Too many input sources.");
    assert_eq!(error(&[("input", "nofile"), ("output", "o")]), "Input file 'nofile' does not exist.");
}
