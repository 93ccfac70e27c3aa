//! What fuzzing calls: text from outside, of any kind, must never make the parsers panic, and what they accept must hold
//! together. `fuzz/` runs these with cargo-fuzz, the test `fuzz` replays its corpus with random changes.

use std::sync::LazyLock;

use rbuildout_parser::python::{Facts, World, dumps, eval_condition, loads};
use rbuildout_parser::{
    Conditions, Diagnostic, DownloadOptions, Library, Loaded, Loader, Mode, Piece, Request, Resolver,
};
use rbuildout_recipes::template::{NativeEngine, RenderJob, TemplateEngine as _};

/// A target by its name, which is also that of its corpus.
pub type Target = (&'static str, fn(&str));

/// All of them.
pub const TARGETS: [Target; 7] = [
    ("lines", lines),
    ("references", references),
    ("installed", installed),
    ("literals", literals),
    ("conditions", conditions),
    ("profiles", profiles),
    ("templates", templates),
];

/// The line layer: lines of options are lines of the text, in order.
pub fn lines(text: &str) {
    let count = text.split_inclusive('\n').count().max(text.split_inclusive(['\n', '\r']).count()) as u32;
    let Ok(file) = rbuildout_parser::parse(text, &mut |expression| Ok::<_, ()>(expression.len() % 2 == 0)) else {
        return;
    };
    for section in &file.sections {
        assert!((1..=count).contains(&section.line), "line {} of {count}", section.line);
        for option in &section.options {
            assert!((1..=count).contains(&option.line), "line {} of {count}", option.line);
            assert!(!option.key.is_empty());
        }
    }
}

/// References: the pieces are the whole text.
pub fn references(text: &str) {
    let together: String = rbuildout_parser::pieces(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Reference { token, .. } | Piece::Malformed { token, .. } => token,
        })
        .collect();
    assert_eq!(together, text);
    rbuildout_parser::unescape(text);
}

/// The installed state: what was read and written is read the same again, unless it is one of the values that do not
/// survive (see the format's description).
pub fn installed(text: &str) {
    let Ok(state) = rbuildout_parser::installed::read(text, "installed") else { return };
    let written = rbuildout_parser::installed::write(&state);
    let survives = |text: &str| {
        text.chars().all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic()) && !text.contains(['%', '#', ';'])
    };
    let is_key = |key: &str| !key.contains(char::is_whitespace) && !key.starts_with(['<', '[', '=', '-', '+']);
    let plain = state.parts.iter().all(|(name, options)| {
        survives(name) && options.iter().all(|(key, value)| is_key(key) && survives(key) && survives(value))
    });
    if plain && survives(&state.develop_eggs) {
        let again = rbuildout_parser::installed::read(&written, "installed");
        assert_eq!(again.expect("what was written can be read"), state);
    }
}

/// Python values: what is read can be written and read again.
pub fn literals(text: &str) {
    let Ok(value) = loads(text) else { return };
    let Ok(written) = dumps(&value) else { return };
    let again = loads(&written).expect("what was written can be read");
    assert_eq!(again, value);
    // Equal values may be written differently (1, 1.0, the order of keys): compare what has been written too. Python
    // itself doesn't keep the sign of a zero in a complex number: -3j is written as (-0-3j), and that is read as 0-3j.
    let rewritten = dumps(&again).expect("what was read can be written");
    if !written.contains("-0") && !rewritten.contains("-0") {
        assert_eq!(rewritten, written);
    }
}

/// A machine without files.
struct Nothing;

impl World for Nothing {
    fn is_dir(&self, _: &str) -> bool {
        false
    }

    fn is_file(&self, _: &str) -> bool {
        false
    }

    fn exists(&self, _: &str) -> bool {
        false
    }

    fn access(&self, _: &str, _: u32) -> bool {
        false
    }

    fn read(&self, _: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// Facts of an interpreter, as one told them.
const FACTS: &str = include_str!("../data/facts.json");

/// Conditions of section headers.
pub fn conditions(text: &str) {
    static KNOWN: LazyLock<Facts> =
        LazyLock::new(|| serde_json::from_str(FACTS).expect("the facts are those of this version"));
    // Whatever it is: a value, an exception, not supported.
    let _ = eval_condition(text, &KNOWN, true, &Nothing);
}

/// One file, which extends nothing that is there.
struct OneFile<'a>(&'a str);

impl Loader for OneFile<'_> {
    fn read(&self, name: &str, _: &DownloadOptions) -> Result<Loaded, Diagnostic> {
        if name == "/profile/main.cfg" {
            return Ok(Loaded { text: self.0.to_owned(), display: name.to_owned() });
        }
        Err(Diagnostic::user("There is no such file."))
    }

    fn exists(&self, path: &str) -> bool {
        path == "/profile/main.cfg"
    }
}

impl Conditions for OneFile<'_> {
    fn holds(&self, expression: &str) -> Result<bool, Diagnostic> {
        Ok(expression.len().is_multiple_of(2))
    }
}

/// A whole profile: loaded, expanded, substituted, annotated, in both modes.
pub fn profiles(text: &str) {
    for mode in [Mode::Slapos, Mode::Upstream] {
        let world = OneFile(text);
        let library = Library::new(&world, &world);
        let request = Request {
            mode,
            main: Some("/profile/main.cfg".to_owned()),
            defaults: vec![("parts-directory", "parts".to_owned()), ("offline", "false".to_owned())],
            directory: Some("/profile".to_owned()),
            user_defaults: None,
            assignments: Vec::new(),
            working_directory: "/profile".to_owned(),
            home: None,
        };
        let Ok(profile) = library.load(&request) else { continue };
        let mut resolver = Resolver::new(&profile);
        for section in profile.config.sections.keys() {
            // Errors are values here.
            let _ = resolver.resolve_section(section);
        }
        rbuildout_parser::mistakes(&profile, &|_, _| None);
        rbuildout_parser::annotate(&profile.config, &[], true, None);
    }
}

/// Templates: the engine's own look at them. They are not rendered, as a template may run for ever.
pub fn templates(text: &str) {
    let job = RenderJob { source: text.to_owned(), name: "template".to_owned(), ..RenderJob::default() };
    let _ = NativeEngine.supports(&job);
}
