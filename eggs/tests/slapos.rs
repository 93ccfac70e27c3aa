//! What is different in slapos mode: sources only, patches, build environments, and errors that say what to do.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use rbuildout_eggs::{Cause, EggError, Mode, Patches, WorkingSet};
use support::packages::{Wheel, sdist};
use support::{Ask, Log, Place};

fn slapos() -> Place {
    Place { mode: Mode::Slapos, ..Place::new() }
}

fn install(place: &Place, ask: &Ask) -> Result<WorkingSet, EggError> {
    place.eggs(ask).install(&place.request(ask), &Log::default())
}

fn names(set: &WorkingSet) -> Vec<String> {
    set.iter().map(ToString::to_string).filter(|name| !name.starts_with("setuptools")).collect()
}

/// A source distribution of one module.
fn source(place: &Place, name: &str, version: &str, arguments: &str) {
    let arguments = format!("py_modules=['{name}'], {arguments}");
    sdist(&place.path("links"), name, version, &arguments, &[(&format!("{name}.py"), "x = 1\n")]);
}

#[test]
fn wheels_only_where_a_pin_allows_them() {
    let place = slapos();
    source(&place, "both", "1.0", "");
    Wheel::new("both", "1.0").file("wheel_was_here.py", "").write(&place.path("links"));
    Wheel::new("both", "2.0").write(&place.path("links"));
    let built = install(&place, &Ask::new(&["both"])).unwrap();
    let location = built.by_project("both").unwrap().location().to_owned();
    assert_eq!(location.file_name().unwrap(), "both-1.0-py3.11.egg");
    assert!(location.join("EGG-INFO/PKG-INFO").is_file() && !location.join("wheel_was_here.py").exists());

    let error = install(&place, &Ask::new(&["both"]).pin("both", "2.0")).unwrap_err();
    assert_eq!(error.to_string(), "Couldn't find a distribution for 'both==2.0'.");
    assert!(error.hint().unwrap().contains("`both = 2.0:whl`"), "{:?}", error.hint());
    let set = install(&place, &Ask::new(&["both"]).pin("both", "2.0:whl")).unwrap();
    assert_eq!(names(&set), ["both 2.0"]);

    let error = install(&place, &Ask::new(&["both"]).pin("both", "3")).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("newest versions of both are 1.0")), "{:?}", error.hint());
    let error = install(&place, &Ask::new(&["unheard-of"])).unwrap_err();
    assert!(error.hint().unwrap().contains("No source distribution of unheard-of is known"));
}

#[test]
fn patched_eggs() {
    let place = slapos();
    source(&place, "leaky", "1.0", "");
    let patch = place.path("fix.patch");
    fs_err::write(&patch, "--- leaky.py\n+++ leaky.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n").unwrap();
    let md5 = rbuildout_cache::hash::md5_hex(fs_err::read(&patch).unwrap());
    let ask = Ask::new(&["leaky"]).pin("leaky", "1.0+SlapOSPatched001");
    let eggs = place.eggs(&ask);
    let mut request = place.request(&ask);
    assert!(eggs.install(&request, &Log::default()).unwrap_err().to_string().contains("Couldn't find"));
    let patches = |urls: &[String], revision| Patches {
        urls: urls.to_vec(),
        options: vec!["-p0".into()],
        binary: "patch".into(),
        revision,
    };
    let url = format!("file://{}", patch.display());
    request.patches.insert("leaky".into(), patches(&[format!("{url}#{md5}")], 2));
    let error = eggs.install(&request, &Log::default()).unwrap_err();
    assert_eq!(error.to_string(), "The pin of leaky names the patch revision 001, but its patches are revision 002.");
    request.patches.insert("leaky".into(), patches(&[format!("{url}#{}", "0".repeat(32))], 1));
    assert!(matches!(eggs.install(&request, &Log::default()).unwrap_err().cause(), Cause::Download(_)));
    request.patches.insert("leaky".into(), patches(&[format!("{url}#{md5}")], 1));
    let set = eggs.install(&request, &Log::default()).unwrap();
    assert_eq!(names(&set), ["leaky 1.0+slapospatched001"]);
    let location = set.by_project("leaky").unwrap().location();
    assert_eq!(location.file_name().unwrap(), "leaky-1.0+slapospatched001-py3.11.egg");
    assert_eq!(fs_err::read_to_string(location.join("leaky.py")).unwrap(), "x = 2\n");
    // It is there now, with or without patches at hand.
    request.patches.clear();
    assert_eq!(names(&eggs.install(&request, &Log::default()).unwrap()), ["leaky 1.0+slapospatched001"]);
    // A patch that does not apply.
    let place = place.twin();
    source(&place, "leaky", "1.0", "author='other'");
    fs_err::write(&patch, "--- leaky.py\n+++ leaky.py\n@@ -1 +1 @@\n-y = 1\n+x = 2\n").unwrap();
    let mut request = place.request(&ask);
    request.patches.insert("leaky".into(), patches(&[url], 1));
    let error = place.eggs(&ask).install(&request, &Log::default()).unwrap_err();
    assert!(matches!(error.cause(), Cause::Command { command, .. } if command.contains("patch -p0")), "{error}");
}

#[test]
fn builds_see_setup_eggs_and_no_network() {
    let place = slapos();
    let extra = place.path("extra");
    fs_err::create_dir(&extra).unwrap();
    fs_err::write(extra.join("needed_to_build.py"), "version = '7'\n").unwrap();
    source(&place, "built", "1.0", "description=__import__('needed_to_build').version");
    source(&place, "greedy", "1.0", "setup_requires=['not_there_at_all']");
    let ask = Ask::new(&["built"]);
    let log = Log::default();
    let error = place.eggs(&ask).install(&place.request(&ask), &log).unwrap_err();
    let told = log.take();
    assert!(matches!(error.cause(), Cause::Command { .. }));
    assert!(told.iter().any(|line| line.starts_with("An error occurred when trying to install ")), "{told:?}");
    let mut request = place.request(&ask);
    request.environment.insert("PYTHONEXTRAPATH".into(), extra.into());
    let set = place.eggs(&ask).install(&request, &log).unwrap();
    let text = set.by_project("built").unwrap().metadata().read("PKG-INFO").unwrap();
    assert!(text.contains("Summary: 7"), "{text}");
    assert!(install(&place, &Ask::new(&["greedy"])).is_err());
    // Nothing of what failed is left.
    let left: Vec<_> = fs_err::read_dir(place.path("eggs")).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, ["built-1.0-py3.11.egg"]);
}

#[test]
fn what_is_built_must_be_what_was_asked_for() {
    let place = slapos();
    let links = place.path("links");
    sdist(&links, "liar", "1.0", "py_modules=['liar']", &[("liar.py", "")]);
    fs_err::rename(links.join("liar-1.0.tar.gz"), links.join("liar-2.0.tar.gz")).unwrap();
    let error = install(&place, &Ask::new(&["liar"])).unwrap_err();
    assert_eq!(error.to_string(), "Couldn't install liar 2.0: what was built calls itself liar 1.0.");
    assert_eq!(place.tree("eggs").len(), 0);
}

#[test]
fn modes_for_several_users() {
    let place = slapos();
    Wheel::new("shy", "1.0").data("scripts/run", "#!python\n", 0o700).file("secret.py", "").write(&place.path("links"));
    let set = install(&place, &Ask::new(&["shy"]).pin("shy", "1.0:whl")).unwrap();
    let location = set.by_project("shy").unwrap().location();
    let mode = |name: &str| fs_err::metadata(location.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(""), mode("EGG-INFO/scripts/run"), mode("EGG-INFO/RECORD")], [0o755, 0o755, 0o644]);
    assert_eq!(mode("EGG-INFO/PKG-INFO"), 0o644, "the wheel says 664");
}

#[test]
fn order_does_not_depend_on_what_was_there() {
    let place = slapos();
    for (name, requires) in
        [("one", "install_requires=['two', 'three']"), ("two", ""), ("three", "install_requires=['two']")]
    {
        source(&place, name, "1.0", requires);
    }
    let ask = Ask::new(&["one", "three"]).pin("one", "1.0").pin("two", "1.0").pin("three", "1.0");
    let first = names(&install(&place, &ask).unwrap());
    assert_eq!(first, ["one 1.0", "three 1.0", "two 1.0"]);
    assert_eq!(names(&install(&place, &ask).unwrap()), first);
    let log = Log::default();
    place.eggs(&ask).install(&place.request(&ask), &log).unwrap();
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn errors_tell_the_way_and_the_pin() {
    let place = slapos();
    source(&place, "top", "1.0", "install_requires=['middle']");
    source(&place, "middle", "1.0", "install_requires=['missing', 'bottom>=2']");
    source(&place, "other", "1.0", "install_requires=['bottom<3']");
    for version in ["1.0", "2.5", "3.0"] {
        source(&place, "bottom", version, "");
    }
    let error = install(&place, &Ask::new(&["top"])).unwrap_err();
    assert_eq!(error.to_string(), "Couldn't find a distribution for 'missing'.");
    assert_eq!(
        error.doing(),
        [
            "Base installation request: 'top'",
            "  Requirement of top: middle",
            "  Requirement of middle: missing",
            "Getting distribution for 'missing'."
        ]
    );
    let ask = Ask::new(&["top"]).pin("bottom", "1.0");
    let error = install(&place, &ask).unwrap_err();
    assert_eq!(error.to_string(), "The requirement ('bottom>=2') is not allowed by your [versions] constraint (1.0)");
    assert_eq!(error.hint().as_deref(), Some("Pin `bottom = 3.0` in [versions]."));
    assert_eq!(error.doing().len(), 3, "{:?}", error.doing());

    source(&place, "missing", "1.0", "");
    let error = install(&place, &Ask::new(&["bottom", "other"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "There is a version conflict.\nWe already have: bottom 3.0\nbut other 1.0 requires 'bottom<3'."
    );
    assert_eq!(
        error.hint().as_deref(),
        Some("bottom 2.5 meets all that is required of it: pin `bottom = 2.5` in [versions].")
    );
    assert_eq!(names(&install(&place, &Ask::new(&["bottom", "other"]).pin("bottom", "2.5")).unwrap()).len(), 2);
}

#[test]
fn parts_side_by_side() {
    let place = slapos();
    for (name, requires) in [("a1", "install_requires=['c1']"), ("b1", "install_requires=['c1']"), ("c1", "")] {
        source(&place, name, "1.0", requires);
    }
    let ask = Ask::new(&[]);
    let eggs = place.eggs(&ask);
    let log = Log::default();
    std::thread::scope(|scope| {
        for name in ["a1", "b1", "c1", "a1"] {
            let (eggs, log, place) = (&eggs, &log, &place);
            scope.spawn(move || {
                let set = eggs.install(&place.request(&Ask::new(&[name])), log).unwrap();
                assert!(set.by_project("c1").is_some());
            });
        }
    });
    let told = log.take();
    assert_eq!(told.iter().filter(|line| line.starts_with("Got c1")).count(), 1, "{told:?}");
    assert!(!told.iter().any(|line| line.contains("unexpectedly")), "{told:?}");
}

/// A Python without any of the tools that build.
fn bare(place: &Place) -> std::sync::Arc<rbuildout_eggs::Interpreter> {
    let bare = place.path("bare");
    let made = std::process::Command::new(support::python()).args(["-m", "venv", "--without-pip"]).arg(&bare).status();
    assert!(made.unwrap().success());
    let environment = std::env::vars_os().collect();
    std::sync::Arc::new(rbuildout_eggs::Interpreter::ask(&bare.join("bin/python3"), &environment, None).unwrap())
}

/// What `pip wheel` is made to do here: it copies a wheel that is ready.
const PIP: &str = "
import os, setuptools, shutil, sys, wheel
source, into = sys.argv[-1], sys.argv[sys.argv.index('-w') + 1]
shutil.copy(os.path.join(os.path.dirname(os.path.dirname(source)), 'dist', 'built-1.0-py3-none-any.whl'), into)
";

#[test]
fn tools_that_python_lacks() {
    let place = slapos();
    let links = place.path("links");
    source(&place, "built", "1.0", "");
    Wheel::new("built", "1.0").write(&place.path("dist"));
    Wheel::new("setuptools", "67.8.0").write(&links);
    Wheel::new("setuptools", "68.0").write(&links);
    Wheel::new("wheel", "0.41.2").write(&links);
    Wheel::new("pip", "23.2.1").file("pip/__init__.py", "").file("pip/__main__.py", PIP).write(&links);
    let ask = Ask { allow_picked: false, ..Ask::new(&["built"]).pin("built", "1.0").pin("setuptools", "67.8.0") };
    let interpreter = bare(&place);

    let without = place.eggs_of(interpreter.clone(), &ask, |_| ());
    let error = without.install(&place.request(&ask), &Log::default()).unwrap_err();
    assert!(matches!(error.cause(), Cause::Command { .. }), "{error}");

    let eggs = place.eggs_of(interpreter, &ask, |settings| {
        settings.tools = Some(rbuildout_eggs::ToolSource {
            directory: place.path("eggs"),
            links: vec![links.display().to_string()],
            index: Some(format!("file://{}", place.path("index").display())),
            allow_hosts: vec!["*".to_owned()],
        });
    });
    let log = Log::default();
    let set = eggs.install(&place.request(&ask), &log).unwrap();
    assert_eq!(set.iter().map(ToString::to_string).collect::<Vec<_>>(), ["built 1.0"]);
    let told = log.take();
    let first = "Installing what the Python at hand lacks for builds: setuptools, pip, wheel.";
    assert!(told.iter().any(|record| record == first), "{told:?}");
    let mut names: Vec<String> = place.tree("eggs").into_keys().filter(|name| name.ends_with(".egg/")).collect();
    names.sort();
    let tag = eggs.interpreter().python();
    let expected = ["built-1.0", "pip-23.2.1", "setuptools-67.8.0", "wheel-0.41.2"];
    assert_eq!(names, expected.map(|name| format!("{name}-py{tag}.egg/")));
    assert!(eggs.picked().versions.is_empty());

    // Once is enough.
    source(&place, "another", "1.0", "");
    let log = Log::default();
    let again =
        place.eggs_of(eggs.interpreter().clone(), &ask, |settings| settings.tools.clone_from(&eggs.settings().tools));
    let error = again.install(&place.request(&Ask::new(&["another"])), &log).unwrap_err();
    // What pip is made to do is for the first one only.
    assert!(error.to_string().contains("another"), "{error}");
    let told = log.take();
    assert!(!told.iter().any(|record| record == first), "{told:?}");
}

#[test]
fn what_the_program_stands_in_for() {
    let place = slapos();
    Wheel::new("needs", "1.0").requires("zc.buildout").write(&place.path("links"));
    let ask = Ask::new(&["needs"]).pin("needs", "1.0:whl").pin("zc.buildout", "3.0.1+slapos010");
    let error = install(&place, &ask).unwrap_err();
    assert_eq!(error.to_string(), "Couldn't find a distribution for 'zc.buildout==3.0.1+slapos010'.");
    let eggs = place.eggs_of(support::interpreter(), &ask, |settings| {
        settings.builtins = vec![("zc.buildout".into(), "3.0.1+slapos010".into())];
    });
    for offline in [false, true] {
        let log = Log::default();
        let request = place.request(&Ask { offline, ..ask.clone() });
        let set = eggs.install(&request, &log).unwrap();
        assert_eq!(names(&set), ["needs 1.0", "zc.buildout 3.0.1+slapos010"]);
        let told = log.take();
        let warning = "There is no egg of zc.buildout 3.0.1+slapos010: what is built in stands in for it, which scripts \
                       can't import.";
        assert!(told.iter().any(|record| record == warning), "{told:?}");
        assert!(eggs.is_all_there(&request, &log));
    }
    // An egg is better.
    Wheel::new("zc.buildout", "3.0.1+slapos010").write(&place.path("links"));
    let ask =
        Ask { versions: vec![("zc.buildout".into(), "3.0.1+slapos010:whl".into())], ..Ask::new(&["zc.buildout"]) };
    let set = place.eggs(&ask).install(&place.request(&ask), &Log::default()).unwrap();
    assert!(set.by_project("zc.buildout").unwrap().location().starts_with(place.path("eggs")));
}

#[test]
fn settings_change_during_a_run() {
    let place = slapos();
    source(&place, "early", "1.0", "");
    source(&place, "early", "2.0a1", "");
    let ask = Ask::new(&["early"]);
    let eggs = place.eggs(&ask);
    assert_eq!(names(&eggs.install(&place.request(&ask), &Log::default()).unwrap()), ["early 1.0"]);
    eggs.change(|settings| settings.prefer_final = false);
    assert_eq!(names(&eggs.install(&place.request(&ask), &Log::default()).unwrap()), ["early 2.0a1"]);
}
