//! download, download-unpacked and cmmi with an archive, from local files.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use std::process::Command;

use fs_err as fs;
use rbuildout_recipes::{Effects, Installed};
use support::{Bench, paths};

const DOWNLOAD: &str = "slapos.recipe.build:download";
const UNPACKED: &str = "slapos.recipe.build:download-unpacked";

/// Packs files into `a.tar.gz`.
fn archive(bench: &Bench, files: &[(&str, &str)]) -> String {
    for (path, content) in files {
        bench.write(&format!("tree/{path}"), content);
    }
    let archive = bench.dir.join("a.tar.gz");
    let status = Command::new("tar").arg("czf").arg(&archive).arg("-C").arg(bench.dir.join("tree")).arg(".").status();
    assert!(status.unwrap().success());
    rbuildout_cache::hash::md5_hex(fs::read(archive).unwrap())
}

#[test]
fn download_into_the_location() {
    let bench = Bench::new();
    bench.write("f", "content");
    let options = [("url", "f"), ("md5sum", "9a0364b9e99bb480dd25e1f0284c8555"), ("filename", "x/y.txt")];
    let part = bench.init(DOWNLOAD, "p", &options).unwrap();
    assert_eq!(
        (part.option("location"), part.option("target")),
        ("{dir}/parts/p".into(), "{dir}/parts/p/y.txt".into())
    );
    assert_eq!(part.part.effects(), Effects::Hermetic);
    let sources = part.part.sources();
    assert_eq!(sources[0].md5.as_deref(), Some("9a0364b9e99bb480dd25e1f0284c8555"));
    bench.write("parts/p/stale", "");
    let location = bench.dir.join("parts/p");
    assert_eq!(part.install().unwrap(), paths([location.to_str().unwrap()]));
    assert_eq!(bench.tree("parts/p"), ["644 y.txt"]);
    assert!(part.part.update_is_noop());
    let plain = bench.init(DOWNLOAD, "q", &[("url", "file://{dir}/f"), ("md5sum", "")]).unwrap();
    assert_eq!(plain.option("target"), "{dir}/parts/q/q");
    plain.install().unwrap();
    assert!(!plain.part.update_is_noop());
    assert_eq!(plain.update().unwrap(), Installed::None);
    assert_eq!(bench.read("parts/q/q"), "content");
}

#[test]
fn download_to_a_destination() {
    let bench = Bench::new();
    bench.write("f", "content");
    let part = bench.init(DOWNLOAD, "p", &[("url", "f"), ("destination", "new/dir/x")]).unwrap();
    assert_eq!((part.option("location"), part.option("target")), (String::new(), "new/dir/x".into()));
    assert_eq!(part.install().unwrap(), paths(["new/dir/x"]));
    assert_eq!(bench.read("new/dir/x"), "content");
}

#[test]
fn download_errors() {
    let bench = Bench::new();
    bench.write("f", "content");
    let error = |options: &[(&str, &str)]| bench.error(DOWNLOAD, "p", options);
    assert_eq!(error(&[]), "Missing option: p:url");
    assert_eq!(error(&[("url", "f"), ("mode", "")]), "option 'mode' not supported");
    assert_eq!(error(&[("url", "f"), ("shared", "true")]), "When shared=true, option 'md5sum' must be set");
    assert_eq!(
        error(&[("url", "f"), ("shared", "true"), ("md5sum", "x"), ("destination", "d")]),
        "When shared=true, option 'destination' can't be set"
    );
    assert_eq!(error(&[("url", "f"), ("md5sum", "abc")]), "MD5 checksum mismatch for local resource at '{dir}/f'.");
    assert!(!bench.dir.join("parts/p").exists(), "a failed download leaves nothing");
    assert_eq!(
        error(&[("url", "http://127.0.0.1:1/x"), ("offline", "true")]),
        "Couldn't download 'http://127.0.0.1:1/x' in offline mode."
    );
}

#[test]
fn shared_download() {
    let mut bench = Bench::new();
    bench.share("shared");
    bench.write("f", "content");
    let options = [("url", "f"), ("md5sum", "9a0364b9e99bb480dd25e1f0284c8555"), ("shared", "true")];
    let part = bench.init(DOWNLOAD, "p", &options).unwrap();
    assert!(!part.part.update_is_noop());
    assert_eq!(part.part.sources().len(), 1);
    assert_eq!(part.install().unwrap(), Installed::Paths(vec![]));
    assert!(part.part.sources().is_empty());
    let modes: Vec<_> = bench.tree("shared/p").iter().map(|line| line[..3].to_owned()).collect();
    assert_eq!(modes, ["555", "444", "444"]);
    assert!(part.part.update_is_noop());
}

#[test]
fn unpacked_and_stripped() {
    let bench = Bench::new();
    let md5 = archive(&bench, &[("top/a", "1"), ("top/top/b", "2")]);
    let unpack = |name: &str, more: &[(&str, &str)]| {
        let options = [&[("url", "a.tar.gz"), ("md5sum", md5.as_str())], more].concat();
        let part = bench.init(UNPACKED, name, &options).unwrap();
        let installed = part.install().unwrap();
        assert!(part.part.update_is_noop());
        (part.option("location"), part.option("target"), installed)
    };
    let (location, target, installed) = unpack("p", &[]);
    assert_eq!((location.as_str(), target.as_str()), ("{dir}/parts/p", "{dir}/parts/p"));
    assert_eq!(installed, paths([bench.dir.join("parts/p").to_str().unwrap()]));
    assert_eq!(bench.tree("parts/p"), ["644 a", "755 top/", "644 top/b"]);
    unpack("q", &[("strip-top-level-dir", "false")]);
    assert_eq!(bench.tree("parts/q"), ["755 top/", "644 top/a", "755 top/top/", "644 top/top/b"]);
    let (.., installed) = unpack("r", &[("destination", "new/r")]);
    assert_eq!(installed, paths(["new/r"]));
    assert_eq!(bench.tree("new/r"), ["644 a", "755 top/", "644 top/b"]);
}

#[test]
fn unpacked_errors() {
    let bench = Bench::new();
    bench.write("f", "no archive");
    assert_eq!(bench.error(UNPACKED, "p", &[("url", "f")]), "Not a recognized archive type: {dir}/f");
    assert!(!bench.dir.join("parts/p").exists());
    assert_eq!(
        bench.error(UNPACKED, "p", &[("url", "f"), ("strip-top-level-dir", "")]),
        "ValueError: tuple.index(x): x not in tuple"
    );
    assert_eq!(
        bench.error(UNPACKED, "p", &[("url", "f"), ("shared", "true"), ("destination", "d")]),
        "When shared=true, option 'destination' can't be set"
    );
}

#[test]
fn cmmi_from_an_archive() {
    let bench = Bench::new();
    let makefile = "all:\n\techo built > out\ninstall:\n\tcp out $(prefix)/out\n";
    let md5 = archive(&bench, &[("p-1/Makefile", makefile)]);
    let build = |name: &str, more: &[(&str, &str)]| {
        let options = [&[("url", "a.tar.gz"), ("md5sum", md5.as_str()), ("configure-command", ":")], more].concat();
        let part = bench.init("slapos.recipe.cmmi", name, &options).unwrap();
        assert_eq!(part.option("compile-directory"), format!("{{dir}}/parts/{name}/.build"));
        assert_eq!(part.part.sources().len(), 1 + more.iter().filter(|(key, _)| *key == "patches").count());
        part.install().unwrap();
    };
    build("p", &[]);
    assert_eq!(bench.tree("parts/p"), ["644 out"]);
    build("q", &[("keep-compile-dir", "true")]);
    assert_eq!(
        bench.tree("parts/q"),
        [
            "755 .build/",
            "755 .build/p-1/",
            "644 .build/p-1/Makefile",
            "644 .build/p-1/out",
            "644 .build/p-1/slapos.recipe.build.env.sh",
            "644 out",
        ]
    );
    build("r", &[("strip-top-level-dir", "true"), ("keep-compile-dir", "true")]);
    assert!(bench.dir.join("parts/r/.build/Makefile").exists());
    let options = [("url", "a.tar.gz"), ("md5sum", md5.as_str()), ("configure-command", "false")];
    assert_eq!(bench.error("slapos.recipe.cmmi", "s", &options), "System error");
    assert!(bench.dir.join("parts/s/.build/p-1/slapos.recipe.build.env.sh").exists(), "it is left for inspection");
}

#[test]
fn directories_as_sources() {
    let bench = Bench::new();
    bench.write("source/top/a", "1");
    bench.install(DOWNLOAD, "p", &[("url", "source")]).unwrap();
    assert_eq!(bench.tree("parts/p"), ["755 p/", "755 p/top/", "644 p/top/a"]);
    bench.install(UNPACKED, "q", &[("url", "{dir}/source")]).unwrap();
    assert_eq!(bench.tree("parts/q"), ["644 a"]);
}

#[test]
fn sources_that_are_not_there() {
    let bench = Bench::new();
    for recipe in [DOWNLOAD, UNPACKED] {
        let error = bench.error(recipe, "p", &[("url", "nofile")]);
        assert!(error.contains("{dir}/nofile") && error.contains("No such file"), "{error}");
        assert!(!bench.dir.join("parts/p").exists());
    }
    for recipe in [DOWNLOAD, UNPACKED] {
        let error = |url| bench.error(recipe, "p", &[("url", url)]);
        assert_eq!(error(""), "FileNotFoundError: [Errno 2] No such file or directory: ''");
        assert!(error(".").starts_with("The directory {dir}/. can't be copied into itself, to {dir}/parts/p"));
        assert!(!bench.dir.join("parts/p").exists());
    }
    let error = bench.error("slapos.recipe.cmmi", "p", &[("path", "nosuch")]);
    assert!(error.contains("{dir}/nosuch"), "{error}");
    assert_eq!(bench.records(), ["Using local source directory: nosuch"]);
}
