//! Wheels to eggs, as setuptools converts them.

use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_cache::archive::{Limits, unpack};
use rbuildout_cache::hash::{Algorithm, hash_file, md5_hex};
use rbuildout_cache::tree;

use super::{Installer, modes, store};
use crate::error::EggError;
use crate::index::WheelName;
use crate::interpreter::Interpreter;
use crate::metadata::{Headers, Metadata, requires};
use crate::name::{canonical_name, to_filename};
use crate::requirement::Requirement;
use crate::settings::Mode;

const NAMESPACE_INIT: &str = "__import__('pkg_resources').declare_namespace(__name__)\n";
/// Names the rules of the conversion in the keys of the store.
const RULES: &str = "1";

impl Installer<'_> {
    /// Makes an egg of the wheel `file` in `work`.
    pub(super) fn unpack_wheel(&self, file: &Path, work: &Path) -> Result<PathBuf, EggError> {
        let interpreter = &self.eggs.interpreter;
        let Some(cache) = &self.eggs.settings().cache_directory else {
            return convert(file, work, interpreter);
        };
        let digest = hash_file(file, &[Algorithm::Sha256])?.sha256.unwrap_or_default();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let entry = self.entry(cache, &name, &digest);
        if let Some(egg) = entry.get() {
            return Ok(link(&egg, work)?);
        }
        let Ok(new) = entry.work_directory() else {
            // A cache that can't be written is none.
            return convert(file, work, interpreter);
        };
        let egg = convert(file, new.path(), interpreter)?;
        if depends_on_machine(&egg) {
            return convert(file, work, interpreter);
        }
        if self.eggs.settings().mode == Mode::Slapos {
            modes::share(&egg)?;
        }
        Ok(link(&entry.keep(new, &egg)?, work)?)
    }

    /// Makes an egg in `work` of a wheel that was unpacked before: `name` is that of its file, `digest` its sha256.
    pub(super) fn stored_wheel(&self, name: &str, digest: &str, work: &Path) -> Result<Option<PathBuf>, EggError> {
        let settings = self.eggs.settings();
        let cache = settings.cache_directory.as_deref();
        let found = cache.and_then(|cache| self.entry(cache, name, digest).get());
        Ok(found.map(|egg| link(&egg, work)).transpose()?)
    }

    fn entry(&self, cache: &Path, name: &str, digest: &str) -> store::Entry {
        let shared = self.eggs.settings().mode == Mode::Slapos;
        let other = md5_hex(format!("{RULES}\n{name}\n{shared}\n{}", environment(&self.eggs.interpreter)));
        store::Entry::new(cache, &format!("{digest}-{other}"))
    }
}

/// Makes a copy of `egg` in `work` that shares its files.
fn link(egg: &Path, work: &Path) -> std::io::Result<PathBuf> {
    let made = work.join(egg.file_name().unwrap_or_default());
    tree::clone_by_links(egg, &made)?;
    Ok(made)
}

/// What markers are decided by, but for the state of the machine.
fn environment(interpreter: &Interpreter) -> String {
    let facts = interpreter.facts();
    format!(
        "{} {} {} {} {} {} {} {}",
        facts.python_version,
        facts.implementation_name,
        facts.implementation_version,
        facts.python_implementation,
        facts.os_name,
        facts.sys_platform,
        facts.machine,
        facts.system
    )
}

/// Whether markers ask for the kernel's release, so that the next boot may need another egg.
fn depends_on_machine(egg: &Path) -> bool {
    let text = Metadata::Directory(egg.join("EGG-INFO")).read("PKG-INFO").unwrap_or_default();
    let headers = Headers::parse(&text);
    headers.all("requires-dist").any(|line| line.contains("platform_release") || line.contains("platform_version"))
}

/// Refuses an archive with names that lead out of it, or with links.
pub(super) fn refuse_hostile(file: &Path) -> Result<Vec<String>, EggError> {
    let refuse = |name: &str, why: &str| {
        EggError::user(format!("{} is refused: its entry `{name}` {why}.", file.display()))
            .with_hint("Eggs and wheels have only relative names of files: get it from somewhere else.")
    };
    let damaged = |error: zip::result::ZipError| {
        EggError::user(format!("{} is damaged: {error}.", file.display())).with_hint("Remove it and run again.")
    };
    let mut archive = zip::ZipArchive::new(fs::File::open(file)?).map_err(damaged)?;
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        if name.starts_with('/') || name.split('/').any(|part| part == "..") || name.contains('\0') {
            return Err(refuse(&name, "would be written outside the egg"));
        }
        let kind = (entry.external_attributes() >> 16) & 0o170_000;
        if kind != 0 && kind != 0o100_000 && kind != 0o040_000 {
            return Err(refuse(&name, "is no regular file"));
        }
        names.push(name);
    }
    Ok(names)
}

/// Makes an egg of the wheel `file` in the directory `into`.
pub(crate) fn convert(file: &Path, into: &Path, interpreter: &Interpreter) -> Result<PathBuf, EggError> {
    let wrong = |why: String| {
        EggError::internal("ValueError", why)
            .with_hint(format!("{} is no wheel that can be used: remove it or pin another version.", file.display()))
    };
    let file_name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let wheel = WheelName::parse(file_name).ok_or_else(|| wrong(format!("invalid wheel name: '{file_name}'")))?;
    let names = refuse_hostile(file)?;
    let dist_info = dist_info(&names, wheel.project)
        .ok_or_else(|| wrong("unsupported wheel format. .dist-info not found".to_owned()))?;
    let egg = into.join(egg_name(&wheel, interpreter));
    unpack(file, &egg, &Limits::default(), None)?;
    let old = egg.join(dist_info);
    let headers = Metadata::Directory(old.clone()).read("WHEEL").map(|text| Headers::parse(&text)).unwrap_or_default();
    let version = headers.get("wheel-version").unwrap_or("None");
    if !version.starts_with("1.") {
        return Err(wrong(format!("unsupported wheel format version: {version}")));
    }
    let metadata = Metadata::Directory(old.clone());
    let required = requires_text(&metadata, interpreter)?;
    let info = egg.join("EGG-INFO");
    fs::rename(&old, &info)?;
    fs::rename(info.join("METADATA"), info.join("PKG-INFO"))?;
    let requires_file = info.join("requires.txt");
    if !required.is_empty() {
        fs::write(requires_file, required)?;
    } else if requires_file.exists() {
        fs::remove_file(requires_file)?;
    }
    move_data(&egg, &egg.join(format!("{}-{}.data", wheel.project, wheel.version)))?;
    fix_namespaces(&egg, &info)?;
    Ok(egg)
}

/// The directory of the metadata: the first one whose name begins with that of the project.
fn dist_info<'n>(names: &'n [String], project: &str) -> Option<&'n str> {
    let project = canonical_name(project);
    names
        .iter()
        .filter_map(|name| name.rsplit_once('/').map(|(directory, _)| directory))
        .find(|directory| directory.ends_with(".dist-info") && canonical_name(directory).starts_with(&project))
}

fn egg_name(wheel: &WheelName<'_>, interpreter: &Interpreter) -> String {
    let component = |text: &str| to_filename(text).trim_matches('_').to_owned();
    let mut name = format!("{}-{}-py{}", component(wheel.project), component(wheel.version), interpreter.python());
    if wheel.platform != "any" {
        name.push('-');
        name.push_str(interpreter.platform());
    }
    name.push_str(".egg");
    name
}

/// `requires.txt`: markers are decided now.
fn requires_text(metadata: &Metadata, interpreter: &Interpreter) -> Result<String, EggError> {
    let found = requires(metadata, interpreter.facts())?;
    let bare = |requirement: &Requirement| Requirement { marker: None, ..requirement.clone() }.to_string();
    let always: Vec<String> = found.always.iter().map(bare).collect();
    let mut text = String::new();
    for requirement in &always {
        text.push_str(requirement);
        text.push('\n');
    }
    let mut extras: Vec<_> = found.extras.iter().collect();
    extras.sort_by(|a, b| a.0.cmp(&b.0));
    for (extra, requirements) in extras {
        text.push_str(&format!("\n[{extra}]\n"));
        let mut seen: Vec<String> = Vec::new();
        for requirement in requirements.iter().map(bare) {
            if !always.contains(&requirement) && !seen.contains(&requirement) {
                text.push_str(&requirement);
                text.push('\n');
                seen.push(requirement);
            }
        }
    }
    Ok(text)
}

/// Moves what is in `NAME-VERSION.data` to where it belongs in an egg.
fn move_data(egg: &Path, data: &Path) -> Result<(), EggError> {
    let scripts = data.join("scripts");
    if scripts.exists() {
        let target = egg.join("EGG-INFO").join("scripts");
        fs::create_dir_all(&target)?;
        for entry in fs::read_dir(&scripts)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "pyc") {
                fs::remove_file(path)?;
            } else {
                fs::rename(&path, target.join(path.file_name().unwrap_or_default()))?;
            }
        }
        fs::remove_dir(scripts)?;
    }
    for part in ["data", "headers", "purelib", "platlib"] {
        let part = data.join(part);
        if part.exists() {
            move_tree(&part, egg)?;
        }
    }
    if data.exists() {
        fs::remove_dir(data)?;
    }
    Ok(())
}

/// Moves what is in `from` into `to`, which keeps what it has.
fn move_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() && target.is_dir() {
            move_tree(&entry.path(), &target)?;
        } else {
            fs::rename(entry.path(), target)?;
        }
    }
    fs::remove_dir(from)
}

/// Namespace packages that need it get an `__init__.py`: eggs are separate directories on `sys.path`.
fn fix_namespaces(egg: &Path, info: &Path) -> Result<(), EggError> {
    let listed = info.join("namespace_packages.txt");
    if !listed.exists() {
        return Ok(());
    }
    let text = fs::read_to_string(listed)?;
    for package in text.split_whitespace().filter(|package| is_dotted_name(package)) {
        let directory = egg.join(package.replace('.', "/"));
        let init = directory.join("__init__.py");
        fs::create_dir_all(&directory)?;
        if !init.exists() {
            fs::write(init, NAMESPACE_INIT)?;
        }
    }
    Ok(())
}

/// Whether `text` is a name of a package, and thus no way out of a directory.
pub(super) fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_'))
}
