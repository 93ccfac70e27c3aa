//! The native template engine against results of the real Jinja2.
//!
//! `tests/conformance/templates/golden.json` is written by `generate.py` beside it.

use rbuildout_parser::python::{Dict, Value};
use rbuildout_recipes::template::{
    ContextValue, ImportSource, Imports, NativeEngine, RenderJob, TemplateEngine as _,
};
use serde_json::Value as Json;

const GOLDEN: &str = include_str!("../../tests/conformance/templates/golden.json");

/// Messages that differ from Python's in words only: the class is the same.
const OTHER_WORDS: &[&str] = &[
    "{{ json.loads('{') is defined }}",
    "{% from 'lib' import nosuch %}{{ nosuch }}",
];

fn python(value: &Json) -> Value {
    match value {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number.as_i64().map_or_else(
            || Value::Float(number.as_f64().unwrap()),
            |int| Value::Int(int.into()),
        ),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(python).collect()),
        Json::Object(entries) => Value::Dict(
            entries
                .iter()
                .map(|(key, value)| (Value::from(key.as_str()), python(value)))
                .collect::<Dict>(),
        ),
    }
}

fn job(golden: &Json, source: &str) -> RenderJob {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let mut job = RenderJob {
        source: source.to_owned(),
        name: "<inline>".to_owned(),
        ..RenderJob::default()
    };
    for (name, value) in golden["context"].as_object().unwrap() {
        job.context
            .insert(name.clone(), ContextValue::Value(python(value)));
    }
    for (name, module) in golden["modules"].as_object().unwrap() {
        job.context
            .insert(name.clone(), ContextValue::Module(text(module)));
    }
    job.context.insert(
        "b".to_owned(),
        ContextValue::Value(Value::Bytes(b"bytes".to_vec())),
    );
    job.imports = Some(Imports {
        delimiter: "/".to_owned(),
        aliases: golden["imports"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(alias, source)| (alias.clone(), ImportSource::Text(text(source))))
            .collect(),
    });
    job.extensions = golden["extensions"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
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
            (Json::String(expected), Ok(text)) => {
                Some(format!("expected {expected:?}\n  got      {text:?}"))
            }
            (Json::String(expected), Err(error)) => {
                Some(format!("expected {expected:?}\n  got      {error}"))
            }
            (_, Ok(text)) => Some(format!(
                "expected {}: {}\n  got      {text:?}",
                case["class"], case["message"]
            )),
            (_, Err(error)) => {
                let same_class = case["class"] == *error.exception.class;
                let same_words =
                    case["message"] == *error.exception.message || OTHER_WORDS.contains(&source);
                (!same_class || !same_words).then(|| {
                    format!(
                        "expected {}: {}\n  got      {error}",
                        case["class"], case["message"]
                    )
                })
            }
        };
        failures.extend(failure.map(|failure| format!("{source:?}\n  {failure}")));
    }
    assert!(
        failures.is_empty(),
        "{} snippets differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
