//! The record of what is installed, kept durable while a run goes on.
//!
//! slapos mode appends to the journal and writes `.installed.cfg` once at the end, if it differs, with the parts in
//! install order. upstream mode writes `.installed.cfg` itself as zc.buildout does: the whole file after an install, a
//! stanza with the new list of parts after an update or a removal. Whole files are written aside and renamed.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rbuildout_parser::installed::{self, INSTALLED_OPTION, InstalledState, SavedOptions};
use rbuildout_parser::{Diagnostic, Mode};

use super::directory::StateDirectory;
use super::journal::{Journal, Record};

/// A removal that a killed run had begun: its files have to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRemoval {
    pub part: String,
    pub paths: Vec<String>,
}

/// The record of what is installed.
#[derive(Debug)]
pub struct Store {
    mode: Mode,
    /// `None` if nothing is to be recorded (`installed =`).
    path: Option<PathBuf>,
    state: Arc<InstalledState>,
    /// Text of the file as it is on disk; `None` if there is no file.
    text: Option<String>,
    journal: Journal,
    /// This run has noted that it began.
    begun: bool,
    /// The state is another than that of the file.
    changed: bool,
}

impl Store {
    /// Reads the record. `path` is `buildout:installed`, absolute, or `None` if it is empty.
    pub fn open(
        path: Option<PathBuf>,
        directory: &StateDirectory,
        mode: Mode,
    ) -> Result<(Self, Vec<PendingRemoval>), Box<Diagnostic>> {
        let text = match &path {
            Some(path) => read(path)?,
            None => None,
        };
        let mut state = match (&text, &path) {
            (Some(text), Some(path)) => installed::read(text, &path.to_string_lossy()).map_err(|error| {
                let hint = format!("Delete {} to install everything anew.", path.display());
                Box::new(error.with_hint(hint))
            })?,
            _ => InstalledState::default(),
        };
        let journal_path = directory.journal(path.as_deref().unwrap_or(Path::new("none")));
        let journal = Journal::new(journal_path);
        let empty = Arc::default();
        let mut store = Self { mode, path, state: empty, text, journal, begun: false, changed: false };
        let mut pending = Vec::new();
        if store.path.is_some() {
            let replay =
                store.journal.replay(&mut state, store.text.as_deref().unwrap_or_default()).map_err(io_diagnostic)?;
            pending = replay.pending.into_iter().map(|(part, paths)| PendingRemoval { part, paths }).collect();
            store.state = Arc::new(state);
            if replay.records > 0 && pending.is_empty() {
                store.flush().map_err(io_diagnostic)?;
            }
        }
        Ok((store, pending))
    }

    pub fn state(&self) -> &InstalledState {
        &self.state
    }

    /// The state as it is now, for others to keep.
    pub fn shared_state(&self) -> Arc<InstalledState> {
        self.state.clone()
    }

    fn state_mut(&mut self) -> &mut InstalledState {
        Arc::make_mut(&mut self.state)
    }

    /// True if a removal or an install would have to be written.
    pub fn is_recording(&self) -> bool {
        self.path.is_some()
    }

    /// Notes what `buildout:develop` has made, one path a line.
    pub fn set_develop_eggs(&mut self, paths: &str) {
        self.state_mut().develop_eggs = paths.into();
    }

    /// upstream mode: the stanza that every run appends, once.
    pub fn begin(&mut self) -> io::Result<()> {
        let begun = std::mem::replace(&mut self.begun, true);
        if self.mode == Mode::Upstream && self.text.is_some() && !begun {
            let mut stanza = String::new();
            installed::option(&mut stanza, "installed_develop_eggs", &self.state.develop_eggs);
            self.append_stanza(&stanza)?;
        }
        Ok(())
    }

    /// Records that the files of a part are about to be deleted.
    pub fn removing(&mut self, part: &str, paths: &[String]) -> io::Result<()> {
        if self.mode == Mode::Slapos && self.is_recording() {
            let text = self.text.as_deref().unwrap_or_default();
            self.journal.append(&[Record::Removing { part: part.to_owned(), paths: paths.to_vec() }], text)?;
            if !paths.is_empty() {
                self.journal.sync()?;
            }
        }
        Ok(())
    }

    /// Records that a part is gone.
    pub fn removed(&mut self, part: &str) -> io::Result<()> {
        self.state_mut().parts.shift_remove(part);
        self.changed = true;
        if !self.is_recording() {
            return Ok(());
        }
        match self.mode {
            Mode::Slapos => {
                let text = self.text.as_deref().unwrap_or_default();
                self.journal.append(&[Record::Removed { part: part.to_owned() }], text)
            }
            Mode::Upstream => self.append_parts(),
        }
    }

    /// Records parts that were installed or whose files changed in an update.
    pub fn installed(&mut self, parts: Vec<(Arc<str>, SavedOptions)>) -> io::Result<()> {
        let mut records = Vec::with_capacity(parts.len());
        self.changed |= !parts.is_empty();
        for (part, options) in parts {
            if self.mode == Mode::Slapos && self.is_recording() {
                let options = options.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
                records.push(Record::Installed { part: part.to_string(), options });
            }
            if self.mode == Mode::Upstream {
                self.state_mut().parts.shift_remove(&part);
            }
            self.state_mut().parts.insert(part, options);
        }
        if !self.is_recording() {
            return Ok(());
        }
        match self.mode {
            Mode::Slapos => self.journal.append(&records, self.text.as_deref().unwrap_or_default()),
            Mode::Upstream => self.flush(),
        }
    }

    /// Makes what was recorded durable, and before it the files of the recorded parts: after a power cut a part is never
    /// recorded without its files. slapos mode calls this before a part that needs another one starts.
    pub fn sync(&self) -> io::Result<()> {
        if let (Mode::Slapos, Some(path)) = (self.mode, &self.path) {
            sync_file_system(path.parent().unwrap_or(Path::new("/")))?;
            self.journal.sync()?;
        }
        Ok(())
    }

    /// Records an update that changed no file.
    pub fn updated(&mut self, part: &str) -> io::Result<()> {
        if self.mode == Mode::Upstream
            && let Some((name, options)) = self.state_mut().parts.shift_remove_entry(part)
        {
            self.state_mut().parts.insert(name, options);
            if self.is_recording() {
                return self.append_parts();
            }
        }
        Ok(())
    }

    /// Recorded paths of a part.
    pub fn paths(&self, part: &str) -> Vec<String> {
        let recorded = self.state.parts.get(part).and_then(|options| options.get(INSTALLED_OPTION));
        let lines = recorded.iter().flat_map(|text| text.lines());
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Writes the file at the end of a run; `order` is the whole install list, or `None` if only some parts were asked
    /// for. Nothing is written if nothing changed.
    pub fn finish(&mut self, order: Option<&[Arc<str>]>, succeeded: bool) -> io::Result<()> {
        if !self.is_recording() {
            return Ok(());
        }
        match self.mode {
            Mode::Slapos => {
                let ranks: rustc_hash::FxHashMap<&Arc<str>, usize> =
                    order.unwrap_or_default().iter().enumerate().map(|(at, name)| (name, at)).collect();
                let rank = |name: &Arc<str>| ranks.get(name).copied();
                if !self.state.parts.keys().map(rank).is_sorted() {
                    self.state_mut().parts.sort_by_cached_key(|name, _| rank(name));
                    self.changed = true;
                }
                if self.changed { self.flush() } else { self.journal.reset() }
            }
            // Without parts, only what was developed is noted.
            Mode::Upstream if succeeded && (self.is_empty() || self.text.is_none()) => self.flush(),
            Mode::Upstream => Ok(()),
        }
    }

    fn is_empty(&self) -> bool {
        self.state.parts.is_empty() && self.state.develop_eggs.is_empty()
    }

    /// Brings the file to the state, then forgets the journal.
    fn flush(&mut self) -> io::Result<()> {
        let Some(path) = self.path.clone() else { return Ok(()) };
        if self.is_empty() {
            if self.text.take().is_some() {
                fs_err::remove_file(&path)?;
            }
        } else {
            let text = installed::write(&self.state);
            if self.text.as_deref() != Some(&text) {
                self.sync()?;
                replace(&path, &text)?;
                self.text = Some(text);
            }
        }
        self.changed = false;
        self.journal.reset()
    }

    fn append_parts(&mut self) -> io::Result<()> {
        let names: Vec<&str> = self.state.parts.keys().map(|name| &**name).collect();
        let stanza = format!("parts = {}\n", names.join(" "));
        self.append_stanza(&stanza)
    }

    fn append_stanza(&mut self, body: &str) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
        let stanza = format!("\n[buildout]\n{body}");
        file.write_all(stanza.as_bytes())?;
        self.text.get_or_insert_default().push_str(&stanza);
        Ok(())
    }
}

fn sync_file_system(directory: &Path) -> io::Result<()> {
    let directory = fs_err::File::open(directory)?;
    Ok(rustix::fs::syncfs(&directory)?)
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let result = (|| {
        let mut file = fs_err::File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs_err::rename(&temporary, path)
    })();
    if result.is_err() {
        let _ = fs_err::remove_file(&temporary);
    }
    result
}

fn read(path: &Path) -> Result<Option<String>, Box<Diagnostic>> {
    // The file is replaced by renaming: a device, a pipe or a link must not be.
    let content = match fs_err::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(io::Error::other(format!(
            "{} is not a regular file, so what is installed can't be recorded there.",
            path.display()
        ))),
        Ok(_) => fs_err::read(path),
        Err(error) => Err(error),
    };
    match content {
        // The lossy reading takes its time, and there is hardly ever anything to lose.
        Ok(bytes) => Ok(Some(
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_diagnostic(error)),
    }
}

fn io_diagnostic(error: io::Error) -> Box<Diagnostic> {
    Box::new(Diagnostic::user(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(value: &str) -> SavedOptions {
        [("recipe", "r"), ("v", value)].into_iter().map(|(k, v)| (Arc::from(k), Arc::from(v))).collect()
    }

    fn open(root: &Path, mode: Mode) -> (Store, Vec<PendingRemoval>) {
        Store::open(Some(root.join(".installed.cfg")), &StateDirectory::new(root), mode).unwrap()
    }

    fn names(store: &Store) -> Vec<String> {
        store.state().parts.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn a_killed_run_loses_nothing_recorded() {
        let root = tempfile::tempdir().unwrap();
        let (mut store, _) = open(root.path(), Mode::Slapos);
        store.installed(vec![("a".into(), options("1"))]).unwrap();
        store.installed(vec![("b".into(), options("x\n  y "))]).unwrap();
        drop(store);
        assert!(!root.path().join(".installed.cfg").exists());
        let (store, pending) = open(root.path(), Mode::Slapos);
        assert_eq!(names(&store), ["a", "b"]);
        assert_eq!(store.state().parts["b"], options("x\n  y "));
        assert_eq!(pending, []);
        assert!(root.path().join(".installed.cfg").exists(), "the replay was written down");
    }

    #[test]
    fn a_torn_record_and_a_half_done_removal() {
        let root = tempfile::tempdir().unwrap();
        let (mut store, _) = open(root.path(), Mode::Slapos);
        store.installed(vec![("a".into(), options("1")), ("b".into(), options("2"))]).unwrap();
        store.finish(Some(&["b".into(), "a".into()]), true).unwrap();
        assert_eq!(names(&store), ["b", "a"]);
        store.removing("a", &["parts/a".into()]).unwrap();
        drop(store);
        let journal = root.path().join(".rbuildout/journal-.installed.cfg");
        let mut text = fs_err::read_to_string(&journal).unwrap();
        text.push_str("{\"installed\":{\"part\":\"c\",");
        fs_err::write(&journal, text).unwrap();
        let (store, pending) = open(root.path(), Mode::Slapos);
        assert_eq!(names(&store), ["b"]);
        assert_eq!(pending, [PendingRemoval { part: "a".into(), paths: vec!["parts/a".into()] }]);
    }

    #[test]
    fn a_journal_of_another_file_is_not_replayed() {
        let root = tempfile::tempdir().unwrap();
        let (mut store, _) = open(root.path(), Mode::Slapos);
        store.installed(vec![("a".into(), options("1"))]).unwrap();
        drop(store);
        fs_err::write(root.path().join(".installed.cfg"), "[buildout]\nparts = z\n\n[z]\nrecipe = r\n").unwrap();
        assert_eq!(names(&open(root.path(), Mode::Slapos).0), ["z"]);
    }

    #[test]
    fn a_run_that_changes_nothing_leaves_the_file_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(".installed.cfg");
        // As other tools leave it: not as it would be written here.
        let text = "[buildout]\nparts = a\n\n[a]\nv = 1\nrecipe = r\n\n[buildout]\nparts = a\n";
        fs_err::write(&path, text).unwrap();
        let (mut store, _) = open(root.path(), Mode::Slapos);
        store.finish(Some(&["a".into()]), true).unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), text);
        store.installed(vec![("a".into(), options("2"))]).unwrap();
        store.finish(Some(&["a".into()]), true).unwrap();
        assert_eq!(
            fs_err::read_to_string(&path).unwrap(),
            "[buildout]\ninstalled_develop_eggs = \nparts = a\n\n[a]\nrecipe = r\nv = 2\n"
        );
    }

    #[test]
    fn upstream_stanzas() {
        let root = tempfile::tempdir().unwrap();
        let (mut store, _) = open(root.path(), Mode::Upstream);
        store.begin().unwrap();
        store.installed(vec![("a".into(), options("1"))]).unwrap();
        store.installed(vec![("b".into(), options("2"))]).unwrap();
        store.finish(None, true).unwrap();
        let (mut store, _) = open(root.path(), Mode::Upstream);
        store.begin().unwrap();
        store.updated("a").unwrap();
        store.updated("b").unwrap();
        let text = fs_err::read_to_string(root.path().join(".installed.cfg")).unwrap();
        let whole =
            "[buildout]\ninstalled_develop_eggs = \nparts = a b\n\n[a]\nrecipe = r\nv = 1\n\n[b]\nrecipe = r\nv = 2\n";
        let tail = "\n[buildout]\ninstalled_develop_eggs = \n\n[buildout]\nparts = b a\n\n[buildout]\nparts = a b\n";
        assert_eq!(text, format!("{whole}{tail}"));
    }

    #[test]
    fn upstream_stanza_of_several_develop_eggs() {
        let root = tempfile::tempdir().unwrap();
        let (mut store, _) = open(root.path(), Mode::Upstream);
        store.begin().unwrap();
        store.installed(vec![("a".into(), options("1"))]).unwrap();
        store.finish(None, true).unwrap();
        let (mut store, _) = open(root.path(), Mode::Upstream);
        store.set_develop_eggs("/d/one.egg-link\n/d/two.egg-link");
        store.begin().unwrap();
        let (store, _) = open(root.path(), Mode::Upstream);
        assert_eq!(&*store.state().develop_eggs, "/d/one.egg-link\n/d/two.egg-link");
    }
}
