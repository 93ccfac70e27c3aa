//! The journal: one line for each thing that changed since `.installed.cfg` was written.
//!
//! A line is a JSON record. The first names the md5 of the `.installed.cfg` that the journal continues; a journal that
//! continues another text (another tool wrote the file since) is not replayed. A last line without newline is what a
//! kill left of a write and is dropped. State grows by one record a part, however many parts there are.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rbuildout_cache::hash::md5_hex;
use rbuildout_parser::installed::{InstalledState, SavedOptions};
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Record {
    Continues {
        md5: String,
    },
    /// Files of a part are about to be deleted.
    Removing {
        part: String,
        paths: Vec<String>,
    },
    Removed {
        part: String,
    },
    Installed {
        part: String,
        options: Vec<(String, String)>,
    },
}

/// What a replay found.
#[derive(Debug, Default)]
pub(super) struct Replay {
    /// Removals that were begun and not finished: part and paths.
    pub(super) pending: Vec<(String, Vec<String>)>,
    pub(super) records: usize,
}

#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: Option<File>,
}

impl Journal {
    /// No file is created before the first record.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Applies an existing journal to the state, if it continues this text of `.installed.cfg`.
    pub(super) fn replay(&self, state: &mut InstalledState, installed_text: &str) -> io::Result<Replay> {
        let bytes = match fs_err::symlink_metadata(&self.path) {
            Ok(found) if found.is_file() => fs_err::read(&self.path)?,
            Ok(_) => return Err(not_a_file(&self.path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Replay::default()),
            Err(error) => return Err(error),
        };
        let base = md5_hex(installed_text);
        let mut replay = Replay::default();
        let text = String::from_utf8_lossy(&bytes);
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut current = false;
        for line in whole.split('\n') {
            let Ok(record) = serde_json::from_str::<Record>(line) else { continue };
            match record {
                Record::Continues { md5 } => current = md5 == base,
                _ if !current => {}
                Record::Removing { part, paths } => {
                    state.parts.shift_remove(part.as_str());
                    replay.pending.push((part, paths));
                }
                Record::Removed { part } => replay.pending.retain(|(pending, _)| *pending != part),
                Record::Installed { part, options } => {
                    let options: SavedOptions =
                        options.into_iter().map(|(key, value)| (Arc::from(key), Arc::from(value))).collect();
                    state.parts.shift_remove(part.as_str());
                    state.parts.insert(part.into(), options);
                }
            }
            replay.records += 1;
        }
        Ok(replay)
    }

    /// Starts an empty journal: what an old one said must be in `.installed.cfg` by now.
    pub(super) fn reset(&mut self) -> io::Result<()> {
        self.file = None;
        match fs_err::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Appends records; a new journal continues this text of `.installed.cfg`. They survive the end of the process at
    /// once, and that of the machine after `sync`.
    pub(super) fn append(&mut self, records: &[Record], installed_text: &str) -> io::Result<()> {
        let mut text = Vec::new();
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                push(&mut text, &Record::Continues { md5: md5_hex(installed_text) })?;
                let file = open_new(&self.path)?;
                self.file.insert(file)
            }
        };
        for record in records {
            push(&mut text, record)?;
        }
        file.write_all(&text)
    }

    /// Makes all appended records durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }
}

fn open_new(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    // An old journal has been read: it is replaced, never written through, should it be a link.
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    Ok(fs_err::OpenOptions::new().create_new(true).write(true).open(path)?.into_parts().0)
}

/// The error for something else where a file of the run's state should be.
pub(super) fn not_a_file(path: &Path) -> io::Error {
    io::Error::other(format!("{} is not a regular file: remove it and run again.", path.display()))
}

fn push(text: &mut Vec<u8>, record: &Record) -> io::Result<()> {
    serde_json::to_writer(&mut *text, record)?;
    text.push(b'\n');
    Ok(())
}
