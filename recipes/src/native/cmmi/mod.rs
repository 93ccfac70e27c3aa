//! `slapos.recipe.cmmi`: configure, make, make install.
//!
//! | option | default | meaning |
//! |---|---|---|
//! | `url` or `path` | – | exactly one: an archive, unpacked in `<location>/.build`, or a source directory |
//! | `md5sum`, `alternate-url`, `offline` | – | as for a download |
//! | `strip-top-level-dir` | `false` | as for download-unpacked |
//! | `shared` | `false` | see [`shared`](crate::native::common::shared) |
//! | `location` | computed | may only restate it, normally as `@@LOCATION@@` |
//! | `prefix` | location | install prefix |
//! | `patches`, `patch-binary`, `patch-options` | –, `patch`, `-p0` | applied to the source |
//! | `pre-configure`, `pre-build`, `pre-install`, `post-install` | – | shell texts |
//! | `configure-command`, `configure-options` | `./configure`, – | shell text; its options on one line |
//! | `make-binary`, `make-options`, `make-targets` | `make`, –, `install` | likewise |
//! | `pre-configure-hook`, `pre-make-hook`, `post-make-hook` | – | Python: the original installs the part |
//! | `environment` | – | see [`environment`](crate::native::common::environment) |
//! | `keep-compile-dir` | `false` | also in `[buildout]` |
//! | `promises` | – | one path per line, each missing one a warning |
//!
//! Publishes `location`, `prefix`, `compile-directory`, and every option with `@@LOCATION@@` replaced. Commands are
//! `%`-formatted with the options. Records the location unless shared. Update does nothing, but rebuilds a shared part
//! that has disappeared. A failed part stays as it is, with a script that restores its environment.
//!
//! Errors: `invalid 'location' value`; `When shared=true, 'prefix' can't be outside location`; `You must use either "url"
//! or "path", not both!`; `You must provide either "url" or "path".`; `Missing option: <part>:<key>` and Python's
//! `TypeError` from formatting; `System error` for a command that failed, after a record that names it.

mod commands;
mod env_script;
mod install;
mod shebang;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rbuildout_cache::Request;
use rbuildout_cache::archive::Strip;
use rbuildout_parser::python::{Value, to_str};

use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe, text};
use crate::error::RecipeError;
use crate::native::common::environment::Environment;
use crate::native::common::patches::Patches;
use crate::native::common::shared::Place;
use crate::native::common::{fetch, paths, truth};
use crate::run::RunContext;

const MAGIC: &str = "@@LOCATION@@";
const HOOKS: [&str; 3] = ["pre-configure-hook", "pre-make-hook", "post-make-hook"];

pub(crate) struct Cmmi;

impl Recipe for Cmmi {
    fn distribution(&self) -> Distribution {
        Distribution { project: "slapos.recipe.cmmi", version: "0.23" }
    }

    fn publishes(&self) -> &'static [&'static str] {
        &["location", "prefix", "compile-directory"]
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let mut place = Place::init(host)?;
        place.keep_on_error = true;
        let location = paths::to_text(&place.location);

        if let Some(given) = text(host, "location")?
            && given.replace(MAGIC, &location) != location
        {
            let hint = format!("Remove the option, or write `location = {MAGIC}`.");
            return Err(RecipeError::user_with_hint("invalid 'location' value", hint));
        }
        host.set("location", Value::from(location.as_str()))?;

        match text(host, "prefix")?.filter(|prefix| !prefix.is_empty()) {
            None => host.set("prefix", Value::from(location.as_str()))?,
            Some(prefix) => {
                let prefix = paths::resolve(host.settings(), prefix.replace(MAGIC, &location));
                let is_inside = |prefix: PathBuf| paths::to_text(&prefix).starts_with(&location);
                if !is_inside(paths::real(&prefix)) && !is_inside(paths::normalize(&prefix)) {
                    place.forbid_shared("'prefix' can't be outside location")?;
                }
            }
        }

        let url = text(host, "url")?.filter(|url| !url.is_empty());
        let path = text(host, "path")?.filter(|path| !path.is_empty());
        let compile_directory = match (&url, &path) {
            (Some(_), Some(_)) => return Err(RecipeError::user("You must use either \"url\" or \"path\", not both!")),
            (None, None) => return Err(RecipeError::user("You must provide either \"url\" or \"path\".")),
            (Some(_), None) => format!("{location}/.build"),
            (None, Some(path)) => path.clone(),
        };
        host.set("compile-directory", Value::from(compile_directory))?;

        let options = replace_location(host, &location)?;
        let environment = Environment::read(host)?;
        let source = match url {
            Some(_) => Source::Archive(fetch::request(host)?),
            None => Source::Directory,
        };
        let strip = text(host, "strip-top-level-dir")?;
        let strip = if truth::exact_or_empty(strip.as_deref(), false)? { Strip::Always } else { Strip::Never };
        let keep = text(host, "keep-compile-dir")?.filter(|keep| !keep.is_empty());
        let part = CmmiPart {
            part: host.name().to_owned(),
            compile_directory: paths::resolve(host.settings(), &options["compile-directory"]),
            patches: Patches::read(host)?,
            keep_compile_dir: keep.or_else(|| host.settings().keep_compile_dir.clone()),
            place,
            source,
            strip,
            environment,
            options,
        };
        Ok(Box::new(part))
    }
}

/// Replaces `@@LOCATION@@` in every option, and returns them all.
fn replace_location(host: &mut dyn Host, location: &str) -> Result<BTreeMap<String, String>, RecipeError> {
    let mut options = BTreeMap::new();
    for key in host.keys() {
        let Some(value) = host.get(&key)? else { continue };
        if let Value::Str(text) = &value
            && text.contains(MAGIC)
        {
            let text = text.replace(MAGIC, location);
            host.set(&key, Value::from(text.as_str()))?;
            options.insert(key, text);
        } else {
            options.insert(key, to_str(&value));
        }
    }
    Ok(options)
}

enum Source {
    Archive(Request),
    /// The option `path`.
    Directory,
}

/// An initialised part. All its options are kept: any of them may be named in a command.
struct CmmiPart {
    part: String,
    place: Place,
    source: Source,
    strip: Strip,
    compile_directory: PathBuf,
    patches: Patches,
    environment: Environment,
    keep_compile_dir: Option<String>,
    options: BTreeMap<String, String>,
}

impl CmmiPart {
    fn option(&self, key: &str) -> &str {
        self.options.get(key).map_or("", String::as_str)
    }

    /// Hooks in Python are for the original.
    fn check_hooks(&self) -> Result<(), RecipeError> {
        let Some(hook) = HOOKS.iter().find(|hook| !self.option(hook).is_empty()) else { return Ok(()) };
        Err(RecipeError::NeedsOriginal(format!("The option `{hook}` of part `{}` is a hook in Python.", self.part)))
    }
}

impl Part for CmmiPart {
    fn effects(&self) -> Effects {
        Effects::Hermetic
    }

    fn sources(&self) -> Vec<Request> {
        if self.place.is_built() {
            return Vec::new();
        }
        let archive = match &self.source {
            Source::Archive(request) => Some(request.clone()),
            Source::Directory => None,
        };
        archive.into_iter().chain(self.patches.requests()).collect()
    }

    fn location(&self) -> Option<&Path> {
        Some(&self.place.location)
    }

    fn update_is_noop(&self) -> bool {
        self.place.is_complete()
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.place.install(run, || self.build(run))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.place.update(run, || self.build(run))
    }
}
