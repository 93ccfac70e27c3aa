//! What a run would do, and why: made before anything is done.

mod graph;
mod reason;
mod steps;

pub use graph::Graph;
pub use reason::{Action, Reason};
pub use steps::{Candidate, Plan, Rules, Step, make};
