//! The metadata of distributions: `EGG-INFO`, `.egg-info`, `.dist-info`.

mod entry_points;
mod headers;
mod requires;
mod sections;

use std::path::{Path, PathBuf};

pub use entry_points::EntryPoint;
pub(crate) use entry_points::{EntryPoints, entry_points};
pub(crate) use headers::Headers;
pub(crate) use requires::{Requires, requires};
pub(crate) use sections::{sections, significant_lines};

use crate::version::Version;

/// The longest metadata file that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// Where metadata are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Metadata {
    /// A directory: `EGG-INFO`, `X.egg-info` or `X.dist-info`.
    Directory(PathBuf),
    /// A single file `X.egg-info` that holds what would be in `PKG-INFO`.
    File(PathBuf),
    /// Nowhere.
    None,
}

impl Metadata {
    /// The text of the metadata file `name`.
    pub fn read(&self, name: &str) -> Option<String> {
        let path = match self {
            Self::Directory(directory) => directory.join(name),
            Self::File(path) if name == "PKG-INFO" => path.clone(),
            _ => return None,
        };
        read_limited(&path)
    }

    /// Whether there is a metadata file `name`.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Directory(directory) => directory.join(name).exists(),
            Self::File(path) => name == "PKG-INFO" && path.is_file(),
            Self::None => false,
        }
    }

    /// Whether these are those of a wheel.
    pub(crate) fn is_dist_info(&self) -> bool {
        matches!(self, Self::Directory(path) if path.extension().is_some_and(|found| found.eq_ignore_ascii_case("dist-info")))
    }

    /// The main file: `METADATA` or `PKG-INFO`.
    pub(crate) fn headers(&self) -> Option<Headers> {
        self.read(if self.is_dist_info() { "METADATA" } else { "PKG-INFO" }).map(|text| Headers::parse(&text))
    }

    pub(crate) fn version(&self) -> Option<Version> {
        self.headers()?.get("version").filter(|text| !text.is_empty()).map(Version::new)
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let text = self.read(name).unwrap_or_default();
        significant_lines(&text).map(str::to_owned).collect()
    }

    pub(crate) fn scripts(&self) -> Vec<(String, String)> {
        let Self::Directory(directory) = self else {
            return Vec::new();
        };
        let directory = directory.join("scripts");
        let Ok(entries) = fs_err::read_dir(&directory) else {
            return Vec::new();
        };
        let mut found: Vec<(String, String)> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.to_lowercase().ends_with(".exe"))
            .filter_map(|name| Some((name.clone(), read_limited(&directory.join(&name))?)))
            .collect();
        found.sort();
        found
    }

    /// The place, for messages.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Directory(path) | Self::File(path) => path.display().to_string(),
            Self::None => "the program".to_owned(),
        }
    }
}

fn read_limited(path: &Path) -> Option<String> {
    let metadata = fs_err::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_FILE {
        return None;
    }
    let bytes = fs_err::read(path).ok()?;
    Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}
