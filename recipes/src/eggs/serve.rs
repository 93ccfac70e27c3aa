//! What recipes in Python ask of `zc.buildout.easy_install`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use rbuildout_eggs::{Develop, Install, Patches, Pins, ScriptSource, Scripts, Settings, WorkingSet};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::active::{Active, to_error};
use super::context::RunEggContext;
use crate::error::RecipeError;
use crate::live::LiveBuildout;
use crate::run::{PartLog, Variables};

/// A distribution by its place.
#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    project: Option<String>,
    location: PathBuf,
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    specs: Vec<String>,
    #[serde(default)]
    active: Vec<Place>,
    #[serde(default)]
    spec: Option<String>,
    #[serde(default)]
    build_ext: IndexMap<String, String>,
    dest: Option<PathBuf>,
    path: Vec<PathBuf>,
    links: Vec<String>,
    index: Option<String>,
    newest: bool,
    versions: Option<IndexMap<String, String>>,
    allow_hosts: Vec<String>,
    allow_unknown_extras: bool,
    check_picked: bool,
    use_dependency_links: Option<bool>,
    patches: BTreeMap<String, Patch>,
}

#[derive(Deserialize)]
struct Patch {
    urls: Vec<String>,
    #[serde(default)]
    options: Vec<String>,
    binary: String,
    revision: u32,
}

#[derive(Deserialize)]
struct DevelopRequest {
    setup: PathBuf,
    dest: PathBuf,
    build_ext: Option<IndexMap<String, String>>,
}

#[derive(Deserialize)]
struct ScriptsRequest {
    reqs: Vec<Source>,
    distributions: Vec<Place>,
    dest: PathBuf,
    scripts: Option<IndexMap<String, String>>,
    extra_paths: Vec<PathBuf>,
    arguments: String,
    interpreter: Option<String>,
    initialization: String,
    relative_paths: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Requirement(String),
    Entry(String, String, String),
}

/// A setting to ask for, or to change if there is a value.
#[derive(Deserialize)]
struct Setting {
    name: String,
    #[serde(default)]
    value: Option<Value>,
}

#[derive(Deserialize)]
struct Versions {
    versions: Option<IndexMap<String, String>>,
}

fn read<T: DeserializeOwned>(args: Value) -> Result<T, RecipeError> {
    serde_json::from_value(args)
        .map_err(|error| RecipeError::internal("TypeError", format!("an argument for eggs can't be used: {error}")))
}

impl Active {
    /// Gets ready to answer requests.
    pub(crate) fn prepare(&self, live: &mut dyn LiveBuildout) -> Result<(), RecipeError> {
        self.eggs(live).map(drop)
    }

    /// The answer to a request, after [`Active::prepare`]. `log` is that of the part at work.
    /// `environment` is that of who asks: parts that work side by side may have changed theirs.
    pub(crate) fn answer(
        &self,
        call: &str,
        args: Value,
        log: Option<&dyn PartLog>,
        environment: Arc<Variables>,
    ) -> Result<Value, RecipeError> {
        let Some(eggs) = self.ready() else {
            return Err(RecipeError::internal("RuntimeError", "eggs are asked for too early"));
        };
        let context = RunEggContext::of(self, log).with(environment);
        Ok(match call {
            "eggs.install" => {
                let mut request: Request = read(args)?;
                let active = std::mem::take(&mut request.active);
                let requirements = std::mem::take(&mut request.specs);
                let mut install = request.install(requirements);
                if !active.is_empty() {
                    install.working_set = Some(self.places(&active));
                }
                let set = eggs.install(&install, &context).map_err(to_error)?;
                let found = set.iter().map(|one| {
                    json!({
                        "project": one.project(),
                        "version": one.version().as_str(),
                        "location": one.location().to_string_lossy(),
                    })
                });
                found.collect()
            }
            "eggs.build" => {
                let mut request: Request = read(args)?;
                let spec = request.spec.take();
                let build_ext: Vec<_> = std::mem::take(&mut request.build_ext).into_iter().collect();
                let built = eggs.build(&request.install(spec.into_iter().collect()), &build_ext, &context);
                paths(&built.map_err(to_error)?)
            }
            "eggs.develop" => {
                let DevelopRequest { setup, dest, build_ext } = read(args)?;
                let build_ext = build_ext.into_iter().flatten().collect();
                let develop = Develop { setup, directory: dest, build_ext, ..Develop::default() };
                eggs.develop(&develop, &context).map_err(to_error)?.to_string_lossy().into()
            }
            "eggs.scripts" => {
                let request: ScriptsRequest = read(args)?;
                let set = self.places(&request.distributions);
                paths(&eggs.scripts(&request.scripts(), &set, &context).map_err(to_error)?)
            }
            "eggs.default_versions" => {
                let old = eggs.pins();
                if let Versions { versions: Some(versions) } = read(args)? {
                    eggs.set_pins(Pins::new(versions));
                }
                json!(old.iter().collect::<IndexMap<_, _>>())
            }
            "eggs.setting" => {
                let Setting { name, value } = read(args)?;
                let old = setting(&eggs.settings(), &name)?;
                if let Some(value) = value {
                    let changed = changed(&eggs.settings(), &name, value)?;
                    eggs.change(|settings| *settings = changed);
                }
                old
            }
            "eggs.picked" => {
                let picked = eggs.picked();
                json!({ "versions": picked.versions.iter().collect::<Vec<_>>(), "required_by": picked.required_by })
            }
            other => {
                let message = format!("{other} can't be done by this version");
                return Err(RecipeError::internal("NotImplementedError", message));
            }
        })
    }

    /// The working set of distributions that Python names.
    fn places(&self, places: &[Place]) -> WorkingSet {
        let mut set = WorkingSet::default();
        let Some(eggs) = self.ready() else { return set };
        let active = self.set();
        for place in places {
            let at = eggs.working_set_of(std::slice::from_ref(&place.location));
            let found = match &place.project {
                // What the program stands in for has no files.
                Some(project) => at.by_project(project).or_else(|| active.by_project(project)).cloned(),
                None => at.iter().next().cloned(),
            };
            if let Some(found) = found {
                set.add(found, false);
            }
        }
        set
    }
}

/// The value of a setting, by the name of the function that changes it.
fn setting(settings: &Settings, name: &str) -> Result<Value, RecipeError> {
    Ok(match name {
        "prefer_final" => settings.prefer_final.into(),
        "use_dependency_links" => settings.use_dependency_links.into(),
        "allow_picked_versions" => settings.allow_picked_versions.into(),
        "store_required_by" => settings.store_required_by.into(),
        "install_from_cache" => settings.install_from_cache.into(),
        "download_cache" => json!(settings.download_cache.as_ref().map(|path| path.to_string_lossy())),
        _ => return Err(RecipeError::internal("ValueError", format!("there is no setting {name} for eggs"))),
    })
}

fn changed(settings: &Settings, name: &str, value: Value) -> Result<Settings, RecipeError> {
    let mut settings = settings.clone();
    match name {
        "prefer_final" => settings.prefer_final = read(value)?,
        "use_dependency_links" => settings.use_dependency_links = read(value)?,
        "allow_picked_versions" => settings.allow_picked_versions = read(value)?,
        "store_required_by" => settings.store_required_by = read(value)?,
        "install_from_cache" => settings.install_from_cache = read(value)?,
        // An empty one is none.
        _ => settings.download_cache = Some(read(value)?).filter(|path: &PathBuf| !path.as_os_str().is_empty()),
    }
    Ok(settings)
}

fn paths(paths: &[PathBuf]) -> Value {
    paths.iter().map(|path| path.to_string_lossy()).collect()
}

impl Request {
    fn install(self, requirements: Vec<String>) -> Install {
        let mut install = Install::new(requirements);
        install.eggs_directory = self.dest;
        install.path = self.path;
        install.links = self.links;
        install.index = self.index;
        install.newest = self.newest;
        install.pins = self.versions.map(Pins::new);
        install.allow_hosts = self.allow_hosts;
        install.allow_unknown_extras = self.allow_unknown_extras;
        install.check_picked = self.check_picked;
        install.use_dependency_links = self.use_dependency_links;
        let patches = |patch: Patch| Patches {
            urls: patch.urls,
            options: patch.options,
            binary: patch.binary,
            revision: patch.revision,
        };
        install.patches = self.patches.into_iter().map(|(egg, patch)| (egg, patches(patch))).collect();
        install
    }
}

impl ScriptsRequest {
    fn scripts(self) -> Scripts {
        Scripts {
            requirements: self
                .reqs
                .into_iter()
                .map(|source| match source {
                    Source::Requirement(text) => ScriptSource::Requirement(text),
                    Source::Entry(name, module, attributes) => ScriptSource::Entry { name, module, attributes },
                })
                .collect(),
            directory: self.dest,
            names: self.scripts.map(|names| names.into_iter().collect()),
            extra_paths: self.extra_paths,
            arguments: self.arguments,
            interpreter: self.interpreter,
            initialization: self.initialization,
            relative_paths: self.relative_paths,
        }
    }
}
