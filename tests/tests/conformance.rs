//! The language of profiles, compared with what the reference makes of it.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod conformance {
    pub(super) mod edges;
    pub(super) mod network;
    pub(super) mod own;
    pub(super) mod public;
}
