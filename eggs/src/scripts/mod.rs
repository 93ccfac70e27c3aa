//! Scripts that put a working set on `sys.path`, byte for byte as the reference writes them.

mod old_style;
mod paths;
mod text;

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_parser::python::str_repr;

use crate::context::{Context, Logging};
use crate::distribution::Distribution;
use crate::eggs::Eggs;
use crate::error::EggError;
use crate::requirement::Requirement;
use crate::settings::{Mode, ScriptSource, Scripts};
use crate::working_set::WorkingSet;
use paths::Paths;

/// The group of entry points that become scripts.
const GROUP: &str = "console_scripts";

/// Names and texts of scripts that are files.
type OldStyle = Vec<(String, String)>;

/// An entry point to make a script of.
struct Entry {
    name: String,
    module: String,
    attributes: String,
}

/// A script as it should be.
struct Script {
    file: PathBuf,
    content: String,
    what: &'static str,
}

impl Eggs {
    /// Generates scripts for `working_set`. Returns the paths of all, written or unchanged.
    ///
    /// # Errors
    /// A requirement is not in the working set, or a file can't be written.
    pub fn scripts(
        &self,
        scripts: &Scripts,
        working_set: &WorkingSet,
        context: &dyn Context,
    ) -> Result<Vec<PathBuf>, EggError> {
        let mut written = Vec::new();
        self.each_script(scripts, working_set, context, &mut |script| {
            write(&script, context)?;
            written.push(script.file);
            Ok(())
        })?;
        Ok(written)
    }

    /// Whether [`scripts`](Self::scripts) would write nothing.
    ///
    /// # Errors
    /// A requirement is not in the working set.
    pub fn scripts_are_there(
        &self,
        scripts: &Scripts,
        working_set: &WorkingSet,
        context: &dyn Context,
    ) -> Result<bool, EggError> {
        let mut same = true;
        self.each_script(scripts, working_set, context, &mut |script| {
            same &= is_same(&script.file, &script.content);
            Ok(())
        })?;
        Ok(same)
    }

    /// Calls `act` with each script, in order.
    fn each_script(
        &self,
        scripts: &Scripts,
        working_set: &WorkingSet,
        context: &dyn Context,
        act: &mut dyn FnMut(Script) -> Result<(), EggError>,
    ) -> Result<(), EggError> {
        let locations = working_set.iter().map(|one| one.location()).filter(|path| !path.as_os_str().is_empty());
        let paths = Paths::new(locations.chain(scripts.extra_paths.iter().map(PathBuf::as_path)));
        let initialization = match scripts.initialization.as_str() {
            "" => String::new(),
            text => format!("\n{text}\n"),
        };
        let header = text::header(self.interpreter.executable(), self.settings().mode == Mode::Slapos);
        let (entries, old_style) = self.sources(scripts, working_set)?;
        let file_of = |name: &str| match &scripts.names {
            None => Some(scripts.directory.join(name)),
            // As in a Python dict, the last one of a name counts.
            Some(names) => names.iter().rfind(|(known, _)| known == name).map(|(_, to)| scripts.directory.join(to)),
        };
        for entry in &entries {
            let Some(file) = file_of(&entry.name) else {
                continue;
            };
            let (list, before) = paths.lines(&file, scripts.relative_paths.as_deref())?;
            let content = text::script(&header, &before, &list, &initialization, entry, &scripts.arguments);
            act(Script { file, content, what: "script" })?;
        }
        warn_unknown(scripts, &entries, context);
        for (name, source) in &old_style {
            let Some(file) = file_of(name) else {
                continue;
            };
            let (list, before) = paths.lines(&file, scripts.relative_paths.as_deref())?;
            if let Some(content) = old_style::wrapped(&header, source, &before, &list, &initialization) {
                act(Script { file, content, what: "script" })?;
            }
        }
        if let Some(name) = scripts.interpreter.as_deref().filter(|name| !name.is_empty()) {
            let file = scripts.directory.join(name);
            let (list, before) = paths.lines(&file, scripts.relative_paths.as_deref())?;
            let content = text::interpreter(&header, &before, &list, &initialization);
            act(Script { file, content, what: "interpreter" })?;
        }
        Ok(())
    }

    /// The entry points and old-style scripts that `scripts` asks for.
    fn sources(&self, scripts: &Scripts, working_set: &WorkingSet) -> Result<(Vec<Entry>, OldStyle), EggError> {
        let mut entries = Vec::new();
        let mut old_style = Vec::new();
        for source in &scripts.requirements {
            let text = match source {
                ScriptSource::Entry { name, module, attributes } => {
                    let (name, module, attributes) = (name.clone(), module.clone(), attributes.clone());
                    entries.push(Entry { name, module, attributes });
                    continue;
                }
                ScriptSource::Requirement(text) => text,
            };
            let requirement = Requirement::parse(text)?;
            if let Some(marker) = &requirement.marker {
                let holds = marker.evaluate(self.interpreter.facts(), "");
                if !holds.map_err(|error| EggError::internal(&error.class, error.message))? {
                    continue;
                }
            }
            let distribution = find(&requirement, working_set)?;
            for point in distribution.entry_group(GROUP)? {
                let (name, module) = (point.name.clone(), point.module.clone());
                entries.push(Entry { name, module, attributes: point.attributes.clone() });
            }
            let own = distribution.scripts();
            if own.is_empty() {
                let developed = self.developed_scripts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                old_style.extend(developed.get(distribution.key()).into_iter().flatten().cloned());
            } else {
                old_style.extend(own);
            }
        }
        Ok((entries, old_style))
    }
}

fn find<'s>(requirement: &Requirement, set: &'s WorkingSet) -> Result<&'s Distribution, EggError> {
    match set.find(requirement) {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(EggError::user(format!("The working set has no distribution for '{requirement}'."))
            .with_hint(format!("Add `{}` to the eggs of the part.", requirement.name))),
        Err(conflict) => Err(EggError::internal(
            "pkg_resources.VersionConflict",
            format!("({} ({}), {requirement})", conflict.existing, conflict.existing.location().display()),
        )),
    }
}

fn warn_unknown(scripts: &Scripts, entries: &[Entry], context: &dyn Context) {
    let mut seen: Vec<&str> = Vec::new();
    for (name, _) in scripts.names.iter().flatten() {
        if seen.contains(&name.as_str()) || entries.iter().any(|entry| entry.name == *name) {
            continue;
        }
        seen.push(name);
        let last = scripts.names.iter().flatten().rfind(|(known, _)| known == name);
        let file = last.map_or(name, |(_, file)| file);
        if name == file {
            context
                .warning(&format!("Could not generate script '{name}' as it is not defined in the egg entry points."));
        } else {
            context.warning(&format!(
                "Could not generate script '{name}' as script '{file}' is not defined in the egg entry points."
            ));
        }
    }
}

/// Writes a script unless it is as it should be.
fn write(Script { file, content, what }: &Script, context: &dyn Context) -> Result<(), EggError> {
    if is_same(file, content) {
        return Ok(());
    }
    let directory = file.parent().unwrap_or(Path::new("."));
    // Made with all permissions that the mask leaves, and put in place as a whole: it may be running.
    let mut new = tempfile::Builder::new()
        .prefix(".script-")
        .make_in(directory, |path| std::fs::OpenOptions::new().write(true).create_new(true).mode(0o777).open(path))?;
    new.write_all(content.as_bytes())?;
    new.persist(file).map_err(|error| {
        std::io::Error::new(error.error.kind(), format!("failed to write `{}`: {}", file.display(), error.error))
    })?;
    context.info(&format!("Generated {what} {}.", str_repr(&file.to_string_lossy())));
    Ok(())
}

fn is_same(file: &Path, content: &str) -> bool {
    let Ok(metadata) = fs::metadata(file) else {
        return false;
    };
    if !metadata.is_file() || metadata.len() != content.len() as u64 {
        return false;
    }
    let mut old = Vec::with_capacity(content.len());
    fs::File::open(file).is_ok_and(|mut file| file.read_to_end(&mut old).is_ok()) && old == content.as_bytes()
}
