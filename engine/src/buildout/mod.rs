//! The live buildout: sections that come to life when they are asked for, recipes initialised on the way.
//!
//! Getting a section expands its macros, substitutes all its options (in the order of their names) and constructs its
//! recipe; each of these may get other sections first. The order in which constructions end is the order of the parts.
//! Which section was read on behalf of which is recorded: it is the dependency graph, and goes into signatures.
//!
//! Options have three layers, as in the reference: *raw* (after macros), *cooked* (substituted at initialisation) and
//! *data* (what was read or assigned). Raw keys that never reach the data layer are unused.

mod construct;
mod explain;
mod host;
mod options;
mod place;
mod sections;
mod signature;
mod values;
mod view;

pub use construct::Python;
pub(crate) use construct::split;
pub(crate) use host::to_diagnostic;
pub use options::Unused;
pub use place::place;
pub use sections::{Buildout, InitialisedPart, Message, Surroundings, Teller};
pub use view::View;
