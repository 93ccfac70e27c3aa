//! What a person sees: log lines, the live region, errors.

mod causes;
mod live;
mod render;
mod reporter;

pub use render::{Renderer, render_failure};
pub use reporter::{LogSettings, PartLogger, Reporter};
