use std::path::PathBuf;

use super::error::{DownloadError, Mismatch};
use crate::hash::{Algorithm, Digests};

/// What to download.
///
/// A checksum that is given must match, whatever the source; an empty one never does (recipes turn an empty option
/// into `None`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Request {
    /// A URL, `file:` URL, bare local path, or `debian:PACKAGE/FILE`.
    pub url: String,
    /// Expected md5, hexadecimal.
    pub md5: Option<String>,
    /// Expected sha256, hexadecimal.
    pub sha256: Option<String>,
    /// Expected sha512, hexadecimal.
    pub sha512: Option<String>,
    /// Tried when `url` fails. The cache knows the content by `url` only.
    pub alternate_url: Option<String>,
    /// Asks the network even when the cache has the file, and keeps the cached copy if that fails for any other reason
    /// than a checksum (the reference's fallback mode). Without effect unless the settings say `newest`.
    pub refresh: bool,
    /// Overrides the `offline` of the settings.
    pub offline: Option<bool>,
    /// The local path as errors name it, if it is written another way than in `url`.
    pub named: Option<String>,
}

impl Request {
    /// A request without checksums.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Sets the expected md5.
    pub fn md5(mut self, md5: impl Into<String>) -> Self {
        self.md5 = Some(md5.into());
        self
    }

    /// Sets the alternate URL.
    pub fn alternate(mut self, url: impl Into<String>) -> Self {
        self.alternate_url = Some(url.into());
        self
    }

    /// Whether any checksum is known, so that a mirror can be trusted.
    pub fn has_checksum(&self) -> bool {
        self.md5.is_some() || self.sha256.is_some() || self.sha512.is_some()
    }

    /// The algorithms of the checksums that are known.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        self.expected().map(|(algorithm, _)| algorithm).collect()
    }

    /// The first checksum that `digests` does not confirm.
    pub(crate) fn mismatch(&self, digests: &Digests) -> Option<Mismatch> {
        self.expected().find_map(|(algorithm, expected)| {
            let found = digests.get(algorithm).unwrap_or_default();
            (!found.eq_ignore_ascii_case(expected)).then(|| Mismatch {
                algorithm,
                expected: expected.to_owned(),
                found: found.to_owned(),
            })
        })
    }

    fn expected(&self) -> impl Iterator<Item = (Algorithm, &str)> {
        [(Algorithm::Md5, &self.md5), (Algorithm::Sha256, &self.sha256), (Algorithm::Sha512, &self.sha512)]
            .into_iter()
            .filter_map(|(algorithm, value)| Some((algorithm, value.as_deref()?)))
    }
}

/// Where a download is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub path: PathBuf,
    /// The caller owns the file and removes it after use.
    pub temporary: bool,
    /// The checksums that were computed on the way, at least those of the request.
    pub digests: Digests,
}

impl Fetched {
    /// Makes sure that the file is there.
    ///
    /// # Errors
    /// It is missing, or neither a file nor a directory.
    pub fn check(&self) -> Result<(), DownloadError> {
        super::name::check_kind(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mismatch_names_the_algorithm() {
        let digests = Digests { md5: Some("aa".into()), sha256: Some("bb".into()), sha512: None };
        let mut request = Request::new("x").md5("AA");
        assert_eq!(request.mismatch(&digests), None);
        request.sha256 = Some("cc".into());
        assert_eq!(request.mismatch(&digests).unwrap().algorithm, Algorithm::Sha256);
        assert!(Request::new("x").md5("").mismatch(&digests).is_some());
    }
}
