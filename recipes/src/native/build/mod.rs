//! The recipes of slapos.recipe.build but its default one.

mod download;
mod unpacked;

pub(crate) use download::Download;
pub(crate) use unpacked::{DownloadUnpacked, unpack};
