//! The recipes of slapos.recipe.build but its default one.

mod download;
mod gitclone;
mod unpacked;

pub(crate) use download::Download;
pub(crate) use gitclone::GitClone;
pub(crate) use unpacked::{DownloadUnpacked, unpack};
