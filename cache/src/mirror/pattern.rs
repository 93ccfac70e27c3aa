use std::fmt;

use super::{MirrorError, wanted_name};
use crate::download::{Request, redact};
use crate::hash::md5_hex;

/// A URL with placeholders for what is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlPattern {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Md5,
    Sha256,
    Sha512,
    UrlMd5,
    FileName,
}

impl UrlPattern {
    /// Parses `text`, which must hold at least one placeholder.
    ///
    /// # Errors
    /// A placeholder is unknown, a brace is alone, or there is no placeholder.
    pub fn parse(text: &str) -> Result<Self, MirrorError> {
        let shown = || redact(text);
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let close = rest[open..].find('}').filter(|&length| length > 0);
            let Some(length) = close else {
                return Err(MirrorError::UnbalancedBrace { text: shown() });
            };
            pieces.push(Piece::Text(rest[..open].to_owned()));
            let name = &rest[open + 1..open + length];
            pieces.push(match name {
                "md5" => Piece::Md5,
                "sha256" => Piece::Sha256,
                "sha512" => Piece::Sha512,
                "urlmd5" => Piece::UrlMd5,
                "filename" => Piece::FileName,
                _ => {
                    return Err(MirrorError::UnknownPlaceholder { text: shown(), name: name.to_owned() });
                }
            });
            rest = &rest[open + length + 1..];
        }
        if pieces.is_empty() {
            return Err(MirrorError::NoPlaceholder { text: shown() });
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { text: text.to_owned(), pieces })
    }

    /// The URL for `request`; `None` if it needs a checksum that is not known.
    pub fn url(&self, request: &Request) -> Option<String> {
        let mut url = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => url.push_str(text),
                Piece::Md5 => url.push_str(request.md5.as_deref()?),
                Piece::Sha256 => url.push_str(request.sha256.as_deref()?),
                Piece::Sha512 => url.push_str(request.sha512.as_deref()?),
                Piece::UrlMd5 => url.push_str(&md5_hex(&request.url)),
                Piece::FileName => url.push_str(&wanted_name(request)),
            }
        }
        Some(url)
    }
}

/// Without the password.
impl fmt::Display for UrlPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filled_in() {
        let pattern = UrlPattern::parse("http://h/{md5}/{urlmd5}-{filename}?").unwrap();
        let request = Request::new("http://x/a/b.tar.gz?q").md5("0123");
        let url = pattern.url(&request).unwrap();
        assert_eq!(url, format!("http://h/0123/{}-b.tar.gz?", md5_hex("http://x/a/b.tar.gz?q")));
        assert_eq!(pattern.url(&Request::new("http://x/a")), None);
    }
}
