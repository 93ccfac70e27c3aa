//! The `environment` option of cmmi and of `slapos.recipe.build`.
//!
//! The option is either inline (it contains `=`: one `KEY = VALUE` per line) or the name of a section whose options are
//! the variables. Each value is `%`-formatted with the environment of the run, never with another of these variables;
//! that happens when the environment is first needed, and logs each variable.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use rbuildout_parser::python::to_str;

use crate::api::{Host, text};
use crate::error::RecipeError;
use crate::native::common::percent::format_with;
use crate::run::RunContext;

/// Variables of a process.
pub(crate) type Variables = BTreeMap<OsString, OsString>;

/// What a part's `environment` option says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment {
    /// `None` if the option is absent or empty.
    overrides: Option<BTreeMap<String, String>>,
}

impl Environment {
    /// Reads the option `environment` of the section being initialised.
    pub(crate) fn read(host: &mut dyn Host) -> Result<Self, RecipeError> {
        let Some(value) = text(host, "environment")?.filter(|value| !value.is_empty()) else {
            return Ok(Self::default());
        };
        if value.contains('=') {
            return Ok(Self { overrides: Some(parse(&value)?) });
        }
        let section = host.section(&value)?;
        let overrides = section.into_iter().map(|(key, value)| (key, to_str(&value))).collect();
        Ok(Self { overrides: Some(overrides) })
    }

    /// The `PATH` for looking up a program, without logging anything.
    pub(crate) fn path(&self, run: &RunContext) -> Result<Option<OsString>, RecipeError> {
        let base = run.services.environment();
        match self.overrides.as_ref().and_then(|overrides| overrides.get("PATH")) {
            Some(value) => Ok(Some(expand("PATH", value, &base, run)?.into())),
            None => Ok(base.get(OsStr::new("PATH")).cloned()),
        }
    }

    /// The environment for this part's commands. Logs the overrides.
    pub(crate) fn variables(&self, run: &RunContext) -> Result<Variables, RecipeError> {
        let base = run.services.environment();
        let mut variables = (*base).clone();
        for (key, value) in self.overrides.iter().flatten() {
            let value = expand(key, value, &base, run)?;
            run.info(&format!("[ENV] {key} = {value}"));
            variables.insert(key.into(), value.into());
        }
        Ok(variables)
    }
}

fn expand(key: &str, value: &str, base: &Variables, run: &RunContext) -> Result<String, RecipeError> {
    format_with(value, "_Environ", |name| {
        let found = base.get(OsStr::new(name)).map(|found| found.to_string_lossy().into_owned());
        found.ok_or_else(|| {
            run.error(&format!("The variable {name} is not set: `environment` uses it in the value of {key}."));
            RecipeError::internal("KeyError", rbuildout_parser::python::str_repr(name))
        })
    })
}

fn parse(text: &str) -> Result<BTreeMap<String, String>, RecipeError> {
    let mut variables = BTreeMap::new();
    for line in text.split('\n').map(str::trim).filter(|line| !line.is_empty()) {
        let Some((key, value)) = line.split_once('=') else {
            return Err(RecipeError::user(format!("Line {} in environment is incorrect", repr(line))));
        };
        let key = key.trim_end();
        if variables.insert(key.to_owned(), value.trim_start().to_owned()).is_some() {
            return Err(RecipeError::user(format!("Key {} is repeated", repr(key))));
        }
    }
    Ok(variables)
}

fn repr(text: &str) -> String {
    rbuildout_parser::python::str_repr(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_lines() {
        let variables = parse(" A = 1\n\nB=x = y \nC=").unwrap();
        let expected = [("A", "1"), ("B", "x = y"), ("C", "")];
        assert!(variables.iter().map(|(key, value)| (key.as_str(), value.as_str())).eq(expected));
        assert_eq!(parse("A=1\nB").unwrap_err().to_string(), "Line 'B' in environment is incorrect");
        assert_eq!(parse("A=1\nA =2").unwrap_err().to_string(), "Key 'A' is repeated");
    }
}
