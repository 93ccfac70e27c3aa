use std::path::PathBuf;
use std::str::FromStr;

use super::{Mirror, MirrorError, UrlPattern};
use crate::download::redact;

impl Mirror {
    /// Parses one mirror: `debian`, an absolute folder (or `file://` URL of one), or an http URL with placeholders.
    ///
    /// # Errors
    /// The text is none of these, or has a placeholder that does not exist.
    pub fn parse(text: &str) -> Result<Self, MirrorError> {
        let text = text.trim();
        if text == "debian" {
            return Ok(Self::Debian);
        }
        let path = text.strip_prefix("file://").unwrap_or(text);
        if path.starts_with('/') {
            return Ok(Self::Folder(PathBuf::from(path)));
        }
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            return UrlPattern::parse(text).map(Self::Pattern);
        }
        Err(MirrorError::Unknown { text: redact(text) })
    }

    /// Parses the lines of an option, one mirror each; blank lines and those that start with `#` are skipped.
    ///
    /// # Errors
    /// The first line that is no mirror.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, MirrorError> {
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(Self::parse).collect()
    }
}

impl FromStr for Mirror {
    type Err = MirrorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kinds() {
        assert_eq!(Mirror::parse(" debian "), Ok(Mirror::Debian));
        assert_eq!(Mirror::parse("/srv/a b"), Ok(Mirror::Folder("/srv/a b".into())));
        assert_eq!(Mirror::parse("file:///srv"), Ok(Mirror::Folder("/srv".into())));
        assert!(matches!(Mirror::parse("https://h/{md5}"), Ok(Mirror::Pattern(_))));
        assert!(matches!(Mirror::parse("srv/a"), Err(MirrorError::Unknown { .. })));
        assert!(matches!(Mirror::parse("ftp://h/{md5}"), Err(MirrorError::Unknown { .. })));
        assert!(matches!(Mirror::parse("http://h/x"), Err(MirrorError::NoPlaceholder { .. })));
        assert!(matches!(Mirror::parse("http://h/{md6}"), Err(MirrorError::UnknownPlaceholder { .. })));
        assert!(matches!(Mirror::parse("http://h/{md5"), Err(MirrorError::UnbalancedBrace { .. })));
        assert!(matches!(Mirror::parse("http://h/md5}"), Err(MirrorError::UnbalancedBrace { .. })));
    }

    #[test]
    fn lines() {
        let mirrors = Mirror::parse_lines("\n  debian\n# no\n\n/srv\n").unwrap();
        assert_eq!(mirrors, [Mirror::Debian, Mirror::Folder("/srv".into())]);
        assert!(Mirror::parse_lines("debian\nx").is_err());
    }

    #[test]
    fn errors_hide_passwords() {
        for text in ["http://u:secret@h/x", "ftp://u:secret@h/{md5}", "http://u:secret@h/{nope}", "http://u:secret@h/{"]
        {
            assert!(!Mirror::parse(text).unwrap_err().to_string().contains("secret"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,60}") {
            let _ = Mirror::parse(&text);
        }

        #[test]
        fn shown_as_written(host in "[a-z]{1,9}", dir in "[a-z/]{0,9}", placeholder in "md5|sha256|sha512|urlmd5|filename") {
            let text = format!("https://{host}/{dir}{{{placeholder}}}");
            let mirror = Mirror::parse(&text).unwrap();
            prop_assert_eq!(mirror.to_string(), text.clone());
            prop_assert_eq!(Mirror::parse(&mirror.to_string()), Ok(mirror));
        }
    }
}
