//! What recipes did while they were initialised, so that Python need not be started to do it again.
//!
//! The initialisation of a recipe is a dialogue: it asks the engine, the engine answers. The dialogue is kept with all that
//! it depends on besides the answers: the code (recipe, distributions, interpreter, our own side), the section's options and
//! the variables of the environment that were read. On the next run the engine asks itself the same questions. If all
//! answers are the same, so would be the outcome: the initialisation has happened. At the first other answer the recipe is
//! really initialised, which begins by saying the same again.
//!
//! An initialisation that looked at the world (files, commands, the network, the clock) or asked for what can't be done
//! twice is never kept. The file is `python-init.json` among those of the run; it may be deleted at any time.

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rbuildout_cache::hash::md5_hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::describe;
use super::serve::Answers;
use crate::live::LiveBuildout;
use crate::run::Variables;

/// Requests that can be made twice.
const REPEATABLE: [&str; 16] = [
    "get",
    "set",
    "contains",
    "alive",
    "keys",
    "raw",
    "copy",
    "touch",
    "sub",
    "depends",
    "barrier",
    "sections",
    "settings",
    "log",
    "used",
    "signature",
];

/// One question and its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Exchange {
    call: String,
    args: Value,
    answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Result(Value),
    /// Class and message.
    Error(String, String),
}

impl Exchange {
    pub(super) fn new(call: &str, args: Value, outcome: &Result<Value, crate::error::RecipeError>) -> Self {
        Self { call: call.to_owned(), args, answer: Answer::of(outcome) }
    }
}

impl Answer {
    fn of(outcome: &Result<Value, crate::error::RecipeError>) -> Self {
        match outcome {
            Ok(result) => Self::Result(result.clone()),
            Err(error) => {
                let error = describe(error);
                Self::Error(error.class, error.message)
            }
        }
    }
}

/// An initialisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Trace {
    /// md5 over what it depends on.
    key: String,
    /// Variables that were read; `None` for one that was not set.
    environ: BTreeMap<String, Option<String>>,
    dialogue: Vec<Exchange>,
    /// What `init` answered.
    made: Value,
}

impl Trace {
    /// `None` if the initialisation can't be done again without Python.
    pub(super) fn new(key: String, dialogue: Vec<Exchange>, made: &Value) -> Option<Self> {
        let untouched = made.get("world").and_then(Value::as_array).is_some_and(Vec::is_empty);
        let repeatable = dialogue.iter().all(|exchange| REPEATABLE.contains(&exchange.call.as_str()));
        if !untouched || !repeatable {
            return None;
        }
        let environ = serde_json::from_value(made.get("environ").cloned().unwrap_or_default()).ok()?;
        Some(Self { key, environ, dialogue, made: made.clone() })
    }

    /// Does it again. Returns what `init` would answer, or `None` if something is different now.
    pub(super) fn replay(&self, key: &str, environment: &Variables, live: &mut dyn LiveBuildout) -> Option<Value> {
        let same_variable = |(name, value): (&String, &Option<String>)| {
            let now = environment.get(std::ffi::OsStr::new(name)).map(|value| value.to_string_lossy().into_owned());
            now == *value
        };
        if self.key != key || !self.environ.iter().all(same_variable) {
            return None;
        }
        let answers = Answers { log: None };
        let mut said = Vec::new();
        for exchange in &self.dialogue {
            if exchange.call == "log" {
                // Told when it is sure that nobody says it again.
                said.push(exchange);
                continue;
            }
            let outcome = answers.answer(live, &exchange.call, exchange.args.clone());
            if Answer::of(&outcome) != exchange.answer {
                return None;
            }
        }
        for exchange in said {
            // A record can't fail.
            let _ = answers.answer(live, &exchange.call, exchange.args.clone());
        }
        Some(self.made.clone())
    }
}

/// The traces of a buildout, by section.
pub(super) struct Traces {
    path: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    loaded: bool,
    traces: BTreeMap<String, Trace>,
    /// Sections of this run.
    seen: HashSet<String>,
    changed: bool,
}

impl Traces {
    /// Those in a file, which is read when the first one is wanted. Without a file nothing is kept.
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.loaded {
            state.loaded = true;
            // What can't be read is made anew.
            let text = self.path.as_deref().and_then(|path| fs_err::read_to_string(path).ok());
            state.traces = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        }
        state
    }

    pub(super) fn get(&self, section: &str) -> Option<Trace> {
        let mut state = self.state();
        state.seen.insert(section.to_owned());
        state.traces.get(section).cloned()
    }

    /// Keeps the trace of a section, or forgets the one there was.
    pub(super) fn put(&self, section: &str, trace: Option<Trace>) {
        let mut state = self.state();
        state.changed |= trace.is_some() || state.traces.contains_key(section);
        match trace {
            Some(trace) => state.traces.insert(section.to_owned(), trace),
            None => state.traces.remove(section),
        };
    }

    /// Writes the file, if anything changed. Traces of sections that no run mentions any more go if `whole`, when all
    /// parts were initialised.
    pub(super) fn save(&self, whole: bool) -> std::io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut state = self.state();
        if whole {
            let State { traces, seen, changed, .. } = &mut *state;
            let before = traces.len();
            traces.retain(|section, _| seen.contains(section));
            *changed |= traces.len() != before;
        }
        if !state.changed {
            return Ok(());
        }
        state.changed = false;
        let directory = path.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(&serde_json::to_vec(&state.traces)?)?;
        file.persist(path)?;
        Ok(())
    }
}

/// The key of an initialisation: all that decides about it but the answers of the engine.
pub(super) fn key(parts: &[&str], live: &dyn LiveBuildout, section: &str) -> String {
    let mut text = parts.join("\0");
    for (option, value) in live.raw(section) {
        text.extend(["\0", &option, "\0", &value]);
    }
    md5_hex(text)
}
