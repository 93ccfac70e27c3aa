//! The messages between the engine and a Python process, version 1.
//!
//! Each message is one line of JSON in ASCII. A request is `{"id": n, "call": name, "args": {...}}`, its answer `{"id": n,
//! "result": ...}` or `{"id": n, "error": {...}}`. Both sides call each other: while a side waits for its answer it serves
//! the requests of the other, so that the calls on a channel nest strictly, like those of one program.
//!
//! Any message may have `"env"`: what changed in the environment since the sender's last message (`null`: gone).
//!
//! Bytes that are not UTF-8 are lone surrogates in Python's texts. They have no place in the engine's: they become U+FFFD.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rbuildout_parser::Frame;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version that both sides must speak.
pub(super) const PROTOCOL: u32 = 1;

/// Changes of the environment: a text, or `None` for what is gone.
pub(super) type EnvironmentChanges = BTreeMap<String, Option<String>>;

/// One message, of either side and either kind.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) id: u64,
    /// A request has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) call: Option<String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(super) args: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<ErrorObject>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) env: EnvironmentChanges,
}

/// An exception, on its way in either direction.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct ErrorObject {
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) class: String,
    #[serde(default)]
    pub(super) module: String,
    #[serde(default)]
    pub(super) message: String,
    /// Outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) frames: Vec<Frame>,
    /// Number of an error of the engine that passed through Python.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<usize>,
    /// Of `sys.exit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<i64>,
    /// An import of the code that the request names raised it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) importing: bool,
    /// Paths that the part had registered as created.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) created: Vec<String>,
}

/// What an exception is to the engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    User,
    MissingOption,
    MissingSection,
    Key,
    #[default]
    Internal,
    Exit,
    Interrupt,
}

impl Message {
    pub(super) fn request(id: u64, call: &str, args: Value, env: EnvironmentChanges) -> Self {
        Self { id, call: Some(call.to_owned()), args, env, ..Self::default() }
    }

    pub(super) fn answer(id: u64, outcome: Result<Value, ErrorObject>) -> Self {
        match outcome {
            Ok(result) => Self { id, result: Some(result), ..Self::default() },
            Err(error) => Self { id, error: Some(error), ..Self::default() },
        }
    }

    /// The line, with its end.
    pub(super) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let text = serde_json::to_string(self)?;
        let mut line = if text.is_ascii() { text.into_bytes() } else { escaped(&text).into_bytes() };
        line.push(b'\n');
        Ok(line)
    }

    pub(super) fn decode(line: &[u8]) -> serde_json::Result<Self> {
        match without_lone_surrogates(line) {
            Some(clean) => serde_json::from_slice(&clean),
            None => serde_json::from_slice(line),
        }
    }
}

/// JSON in which nothing is beyond ASCII.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    for character in json.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string can't fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// The line with `\ufffd` in place of each half of a pair; `None` if there is nothing to replace.
fn without_lone_surrogates(line: &[u8]) -> Option<Vec<u8>> {
    let escape = |at: usize| -> Option<u32> {
        let digits = line.get(at..at + 6).filter(|text| text.starts_with(b"\\u"))?;
        u32::from_str_radix(std::str::from_utf8(&digits[2..]).ok()?, 16).ok()
    };
    let mut clean = None;
    let mut at = 0;
    while at < line.len() {
        if line[at] != b'\\' {
            at += 1;
            continue;
        }
        match escape(at) {
            Some(0xd800..0xdc00) if matches!(escape(at + 6), Some(0xdc00..0xe000)) => at += 12,
            Some(0xd800..0xe000) => {
                let clean = clean.get_or_insert_with(|| line.to_vec());
                clean[at..at + 6].copy_from_slice(b"\\ufffd");
                at += 6;
            }
            Some(_) => at += 6,
            None => at += 2,
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates() {
        let text = |json: &str| Message::decode(json.as_bytes()).unwrap().result.unwrap();
        assert_eq!(text(r#"{"result": "a\udc80b"}"#), "a\u{fffd}b");
        assert_eq!(text(r#"{"result": "\ud83d\ude00"}"#), "\u{1f600}");
        assert_eq!(text(r#"{"result": "\ud83d"}"#), "\u{fffd}");
        assert_eq!(text(r#"{"result": "\\udc80"}"#), "\\udc80");
    }

    #[test]
    fn shapes() {
        let request = Message::request(1, "get", serde_json::json!({"key": "k"}), BTreeMap::new());
        assert_eq!(request.encode().unwrap(), b"{\"id\":1,\"call\":\"get\",\"args\":{\"key\":\"k\"}}\n");
        let text = Message::answer(1, Ok("\u{e9}\u{1f600}".into()));
        assert_eq!(text.encode().unwrap(), b"{\"id\":1,\"result\":\"\\u00e9\\ud83d\\ude00\"}\n");
        let answer = Message::answer(1, Ok(Value::Null));
        assert_eq!(answer.encode().unwrap(), b"{\"id\":1,\"result\":null}\n");
        let error = Message::decode(br#"{"id": 2, "error": {"kind": "missing-option", "token": 3}}"#).unwrap();
        assert_eq!(error.error.map(|error| (error.kind, error.token)), Some((Kind::MissingOption, Some(3))));
    }
}
