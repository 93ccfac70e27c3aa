//! A loaded profile: the merged configuration after the built-in additions (versions, directories).

use std::sync::Arc;

use crate::config::{Action, Config, Entry, Event, Map, Mode, Origin};
use crate::diagnostic::Diagnostic;
use crate::load::Request;
use crate::loader::is_url;

/// Version that the engine answers for as `zc.buildout`.
pub const BUILDOUT_VERSION: &str = "3.0.1";
const EGG_RECIPE_PIN: &str = ">=2.0.6";

/// A merged configuration ready to be shown, resolved or built.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What `annotate` shows.
    pub config: Config,
    /// Options of `[buildout]` whose value for `query` and for substitution differs from the annotated one: the
    /// standard directories joined with `buildout:directory`.
    joined: Map<Arc<str>, Arc<str>>,
}

impl Profile {
    /// Raw value of an option, before macros and substitution.
    pub fn raw(&self, section: &str, option: &str) -> Option<&Arc<str>> {
        if section == "buildout"
            && let Some(value) = self.joined.get(option)
        {
            return Some(value);
        }
        self.config.value(section, option)
    }

    /// Sets the joined form of a standard directory of `[buildout]`.
    fn join(&mut self, option: &str, directory: &str) {
        if let Some(value) = self.config.value("buildout", option)
            && !value.contains("${")
        {
            self.joined.insert(option.into(), join(directory, value).into());
        }
    }
}

/// Path of `name` relative to `directory`, by text alone (Python's `os.path.join`).
pub fn join(directory: &str, name: &str) -> String {
    if name.starts_with('/') {
        name.to_owned()
    } else if directory.ends_with('/') || directory.is_empty() {
        format!("{directory}{name}")
    } else {
        format!("{directory}/{name}")
    }
}

/// Python's `os.path.normpath` for absolute paths.
pub fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

const USER_DIRECTORIES: [&str; 3] = ["download-cache", "eggs-directory", "extends-cache"];
const STANDARD_DIRECTORIES: [&str; 4] =
    ["bin-directory", "parts-directory", "eggs-directory", "develop-eggs-directory"];

/// The additions that follow the merge, in the reference's order.
pub(crate) fn finish(mut config: Config, request: &Request) -> Result<Profile, Box<Diagnostic>> {
    versions(&mut config)?;
    for option in USER_DIRECTORIES {
        user_directory(&mut config, request, option)?;
    }
    let directory = config.value("buildout", "directory").cloned();
    let mut profile = Profile { config, joined: Map::default() };
    if let Some(directory) = directory {
        for option in STANDARD_DIRECTORIES {
            profile.join(option, &directory);
        }
    }
    Ok(profile)
}

fn versions(config: &mut Config) -> Result<(), Box<Diagnostic>> {
    let pins = [("zc.buildout", format!(">={BUILDOUT_VERSION}")), ("zc.recipe.egg", EGG_RECIPE_PIN.to_owned())];
    let buildout = config.sections.entry("buildout".into()).or_default();
    let name: Arc<str> = match buildout.value("versions") {
        Some(name) => name.clone(),
        None => {
            let name: Arc<str> = "versions".into();
            buildout.options.insert(name.clone(), Entry::new(name.clone(), Origin::Default, 0));
            config.sections.entry(name.clone()).or_default();
            name
        }
    };
    if name.is_empty() {
        return Ok(());
    }
    let Some(section) = config.sections.get_mut(&name) else {
        let message = crate::python::str_repr(&name);
        let entry = &config.sections["buildout"].options["versions"];
        let mut diagnostic = Diagnostic::internal("KeyError", message).with_snippet(config.snippet(
            entry,
            &name,
            "this section does not exist",
        ));
        diagnostic.chain = config.chain(entry);
        let missing = || format!("Add the section [{name}], or name another one in `buildout:versions`.");
        diagnostic.hint = Some(crate::load::section_hint(config, &name).unwrap_or_else(missing));
        return Err(Box::new(diagnostic));
    };
    for (package, pin) in pins {
        section.options.entry(package.into()).or_insert_with(|| Entry::new(pin.into(), Origin::Default, 0));
    }
    Ok(())
}

/// Makes a directory that a user set absolute, against the file that set it.
fn user_directory(config: &mut Config, request: &Request, option: &str) -> Result<(), Box<Diagnostic>> {
    let Some(entry) = config.sections.get("buildout").and_then(|s| s.options.get(option)) else { return Ok(()) };
    let (value, origin) = (entry.value.clone(), entry.origin());
    if value.is_empty() && config.mode == Mode::Slapos {
        if let Some(section) = config.sections.get_mut("buildout") {
            section.options.shift_remove(option);
        }
        return Ok(());
    }
    if value.contains("${") {
        return match option {
            "extends-cache" => {
                let message = format!("extends-cache '{value}' may not contain ${{section:variable}} to expand.");
                Err(Box::new(
                    Diagnostic::internal("ValueError", message).with_snippet(config.snippet(entry, &value, "")),
                ))
            }
            _ => Ok(()),
        };
    }
    if value.starts_with('/') {
        return Ok(());
    }
    let expanded = match (&request.home, value.strip_prefix('~')) {
        (Some(home), Some(rest)) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
        _ => value.to_string(),
    };
    let base = match origin {
        Origin::File(id) => {
            let file = config.file(id);
            if is_url(&file.name) {
                let message = format!(
                    "Setting \"{option}\" to a non absolute location (\"{value}\") within a\nremote configuration file \
                     (\"{}\") is ambiguous.",
                    file.name
                );
                return Err(Box::new(Diagnostic::user(message).with_snippet(config.snippet(entry, &value, ""))));
            }
            Some(file.base.clone())
        }
        _ => config.value("buildout", "directory").map(ToString::to_string),
    };
    let Some(base) = base else { return Ok(()) };
    let absolute: Arc<str> = normalise(&join(&base, &expanded)).into();
    let entry = config.sections.get_mut("buildout").and_then(|s| s.options.get_mut(option));
    if let Some(entry) = entry {
        let line = entry.history.last().map_or(0, |event| event.line);
        entry.value = absolute.clone();
        entry.history.push(Event { action: Action::Directory, value: absolute, origin, line, key: None });
    }
    Ok(())
}
