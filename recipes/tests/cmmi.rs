//! slapos.recipe.cmmi against real shells, makes and patches, with `path` as the source.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod support;

use fs_err as fs;
use rbuildout_recipes::{Effects, Installed, RecipeError};
use std::os::unix::fs::PermissionsExt;
use support::{Bench, paths};

const CMMI: &str = "slapos.recipe.cmmi";

const CONFIGURE: &str = "#!/bin/sh
for a; do case $a in --prefix=*) p=${a#--prefix=};; esac; done
echo \"configure $*\"
echo \"FOO=$FOO\"
printf 'all:\\n\\t@cp hello.in hello\\ninstall: all\\n\\tmkdir -p %s/bin\\n\\tcp hello %s/bin/hello\\n' \"$p\" \"$p\" > Makefile
";

const PATCH: &str = "--- a/hello.in
+++ b/hello.in
@@ -1,2 +1,2 @@
 #!/bin/sh
-echo hello
+echo goodbye
";

/// A small project in the directory `src`.
fn project(bench: &Bench) {
    let configure = bench.write("src/proj-1/configure", CONFIGURE);
    fs::set_permissions(configure, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script = bench.write("src/proj-1/hello.in", "#!/bin/sh\necho hello\n");
    fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    bench.write("p.patch", PATCH);
}

#[test]
fn a_whole_build() {
    let bench = Bench::new();
    project(&bench);
    let options = [
        ("path", "src"),
        ("configure-options", "--foo\n  --bar=%(X)s @@LOCATION@@"),
        ("X", "x"),
        ("environment", "FOO = %(HOME)s:x\nBAR=%%"),
        ("patches", "{dir}/p.patch#6f69b44d8ebc5a0decef9889aaccde3c"),
        ("patch-options", " -p1\n -s"),
        ("pre-configure", "echo pre-configure 100%%"),
        ("post-install", "echo post-install"),
        ("promises", "/nonexist\n p.patch"),
        ("keep-compile-dir", "true"),
    ];
    let part = bench.init(CMMI, "a", &options).unwrap();
    assert_eq!(part.part.effects(), Effects::Hermetic);
    assert!(part.part.update_is_noop());
    assert_eq!(part.option("location"), "{dir}/parts/a");
    assert_eq!(part.option("prefix"), "{dir}/parts/a");
    assert_eq!(part.option("compile-directory"), "src");
    assert_eq!(part.option("configure-options"), "--foo\n  --bar=%(X)s {dir}/parts/a");
    bench.write("parts/a/stale", "");
    let location = bench.dir.join("parts/a");
    assert_eq!(part.install().unwrap(), paths([location.to_str().unwrap()]));
    assert_eq!(
        bench.records(),
        [
            "Using local source directory: src",
            "Applying patches",
            "[ENV] BAR = %",
            "[ENV] FOO = /home/tester:x",
            "Executing pre-configure",
            "Executing post-install",
            "A shell script slapos.recipe.build.env.sh has been generated.",
            "WARNING: could not find promise '/nonexist'",
        ]
    );
    assert_eq!(
        bench.output(),
        "pre-configure 100%\n\
         configure --prefix={dir}/parts/a --foo --bar=x {dir}/parts/a\n\
         FOO=/home/tester:x\n\
         mkdir -p {dir}/parts/a/bin\n\
         cp hello {dir}/parts/a/bin/hello\n\
         post-install\n"
    );
    assert_eq!(bench.tree("parts/a"), ["755 bin/", "755 bin/hello"]);
    assert_eq!(bench.read("parts/a/bin/hello"), "#!/bin/sh\necho goodbye\n");
    assert_eq!(
        bench.shorten(&bench.read("src/proj-1/slapos.recipe.build.env.sh")),
        "export BAR=%\n\
         export FOO=/home/tester:x\n\
         echo \"If this recipe does not use pre/post hooks or commands, you can re-run as below.\"\n\
         echo configure with:\n\
         echo '  ./configure --prefix=\"{dir}/parts/a\" --foo --bar=x {dir}/parts/a'\n\
         echo\n\
         echo make with:\n\
         echo '  make '\n\
         echo\n\
         echo install with:\n\
         echo '  make  install'\n"
    );
}

#[test]
fn a_failing_command() {
    let bench = Bench::new();
    bench.write("src/x", "");
    bench.write("src/y", "");
    let options =
        [("path", "{dir}/src"), ("configure-command", "echo \"it's\"\n false"), ("make-options", "-j1\n V=1")];
    let error = bench.install(CMMI, "a", &options).unwrap_err();
    assert_eq!(error.to_string(), "System error");
    let RecipeError::User { command: Some(failure), .. } = error else { panic!("it names the command") };
    assert_eq!((failure.status.returncode(), failure.directory), (1, bench.dir.join("src")));
    assert_eq!(
        bench.records(),
        [
            "Using local source directory: {dir}/src",
            "ERROR: Command 'set -e;echo \"it's\"\n false ' returned non-zero exit status 1.",
            "ERROR: Compilation error. The package is left as is at {dir}/src where you can inspect what went wrong.\n\
             A shell script slapos.recipe.build.env.sh has been generated. You can source it in your shell to reproduce \
             build environment.",
        ]
    );
    assert!(bench.dir.join("parts/a").is_dir(), "a failed part stays");
    let script = bench.shorten(&bench.read("src/slapos.recipe.build.env.sh"));
    assert!(script.ends_with("echo '  make -j1 V=1 install prefix=\"{dir}/parts/a\"'\n"), "{script}");
    bench.install(CMMI, "k", &[("path", "src"), ("configure-command", "kill -9 $$")]).unwrap_err();
    assert!(
        bench.records().contains(&"ERROR: Command 'set -e;kill -9 $$ ' died with <Signals.SIGKILL: 9>.".to_owned())
    );
}

#[test]
fn a_patch_that_does_not_apply() {
    let bench = Bench::new();
    project(&bench);
    let options = [("path", "src"), ("patches", "{dir}/p.patch {dir}/p.patch"), ("patch-options", "-p1")];
    assert_eq!(bench.error(CMMI, "a", &options), "System error");
    let records = bench.records();
    assert_eq!(
        records[1..3],
        ["Applying patches", "ERROR: Command 'set -e;patch -p1 < {dir}/p.patch' returned non-zero exit status 1."]
    );
    let options = [("path", "src"), ("patches", "{dir}/p.patch#abc")];
    let error = bench.error(CMMI, "a", &options);
    assert_eq!(error, "MD5 checksum mismatch for local resource at '{dir}/p.patch'.");
}

#[test]
fn magic_prefix_and_cygport() {
    let bench = Bench::new();
    bench.write("src/Makefile", "all:\ninstall:\n\t@echo prefix=$(prefix) $(CYGCONF_PREFIX)\n");
    bench.install(CMMI, "a", &[("path", "src"), ("configure-command", ":")]).unwrap();
    assert!(bench.output().ends_with("prefix={dir}/parts/a\n"), "{}", bench.output());
    let options = [("path", "src"), ("configure-command", "cygport")];
    assert_eq!(bench.error(CMMI, "c", &options), "System error");
    let script = bench.shorten(&bench.read("src/slapos.recipe.build.env.sh"));
    assert!(script.starts_with("export CYGCONF_PREFIX={dir}/parts/c\n"), "{script}");
}

#[test]
fn errors_of_the_table() {
    let bench = Bench::new();
    bench.write("src/f", "");
    let error = |options: &[(&str, &str)]| bench.error(CMMI, "p", options);
    assert_eq!(error(&[("url", "a"), ("path", "b")]), "You must use either \"url\" or \"path\", not both!");
    assert_eq!(error(&[]), "You must provide either \"url\" or \"path\".");
    assert_eq!(
        error(&[("shared", "true"), ("path", "src"), ("prefix", "/x")]),
        "When shared=true, 'prefix' can't be outside location"
    );
    assert_eq!(error(&[("path", "src"), ("location", "/x")]), "invalid 'location' value");
    assert_eq!(error(&[("path", "src"), ("environment", "A")]), "The referenced section, 'A', was not defined.");
    assert_eq!(error(&[("path", "src"), ("environment", "A=1\nB")]), "Line 'B' in environment is incorrect");
    assert_eq!(error(&[("path", "src"), ("environment", "A=1\nA=2")]), "Key 'A' is repeated");
    assert_eq!(error(&[("path", "src"), ("configure-command", "%(bogus)s")]), "Missing option: p:bogus");
    assert_eq!(
        error(&[("path", "src"), ("configure-command", "echo %d")]),
        "TypeError: %d format: a real number is required, not Options"
    );
    assert_eq!(error(&[("path", "src"), ("shared", "True")]), "ValueError: tuple.index(x): x not in tuple");
    assert_eq!(error(&[("path", "src"), ("keep-compile-dir", "True")]), "ValueError: tuple.index(x): x not in tuple");
    assert_eq!(error(&[("url", "src/f")]), "Not a recognized archive type: {dir}/src/f");
    assert_eq!(bench.tree("parts/p"), Vec::<String>::new());
    bench.records();
    assert_eq!(
        error(&[("path", "src"), ("configure-command", ":"), ("environment", "FOO=%(NOPE)s")]),
        "KeyError: 'NOPE'"
    );
    assert_eq!(
        bench.records(),
        [
            "Using local source directory: src",
            "ERROR: The variable NOPE is not set: `environment` uses it in the value of FOO.",
        ]
    );
}

#[test]
fn python_hooks_are_for_the_original() {
    let bench = Bench::new();
    let part = bench.init(CMMI, "p", &[("path", "src"), ("post-make-hook", "{dir}/x.py#1:f")]).unwrap();
    assert!(part.part.update_is_noop());
    let error = part.install().unwrap_err();
    assert!(matches!(&error, RecipeError::NeedsOriginal(_)), "{error}");
    assert_eq!(error.to_string(), "The option `post-make-hook` of part `p` is a hook in Python.");
}

#[test]
fn environment_from_a_section() {
    let mut bench = Bench::new();
    bench.write("src/f", "");
    bench.section("env", &[("FOO", "%(HOME)s/x")]);
    let options = [("path", "src"), ("environment", "env"), ("configure-command", "echo $FOO"), ("make-binary", ":")];
    bench.install(CMMI, "p", &options).unwrap();
    assert_eq!(bench.output(), "/home/tester/x\n");
}

#[test]
fn long_shebangs() {
    let bench = Bench::new();
    let deep = format!("{}/bin/sh", "/../bin/..".repeat(14));
    let make = format!(
        "P=$1; mkdir -p $P/bin/sub $P/sbin\n\
         printf '#!/bin/..{deep} -e\\necho long $0 $*\\n' > $P/bin/long; chmod 751 $P/bin/long\n\
         printf '#! /bin/..{deep}\\necho blank $*\\n' > $P/sbin/blank; chmod 755 $P/sbin/blank\n\
         printf '#!/bin/sh\\n' > $P/bin/short; cp $P/bin/long $P/bin/sub/x; ln -s long $P/bin/link\n\
         cp $P/bin/long $P/long"
    );
    bench.write("src/mk.sh", &make);
    let options = [
        ("path", "src"),
        ("configure-command", "true"),
        ("make-binary", ":"),
        ("post-install", "sh mk.sh @@LOCATION@@"),
    ];
    bench.install(CMMI, "p", &options).unwrap();
    assert_eq!(
        bench.tree("parts/p"),
        [
            "755 bin/",
            "link bin/link -> long",
            "751 bin/long",
            "751 bin/long.shebang",
            "644 bin/short",
            "755 bin/sub/",
            "751 bin/sub/x",
            "751 long",
            "755 sbin/",
            "755 sbin/blank",
            "755 sbin/blank.shebang",
        ]
    );
    let run = |path: &str| {
        let output =
            std::process::Command::new(bench.dir.join("parts/p").join(path)).args(["a", "b c"]).output().unwrap();
        bench.shorten(&String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run("bin/long"), "long {dir}/parts/p/bin/long.shebang a b c\n");
    assert_eq!(run("sbin/blank"), "blank a b c\n");
}

#[test]
fn shared_part() {
    let mut bench = Bench::new();
    bench.settings.shared_part_list.push(bench.dir.join("nosuch"));
    let shared = bench.share("shared");
    bench.write("src/f", "");
    let options = [
        ("path", "src"),
        ("shared", "true"),
        ("configure-command", "true"),
        ("make-binary", "true"),
        (
            "post-install",
            "echo x > %(location)s/f; mkdir @@LOCATION@@/d; ln -s f %(prefix)s/l; chmod 751 %(location)s/d",
        ),
        ("location", "@@LOCATION@@"),
        ("environment", "FOO=%(HOME)s:x\nBAR=%%"),
        ("x", "é\"\\\tz"),
    ];
    let document = "{\n  \"configure-command\": \"true\",\n  \"environment\": \"FOO=%(HOME)s:x\\nBAR=%%\",\n  \
                    \"location\": \"@@LOCATION@@\",\n  \"make-binary\": \"true\",\n  \"path\": \"src\",\n  \
                    \"post-install\": \"echo x > %(location)s/f; mkdir @@LOCATION@@/d; ln -s f %(prefix)s/l; chmod 751 \
                    %(location)s/d\",\n  \"recipe\": \"slapos.recipe.cmmi\",\n  \"shared\": \"true\",\n  \
                    \"x\": \"é\\\"\\\\\\tz\"\n}";
    let digest = rbuildout_cache::hash::md5_hex(document);
    let location = shared.join("a").join(&digest);
    // What a killed build left, and the lock that it held.
    bench.write(&format!("shared/a/{digest}/half"), "");
    bench.write(&format!("shared/a/.{digest}.lock"), "");

    let part = bench.init(CMMI, "a", &options).unwrap();
    assert_eq!(part.option("location"), format!("{{dir}}/shared/a/{digest}"));
    assert_eq!(bench.records(), [format!("will be shared at {{dir}}/shared/a/{digest} (needs to build)")]);
    assert!(!part.part.update_is_noop());
    assert_eq!(part.install().unwrap(), Installed::Paths(vec![]));
    assert_eq!(fs::read_to_string(location.join(".buildout-shared.json")).unwrap(), document);
    let prefix = format!("{digest}/");
    let tree: Vec<_> = bench.tree("shared/a").into_iter().map(|line| line.replace(&prefix, "")).collect();
    assert_eq!(tree, ["555 ", "444 .buildout-shared.json", "551 d/", "444 f", "link l -> f"]);
    assert!(part.part.update_is_noop());

    bench.records();
    let again = bench.init(CMMI, "a", &options).unwrap();
    assert_eq!(bench.records(), [format!("shared at {{dir}}/shared/a/{digest} (already built)")]);
    assert_eq!(again.install().unwrap(), Installed::Paths(vec![]));
    assert_eq!(bench.records(), ["shared part is already installed"]);
    again.update().unwrap();
    assert!(bench.records().is_empty());

    rbuildout_cache::tree::remove(&location).unwrap();
    assert!(!again.part.update_is_noop());
    again.update().unwrap();
    assert_eq!(bench.records()[0], "shared part must be rebuilt");
    assert!(location.join("f").exists());
}

#[test]
fn shared_without_a_directory_is_not_shared() {
    let bench = Bench::new();
    bench.write("src/f", "");
    let options = [("path", "src"), ("shared", "true"), ("configure-command", "true"), ("make-binary", "true")];
    let part = bench.init(CMMI, "a", &options).unwrap();
    assert_eq!(part.option("location"), "{dir}/parts/a");
    let location = bench.dir.join("parts/a");
    assert_eq!(part.install().unwrap(), paths([location.to_str().unwrap()]));
    assert!(bench.records().iter().all(|record| !record.contains("shared")));
}

#[test]
fn signature_document_is_independent_of_the_place() {
    let mut bench = Bench::new();
    bench.share("shared");
    bench.signature = Some("recipe-1".into());
    let digest = |base: &str| {
        let patches = format!("{base}/x.patch");
        let options = [("path", "src"), ("shared", "true"), ("_profile_base_location_", base), ("patches", &patches)];
        bench.init(CMMI, "a", &options).unwrap().option("location")
    };
    assert_eq!(digest("/one"), digest("http://two"));
    let document = "{\n  \"__buildout_signature__\": \"recipe-1\",\n  \
                    \"patches\": \"${:_profile_base_location_}/x.patch\",\n  \"path\": \"src\",\n  \
                    \"recipe\": \"slapos.recipe.cmmi\",\n  \"shared\": \"true\"\n}";
    assert_eq!(digest("/one"), format!("{{dir}}/shared/a/{}", rbuildout_cache::hash::md5_hex(document)));
}

#[test]
fn a_failed_shared_build_stays_unlocked() {
    let mut bench = Bench::new();
    bench.share("shared");
    bench.write("src/f", "");
    let options = [("path", "src"), ("shared", "true"), ("configure-command", "false")];
    assert_eq!(bench.error(CMMI, "a", &options), "System error");
    let left = bench.tree("shared/a");
    assert!(left.len() == 1 && left[0].starts_with("755 ") && left[0].ends_with('/'), "{left:?}");
}

#[test]
fn digest_of_the_original() {
    let mut bench = Bench::new();
    bench.share("shared");
    let options = [
        ("path", "s1"),
        ("shared", "true"),
        ("configure-command", "true"),
        ("make-binary", "true"),
        ("post-install", "echo x > %(location)s/f; sh mk.sh @@LOCATION@@"),
        ("location", "@@LOCATION@@"),
        ("environment", "FOO=%(HOME)s:x\nBAR=%%"),
        ("x", "é\"\\\tz"),
    ];
    // What the Python recipe computes for these options.
    let location = bench.init(CMMI, "a", &options).unwrap().option("location");
    assert_eq!(location, "{dir}/shared/a/791bb6e8c2d5acebad6bc65f3896cda6");
}

#[test]
fn two_builders_of_one_shared_part() {
    let mut bench = Bench::new();
    bench.share("shared");
    bench.write("src/f", "");
    let options = [
        ("path", "src"),
        ("shared", "true"),
        ("configure-command", "true"),
        ("make-binary", "true"),
        ("post-install", "echo built >> {dir}/count; sleep 0.3"),
    ];
    let bench = &bench;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let options = &options;
            scope.spawn(move || bench.install(CMMI, "a", options).unwrap());
        }
    });
    assert_eq!(bench.read("count"), "built\n");
    assert_eq!(bench.dir.join("shared/a").read_dir().unwrap().count(), 1, "no lock is left");
}
