//! Recipes in Python, and the parts that they make.

use std::cell::RefCell;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use rbuildout_cache::tree;
use serde::Deserialize;
use serde_json::{Value, json};

use super::host::{Call, PythonHost};
use super::serve::read;
use super::shim;
use super::trace::{Trace, key};
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

/// Constructs the recipe of a section. What it reads and sets goes through `live`. If all is as it was in an earlier run,
/// that is done again without Python.
pub fn init(
    host: &Arc<PythonHost>,
    live: &mut dyn LiveBuildout,
    section: &str,
    loaded: &Loaded,
) -> Result<Box<dyn Part>, RecipeError> {
    let mut args = entry(loaded);
    args["section"] = section.into();
    let tokens = loaded.tokens.join(" ");
    let mode = format!("{:?}", host.mode());
    let key = key(&[&mode, shim::identity(), &args.to_string(), &tokens, &loaded.identity], live, section);
    let trace = host.traces.get(section);
    let replayed = trace.and_then(|trace| trace.replay(&key, &host.environment().snapshot(), live));
    let constructed = Mutex::new(replayed.is_none());
    let made = match replayed {
        Some(made) => made,
        None => {
            let dialogue = RefCell::default();
            let call = Call { dialogue: Some(&dialogue), ..Call::new("init", args.clone(), initialised(section)) };
            let made = host.call(live, call)?;
            host.traces.put(section, Trace::new(key, dialogue.into_inner(), &made));
            made
        }
    };
    let made: Made = read(made)?;
    Ok(Box::new(PythonPart { host: host.clone(), section: section.to_owned(), made, args, constructed }))
}

fn initialised(section: &str) -> String {
    format!("while [{section}] was initialised")
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
    Ok(read::<Left>(host.call(live, Call::new("uninstall", args, doing))?)?.options)
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
    read(host.call(live, Call::new("lookup", args, doing))?)
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
    host.call(live, Call::new("extension", args, doing)).map(drop)
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
    /// Those of `init`.
    args: Value,
    /// False as long as its initialisation was only done again without Python.
    constructed: Mutex<bool>,
}

impl PythonPart {
    /// Makes sure that the recipe is there in Python. What it says has been told already.
    fn construct(&self, live: &mut dyn LiveBuildout) -> Result<(), RecipeError> {
        let mut constructed = self.constructed.lock().unwrap_or_else(PoisonError::into_inner);
        if !*constructed {
            let call = Call { quiet: true, ..Call::new("init", self.args.clone(), initialised(&self.section)) };
            self.host.call(live, call)?;
            *constructed = true;
        }
        Ok(())
    }

    fn work(&self, name: &'static str, run: &RunContext) -> Result<Installed, RecipeError> {
        let doing = match name {
            "install" => format!("while {} was installed", self.section),
            _ => format!("while {} was updated", self.section),
        };
        let args = json!({ "section": self.section });
        let mut constructed = Ok(());
        run.services.with_live(&mut |live| constructed = self.construct(live));
        constructed?;
        let call = Call { log: Some(run.log), ..Call::new(name, args, doing) };
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

    fn in_python(&self, live: &mut dyn LiveBuildout) -> Result<bool, RecipeError> {
        self.construct(live).map(|()| true)
    }

    fn saved(&self, live: &mut dyn LiveBuildout) -> Result<Option<IndexMap<String, String>>, RecipeError> {
        // One that has options of its own to save is never initialised without Python.
        if !*self.constructed.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(None);
        }
        let doing = format!("while the options of [{}] were copied", self.section);
        let args = json!({ "section": self.section });
        let own: Option<IndexMap<String, String>> = read(self.host.call(live, Call::new("copy", args, doing))?)?;
        if own.is_some() {
            self.host.traces.put(&self.section, None);
        }
        Ok(own)
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.work("install", run)
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        if self.made.update_noop {
            return Ok(Installed::None);
        }
        if !self.made.has_update {
            let part = &self.section;
            let message = format!("The recipe for {part} doesn't define an update method. Using its install method.");
            run.log.record_of("zc.buildout", 30, &message);
        }
        self.work("update", run)
    }
}

/// Deletes what a part had made when it failed. Returns what isn't there or can't be deleted.
pub(super) fn delete_created<'a>(directory: &Path, created: &'a [String]) -> Vec<&'a str> {
    let left = |path: &&str| {
        let path = directory.join(path);
        fs_err::symlink_metadata(&path).is_err() || tree::remove(&path).is_err()
    };
    created.iter().map(String::as_str).filter(|path| !path.is_empty()).filter(left).collect()
}
