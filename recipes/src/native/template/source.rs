//! Where a template's text comes from: `inline` or `url` with `md5sum`.

use rbuildout_cache::Request;

use crate::api::{Host, text};
use crate::error::RecipeError;
use crate::native::common::{fetch, paths};

/// A template's text, or the way to it.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Inline(String),
    Url {
        /// As the option has it.
        url: String,
        request: Request,
    },
}

impl Source {
    /// Reads `inline`, `url` and `md5sum`. Empty options count as absent.
    pub(crate) fn read(host: &mut dyn Host) -> Result<Self, RecipeError> {
        let inline = text(host, "inline")?.filter(|text| !text.is_empty());
        let url = text(host, "url")?.filter(|url| !url.is_empty());
        let md5 = fetch::md5sum(host)?;
        match (inline, url) {
            (None, None) => Err(RecipeError::user("one of the options 'inline' 'url' is required")),
            (Some(_), Some(_)) => Err(RecipeError::user("options 'inline' & 'url' conflict")),
            (Some(_), None) if md5.is_some() => Err(RecipeError::user("options 'inline' & 'md5sum' conflict")),
            (Some(inline), None) => Ok(Self::Inline(inline)),
            (None, Some(url)) => Ok(Self::from_url(host, url, md5)),
        }
    }

    pub(crate) fn from_url(host: &dyn Host, url: String, md5: Option<String>) -> Self {
        let mut request = fetch::plain(host.settings(), &url);
        request.md5 = md5;
        Self::Url { url, request }
    }

    /// True if the text cannot change without an option changing.
    pub(crate) fn is_fixed(&self) -> bool {
        match self {
            Self::Inline(_) => true,
            Self::Url { request, .. } => request.md5.is_some(),
        }
    }
}

/// Reads a fetched template. `url` is for the error if it is a path to nothing.
pub(crate) fn read(file: &fetch::File, url: &str) -> Result<String, RecipeError> {
    let bytes = match fs_err::read(file.path()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(paths::file_not_found(url)),
        read => read?,
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let (position, byte) = (error.utf8_error().valid_up_to(), error.as_bytes()[error.utf8_error().valid_up_to()]);
        let message =
            format!("'utf-8' codec can't decode byte {byte:#04x} in position {position}: invalid data in {url}");
        RecipeError::internal("UnicodeDecodeError", message)
    })?;
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}
