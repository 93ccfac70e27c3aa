//! Answers to what Python asks of the engine.

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::RecipeError;
use crate::live::{Depends, LiveBuildout};
use crate::run::PartLog;

/// Who is told what happens.
pub(super) struct Answers<'a> {
    /// The log of the part that is being installed, if one is.
    pub(super) log: Option<&'a dyn PartLog>,
}

#[derive(Deserialize)]
struct Section {
    section: String,
}

#[derive(Deserialize)]
struct Option_ {
    section: String,
    key: String,
}

#[derive(Deserialize)]
struct Assignment {
    section: String,
    key: String,
    value: String,
}

#[derive(Deserialize)]
struct Addition {
    name: String,
    options: IndexMap<String, String>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    section: String,
    text: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

#[derive(Deserialize)]
struct Dependencies {
    section: String,
    #[serde(flatten)]
    depends: Depends,
}

#[derive(Deserialize)]
struct Keys {
    section: String,
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct Record {
    logger: String,
    level: i64,
    text: String,
}

pub(super) fn read<T: DeserializeOwned>(args: Value) -> Result<T, RecipeError> {
    serde_json::from_value(args).map_err(|error| {
        RecipeError::internal("RuntimeError", format!("malformed request of the recipe host: {error}"))
    })
}

impl Answers<'_> {
    pub(super) fn record(&self, live: &dyn LiveBuildout, logger: &str, level: i64, text: &str) {
        match self.log {
            Some(log) => log.record_of(logger, level, text),
            None => live.record(logger, level, text),
        }
    }

    /// The answer to one request.
    pub(super) fn answer(&self, live: &mut dyn LiveBuildout, call: &str, args: Value) -> Result<Value, RecipeError> {
        Ok(match call {
            "get" => {
                let Option_ { section, key } = read(args)?;
                live.option(&section, &key)?.into()
            }
            "contains" => live.has(&read::<Section>(args)?.section).into(),
            "alive" => live.is_alive(&read::<Section>(args)?.section).into(),
            "keys" => live.keys(&read::<Section>(args)?.section).into(),
            "raw" => json!(live.raw(&read::<Section>(args)?.section)),
            "copy" => json!(live.copy(&read::<Section>(args)?.section)?),
            "set" => {
                let Assignment { section, key, value } = read(args)?;
                live.set(&section, &key, &value);
                Value::Null
            }
            "delete" => {
                let Option_ { section, key } = read(args)?;
                live.delete(&section, &key).into()
            }
            "used" => {
                let Keys { section, keys } = read(args)?;
                live.used(&section, &keys)?;
                Value::Null
            }
            "touch" => {
                live.touch(&read::<Section>(args)?.section)?;
                Value::Null
            }
            "sections" => live.sections().into(),
            "add" => {
                let Addition { name, options } = read(args)?;
                live.add(&name, options)?.into()
            }
            "parse" => live.parse(&read::<Source>(args)?.text)?.into(),
            "configparser" => {
                let Source { text, name, .. } = read(args)?;
                json!(live.read_sections(&text, &name)?)
            }
            "virtual" => {
                live.set_virtual(&read::<Section>(args)?.section);
                Value::Null
            }
            "settings" => live.state(&read::<Key>(args)?.key),
            "recipe" => live.recipe(&read::<Section>(args)?.section)?.into(),
            "construct" => {
                live.construct(&read::<Section>(args)?.section)?;
                Value::Null
            }
            "sub" => {
                let Source { section, text, .. } = read(args)?;
                live.substitute(&section, &text)?.into()
            }
            "signature" => live.signature(&read::<Section>(args)?.section)?.into(),
            "barrier" => {
                live.barrier(&read::<Section>(args)?.section);
                Value::Null
            }
            "depends" => json!(live.depends(&read::<Section>(args)?.section)),
            "set_depends" => {
                let Dependencies { section, depends } = read(args)?;
                live.set_depends(&section, depends);
                Value::Null
            }
            "log" => {
                let Record { logger, level, text } = read(args)?;
                self.record(live, &logger, level, &text);
                Value::Null
            }
            other => {
                let message = format!("the recipe host asks for something unknown: {other}");
                return Err(RecipeError::internal("RuntimeError", message));
            }
        })
    }
}
