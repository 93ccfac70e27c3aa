//! Renders template jobs with the native engine, for the differential tests.
//!
//! One JSON object per line on stdin, one per line on stdout. A job has `source`, `name`, `context` (name to
//! `{"value": …}` or `{"module": "…"}`), `imports` (`null` or `{"delimiter": "/", "aliases": {name: {"text": …} | {"file":
//! …} | {"folder": …}}}`) and `extensions`. An answer is `{"ok": text}`, `{"class", "message", "template", "line"}` or
//! `{"unsupported": reason}`.

use std::io::{BufRead as _, Write as _};

use rbuildout_parser::python::{Dict, Value};
use rbuildout_recipes::template::{ContextValue, ImportSource, Imports, NativeEngine, RenderJob, TemplateEngine as _};
use serde_json::{Value as Json, json};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let job: Json = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&read_job(&job)))?;
        out.flush()?;
    }
    Ok(())
}

fn answer(job: &RenderJob) -> Json {
    if let Err(reason) = NativeEngine.supports(job) {
        return json!({ "unsupported": reason.to_string() });
    }
    match NativeEngine.render(job) {
        Ok(text) => json!({ "ok": text }),
        Err(error) if error.is_unsupported() => json!({ "unsupported": error.to_string() }),
        Err(error) => json!({
            "class": error.exception.class,
            "message": error.exception.message,
            "template": error.template,
            "line": error.line,
        }),
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn read_job(job: &Json) -> RenderJob {
    let entries = |value: &Json| value.as_object().cloned().unwrap_or_default();
    let context = entries(&job["context"]).into_iter().map(|(name, entry)| {
        let value = match entry.get("module") {
            Some(module) => ContextValue::Module(text(module)),
            None => ContextValue::Value(python(&entry["value"])),
        };
        (name, value)
    });
    let imports = job["imports"].as_object().map(|imports| Imports {
        delimiter: imports.get("delimiter").map_or_else(|| "/".to_owned(), text),
        aliases: entries(&job["imports"]["aliases"])
            .into_iter()
            .map(|(alias, source)| {
                let source = if let Some(file) = source.get("file") {
                    ImportSource::File(text(file).into())
                } else if let Some(folder) = source.get("folder") {
                    ImportSource::Folder(text(folder).into())
                } else {
                    ImportSource::Text(text(&source["text"]))
                };
                (alias, source)
            })
            .collect(),
    });
    RenderJob {
        source: text(&job["source"]),
        name: text(&job["name"]),
        context: context.collect(),
        imports,
        extensions: job["extensions"].as_array().map(|names| names.iter().map(text).collect()).unwrap_or_default(),
        now: 0,
        untyped: false,
    }
}

/// A JSON value as Python reads it.
fn python(value: &Json) -> Value {
    match value {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int.into()),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(python).collect()),
        Json::Object(entries) => {
            Value::Dict(entries.iter().map(|(key, value)| (Value::Str(key.clone()), python(value))).collect::<Dict>())
        }
    }
}
