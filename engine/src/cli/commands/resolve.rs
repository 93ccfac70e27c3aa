//! `resolve`: the static view of profiles, as JSON.
//!
//! Without profiles as arguments the profile of `-c` is printed. With several, one line is printed for each, and all
//! share what was read: the way to check a whole tree of profiles.

use std::borrow::Cow;
use std::sync::Arc;

use clap::Parser;
use rayon::prelude::*;
use rbuildout_parser::{Entry, Library, Mode, Origin, Profile, Resolved, Resolver, unescape};
use serde_json::{Map, Value, json};

use super::{Problem, output};
use crate::session::Session;

/// Print all sections after extends, macros and substitution.
#[derive(Debug, Parser)]
#[command(name = "rbuildout resolve", no_binary_name = true, disable_version_flag = true)]
struct Arguments {
    /// Print one JSON document (the only format there is).
    #[arg(long)]
    json: bool,
    /// Only count sections and options and list what can't be resolved.
    #[arg(long, conflicts_with = "json")]
    check: bool,
    /// Profiles to resolve instead of the one of `-c`.
    profiles: Vec<String>,
}

/// Name that stands for the path of the target interpreter, which differs from machine to machine.
const PYTHON: &str = "@PYTHON@";

pub(super) fn resolve(session: &Session, arguments: &[String]) -> Result<(), Problem> {
    let arguments: Arguments = super::plan::arguments("resolve", arguments)?;
    let library = session.library();
    if arguments.check {
        return check(session, &library, &arguments.profiles);
    }
    if arguments.profiles.is_empty() {
        let profile = session.load()?;
        return output(&format!("{}\n", document(profile)));
    }
    let documents: Vec<Result<String, Problem>> = arguments
        .profiles
        .par_iter()
        .map(|name| Ok(format!("{}\n", document(&library.load(&session.request(name))?))))
        .collect();
    for document in documents {
        output(&document?)?;
    }
    Ok(())
}

/// Resolves profiles and reports what is wrong with each; fails if anything is.
fn check(session: &Session, library: &Library<'_>, names: &[String]) -> Result<(), Problem> {
    let default = [session.options.config.clone()];
    let names = if names.is_empty() { &default[..] } else { names };
    let reports: Vec<(String, usize)> = names.par_iter().map(|name| check_one(session, library, name)).collect();
    let mut problems = 0;
    for (line, count) in &reports {
        problems += count;
        output(line)?;
    }
    if problems == 0 {
        Ok(())
    } else {
        Err(Problem::Message(format!("{problems} problems in {} profiles", names.len())))
    }
}

fn check_one(session: &Session, library: &Library<'_>, name: &str) -> (String, usize) {
    let profile = match library.load(&session.request(name)) {
        Ok(profile) => profile,
        Err(failure) => {
            let lines: Vec<String> = failure.all().map(|error| format!("{name}: {error}\n")).collect();
            return (lines.concat(), lines.len());
        }
    };
    let mut resolver = Resolver::new(&profile);
    let (mut options, mut waiting) = (0, 0);
    let mut lines = String::new();
    let mut problems = 0;
    for section in profile.config.sections.keys() {
        match resolver.resolve_section(section) {
            Ok(resolved) => {
                for (option, value) in resolved {
                    options += 1;
                    match value {
                        Resolved::Value(_) => {}
                        Resolved::NeedsRecipe { .. } => waiting += 1,
                        Resolved::Error(error) => {
                            problems += 1;
                            let message = error.message.replace('\n', " ");
                            lines.push_str(&format!("{name}: {section}:{option}: {message}\n"));
                        }
                    }
                }
            }
            Err(error) => {
                problems += 1;
                lines.push_str(&format!("{name}: {section}: {error}\n"));
            }
        }
    }
    let count = profile.config.sections.len();
    let summary =
        format!("{name}: {count} sections, {options} options, {waiting} need a recipe, {problems} problems\n");
    (summary + &lines, problems)
}

fn is_profile_option(origin: Origin) -> bool {
    !matches!(origin, Origin::Default | Origin::Computed | Origin::CommandLine)
}

/// What a reader of the option gets.
fn final_text(mode: Mode, value: &str) -> Cow<'_, str> {
    match mode {
        Mode::Slapos => unescape(value),
        Mode::Upstream => Cow::Borrowed(value),
    }
}

/// The whole profile as one document.
fn document(profile: &Profile) -> Value {
    let config = &profile.config;
    let mut resolver = Resolver::new(profile);
    let python = profile.raw("buildout", "executable").filter(|path| !path.is_empty()).cloned();
    let shown = |text: &str| match &python {
        Some(python) => text.replace(&**python, PYTHON),
        None => text.to_owned(),
    };
    let mut sections = Map::new();
    for (name, section) in &config.sections {
        let visible = |key: &str| section.options.get(key).is_none_or(|entry| is_profile_option(entry.origin()));
        let texts = |options: &mut dyn Iterator<Item = (&Arc<str>, &Entry)>| -> Map<String, Value> {
            let options = options.filter(|(key, _)| visible(key));
            options.map(|(key, entry)| (key.to_string(), entry.value.to_string().into())).collect()
        };
        let raw = texts(&mut section.shown().iter().map(|(key, entry)| (key, &**entry)));
        let mut entry = Map::new();
        entry.insert("raw".to_owned(), raw.into());
        match resolver.section(name) {
            Ok(expanded) => {
                if section.options.contains_key("<") && &**name != "buildout" {
                    entry.insert("expanded".to_owned(), texts(&mut expanded.options.iter()).into());
                }
                let keys: Vec<_> = expanded.options.keys().filter(|key| visible(key)).cloned().collect();
                let resolved: Map<String, Value> = keys
                    .into_iter()
                    .map(|key| {
                        let value = match resolver.option(name, &key) {
                            Resolved::Value(value) => json!({ "v": shown(&final_text(config.mode, &value)) }),
                            Resolved::NeedsRecipe { section, option } => {
                                json!({ "s": "needs-recipe", "first": [&*section, &*option] })
                            }
                            Resolved::Error(error) => json!({ "s": "error", "error": error.message }),
                        };
                        (key.to_string(), value)
                    })
                    .collect();
                entry.insert("resolved".to_owned(), resolved.into());
            }
            Err(error) => {
                entry.insert("expand-error".to_owned(), error.message.into());
                entry.insert("resolved".to_owned(), Map::new().into());
            }
        }
        sections.insert(name.to_string(), entry.into());
    }
    let files: Vec<&str> = config.files.iter().map(|file| file.name.as_str()).collect();
    json!({ "version": 1, "sections": sections, "files": files })
}
