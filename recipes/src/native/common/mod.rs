//! What several native recipes share.

pub(crate) mod environment;
pub(crate) mod fetch;
pub(crate) mod files;
pub(crate) mod json;
pub(crate) mod numbers;
pub(crate) mod patches;
pub(crate) mod paths;
pub(crate) mod percent;
pub(crate) mod shared;
pub(crate) mod shell;
pub(crate) mod signals;
pub(crate) mod truth;
