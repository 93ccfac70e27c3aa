//! Options of `[buildout]` that govern the run, and options that nobody reads.

use std::path::PathBuf;
use std::sync::Arc;

use rbuildout_cache::download::mask;
use rbuildout_parser::{Diagnostic, Map, Mode, installed, join};
use rbuildout_recipes::Settings;

use super::host::to_diagnostic;
use super::sections::{Buildout, Outcome};

/// Raw options of a section that nobody read.
pub struct Unused {
    pub section: Arc<str>,
    pub options: Vec<Arc<str>>,
}

impl Unused {
    /// The reference's warning.
    pub fn message(&self) -> String {
        let names: Vec<String> = self.options.iter().map(|o| rbuildout_parser::python::str_repr(o)).collect();
        format!(
            "Section `{}` contains unused option(s): {}.\nThis may be an indication for either a typo in the option's \
             name or a bug in the used recipe.",
            self.section,
            names.join(" ")
        )
    }
}

impl Buildout<'_> {
    /// Options of `[buildout]` that recipes are told; reading them initialises that section.
    pub fn ensure_settings(&mut self) -> Outcome<Arc<Settings>> {
        if let Some(settings) = &self.settings {
            return Ok(settings.clone());
        }
        self.section("buildout")?;
        let directory = self.required("buildout", "directory")?;
        if !directory.starts_with('/') {
            let error = Diagnostic::user(format!("The buildout directory '{directory}' is not absolute."))
                .with_hint("Give `buildout:directory` an absolute path.");
            return Err(Box::new(self.explain(error, "buildout", "directory", &directory, "relative to what?")));
        }
        let mut path = |option: &str| -> Outcome<PathBuf> {
            let value = self.required("buildout", option)?;
            Ok(PathBuf::from(join(&directory, &value)))
        };
        let bin_directory = path("bin-directory")?;
        let parts_directory = path("parts-directory")?;
        let mut eggs_directory = path("eggs-directory")?;
        let develop_eggs_directory = path("develop-eggs-directory")?;
        if self.boolean("abi-tag-eggs")? {
            let executable = self.required("buildout", "executable")?;
            let tag = self.python().eggs.abi_tag(&executable);
            eggs_directory.push(tag.map_err(|error| to_diagnostic(error, self.config(), "buildout"))?);
            let value = eggs_directory.to_string_lossy().into();
            if let Some(live) = self.sections.get_mut("buildout") {
                live.data.insert("eggs-directory".into(), value);
            }
        }
        let offline = self.boolean("offline")?;
        let newest = self.boolean("newest")? && !offline;
        let shared = self.option("buildout", "shared-part-list")?;
        if let Some(live) = self.sections.get_mut("buildout").filter(|_| self.mode == Mode::Upstream) {
            // The reference does not know it: only a recipe that may be shared uses it.
            live.data.shift_remove("shared-part-list");
        }
        let settings = Settings {
            mode: match self.mode {
                Mode::Slapos => rbuildout_recipes::Mode::Slapos,
                Mode::Upstream => rbuildout_recipes::Mode::Upstream,
            },
            bin_directory,
            parts_directory,
            eggs_directory,
            develop_eggs_directory,
            offline,
            newest,
            shared_part_list: shared
                .iter()
                .flat_map(|text| text.lines())
                .map(|line| line.trim().trim_end_matches('/'))
                .filter(|line| !line.is_empty())
                .map(|line| PathBuf::from(join(&directory, line)))
                .collect(),
            keep_compile_dir: self.option("buildout", "keep-compile-dir")?.map(|value| value.to_string()),
            state_directory: self.surroundings.state_directory.clone(),
            directory: PathBuf::from(&*directory),
        };
        let settings = Arc::new(settings);
        self.settings = Some(settings.clone());
        Ok(settings)
    }

    /// A `[buildout]` option that is exactly `true` or `false`.
    pub fn boolean(&mut self, option: &str) -> Outcome<bool> {
        match self.option("buildout", option)?.as_deref() {
            Some("true") => Ok(true),
            Some("false") | None => Ok(false),
            Some(other) => {
                let shown = rbuildout_parser::python::str_repr(other);
                let error = Diagnostic::user(format!("Invalid value for '{option}' option: {shown}"))
                    .with_hint("Write `true` or `false`.");
                Err(Box::new(self.explain(error, "buildout", option, other, "not a truth value")))
            }
        }
    }

    /// All live sections with their final options, as a run says them at its most talkative. Reads every option.
    pub fn dump(&mut self) -> Outcome<String> {
        let mut names: Vec<Arc<str>> = self.sections.keys().cloned().collect();
        names.sort_unstable();
        let mut out = String::from("\nConfiguration data:\n");
        for name in names {
            let mut options = Map::default();
            for key in self.keys(&name) {
                if let Some(value) = self.option(&name, &key)? {
                    options.insert(key, value);
                }
            }
            installed::section(&mut out, &name, &options);
        }
        out.push('\n');
        Ok(match self.mode {
            Mode::Slapos => mask(&out),
            Mode::Upstream => out,
        })
    }

    /// Removes an option from all layers. False if it was not there.
    pub(super) fn delete(&mut self, section: &str, key: &str) -> bool {
        let Some(live) = self.sections.get_mut(section) else { return false };
        let raw = live.raw.shift_remove(key).is_some();
        let cooked = live.cooked.remove(key).is_some();
        live.data.shift_remove(key).is_some() || raw || cooked
    }

    /// Raw options of a section that were never read, sorted.
    pub fn unused(&self, section: &str) -> Option<Unused> {
        let live = self.sections.get(section)?;
        let is_default = |key: &str| {
            let entry = self.config.sections.get(section).and_then(|s| s.options.get(key));
            let is_known = DEFAULT_OPTIONS.contains(&key)
                && (self.mode == Mode::Slapos || !matches!(key, "shared-part-list" | "shared-parts"));
            section == "buildout" && is_known && entry.is_some()
        };
        let mut options: Vec<Arc<str>> =
            live.raw.keys().filter(|key| !live.data.contains_key(*key) && !is_default(key)).cloned().collect();
        options.sort_unstable();
        (!options.is_empty()).then(|| Unused { section: section.into(), options })
    }
}

/// Options of `[buildout]` that the engine itself reads, or that have built-in defaults: never unused.
const DEFAULT_OPTIONS: [&str; 44] = [
    "allow-hosts",
    "allow-picked-versions",
    "allow-unknown-extras",
    "bin-directory",
    "check-signature",
    "develop",
    "develop-eggs-directory",
    "directory",
    "download-cache",
    "dry-run",
    "eggs-directory",
    "executable",
    "extends-cache",
    "extensions",
    "find-links",
    "index",
    "install-from-cache",
    "installed",
    "keep-compile-dir",
    "log-format",
    "log-level",
    "mirrors",
    "networkcache-section",
    "newest",
    "offline",
    "parts",
    "parts-directory",
    "prefer-final",
    "python",
    "rebootstrap-prepend-paths",
    "relative-paths",
    "shared-part-list",
    "shared-parts",
    "show-picked-versions",
    "socket-timeout",
    "abi-tag-eggs",
    "unzip",
    "update-versions-file",
    "use-dependency-links",
    "verbosity",
    "versions",
    "build-time-part-list",
    "pre-rebootstrap-installed",
    "<",
];
