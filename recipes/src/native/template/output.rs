//! How the template recipes write their output: see the `mode` option in the recipes' tables.

use std::path::Path;

use fs_err as fs;
use rustix::fs::Access;

use crate::api::Settings;
use crate::error::RecipeError;
use crate::native::common::files::{Mode, has_content, write_if_changed};
use crate::native::common::numbers::octal;
use crate::native::common::paths::{file_not_found, resolve};

/// Output file of a template.
pub(crate) struct Output {
    /// As the option has it: that is what is recorded.
    pub(crate) path: String,
    /// Option `mode`, unless empty.
    pub(crate) mode: Option<String>,
}

impl Output {
    /// Writes the file, or leaves it alone if it has this content. Missing directories are created.
    pub(crate) fn write(&self, settings: &Settings, content: &[u8]) -> Result<(), RecipeError> {
        if self.path.is_empty() {
            return Err(file_not_found(""));
        }
        let path = resolve(settings, &self.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        write_if_changed(&path, content, self.file_mode(content)?)?;
        Ok(())
    }

    /// True if the file has this content and its mode.
    pub(crate) fn is_current(&self, directory: &Path, content: &[u8]) -> bool {
        use std::os::unix::fs::PermissionsExt;
        let path = directory.join(&self.path);
        let Ok(mode) = self.file_mode(content) else { return false };
        has_content(&path, content)
            && fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o7777 == mode.bits())
    }

    fn file_mode(&self, content: &[u8]) -> Result<Mode, RecipeError> {
        match &self.mode {
            Some(mode) => Ok(Mode::Exact(octal(mode)?)),
            None if is_script(content) => Ok(Mode::Masked(0o777)),
            None => Ok(Mode::Masked(0o666)),
        }
    }
}

/// True if the content names an interpreter that can be executed now.
fn is_script(content: &[u8]) -> bool {
    let Some(rest) = content.strip_prefix(b"#!") else { return false };
    let word = rest.split(u8::is_ascii_whitespace).find(|word| !word.is_empty());
    let Some(Ok(word)) = word.map(std::str::from_utf8) else { return false };
    Path::new(word).is_absolute() && rustix::fs::access(word, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts() {
        assert!(is_script(b"#!/bin/sh\n") && is_script(b"#! /bin/sh -e"));
        assert!(!is_script(b"#!/nosuch/sh\n") && !is_script(b"#!") && !is_script(b"x"));
    }
}
