//! Which recipes are native.

use super::build::{Download, DownloadUnpacked, GitClone};
use super::cmmi::Cmmi;
use super::collective_template::CollectiveTemplate;
use super::debug::Debug;
use super::mkdirectory::MakeDirectory;
use super::plone_command::PloneCommand;
use super::symbolic_link::SymbolicLink;
use super::template::{Jinja2, Template};
use super::wrapper::Wrapper;
use crate::api::Recipe;

/// The native recipe for a `recipe` option (`DIST`, `DIST:ENTRY`, `DIST>=1:entry`), if there is one.
pub fn find(recipe: &str) -> Option<&'static dyn Recipe> {
    let name = RecipeName::parse(recipe)?;
    NATIVE
        .iter()
        .find(|(distribution, entry, _)| *distribution == name.distribution && *entry == name.entry)
        .map(|&(_, _, recipe)| recipe)
}

type Entry = (&'static str, &'static str, &'static dyn Recipe);

/// Distribution (normalised), entry point, recipe.
static NATIVE: &[Entry] = &[
    ("collective-recipe-template", "default", &CollectiveTemplate),
    ("plone-recipe-command", "default", &PloneCommand),
    ("slapos-cookbook", "mkdirectory", &MakeDirectory::Cookbook),
    ("slapos-cookbook", "symbolic.link", &SymbolicLink),
    ("slapos-cookbook", "wrapper", &Wrapper),
    ("slapos-recipe-build", "download", &Download),
    ("slapos-recipe-build", "download-unpacked", &DownloadUnpacked),
    ("slapos-recipe-build", "gitclone", &GitClone),
    ("slapos-recipe-build", "mkdirectory", &MakeDirectory::Build),
    ("slapos-recipe-cmmi", "default", &Cmmi),
    ("slapos-recipe-template", "default", &Template),
    ("slapos-recipe-template", "jinja2", &Jinja2),
    ("zc-buildout", "debug", &Debug),
];

/// A `recipe` option, taken apart.
struct RecipeName {
    /// Lower case, with `-` for each run of `-`, `_` and `.`; without version and extras.
    distribution: String,
    entry: String,
}

impl RecipeName {
    /// `None` if there are two colons or more, or no name.
    fn parse(recipe: &str) -> Option<Self> {
        let (requirement, entry) = recipe.trim().split_once(':').unwrap_or((recipe.trim(), "default"));
        if entry.contains(':') {
            return None;
        }
        let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let name = &requirement[..end.unwrap_or(requirement.len())];
        let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
        let distribution = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
        (!distribution.is_empty()).then(|| Self { distribution, entry: entry.trim().to_owned() })
    }
}

/// Says in plain sentences why a recipe cannot be run: which part of the stack would run it, and what could be used
/// instead.
pub fn why_not_native(recipe: &str) -> String {
    let mut text = format!(
        "The recipe `{recipe}` isn't native: it needs the Python recipe host, which this version doesn't have."
    );
    let name = RecipeName::parse(recipe);
    let name = name.as_ref().map_or(("", ""), |name| (name.distribution.as_str(), name.entry.as_str()));
    if let Some(alternative) = alternative(name.0, name.1) {
        text.push(' ');
        text.push_str(alternative);
    }
    let mut known = NATIVE.iter().filter(|(distribution, ..)| *distribution == name.0).map(|(_, entry, _)| *entry);
    if let Some(first) = known.next() {
        let entries = known.fold(format!("`{first}`"), |text, entry| format!("{text}, `{entry}`"));
        text.extend([" Entries of this distribution that are native: ", &entries, "."]);
    }
    text
}

fn alternative(distribution: &str, entry: &str) -> Option<&'static str> {
    Some(match (distribution, entry) {
        ("slapos-recipe-build", "default") => {
            "It runs inline Python. Where that only fetches, unpacks or runs commands, `slapos.recipe.cmmi`, \
             `slapos.recipe.build:download-unpacked` or `plone.recipe.command` can do it."
        }
        ("collective-recipe-template", "genshi") => "Use `slapos.recipe.template:jinja2` instead of Genshi templates.",
        ("hexagonit-recipe-download", _) => {
            "Use `slapos.recipe.build:download` or `slapos.recipe.build:download-unpacked`."
        }
        ("cns-recipe-symlink", _) => "Use `slapos.cookbook:symbolic.link`, or `ln -s` with `plone.recipe.command`.",
        ("collective-recipe-shelloutput", _) => "Use `plone.recipe.command`.",
        ("zc-recipe-cmmi" | "hexagonit-recipe-cmmi", _) => "Use `slapos.recipe.cmmi`.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_by_requirement() {
        for recipe in
            ["zc.buildout:debug", "zc.buildout>=1:debug", "zc_buildout [x] >= 1, <4:debug", "ZC.Buildout:debug"]
        {
            assert_eq!(find(recipe).unwrap().distribution().project, "zc.buildout", "{recipe}");
        }
        assert!(find("plone.recipe.command").is_some());
        assert!(find("plone.recipe.command:default").is_some());
        assert!(find("plone.recipe.command:other").is_none());
        assert!(find("zc.buildout:debug:x").is_none());
        assert!(find("").is_none());
    }

    #[test]
    fn says_why_not() {
        assert_eq!(
            why_not_native("rubygemsrecipe"),
            "The recipe `rubygemsrecipe` isn't native: it needs the Python recipe host, which this version doesn't have."
        );
        assert!(
            why_not_native("hexagonit.recipe.download")
                .ends_with("Use `slapos.recipe.build:download` or `slapos.recipe.build:download-unpacked`.")
        );
        assert!(why_not_native("zc.buildout:nope").ends_with("that are native: `debug`."));
    }
}
