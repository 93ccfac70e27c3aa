//! Why a part is installed, reinstalled, updated, kept or removed: a closed set, stored with each run.

use std::sync::Arc;

use rbuildout_parser::installed::{INSTALLED_OPTION, SIGNATURE_OPTION, SavedOptions};
use serde::{Deserialize, Serialize};

/// What happens to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is not there yet.
    Install,
    /// It is there, but not as the profile wants it: uninstalled, then installed.
    Reinstall,
    /// It is there unchanged; its recipe's update runs.
    Update,
    /// It is there unchanged and its recipe has nothing to do.
    Keep,
    /// The profile does not want it any more.
    Remove,
}

impl Action {
    pub fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Reinstall => "reinstall",
            Self::Update => "update",
            Self::Keep => "keep",
            Self::Remove => "remove",
        }
    }
}

/// One reason. A part may have several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reason {
    New,
    OptionChanged {
        option: String,
        old: String,
        new: String,
    },
    OptionAdded {
        option: String,
        new: String,
    },
    OptionDropped {
        option: String,
        old: String,
    },
    RecipeChanged {
        old: String,
        new: String,
    },
    /// The recipe is the same, its implementation another version.
    ImplementationChanged {
        old: String,
        new: String,
    },
    /// A section that the part reads has other values, or was itself changed.
    DependencyChanged {
        dependency: String,
    },
    DependencyAdded {
        dependency: String,
    },
    DependencyDropped {
        dependency: String,
    },
    /// A path that the part had installed is not there.
    FileMissing {
        path: String,
    },
    /// A run was killed while it removed the part.
    RemovalInterrupted,
    /// Neither listed in `parts` nor needed by a part that is.
    NotWanted,
    Unchanged,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::New => write!(f, "it is not installed yet"),
            Self::OptionChanged { option, old, new } => {
                let (old, new) = difference(old, new);
                write!(f, "option {option} changed from {old} to {new}")
            }
            Self::OptionAdded { option, new } => write!(f, "option {option} is new: {}", short(new)),
            Self::OptionDropped { option, old } => write!(f, "option {option} is gone, it was {}", short(old)),
            Self::RecipeChanged { old, new } => write!(f, "recipe changed from {old} to {new}"),
            Self::ImplementationChanged { old, new } => {
                write!(f, "the recipe's implementation changed from {old} to {new}")
            }
            Self::DependencyChanged { dependency } => write!(f, "[{dependency}], which it reads, changed"),
            Self::DependencyAdded { dependency } => write!(f, "it now reads [{dependency}]"),
            Self::DependencyDropped { dependency } => write!(f, "it does not read [{dependency}] any more"),
            Self::FileMissing { path } => write!(f, "{path} is missing"),
            Self::RemovalInterrupted => write!(f, "a run was interrupted while it removed it"),
            Self::NotWanted => write!(f, "no part wants it any more"),
            Self::Unchanged => write!(f, "nothing changed"),
        }
    }
}

/// A value on one short line, in single quotes.
fn short(value: &str) -> String {
    const LIMIT: usize = 60;
    let line = value.trim().replace('\n', "\u{21b5}");
    if line.chars().count() <= LIMIT {
        return format!("'{line}'");
    }
    format!("'{}...'", line.chars().take(LIMIT - 3).collect::<String>())
}

/// Two values on short lines; of values of several lines, only the lines that differ.
fn difference(old: &str, new: &str) -> (String, String) {
    if !old.contains('\n') && !new.contains('\n') {
        return (short(old), short(new));
    }
    let only = |text: &str, other: &str| {
        let other: Vec<&str> = other.lines().collect();
        text.lines().filter(|line| !other.contains(line)).collect::<Vec<_>>().join("\n")
    };
    let (a, b) = (only(old, new), only(new, old));
    if a.is_empty() && b.is_empty() { (short(old), short(new)) } else { (short(&a), short(&b)) }
}

/// A signature taken apart: its dependency tokens and those of distributions.
struct Signature<'a> {
    dependencies: Vec<(&'a str, &'a str)>,
    distributions: Vec<&'a str>,
}

fn signature(text: &str) -> Signature<'_> {
    let mut signature = Signature { dependencies: Vec::new(), distributions: Vec::new() };
    for token in text.split_whitespace() {
        match token.rsplit_once(':') {
            Some((name, md5)) if is_md5(md5) => {
                signature.dependencies.push((name, md5));
            }
            _ => signature.distributions.push(token),
        }
    }
    signature
}

fn is_md5(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `PROJECT-VERSION` of a distribution token; the Python tools append `-py3.11.egg` and the like.
fn distribution(token: &str) -> &str {
    let token = token.strip_suffix(".egg").unwrap_or(token);
    token.split("-py").next().unwrap_or(token)
}

/// Why saved options do not describe a part any more; empty if they do. With `ignore_signature` a differing signature
/// is no reason.
pub(super) fn differences(saved: &SavedOptions, current: &SavedOptions, ignore_signature: bool) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let text = |value: &Arc<str>| value.to_string();
    for (key, new) in current {
        match saved.get(key) {
            Some(old) if old == new => {}
            Some(old) if &**key == SIGNATURE_OPTION => {
                if !ignore_signature {
                    signature_differences(old, new, &mut reasons);
                }
            }
            Some(old) if &**key == "recipe" => reasons.push(Reason::RecipeChanged { old: text(old), new: text(new) }),
            Some(old) => {
                reasons.push(Reason::OptionChanged { option: text(key), old: text(old), new: text(new) });
            }
            None if &**key == SIGNATURE_OPTION => {}
            None => reasons.push(Reason::OptionAdded { option: text(key), new: text(new) }),
        }
    }
    for (key, old) in saved {
        if !current.contains_key(key) && &**key != INSTALLED_OPTION && &**key != SIGNATURE_OPTION {
            reasons.push(Reason::OptionDropped { option: text(key), old: text(old) });
        }
    }
    reasons
}

/// A signature written by the Python tools names all distributions that a recipe needs; only the recipe's own, which is
/// the one that ours names, is compared.
fn signature_differences(old: &str, new: &str, reasons: &mut Vec<Reason>) {
    let (before, after) = (signature(old), signature(new));
    for wanted in after.distributions.iter().map(|token| distribution(token)) {
        if before.distributions.iter().any(|token| distribution(token) == wanted) {
            continue;
        }
        let (project, version) = wanted.rsplit_once('-').unwrap_or((wanted, ""));
        let same_project = |token: &&&str| distribution(token).rsplit_once('-').is_some_and(|(p, _)| p == project);
        // One may be a version and the other a digest of what was under development: then nothing is known to have
        // changed. A signature of the Python tools may also name no distribution at all.
        let same_kind = |token: &&&str| {
            distribution(token).rsplit_once('-').is_some_and(|(_, known)| is_md5(known) == is_md5(version))
        };
        if let Some(old) = before.distributions.iter().find(|token| same_project(token) && same_kind(token)) {
            reasons.push(Reason::ImplementationChanged { old: distribution(old).to_owned(), new: wanted.to_owned() });
        }
    }
    for (name, md5) in &after.dependencies {
        match before.dependencies.iter().find(|(known, _)| known == name) {
            Some((_, old)) if old == md5 => {}
            Some(_) => reasons.push(Reason::DependencyChanged { dependency: (*name).to_owned() }),
            None => reasons.push(Reason::DependencyAdded { dependency: (*name).to_owned() }),
        }
    }
    for (name, _) in &before.dependencies {
        if !after.dependencies.iter().any(|(known, _)| known == name) {
            reasons.push(Reason::DependencyDropped { dependency: (*name).to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> SavedOptions {
        pairs.iter().map(|(key, value)| (Arc::from(*key), Arc::from(*value))).collect()
    }

    const MD5_A: &str = "b:0123456789abcdef0123456789abcdef";
    const MD5_B: &str = "b:ffffffffffffffffffffffffffffffff";

    #[test]
    fn every_difference_is_named() {
        let old = options(&[("recipe", "r"), ("a", "1"), ("gone", "x"), (INSTALLED_OPTION, "f")]);
        let new = options(&[("recipe", "s"), ("a", "2"), ("b", "3")]);
        let reasons: Vec<String> = differences(&old, &new, false).iter().map(ToString::to_string).collect();
        assert_eq!(
            reasons,
            [
                "recipe changed from r to s",
                "option a changed from '1' to '2'",
                "option b is new: '3'",
                "option gone is gone, it was 'x'",
            ]
        );
    }

    #[test]
    fn long_values_show_the_lines_that_differ() {
        let reason = Reason::OptionChanged { option: "o".into(), old: "a\nb\nc".into(), new: "a\nB\nc".into() };
        assert_eq!(reason.to_string(), "option o changed from 'b' to 'B'");
    }

    #[test]
    fn signatures_of_the_python_tools_are_understood() {
        let ours = format!("slapos.recipe.cmmi-0.23 {MD5_A}");
        let theirs = format!("{MD5_A} setuptools-67.8.0-py3.11.egg slapos.recipe.cmmi-0.23-py3.11.egg");
        let old = options(&[(SIGNATURE_OPTION, &theirs)]);
        assert_eq!(differences(&old, &options(&[(SIGNATURE_OPTION, &ours)]), false), []);
        let changed = ours.replace(MD5_A, MD5_B);
        let new = options(&[(SIGNATURE_OPTION, &changed)]);
        assert_eq!(differences(&old, &new, false), [Reason::DependencyChanged { dependency: "b".into() }]);
        assert_eq!(differences(&old, &new, true), []);
    }
}
