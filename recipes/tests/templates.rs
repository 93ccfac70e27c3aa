//! The native template engine against results of the real Jinja2.
//!
//! `tests/conformance/templates/golden.json` is written by `generate.py` beside it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use rbuildout_parser::python::{Dict, Value};
use rbuildout_recipes::template::{ContextValue, ImportSource, Imports, NativeEngine, RenderJob, TemplateEngine as _};
use serde_json::Value as Json;

const GOLDEN: &str = include_str!("../../tests/conformance/templates/golden.json");

/// Messages that differ from Python's in words only: the class is the same.
const OTHER_WORDS: &[&str] = &["{{ json.loads('{') is defined }}", "{% from 'lib' import nosuch %}{{ nosuch }}"];

fn python(value: &Json) -> Value {
    match value {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap()), |int| Value::Int(int.into()))
        }
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(python).collect()),
        Json::Object(entries) => {
            Value::Dict(entries.iter().map(|(key, value)| (Value::from(key.as_str()), python(value))).collect::<Dict>())
        }
    }
}

fn job(golden: &Json, source: &str) -> RenderJob {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let mut job = RenderJob { source: source.to_owned(), name: "<inline>".to_owned(), ..RenderJob::default() };
    for (name, value) in golden["context"].as_object().unwrap() {
        job.context.insert(name.clone(), ContextValue::Value(python(value)));
    }
    for (name, module) in golden["modules"].as_object().unwrap() {
        job.context.insert(name.clone(), ContextValue::Module(text(module)));
    }
    job.context.insert("b".to_owned(), ContextValue::Value(Value::Bytes(b"bytes".to_vec())));
    job.imports = Some(Imports {
        delimiter: "/".to_owned(),
        aliases: golden["imports"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(alias, source)| (alias.clone(), ImportSource::Text(text(source))))
            .collect(),
    });
    job.extensions = golden["extensions"].as_array().unwrap().iter().map(text).collect();
    job
}

#[test]
fn snippets_render_as_in_jinja2() {
    let golden: Json = serde_json::from_str(GOLDEN).unwrap();
    let mut failures = Vec::new();
    for case in golden["cases"].as_array().unwrap() {
        let source = case["source"].as_str().unwrap();
        let actual = NativeEngine.render(&job(&golden, source));
        let failure = match (&case["ok"], &actual) {
            (Json::String(expected), Ok(text)) if expected == text => None,
            (Json::String(expected), Ok(text)) => Some(format!("expected {expected:?}\n  got      {text:?}")),
            (Json::String(expected), Err(error)) => Some(format!("expected {expected:?}\n  got      {error}")),
            (_, Ok(text)) => Some(format!("expected {}: {}\n  got      {text:?}", case["class"], case["message"])),
            (_, Err(error)) => {
                let same_class = case["class"] == *error.exception.class;
                let same_words = case["message"] == *error.exception.message || OTHER_WORDS.contains(&source);
                (!same_class || !same_words)
                    .then(|| format!("expected {}: {}\n  got      {error}", case["class"], case["message"]))
            }
        };
        failures.extend(failure.map(|failure| format!("{source:?}\n  {failure}")));
    }
    assert!(failures.is_empty(), "{} snippets differ:\n{}", failures.len(), failures.join("\n"));
}

mod properties {
    use proptest::prelude::*;

    use rbuildout_recipes::template::TemplateEngine as _;

    use super::{ContextValue, NativeEngine, RenderJob, Value};

    fn render(source: &str) -> Result<String, String> {
        let mut job = RenderJob {
            source: source.to_owned(),
            name: "<inline>".to_owned(),
            extensions: vec!["jinja2.ext.do".to_owned()],
            ..RenderJob::default()
        };
        job.context.insert("x".to_owned(), ContextValue::Value(Value::from("text")));
        let _ = NativeEngine.supports(&job);
        NativeEngine.render(&job).map_err(|error| format!("{}:{}", error.line, error.exception.class))
    }

    const PIECES: &[&str] = &[
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "if", "for", "in", "set", "x", "macro", "endfor", "endif", "(",
        ")", "[", "]", "{", "}", "'", "\"", "\\", "|", ".", ",", ":", "=", "is", "not", "and", "~", "%", "**", "1",
        "1.5", "raw", "endraw", "\n", " ", "upper", "else", "do", "import", "é", "range(3)", "include", "as", "with",
        "context",
    ];

    proptest! {
        #[test]
        fn nothing_panics(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..24)) {
            let _ = render(&pieces.concat());
            let _ = render(&pieces.join(" "));
        }

        #[test]
        fn text_stays(text in "[^{]{0,40}") {
            let normal = text.replace("\r\n", "\n").replace('\r', "\n");
            let expected = normal.strip_suffix('\n').unwrap_or(&normal);
            prop_assert_eq!(render(&text).unwrap(), expected);
        }

        /// Wherever line ends are inside tags, the error is in the line of the name.
        #[test]
        fn lines_stay(before in 0usize..4, inside in 0usize..4, after in 0usize..4) {
            let source = format!(
                "{}{{{{ [1,{}{{'a': 'b{}'}}] ~ 'x' % () }}}}{}{{{{ nosuch }}}}",
                "\n".repeat(before), "\n".repeat(inside), "\n".repeat(inside), "\n".repeat(after),
            );
            let source = source.replace(" % ()", "");
            let line = source.matches('\n').count() + 1;
            prop_assert_eq!(render(&source), Err(format!("{line}:jinja2.exceptions.UndefinedError")));
        }
    }

    #[test]
    fn deep_nesting_is_an_error() {
        for piece in ["(", "[", "{1:", "-", "not ", "x[", "x if x else ", "x(", "x|upper(", "x.y", "1+", "1~"] {
            let _ = render(&format!("{{{{ {} }}}}", piece.repeat(3000)));
            let _ = render(&format!("{{{{ {}1 }}}}", piece.repeat(300)));
        }
        let _ = render(&"{% if 1 %}".repeat(400));
        let _ = render(&format!("{}{}", "{% if 1 %}".repeat(400), "{% endif %}".repeat(400)));
    }

    #[test]
    fn without_the_extension_do_is_no_tag() {
        let job = RenderJob { source: "{% do 1 %}".to_owned(), ..RenderJob::default() };
        assert_eq!(
            NativeEngine.render(&job).unwrap_err().to_string(),
            "jinja2.exceptions.TemplateSyntaxError: Encountered unknown tag 'do'."
        );
    }

    #[test]
    fn what_needs_python() {
        let mut job = RenderJob::default();
        job.context.insert("m".to_owned(), ContextValue::Module("xlte.earfcn".to_owned()));
        assert_eq!(NativeEngine.supports(&job).unwrap_err().to_string(), "imports Python module `xlte.earfcn`");
        let job = RenderJob { extensions: vec!["jinja2.ext.i18n".to_owned()], ..RenderJob::default() };
        assert_eq!(NativeEngine.supports(&job).unwrap_err().to_string(), "uses the Jinja2 extension `jinja2.ext.i18n`");
        let job = RenderJob { source: "\n{{ [1]|random }}".to_owned(), name: "t".to_owned(), ..RenderJob::default() };
        assert_eq!(NativeEngine.supports(&job).unwrap_err().to_string(), "template t, line 2: the filter random");
    }
}
