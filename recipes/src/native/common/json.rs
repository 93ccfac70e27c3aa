//! JSON texts that equal Python's `json.dumps(..., sort_keys=True, indent=2, ensure_ascii=False)`.

use std::collections::BTreeMap;

use rbuildout_parser::python::{Value, to_str};
use serde_json::Value as Json;

use crate::error::RecipeError;

/// An object with sorted keys.
pub(crate) fn object(options: &BTreeMap<String, Value>) -> Result<String, RecipeError> {
    let members: Result<serde_json::Map<_, _>, _> =
        options.iter().map(|(key, value)| Ok::<_, RecipeError>((key.clone(), convert(value)?))).collect();
    // `preserve_order` keeps the order in which the sorted keys came.
    serde_json::to_string_pretty(&Json::Object(members?)).map_err(|error| std::io::Error::from(error).into())
}

fn convert(value: &Value) -> Result<Json, RecipeError> {
    Ok(match value {
        Value::None => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => match i64::try_from(*value) {
            Ok(value) => Json::from(value),
            Err(_) => return Err(unserializable("int")),
        },
        Value::Float(value) => Json::from(*value),
        Value::Str(text) => Json::from(text.as_str()),
        Value::List(items) | Value::Tuple(items) => Json::Array(items.iter().map(convert).collect::<Result<_, _>>()?),
        Value::Dict(dict) => {
            let sorted: BTreeMap<String, &Value> = dict.iter().map(|(key, value)| (to_str(key), value)).collect();
            let members = sorted.into_iter().map(|(key, value)| Ok((key, convert(value)?)));
            Json::Object(members.collect::<Result<_, RecipeError>>()?)
        }
        other => return Err(unserializable(other.type_name())),
    })
}

fn unserializable(class: &str) -> RecipeError {
    RecipeError::internal("TypeError", format!("Object of type {class} is not JSON serializable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_python() {
        let options = [
            ("b", Value::from("\u{e9}\"\\\t\n\u{1f}\u{7f}/")),
            ("a", Value::List(vec![Value::from(1), Value::None])),
            ("c", Value::List(vec![])),
        ];
        let options = options.map(|(key, value)| (key.to_owned(), value)).into();
        assert_eq!(
            object(&options).unwrap(),
            "{\n  \"a\": [\n    1,\n    null\n  ],\n  \"b\": \"\u{e9}\\\"\\\\\\t\\n\\u001f\u{7f}/\",\n  \"c\": []\n}"
        );
        let set = BTreeMap::from([("a".to_owned(), Value::Set([Value::from(1)].into_iter().collect()))]);
        assert!(object(&set).is_err());
    }
}
