//! Recipes in Python, and the parts that they make.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use rbuildout_cache::tree;
use serde::Deserialize;
use serde_json::{Value, json};

use super::host::{Call, PythonHost};
use super::serve::read;
use crate::api::{Effects, Installed, Mode, Part};
use crate::eggs::Loaded;
use crate::error::RecipeError;
use crate::live::LiveBuildout;
use crate::run::RunContext;

/// What `init` tells of the recipe that it has made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Made {
    has_update: bool,
    update_noop: bool,
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    paths: Option<Vec<String>>,
}

/// Constructs the recipe of a section. What it reads and sets goes through `live`.
pub fn init(
    host: &Arc<PythonHost>,
    live: &mut dyn LiveBuildout,
    section: &str,
    loaded: &Loaded,
) -> Result<Box<dyn Part>, RecipeError> {
    let mut args = entry(loaded);
    args["section"] = section.into();
    let doing = format!("while [{section}] was initialised");
    let made: Made = read(host.call(live, Call { name: "init", args, doing, log: None })?)?;
    Ok(Box::new(PythonPart { host: host.clone(), section: section.to_owned(), made }))
}

/// Calls the uninstall hook of a recipe. Returns the options as the hook leaves them.
pub fn uninstall(
    host: &Arc<PythonHost>,
    live: &mut dyn LiveBuildout,
    section: &str,
    options: &IndexMap<String, String>,
    loaded: &Loaded,
) -> Result<IndexMap<String, String>, RecipeError> {
    #[derive(Deserialize)]
    struct Left {
        options: IndexMap<String, String>,
    }
    let mut args = entry(loaded);
    args["section"] = section.into();
    args["options"] = json!(options);
    let doing = format!("while [{section}] was uninstalled");
    Ok(read::<Left>(host.call(live, Call { name: "uninstall", args, doing, log: None })?)?.options)
}

/// An option that only the recipe of a section knows.
pub fn lookup(
    host: &Arc<PythonHost>,
    live: &mut dyn LiveBuildout,
    section: &str,
    key: &str,
) -> Result<Option<String>, RecipeError> {
    let doing = format!("while the option {section}:{key} was asked for");
    let args = json!({ "section": section, "key": key });
    read(host.call(live, Call { name: "lookup", args, doing, log: None })?)
}

/// Calls an extension.
pub fn extension(
    host: &Arc<PythonHost>,
    live: &mut dyn LiveBuildout,
    kind: &str,
    loaded: &Loaded,
) -> Result<(), RecipeError> {
    let mut args = entry(loaded);
    args["kind"] = kind.into();
    let doing = format!("while the extension {} was called", loaded.project);
    host.call(live, Call { name: "extension", args, doing, log: None }).map(drop)
}

fn entry(loaded: &Loaded) -> Value {
    let paths: Vec<_> = loaded.paths.iter().map(|path| path.to_string_lossy()).collect();
    json!({ "entry": { "module": loaded.module, "attrs": loaded.attributes }, "paths": paths })
}

/// A part whose recipe lives in the Python process.
struct PythonPart {
    host: Arc<PythonHost>,
    section: String,
    made: Made,
}

impl PythonPart {
    fn work(&self, name: &'static str, run: &RunContext) -> Result<Installed, RecipeError> {
        let doing = match name {
            "install" => format!("while {} was installed", self.section),
            _ => format!("while {} was updated", self.section),
        };
        let args = json!({ "section": self.section });
        let call = Call { name, args, doing, log: Some(run.log) };
        let mut with_live = |act: &mut dyn FnMut(&mut dyn LiveBuildout)| run.services.with_live(act);
        let answer = match self.host.mode() {
            Mode::Upstream => self.host.call_alone(&mut with_live, call),
            Mode::Slapos => {
                let group = |group, started| {
                    if started { run.services.group_started(group) } else { run.services.group_ended(group) }
                };
                self.host.call_forked(&self.section, &mut with_live, run.log, &group, call)
            }
        };
        Ok(match read::<Done>(answer?)?.paths {
            Some(paths) => Installed::Paths(paths),
            None => Installed::None,
        })
    }
}

impl Part for PythonPart {
    fn effects(&self) -> Effects {
        if self.made.update_noop { Effects::Hermetic } else { Effects::Ordered }
    }

    fn update_is_noop(&self) -> bool {
        self.made.update_noop
    }

    fn saved(&self, live: &mut dyn LiveBuildout) -> Result<Option<IndexMap<String, String>>, RecipeError> {
        let doing = format!("while the options of [{}] were copied", self.section);
        let args = json!({ "section": self.section });
        read(self.host.call(live, Call { name: "copy", args, doing, log: None })?)
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.work("install", run)
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        if !self.made.has_update {
            let part = &self.section;
            let message = format!("The recipe for {part} doesn't define an update method. Using its install method.");
            run.log.record_of("zc.buildout", 30, &message);
        }
        self.work("update", run)
    }
}

/// Deletes what a part had made when it failed.
pub(super) fn delete_created(directory: &Path, created: &[String]) {
    for path in created.iter().filter(|path| !path.is_empty()) {
        // What can't be deleted now is in the way of the next installation, which will say so.
        let _ = tree::remove(&directory.join(path));
    }
}
