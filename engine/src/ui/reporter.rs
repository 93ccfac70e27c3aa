//! Log lines of a run, in the order of the parts whatever the order of their work.
//!
//! Lines go to standard output, as the reference's do. Of parts that run side by side only the first that is not done
//! yet writes through; the others' lines wait until it is their turn. So a run says the same with any number of jobs.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rbuildout_cache::Progress;
use rbuildout_parser::python::{PythonError, Value, percent_format_with};
use rbuildout_recipes::run::{Level, PartLog};

use super::live::Live;
use crate::buildout::Message;

/// How log lines look.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// Records below this numeric level are not shown.
    pub threshold: i64,
    /// Python %-format for all records (`log-format`), if set.
    pub format: Option<String>,
    /// Show the output of commands as well.
    pub echo: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { threshold: 20, format: None, echo: false }
    }
}

/// Python's numeric level.
fn number(level: Level) -> i64 {
    match level {
        Level::Debug => 10,
        Level::Info => 20,
        Level::Warning => 30,
        Level::Error => 40,
    }
}

/// Python's name of a numeric level.
fn level_name(level: i64) -> String {
    match level {
        10 => "DEBUG".to_owned(),
        20 => "INFO".to_owned(),
        30 => "WARNING".to_owned(),
        40 => "ERROR".to_owned(),
        50 => "CRITICAL".to_owned(),
        other => format!("Level {other}"),
    }
}

/// Where all lines of a run go.
pub struct Reporter {
    settings: LogSettings,
    live: Option<Live>,
    order: Mutex<Order>,
}

#[derive(Default)]
struct Order {
    waiting: Vec<Vec<u8>>,
    done: Vec<bool>,
    /// The part that writes through.
    turn: usize,
}

impl Reporter {
    /// With `live`, a region at the bottom of the terminal shows what is going on.
    pub fn new(settings: LogSettings, live: bool) -> Arc<Self> {
        Arc::new(Self { settings, live: live.then(Live::new), order: Mutex::default() })
    }

    /// Says how many parts there will be; until then lines are written at once.
    pub fn begin(&self, parts: usize, busy: usize) {
        let mut order = self.order.lock().expect("no panic while locked");
        order.waiting = vec![Vec::new(); parts];
        order.done = vec![false; parts];
        order.turn = 0;
        if let Some(live) = &self.live {
            live.begin(busy);
        }
    }

    /// A text that is no record.
    pub fn print(&self, text: &str) {
        self.write(text.as_bytes());
    }

    /// A record of the engine's own logger.
    pub fn record(&self, level: Level, message: &str) {
        if let Some(line) = self.line(level, "zc.buildout", message) {
            self.write(line.as_bytes());
        }
    }

    /// What a recipe said while it was initialised.
    pub fn message(&self, message: &Message) {
        match message {
            Message::Record { level, part, text } => {
                if let Some(line) = self.line(*level, part, text) {
                    self.write(line.as_bytes());
                }
            }
            Message::Foreign { level, logger, text } => self.foreign(logger, *level, text),
            Message::Line(line) => self.write(format!("{line}\n").as_bytes()),
        }
    }

    /// A record of any Python logger, with Python's numeric level.
    pub fn foreign(&self, logger: &str, level: i64, text: &str) {
        self.foreign_of(None, level, logger, text);
    }

    fn foreign_of(&self, part: Option<usize>, level: i64, logger: &str, text: &str) {
        if level < self.settings.threshold {
            return;
        }
        let line = self.formatted(level, &level_name(level), logger, text);
        match part {
            Some(index) => self.part_bytes(index, line.as_bytes()),
            None => self.write(line.as_bytes()),
        }
    }

    /// A record of the engine about a part.
    pub fn part_record(&self, index: usize, level: Level, message: &str) {
        if let Some(line) = self.line(level, "zc.buildout", message) {
            self.part_bytes(index, line.as_bytes());
        }
    }

    fn line(&self, level: Level, logger: &str, message: &str) -> Option<String> {
        if number(level) < self.settings.threshold {
            return None;
        }
        Some(self.formatted(number(level), &level_name(number(level)), logger, message))
    }

    fn formatted(&self, level: i64, level_name: &str, logger: &str, message: &str) -> String {
        if let Some(format) = &self.settings.format {
            let fields = |key: &str| {
                Ok::<_, PythonError>(Value::from(match key {
                    "levelname" => level_name.to_owned(),
                    "levelno" => level.to_string(),
                    "name" => logger.to_owned(),
                    "message" => message.to_owned(),
                    "asctime" => clock(),
                    _ => String::new(),
                }))
            };
            if let Ok(line) = percent_format_with(format, "dict", fields) {
                return format!("{line}\n");
            }
        }
        let own = logger == "zc.buildout" || logger.starts_with("zc.buildout.");
        if own { format!("{message}\n") } else { format!("{logger}: {message}\n") }
    }

    fn part_bytes(&self, index: usize, bytes: &[u8]) {
        let mut order = self.order.lock().expect("no panic while locked");
        if index <= order.turn || index >= order.waiting.len() {
            self.write(bytes);
        } else {
            order.waiting[index].extend_from_slice(bytes);
        }
    }

    /// A part is under way.
    pub fn started(&self, index: usize, part: &str) {
        if let Some(live) = &self.live {
            live.started(index, part);
        }
    }

    /// A part is done, or will not be started at all: the next one may write through.
    pub fn ended(&self, index: usize, busy: bool) {
        let mut order = self.order.lock().expect("no panic while locked");
        if let Some(done) = order.done.get_mut(index) {
            *done = true;
        }
        while order.turn < order.done.len() && order.done[order.turn] {
            order.turn += 1;
            let turn = order.turn;
            if let Some(waiting) = order.waiting.get_mut(turn) {
                let bytes = std::mem::take(waiting);
                self.write(&bytes);
            }
        }
        if let Some(live) = &self.live {
            live.ended(index, busy);
        }
    }

    /// Ends the live region and writes all that still waits, in order.
    pub fn finish(&self) {
        let mut order = self.order.lock().expect("no panic while locked");
        for waiting in &mut order.waiting {
            let bytes = std::mem::take(waiting);
            self.write(&bytes);
        }
        order.turn = order.waiting.len();
        if let Some(live) = &self.live {
            live.clear();
        }
    }

    fn write(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let write = || {
            let mut out = io::stdout().lock();
            // A reader that went away is no reason to stop a build.
            let _ = out.write_all(bytes).and_then(|()| out.flush());
        };
        match &self.live {
            Some(live) => live.suspend(write),
            None => write(),
        }
    }

    /// The log of a part; its file is created at the first use.
    pub fn part(self: &Arc<Self>, index: usize, part: &str, path: PathBuf) -> PartLogger {
        let file = Mutex::default();
        PartLogger { reporter: self.clone(), index, part: part.to_owned(), path, file }
    }
}

/// Now, as Python's `asctime` has it.
fn clock() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f").to_string()
}

/// The log of one part: its file and its lines on the screen.
pub struct PartLogger {
    reporter: Arc<Reporter>,
    index: usize,
    part: String,
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl PartLogger {
    fn open(&self) -> io::Result<File> {
        let mut file = self.file.lock().expect("no panic while locked");
        if file.is_none() {
            if let Some(parent) = self.path.parent() {
                fs_err::create_dir_all(parent)?;
            }
            // Replaced, never written through, should it be a link.
            match fs_err::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let opened = fs_err::OpenOptions::new().append(true).create_new(true).open(&self.path)?;
            *file = Some(opened.into_parts().0);
        }
        file.as_ref().map(File::try_clone).transpose()?.ok_or_else(|| io::Error::other("no log file"))
    }

    fn append(&self, line: &str) {
        if let Ok(mut file) = self.open() {
            let _ = file.write_all(line.as_bytes());
        }
    }

    /// True if anything was written.
    pub fn exists(&self) -> bool {
        self.file.lock().expect("no panic while locked").is_some()
    }
}

impl PartLog for PartLogger {
    fn record(&self, level: Level, message: &str) {
        self.append(&format!("{}: {message}\n", self.part));
        if let Some(line) = self.reporter.line(level, &self.part, message) {
            self.reporter.part_bytes(self.index, line.as_bytes());
        }
    }

    fn record_of(&self, logger: &str, level: i64, message: &str) {
        self.append(&format!("{logger}: {message}\n"));
        self.reporter.foreign_of(Some(self.index), level, logger, message);
    }

    fn print(&self, line: &str) {
        self.append(&format!("{line}\n"));
        self.reporter.part_bytes(self.index, format!("{line}\n").as_bytes());
    }

    fn phase(&self, phase: &str) {
        if let Some(live) = &self.reporter.live {
            live.phase(self.index, phase);
        }
    }

    fn file(&self) -> io::Result<File> {
        self.open()
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn echoes(&self) -> bool {
        self.reporter.settings.echo
    }

    fn output(&self, bytes: &[u8]) {
        self.reporter.part_bytes(self.index, bytes);
    }

    fn progress(&self) -> &dyn Progress {
        self
    }
}

impl Progress for PartLogger {
    fn downloading(&self, url: &str) {
        self.append(&format!("Downloading {url}\n"));
        self.reporter.part_record(self.index, Level::Info, &format!("Downloading {url}"));
    }

    fn advanced(&self, _url: &str, bytes: u64) {
        if let Some(live) = &self.reporter.live {
            live.downloaded(bytes);
        }
    }

    fn note(&self, text: &str) {
        self.append(&format!("{text}\n"));
        self.reporter.part_record(self.index, Level::Info, text);
    }
}

/// Progress of downloads that run ahead of their parts: counted, while their lines are told to the part that asks.
impl Progress for Reporter {
    fn advanced(&self, _url: &str, bytes: u64) {
        if let Some(live) = &self.live {
            live.downloaded(bytes);
        }
    }
}
