//! `annotate` and `query`: the raw configuration, byte for byte as the reference shows it.

use rbuildout_parser::{Mode, Profile, annotate as render};

use super::{Problem, output};
use crate::run::{begin, create_directories};
use crate::session::Session;
use crate::ui::Reporter;

/// upstream mode: every command of zc.buildout initialises `[buildout]`, and makes the directories of eggs and downloads.
pub(super) fn like_upstream(session: &Session, profile: &Profile) -> Result<(), Problem> {
    if session.mode == Mode::Upstream {
        let begun = begin(session, profile)?;
        create_directories(&begun.caches, &Reporter::new(begun.log, false))?;
    }
    Ok(())
}

pub(super) fn annotate(session: &Session, sections: &[String]) -> Result<(), Problem> {
    if sections.iter().any(|section| section == "--json") {
        return json(session, sections);
    }
    let profile = session.load()?;
    like_upstream(session, profile)?;
    let verbose = profile.raw("buildout", "verbosity").is_some();
    let directory = profile.raw("buildout", "directory").cloned();
    output(&render(&profile.config, sections, verbose, directory.as_deref()))
}

/// Every option with its value and its chain of definitions.
fn json(session: &Session, arguments: &[String]) -> Result<(), Problem> {
    let only: Vec<&String> = arguments.iter().filter(|argument| *argument != "--json").collect();
    let profile = session.load()?;
    let config = &profile.config;
    let mut sections = serde_json::Map::new();
    for (name, section) in &config.sections {
        if !only.is_empty() && !only.iter().any(|wanted| ***wanted == **name) {
            continue;
        }
        let options: serde_json::Map<String, serde_json::Value> = section
            .options
            .iter()
            .map(|(key, entry)| {
                let chain = config.chain(entry);
                (key.to_string(), serde_json::json!({ "value": &*entry.value, "definitions": chain }))
            })
            .collect();
        sections.insert(name.to_string(), options.into());
    }
    let files: Vec<&str> = config.files.iter().map(|file| file.name.as_str()).collect();
    let document = serde_json::json!({ "version": 1, "files": files, "sections": sections });
    output(&format!("{document:#}\n"))
}

pub(super) fn query(session: &Session, argument: &str) -> Result<(), Problem> {
    let profile = session.load()?;
    like_upstream(session, profile)?;
    let pieces: Vec<&str> = argument.split(':').collect();
    let (section, option) = match pieces[..] {
        [option] => ("buildout", option),
        [section, option] => (section, option),
        _ => return Err(Problem::Message(format!("Invalid option: {argument}"))),
    };
    // As in the reference, the question comes first, whatever the answer is.
    if profile.raw("buildout", "verbosity").is_some() {
        output(&format!("${{{section}:{option}}}\n"))?;
    }
    if !profile.config.sections.contains_key(section) {
        return Err(Problem::Message(format!("Section not found: {section}")));
    }
    let Some(value) = profile.raw(section, option) else {
        return Err(Problem::Message(format!("Key not found: {option}")));
    };
    output(&format!("{value}\n"))
}
