//! What a buildout directory remembers between runs.
//!
//! | file | content |
//! |---|---|
//! | `.installed.cfg` | what is installed, in the reference's format (`buildout:installed` names it) |
//! | `.rbuildout/lock` | held by the run that is at work in the directory |
//! | `.rbuildout/journal-NAME` | what happened since `.installed.cfg` (called NAME) was written; gone after a run that ended |
//! | `.rbuildout/children` | process groups of the run's commands, and a lock that they inherit |
//! | `.rbuildout/log/PART.log` | output and records of a part's last install or update |
//! | `.rbuildout/runs/N.json` | plan, reasons and outcome of the last runs |
//! | `.rbuildout/spool/` | downloads that no cache keeps |

mod children;
mod directory;
mod durations;
mod history;
mod journal;
mod store;

pub use children::Children;
pub use directory::StateDirectory;
pub use durations::Durations;
pub use history::{Outcome, PartRecord, RunRecord, last_record, record_run};
pub use store::{PendingRemoval, Store};
