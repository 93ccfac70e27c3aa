//! Source distributions: unpacked, configured, built.

use std::path::{Path, PathBuf};

use fs_err as fs;
use rbuildout_cache::archive::{Limits, unpack};
use rbuildout_cache::tree;

use super::Installer;
use crate::error::EggError;
use crate::settings::Mode;

impl Installer<'_> {
    /// Builds `source`, an archive or a directory with a setup script, and makes an egg of it in `work`.
    pub(super) fn build_source(&self, source: &Path, work: &Path) -> Result<PathBuf, EggError> {
        match self.eggs.settings().mode {
            Mode::Upstream => self.pip_install(source, work),
            Mode::Slapos => {
                let wheels = tempfile::Builder::new().prefix(".wheel-").tempdir_in(self.directory)?;
                let wheel = self.pip_wheel(source, wheels.path())?;
                super::wheel::convert(&wheel, work, &self.eggs.interpreter)
            }
        }
    }
}

/// Unpacks the source distribution `file` into `into` (a directory is copied); returns the directory of its setup script.
///
/// # Errors
/// No setup script, or more than one: in the reference's words.
pub(super) fn unpack_source(file: &Path, into: &Path) -> Result<PathBuf, EggError> {
    if file.is_dir() {
        tree::copy(file, &into.join("source"))?;
    } else {
        unpack(file, into, &Limits::default(), None)?;
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_root = |path: &Path| path.join("setup.py").is_file() || path.join("pyproject.toml").is_file();
    if is_root(into) {
        return Ok(into.to_owned());
    }
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(into)? {
        let path = entry?.path();
        if is_root(&path) {
            found.push(path);
        }
    }
    let only = found.pop().ok_or_else(|| EggError::user(format!("Couldn't find a setup script in {name}")))?;
    if found.is_empty() { Ok(only) } else { Err(EggError::user(format!("Multiple setup scripts in {name}"))) }
}

/// Sets options of one section in a `setup.cfg`, which is written as Python's `configparser` writes it.
pub(crate) fn edit_setup_cfg(path: &Path, section: &str, options: &[(String, String)]) -> Result<(), EggError> {
    let text = if path.exists() { fs::read_to_string(path)? } else { String::new() };
    fs::write(path, edited(&text, section, options))?;
    Ok(())
}

/// A section of a configuration file: its name and options.
type Section = (String, Vec<(String, String)>);

fn edited(text: &str, section: &str, options: &[(String, String)]) -> String {
    let mut sections = parse(text);
    let at = sections.iter().position(|(name, _)| name == section).unwrap_or_else(|| {
        sections.push((section.to_owned(), Vec::new()));
        sections.len() - 1
    });
    let own = &mut sections[at].1;
    for (name, value) in options {
        match own.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => old.clone_from(value),
            None => own.push((name.clone(), value.clone())),
        }
    }
    let mut out = String::new();
    for (name, options) in sections {
        out.push_str(&format!("[{name}]\n"));
        for (name, value) in options {
            out.push_str(&format!("{name} = {}\n", value.replace('\n', "\n\t")));
        }
        out.push('\n');
    }
    out
}

fn parse(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name)
            && !line.starts_with([' ', '\t'])
        {
            if !sections.iter().any(|(known, _)| known == name) {
                sections.push((name.to_owned(), Vec::new()));
            }
            continue;
        }
        let Some((_, options)) = sections.last_mut() else {
            continue;
        };
        if line.starts_with([' ', '\t']) || trimmed.is_empty() {
            if let Some((_, value)) = options.last_mut() {
                value.push('\n');
                value.push_str(trimmed);
            }
        } else if let Some((name, value)) = trimmed.split_once(['=', ':']) {
            options.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    for (_, options) in &mut sections {
        for (_, value) in options {
            value.truncate(value.trim_end().len());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_added_and_replaced() {
        let text = "# c\n[metadata]\nname = a\nlong: x\n  y\n\n[build_ext]\ndebug=1\nrpath = /old\n";
        let options = [("rpath".to_owned(), "/new".to_owned()), ("include-dirs".to_owned(), "/i".to_owned())];
        assert_eq!(
            edited(text, "build_ext", &options),
            "[metadata]\nname = a\nlong = x\n\ty\n\n[build_ext]\ndebug = 1\nrpath = /new\ninclude-dirs = /i\n\n"
        );
        assert_eq!(edited("", "build_ext", &[]), "[build_ext]\n\n");
    }
}
