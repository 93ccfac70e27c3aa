//! From the text of `.cfg` files to merged, expanded and substituted sections, each option with its provenance.
//!
//! The way through the crate: [`Library::load`] reads a profile and all that it extends (`lines`, `grammar`, `load`),
//! merges it (`merge`) into a [`Config`] and adds what the engine adds (`profile`). [`expand`] applies macros, [`pieces`]
//! takes references apart, [`Resolver`] gives the static view of everything. `installed` is the format of
//! `.installed.cfg`, `python` the values and expressions that profiles borrow from Python.
//!
//! The crate is pure: files, downloads and the facts of the target interpreter come through [`Loader`] and
//! [`Conditions`].

mod added;
mod annotate;
mod config;
mod diagnostic;
mod grammar;
pub mod installed;
mod lines;
mod load;
mod loader;
mod macros;
mod merge;
mod profile;
pub mod python;
mod resolve;
mod subst;
mod syntax;
pub mod text;

pub use added::Added;
pub use annotate::annotate;
pub use config::{Action, Config, Entry, Event, FileId, Map, Mode, Origin, Section, SourceFile};
pub use diagnostic::{Class, Definition, Diagnostic, Failure, Frame, Snippet, nearest};
pub use lines::{PART_DEPENDENCIES, ParsedFile, ParsedOption, ParsedSection, SyntaxError, parse};
pub use load::{Assignment, Library, Request, parse_sections, section_hint};
pub use loader::{Conditions, DownloadOptions, Loaded, Loader, is_url};
pub use macros::{Expanded, MACRO_OPTION, expand};
pub use merge::PROFILE_BASE_LOCATION;
pub use profile::{BUILDOUT_VERSION, Profile, join, normalise};
pub use resolve::{Resolved, Resolver, SECTION_NAME, mistakes};
pub use subst::{MAX_VALUE, Malformation, Piece, has_reference, pieces, too_long, unescape};
