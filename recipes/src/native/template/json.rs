//! JSON texts as Python values.

use rbuildout_parser::python::Value;
use serde_json::Value as Json;

use crate::error::RecipeError;

/// Decodes a JSON text.
pub(super) fn parse(text: &str) -> Result<Value, RecipeError> {
    match serde_json::from_str(text) {
        Ok(json) => convert(json),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(RecipeError::internal(
                "json.decoder.JSONDecodeError",
                format!("{}: line {line} column {column}", reason(&error)),
            ))
        }
    }
}

/// What is wrong, without the place.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_owned())
}

fn convert(json: Json) -> Result<Value, RecipeError> {
    Ok(match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match (number.as_i128(), number.as_f64()) {
            (Some(value), _) => Value::Int(value),
            (None, Some(value)) => Value::Float(value),
            (None, None) => {
                return Err(RecipeError::internal("OverflowError", format!("the number {number} is too large")));
            }
        },
        Json::String(text) => Value::Str(text),
        Json::Array(items) => Value::List(items.into_iter().map(convert).collect::<Result<_, _>>()?),
        Json::Object(members) => {
            let members = members.into_iter().map(|(key, value)| Ok((Value::Str(key), convert(value)?)));
            Value::Dict(members.collect::<Result<_, RecipeError>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rbuildout_parser::python::repr;

    #[test]
    fn keeps_order_and_kinds() {
        let value = parse(r#"{"b": [1, 2.5, true, null], "a": "é"}"#).unwrap();
        assert_eq!(repr(&value), "{'b': [1, 2.5, True, None], 'a': 'é'}");
        let error = parse("{nosuch").unwrap_err().to_string();
        assert!(error.starts_with("json.decoder.JSONDecodeError: ") && error.ends_with("line 1 column 2"), "{error}");
    }
}
