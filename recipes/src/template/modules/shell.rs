//! `shlex`.

use minijinja::value::Value;

use super::super::convert::string;
use super::super::errors::{unsupported, value_error};
use super::super::filters::Args;
use super::super::iterate::items;
use super::super::object::{Result, list, text};

/// Calls a function of the module.
pub(crate) fn call(function: &str, args: &Args<'_>) -> Result {
    let first = args.positional().first().cloned().unwrap_or_default();
    match function {
        "quote" => Ok(text(quote(&string(&first)?))),
        "join" => {
            let words = items(&first)?.iter().map(|word| Ok(quote(&string(word)?))).collect::<Result<Vec<_>>>()?;
            Ok(text(words.join(" ")))
        }
        "split" => Ok(list(split(&string(&first)?)?.into_iter().map(Value::from).collect())),
        _ => Err(unsupported(format!("shlex.{function}()"))),
    }
}

fn quote(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else if word.is_empty() {
        "''".to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    }
}

fn split(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err(value_error("No closing quotation")),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err(value_error("No escaped character")),
                        },
                        Some(c) => word.push(c),
                        None => return Err(value_error("No closing quotation")),
                    }
                }
            }
            '\\' => match chars.next() {
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err(value_error("No escaped character")),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}
