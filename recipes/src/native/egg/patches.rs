//! Patches of source distributions (slapos mode).
//!
//! | option | meaning |
//! |---|---|
//! | `EGG-patches` | `url` or `url#md5`, one a line, in order |
//! | `EGG-patch-options` | arguments of the program, `-p0` if absent |
//! | `EGG-patch-binary` | the program, `patch` if absent |
//! | `EGG-patch-revision` | the number in the version, that of the patches if absent |
//!
//! Without `EGG-`, the options are about the only egg of the part.

use std::collections::BTreeMap;

use rbuildout_eggs::Patches;

use super::source::lines;
use crate::api::{Host, Mode, text};
use crate::error::RecipeError;

const PATCHES: &str = "-patches";

/// Reads the patches of the section being initialised, by egg. `requirements` are the eggs of the part.
pub(super) fn read(host: &mut dyn Host, requirements: &[String]) -> Result<BTreeMap<String, Patches>, RecipeError> {
    let mut found = BTreeMap::new();
    if host.settings().mode == Mode::Upstream {
        return Ok(found);
    }
    let only = match requirements {
        [requirement] => Some(project(requirement)),
        _ => None,
    };
    let keys = host.keys();
    let named = keys.iter().filter_map(|key| key.strip_suffix(PATCHES)).filter(|egg| !egg.is_empty());
    let mut eggs: Vec<&str> = named.collect();
    if let Some(only) = only
        && !eggs.contains(&only)
        && keys.iter().any(|key| key == "patches")
    {
        eggs.push(only);
    }
    for egg in eggs {
        let mut option = |name: &str| match text(host, &format!("{egg}-{name}"))? {
            None if only == Some(egg) => text(host, name),
            value => Ok(value),
        };
        let urls = lines(&option("patches")?.unwrap_or_default());
        if urls.is_empty() {
            continue;
        }
        let options = option("patch-options")?.unwrap_or_else(|| "-p0".to_owned());
        let binary = option("patch-binary")?.unwrap_or_else(|| "patch".to_owned());
        let revision = match option("patch-revision")? {
            None => u32::try_from(urls.len()).unwrap_or(u32::MAX),
            Some(text) => text.trim().parse().map_err(|_| {
                RecipeError::user_with_hint(
                    format!("The patch revision of {egg} is no number: '{text}'."),
                    "It is the number after `+SlapOSPatched` in the version.",
                )
            })?,
        };
        let options = options.split_whitespace().map(str::to_owned).collect();
        found.insert(egg.to_owned(), Patches { urls, options, binary, revision });
    }
    Ok(found)
}

/// The name of the project of a requirement, as it is spelled there.
fn project(requirement: &str) -> &str {
    let end = requirement.find(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)));
    &requirement[..end.unwrap_or(requirement.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects() {
        for (requirement, name) in [("a.B-c_d", "a.B-c_d"), ("a [x] >= 1", "a"), ("a==1+x", "a"), ("a;x=='y'", "a")] {
            assert_eq!(project(requirement), name);
        }
    }
}
