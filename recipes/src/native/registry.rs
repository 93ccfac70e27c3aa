//! Which recipes are native.

use rbuildout_eggs::{Requirement, Version};

use super::build::{Download, DownloadUnpacked, GitClone};
use super::cmmi::Cmmi;
use super::collective_template::CollectiveTemplate;
use super::debug::Debug;
use super::egg::Egg;
use super::mkdirectory::MakeDirectory;
use super::plone_command::PloneCommand;
use super::symbolic_link::SymbolicLink;
use super::template::{Jinja2, Template};
use super::wrapper::Wrapper;
use crate::api::Recipe;

/// The native recipe for a `recipe` option (`DIST`, `DIST:ENTRY`, `DIST>=1:entry`), if there is one for a version that the
/// option allows.
pub fn find(recipe: &str) -> Option<&'static dyn Recipe> {
    let name = RecipeName::parse(recipe)?;
    NATIVE
        .iter()
        .find(|(distribution, entry, _)| *distribution == name.distribution && *entry == name.entry)
        .map(|&(_, _, recipe)| recipe)
        .filter(|native| stands_in(*native, recipe))
}

/// False if a `recipe` option asks for other versions than those whose behaviour the native recipe has.
fn stands_in(native: &dyn Recipe, recipe: &str) -> bool {
    let requirement = recipe.split_once(':').map_or(recipe, |(requirement, _)| requirement);
    let allows = |requirement: &Requirement| {
        let versions = [native.distribution().version, native.upstream_distribution().version];
        versions.iter().any(|version| requirement.accepts_version(&Version::new(version)))
    };
    // A text that is no requirement is an error elsewhere.
    Requirement::parse(requirement).as_ref().map_or(true, allows)
}

/// Every native recipe as a `recipe` option names it: `DIST:ENTRY`.
pub fn natives() -> impl Iterator<Item = String> {
    NATIVE.iter().map(|(_, entry, recipe)| format!("{}:{entry}", recipe.distribution().project))
}

/// Environment variable that says which recipes may be native: see [`Natives::parse`].
pub const NATIVES_VARIABLE: &str = "RBUILDOUT_NATIVE";

/// Which of the native recipes are used; the others' originals are run in Python.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Natives {
    #[default]
    All,
    /// Those of these distributions (normalised names).
    Only(Vec<String>),
}

impl Natives {
    /// `all`, `none`, or names of distributions separated by blanks or commas.
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "" | "all" => Self::All,
            "none" => Self::Only(Vec::new()),
            names => {
                let names = names.split([' ', ',', '\t', '\n']).filter(|name| !name.is_empty());
                Self::Only(names.filter_map(RecipeName::parse).map(|name| name.distribution).collect())
            }
        }
    }

    /// The native recipe for a `recipe` option, if it is to be used. What is part of buildout itself always is.
    pub fn find(&self, recipe: &str) -> Option<&'static dyn Recipe> {
        let found = find(recipe)?;
        let own = || RecipeName::parse(recipe).is_some_and(|name| name.distribution == "zc-buildout");
        let listed = |names: &[String]| RecipeName::parse(recipe).is_some_and(|n| names.contains(&n.distribution));
        match self {
            Self::All => Some(found),
            Self::Only(names) => (listed(names) || own()).then_some(found),
        }
    }
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
    ("zc-recipe-egg", "custom", &Egg::Custom),
    ("zc-recipe-egg", "default", &Egg::Scripts),
    ("zc-recipe-egg", "develop", &Egg::Develop),
    ("zc-recipe-egg", "eggs", &Egg::Eggs),
    ("zc-recipe-egg", "script", &Egg::Scripts),
    ("zc-recipe-egg", "scripts", &Egg::Scripts),
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
        assert!(find("zc.recipe.egg >=2:scripts").is_some());
        assert!(find("zc.recipe.egg <2dev").is_none());
        assert!(find("slapos.recipe.cmmi==0.1").is_none());
        assert!(find("").is_none());
    }

    #[test]
    fn natives_can_be_chosen() {
        let found = |text: &str, recipe: &str| Natives::parse(text).find(recipe).is_some();
        assert!(found("all", "slapos.recipe.cmmi") && found("", "slapos.recipe.cmmi"));
        assert!(!found("none", "slapos.recipe.cmmi") && found("none", "zc.buildout:debug"));
        assert!(found("plone.recipe.command, slapos_recipe_cmmi", "slapos.recipe.cmmi"));
        assert!(!found("plone.recipe.command", "slapos.recipe.cmmi"));
    }
}
