//! What the last runs did and why, for `why`: `.rbuildout/runs/N.json`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plan::{Action, Reason};

/// How many runs are kept.
const KEPT: usize = 20;

/// One run. Parts that were kept or updated without change are not listed.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunRecord {
    pub version: u32,
    /// Seconds since the epoch at which the run began.
    pub started: u64,
    pub parts: Vec<PartRecord>,
}

/// What a run did with a part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartRecord {
    pub part: String,
    pub action: Action,
    pub reasons: Vec<Reason>,
    pub outcome: Outcome,
    pub seconds: f64,
}

/// How a part ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Done,
    Failed {
        error: String,
    },
    /// Not reached, because another part failed.
    NotReached,
}

/// Writes the record of a run as the newest one and drops the oldest.
pub fn record_run(runs: &Path, record: &RunRecord) -> std::io::Result<()> {
    fs_err::create_dir_all(runs)?;
    let numbers = numbers(runs);
    let next = numbers.last().map_or(1, |last| last + 1);
    let mut file = tempfile::NamedTempFile::new_in(runs)?;
    file.write_all(&serde_json::to_vec_pretty(record)?)?;
    file.persist(file_of(runs, next))?;
    for old in numbers.iter().rev().skip(KEPT - 1) {
        fs_err::remove_file(file_of(runs, *old))?;
    }
    Ok(())
}

/// The newest record of a part, and when that run began.
pub fn last_record(runs: &Path, part: &str) -> Option<(u64, PartRecord)> {
    numbers(runs).into_iter().rev().find_map(|number| {
        let record: RunRecord = serde_json::from_slice(&fs_err::read(file_of(runs, number)).ok()?).ok()?;
        let started = record.started;
        record.parts.into_iter().find(|known| known.part == part).map(|known| (started, known))
    })
}

fn file_of(runs: &Path, number: u64) -> PathBuf {
    runs.join(format!("{number}.json"))
}

fn numbers(runs: &Path) -> Vec<u64> {
    let Ok(entries) = fs_err::read_dir(runs) else { return Vec::new() };
    let name = |entry: fs_err::DirEntry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok();
    // A name that no run can have reached is not ours.
    let possible = |number: &u64| *number < u64::from(u32::MAX);
    let mut numbers: Vec<u64> = entries.filter_map(Result::ok).filter_map(name).filter(possible).collect();
    numbers.sort_unstable();
    numbers
}
