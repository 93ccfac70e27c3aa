//! The engine's side of recipes in Python: where their code comes from.

mod local;

pub(crate) use local::Local;
