//! Side by side with zc.buildout 3.0.1: the same working sets, eggs, scripts and words.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use rbuildout_eggs::{ScriptSource, Scripts};
use support::packages::{Wheel, project, sdist};
use support::{Ask, Place, same, same_at};

fn scripts(requirements: &[&str]) -> Scripts {
    Scripts {
        requirements: requirements.iter().map(|&one| ScriptSource::Requirement(one.to_owned())).collect(),
        ..Scripts::default()
    }
}

/// `app` requires `lib`, which requires `base`; each has two versions.
fn chain(place: &Place) {
    let links = place.path("links");
    for version in ["1.0", "2.0"] {
        Wheel::new("app", version)
            .requires("lib>=1")
            .requires("base[speed]; python_version > '3'")
            .requires("never; sys_platform == 'plan9'")
            .console_script("app = app:main\nother=app:sub.main [x]")
            .write(&links);
        Wheel::new("lib", version).requires("base").write(&links);
        Wheel::new("base", version).extra("speed").requires("fast>=0.5; extra == 'speed'").write(&links);
    }
    Wheel::new("fast", "0.7").tag("py3-none-linux_x86_64").write(&links);
    Wheel::new("base", "3.0a1").write(&links);
    Wheel::new("base", "4.0").tag("cp27-cp27m-win32").write(&links);
}

#[test]
fn wheels_and_their_dependencies() {
    let place = Place::new();
    chain(&place);
    let twin = place.twin();
    let mut ask = Ask::new(&["app", "base"]).pin("lib", "1.0");
    ask.scripts = Some(scripts(&["app"]));
    let first = same_at(&place, &twin, &ask);
    assert_eq!(first["set"].as_array().unwrap().len(), 4);
    // What is there now comes in another order.
    same_at(&place, &twin, &ask);
    same_at(&place, &twin, &ask.clone().not_newest());
    ask.offline = true;
    same_at(&place, &twin, &ask);
    // A pin may lead to an older one, and without it the newer one comes back.
    let pinned = Ask::new(&["app"]).pin("App", "1.0").pin("base", ">=1,<2").not_newest();
    same_at(&place, &twin, &pinned);
}

#[test]
fn releases_before_the_final_one() {
    let place = Place::new();
    chain(&place);
    let mut ask = Ask::new(&["base"]);
    ask.prefer_final = false;
    let answer = same(&place, &ask);
    assert_eq!(answer["set"][0][1], "3.0a1");
}

#[test]
fn conversion_of_wheels() {
    let place = Place::new();
    let links = place.path("links");
    Wheel::new("odd-name", "1.0rc1")
        .extra("Two Words")
        .extra("none")
        .requires("x>=1 ; os_name == 'posix'")
        .requires("x>=1")
        .requires("y (<2) ; extra == 'Two Words'")
        .requires("x>=1 ; extra == 'none'")
        .requires("z @ https://example.com/z.zip ; extra == 'none'")
        .info("top_level.txt", "odd_name\n")
        .info("namespace_packages.txt", "ns\nns.deep\n")
        .info("licenses/LICENSE", "free")
        .file("ns/deep/code.py", "")
        .file("ns/other/__init__.py", "")
        .data("scripts/run", "#!python\nimport os\nprint(os)\n", 0o755)
        .data("scripts/run.pyc", "x", 0o644)
        .data("data/share/d.txt", "d", 0o600)
        .data("purelib/ns/more.py", "m", 0o644)
        .data("headers/h.h", "h", 0o644)
        .write(&links);
    Wheel::new("x", "1").write(&links);
    let mut ask = Ask::new(&["odd-name"]);
    ask.prefer_final = false;
    ask.scripts = Some(scripts(&["odd-name"]));
    same(&place, &ask);
}

#[test]
fn scripts_of_all_kinds() {
    let place = Place::new();
    let links = place.path("links");
    Wheel::new("tool", "1")
        .console_script("tool = tool:main\nsecond-tool = tool.deep:a.b")
        .data(
            "scripts/old",
            "#!python -u\n'''doc'''\nfrom __future__ import division\nx = 1\nimport os, sys\nprint(os)\n",
            0o755,
        )
        .data("scripts/shell", "#!/bin/sh\necho hi\n", 0o755)
        .data("scripts/strange", "python it is\nbut no script\n", 0o755)
        .write(&links);
    Wheel::new("dep", "1").write(&links);
    let twin = place.twin();
    let mut ask = Ask::new(&["tool", "dep"]);
    let variants = [
        scripts(&["tool"]),
        Scripts {
            interpreter: Some("py".into()),
            initialization: "import os\nos.environ['A'] = '1'".into(),
            ..scripts(&["tool"])
        },
        Scripts {
            names: Some(vec![
                ("tool".into(), "renamed".into()),
                ("gone".into(), "gone".into()),
                ("a".into(), "b".into()),
                ("old".into(), "old2".into()),
            ]),
            ..scripts(&["tool", "dep; python_version < '3'"])
        },
        Scripts {
            extra_paths: vec!["extra, with comma".into(), "src".into(), "/usr".into()],
            arguments: "1, x='y'".into(),
            ..scripts(&["tool"])
        },
        Scripts {
            relative_paths: Some("yes".into()),
            interpreter: Some("rel/py2".into()),
            extra_paths: vec!["src".into(), "/usr".into()],
            ..scripts(&["tool"])
        },
        Scripts {
            requirements: vec![ScriptSource::Entry {
                name: "own".into(),
                module: "a.b".into(),
                attributes: "c.d".into(),
            }],
            ..scripts(&[])
        },
    ];
    for one in [&place, &twin] {
        fs_err::create_dir(one.path("bin/rel")).unwrap();
    }
    for scripts in variants {
        ask.scripts = Some(scripts);
        same_at(&place, &twin, &ask);
    }
}

#[test]
fn sources() {
    let place = Place::new();
    let links = place.path("links");
    sdist(
        &links,
        "src.pkg",
        "1.5",
        "packages=['srcpkg', 'srcpkg.sub'], py_modules=['single'], package_data={'srcpkg': ['*.txt']}, \
         install_requires=['dep>=1; python_version > \"3\"'], extras_require={'more': ['dep']}, \
         entry_points={'console_scripts': ['srcpkg = srcpkg:main']}",
        &[
            ("srcpkg/__init__.py", "def main(): pass\n"),
            ("srcpkg/sub/__init__.py", ""),
            ("srcpkg/d.txt", "data"),
            ("single.py", ""),
        ],
    );
    sdist(
        &links,
        "nsp",
        "2",
        "packages=['nsroot', 'nsroot.leaf'], namespace_packages=['nsroot'], scripts=['run.py']",
        &[
            ("nsroot/__init__.py", "__import__('pkg_resources').declare_namespace(__name__)\n"),
            ("nsroot/leaf/__init__.py", ""),
            ("run.py", "#!/usr/bin/env python\nimport nsroot\n"),
        ],
    );
    Wheel::new("dep", "1").write(&links);
    let twin = place.twin();
    let mut ask = Ask::new(&["src.pkg[more]", "nsp"]);
    ask.scripts = Some(scripts(&["src.pkg"]));
    same_at(&place, &twin, &ask);
    same_at(&place, &twin, &ask);
}

/// A project to develop, with its code below `src`, and a question about it.
fn developed(place: &Place) -> Ask {
    project(
        &place.path("src/dev"),
        "dev.pkg",
        "0.1",
        "packages=['devpkg'], package_dir={'': 'lib'}, install_requires=['dep'], scripts=['bin/devscript'], \
         entry_points={'console_scripts': ['devpkg = devpkg:main']}",
        &[
            ("lib/devpkg/__init__.py", "def main(): pass\n"),
            ("bin/devscript", "#!/usr/bin/env python\nimport devpkg\n"),
        ],
    );
    Wheel::new("dep", "1").write(&place.path("links"));
    let mut ask = Ask::new(&["dev.pkg"]);
    ask.develop = vec!["src/dev".into()];
    ask.scripts = Some(scripts(&["dev.pkg"]));
    ask
}

#[test]
fn developed_projects() {
    let place = Place::new();
    let ask = developed(&place);
    same(&place, &ask);
}

/// A setuptools whose `develop` is a call of pip: what it did is done by hand.
#[test]
fn developed_without_the_command() {
    let mut place = Place::new();
    let ask = developed(&place);
    let newer = place.path("newer");
    fs_err::create_dir(&newer).unwrap();
    // The same code under another number.
    let places = support::interpreter();
    let real = places.sys_path().iter().map(|path| path.join("setuptools-67.8.0.dist-info")).find(|path| path.exists());
    rbuildout_cache::tree::copy(&real.unwrap(), &newer.join("setuptools-80.9.0.dist-info")).unwrap();
    place.python_path = Some(newer);
    same(&place, &ask);
}

#[test]
fn built_with_options() {
    let place = Place::new();
    sdist(
        &place.path("links"),
        "ext",
        "1.0",
        "py_modules=['ext'], cmdclass={}",
        &[("ext.py", "x = 1\n"), ("setup.cfg", "[metadata]\nlicense = MIT\n")],
    );
    // The reference does not see afterwards what it built here: it has no `EGG-INFO`. We do.
    let mut ask = Ask::new(&[]);
    ask.build = Some(("ext".into(), vec![("rpath".into(), "/r".into()), ("include-dirs".into(), "/i".into())]));
    same(&place, &ask);
}

#[test]
fn errors() {
    let place = Place::new();
    chain(&place);
    let twin = place.twin();
    let mut unpicked = Ask::new(&["app"]);
    unpicked.allow_picked = false;
    let mut offline = Ask::new(&["nothing"]);
    offline.offline = true;
    for ask in [
        Ask::new(&["nothing"]),
        Ask::new(&["app>3"]),
        Ask::new(&["app>=2"]).pin("app", "1.0"),
        Ask::new(&["lib", "app"]).pin("lib", "0.5"),
        Ask::new(&["base<2", "base>=2"]),
        Ask::new(&["base[magic]"]),
        unpicked,
        offline,
    ] {
        let reference = twin.reference(&ask);
        let ours = place.ours(&ask);
        assert_eq!(ours["error"], reference["error"], "{ask:?}\n{ours:#}\n{reference:#}");
    }
}

#[test]
fn conflict_among_requirements() {
    let place = Place::new();
    let links = place.path("links");
    Wheel::new("one", "1").requires("shared<2").requires("two").write(&links);
    Wheel::new("two", "1").requires("shared>=2").write(&links);
    Wheel::new("shared", "1.5").write(&links);
    Wheel::new("shared", "2.5").write(&links);
    let answer = same(&place, &Ask::new(&["one"]));
    assert!(answer["error"].as_str().unwrap().starts_with("There is a version conflict."), "{answer}");
}

#[test]
fn download_cache() {
    let place = Place::new();
    chain(&place);
    let twin = place.twin();
    let mut ask = Ask::new(&["app"]);
    ask.download_cache = true;
    same_at(&place, &twin, &ask);
    assert_eq!(place.tree("dist"), twin.tree("dist"));
    for one in [&place, &twin] {
        rbuildout_cache::tree::remove(&one.path("links")).unwrap();
        rbuildout_cache::tree::remove(&one.path("eggs")).unwrap();
        fs_err::create_dir(one.path("eggs")).unwrap();
    }
    ask.install_from_cache = true;
    same_at(&place, &twin, &ask);
}

#[test]
#[ignore = "asks the public index"]
fn public_packages() {
    let place = Place::new();
    let twin = place.twin();
    let specs = ["zope.interface", "docutils", "pyyaml", "requests[socks]", "Pygments", "lxml", "zc.lockfile"];
    let mut ask = Ask::new(&specs).pin("zope.interface", "6.0").pin("docutils", "0.20").pin("requests", "2.31.0");
    for (project, version) in
        [("pyyaml", "6.0.1"), ("pygments", "2.17.2"), ("lxml", "5.1.0"), ("zc.lockfile", "3.0.post1")]
    {
        ask = ask.pin(project, version);
    }
    ask.public = true;
    ask.scripts = Some(scripts(&["docutils", "Pygments"]));
    same_at(&place, &twin, &ask);
    same_at(&place, &twin, &ask.clone().not_newest());
}

/// setuptools counts what is on `sys.path` among what an index has, so that eggs there are copied.
#[test]
fn copied_from_the_path() {
    let mut place = Place::new();
    Wheel::new("own", "1.0").write(&place.path("links"));
    same(&place, &Ask::new(&["own"]));
    fs_err::rename(place.path("eggs"), place.path("elsewhere")).unwrap();
    fs_err::remove_dir_all(place.path("links")).unwrap();
    fs_err::create_dir(place.path("links")).unwrap();
    let egg = fs_err::read_dir(place.path("elsewhere")).unwrap().filter_map(Result::ok).map(|entry| entry.path());
    place.python_path = egg.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "egg"));
    let answer = place.ours(&Ask::new(&["own"]));
    assert!(answer["set"][0][2].as_str().unwrap().starts_with("ROOT/eggs/own-1.0-"), "{answer}");
    assert!(place.python_path.unwrap().is_dir());
}
