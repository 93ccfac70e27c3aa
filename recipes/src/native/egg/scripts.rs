//! Which scripts a part has.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rbuildout_eggs::{ScriptSource, Scripts, WorkingSet};
use regex::Regex;

use super::source::{lines, of_buildout, publish};
use crate::api::{Host, text};
use crate::error::RecipeError;
use crate::native::common::paths::{resolve, to_text};
use crate::run::RunContext;

/// The options about scripts. What is wrong with the values is said when scripts are made, as by the original.
#[derive(Debug)]
pub(super) struct ScriptOptions {
    bin_directory: PathBuf,
    extra_paths: Vec<PathBuf>,
    relative_paths: Option<PathBuf>,
    /// `None` is all.
    names: Option<Vec<(String, String)>>,
    entry_points: Vec<String>,
    dependent: Option<String>,
    interpreter: Option<String>,
    initialization: String,
    arguments: String,
}

impl ScriptOptions {
    /// Reads the options of the section being initialised. `None` if it wants no scripts at all.
    pub(super) fn read(host: &mut dyn Host) -> Result<Option<Self>, RecipeError> {
        let bin_directory = host.settings().bin_directory.clone();
        publish(host, "bin-directory", &to_text(&bin_directory))?;
        publish(host, "_b", &to_text(&bin_directory))?;
        let extra_paths = lines(&text(host, "extra-paths")?.unwrap_or_default());
        let extra_paths: Vec<PathBuf> = extra_paths.iter().map(|path| resolve(host.settings(), path)).collect();
        if !extra_paths.is_empty() {
            let absolute: Vec<String> = extra_paths.iter().map(|path| to_text(path)).collect();
            publish(host, "extra-paths", &absolute.join("\n"))?;
        }
        let relative = match text(host, "relative-paths")? {
            Some(relative) => relative,
            None => of_buildout(host, "relative-paths")?.unwrap_or_else(|| "false".to_owned()),
        };
        let relative_paths = match relative.as_str() {
            "true" => {
                let directory = host.settings().directory.clone();
                publish(host, "buildout-directory", &to_text(&directory))?;
                Some(directory)
            }
            "false" => None,
            other => return Err(bad_relative_paths(host, other)),
        };
        // The original reads nothing more then.
        let names = text(host, "scripts")?;
        if names.as_deref() == Some("") {
            return Ok(None);
        }
        let renamed = |word: &str| {
            let (name, file) = word.split_once('=').unwrap_or((word, word));
            (name.to_owned(), file.to_owned())
        };
        let entry_points = text(host, "entry-points")?.unwrap_or_default();
        Ok(Some(Self {
            bin_directory,
            extra_paths,
            relative_paths,
            names: names.map(|names| names.split_whitespace().map(renamed).collect()),
            entry_points: entry_points.split_whitespace().map(str::to_owned).collect(),
            dependent: text(host, "dependent-scripts")?,
            interpreter: text(host, "interpreter")?,
            initialization: text(host, "initialization")?.unwrap_or_default(),
            arguments: text(host, "arguments")?.unwrap_or_default(),
        }))
    }

    /// What to generate for a part with these eggs. The error is told to `run`, if there is one.
    pub(super) fn request(
        &self,
        eggs: &[String],
        set: &WorkingSet,
        run: Option<&RunContext>,
    ) -> Result<Scripts, RecipeError> {
        let mut requirements: Vec<ScriptSource> = eggs.iter().cloned().map(ScriptSource::Requirement).collect();
        for text in &self.entry_points {
            let Some(entry) = parse(text) else {
                if let Some(run) = run {
                    run.error(&format!("Cannot parse the entry point {text}."));
                }
                let hint = format!("Write `NAME=MODULE:FUNCTION` without blanks, instead of `{text}`.");
                return Err(RecipeError::user_with_hint("Invalid entry point", hint));
            };
            requirements.push(entry);
        }
        let dependent = match self.dependent.as_deref() {
            Some("true") => true,
            None | Some("" | "false") => false,
            Some(other) => {
                let message = format!("Invalid value for dependent-scripts option: {other}");
                return Err(RecipeError::user_with_hint(message, "Use `true` or `false`."));
            }
        };
        if dependent {
            for distribution in set.iter() {
                let source = ScriptSource::Requirement(distribution.project().to_owned());
                if distribution.project() != "setuptools" && !requirements.contains(&source) {
                    requirements.push(source);
                }
            }
        }
        Ok(Scripts {
            requirements,
            directory: self.bin_directory.clone(),
            names: self.names.clone(),
            extra_paths: self.extra_paths.clone(),
            arguments: self.arguments.clone(),
            interpreter: self.interpreter.clone(),
            initialization: self.initialization.clone(),
            relative_paths: self.relative_paths.as_deref().map(Path::to_owned),
        })
    }
}

fn bad_relative_paths(host: &dyn Host, value: &str) -> RecipeError {
    match host.settings().mode {
        crate::api::Mode::Upstream => RecipeError::internal("AssertionError", ""),
        crate::api::Mode::Slapos => RecipeError::user_with_hint(
            format!("Invalid value for relative-paths option: {value}"),
            "Use `true` or `false`.",
        ),
    }
}

/// `NAME=MODULE:ATTRIBUTES`.
fn parse(text: &str) -> Option<ScriptSource> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| Regex::new(r"^([^=]+)=(\w+(?:\.\w+)*):(\w+(?:\.\w+)*)$").ok()).as_ref()?;
    let found = pattern.captures(text)?;
    let (name, module, attributes) = (found[1].to_owned(), found[2].to_owned(), found[3].to_owned());
    Some(ScriptSource::Entry { name, module, attributes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_points() {
        let entry = |name: &str, module: &str, attributes: &str| {
            Some(ScriptSource::Entry { name: name.into(), module: module.into(), attributes: attributes.into() })
        };
        assert_eq!(parse("a=b.c:d.e"), entry("a", "b.c", "d.e"));
        assert_eq!(parse("a-b=c:d"), entry("a-b", "c", "d"));
        for bad in ["a", "a=b", "=b:c", "a=b:", "a=b:c:d", "a=b.:c", "a=b=c:d"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
