//! Logins from a netrc file.

use std::path::PathBuf;

use super::settings::Netrc;

/// The logins of a file.
#[derive(Default)]
pub(super) struct Logins {
    /// Host (`None` for the default), login, password.
    entries: Vec<(Option<String>, String, String)>,
}

impl Logins {
    /// Reads what the settings name. A file that can't be read has no logins: a download then says what is missing.
    pub(super) fn load(netrc: &Netrc) -> Self {
        let path = match netrc {
            Netrc::None => None,
            Netrc::File(path) => Some(path.clone()),
            Netrc::Auto => std::env::var_os("NETRC")
                .map(PathBuf::from)
                .or_else(|| std::env::home_dir().map(|home| home.join(".netrc"))),
        };
        let text = path.and_then(|path| fs_err::read_to_string(path).ok());
        text.map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let mut entries = Vec::new();
        let mut current: Option<(Option<String>, String, String)> = None;
        let text = without_macros(text);
        let mut tokens = text.lines().flat_map(tokens);
        while let Some(token) = tokens.next() {
            match token.as_str() {
                "machine" => {
                    entries.extend(current.take());
                    current = tokens.next().map(|host| (Some(host), String::new(), String::new()));
                }
                "default" => {
                    entries.extend(current.replace((None, String::new(), String::new())));
                }
                "login" | "user" => {
                    let value = tokens.next();
                    if let Some((entry, value)) = current.as_mut().zip(value) {
                        entry.1 = value;
                    }
                }
                "password" => {
                    let value = tokens.next();
                    if let Some((entry, value)) = current.as_mut().zip(value) {
                        entry.2 = value;
                    }
                }
                "account" => {
                    tokens.next();
                }
                _ => {}
            }
        }
        entries.extend(current);
        Self { entries }
    }

    /// Login and password for `host`.
    pub(super) fn find(&self, host: &str) -> Option<(&str, &str)> {
        let exact =
            self.entries.iter().find(|entry| entry.0.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(host)));
        let found = exact.or_else(|| self.entries.iter().find(|entry| entry.0.is_none()))?;
        Some((&found.1, &found.2))
    }
}

/// Drops macro definitions, which go to the next blank line.
fn without_macros(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in text.lines() {
        inside = (inside && !line.trim().is_empty()) || line.trim_start().starts_with("macdef");
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The words of a line, up to a comment; quotes keep blanks together.
fn tokens(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let (token, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        found.push(token.to_owned());
        rest = after.trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_default() {
        let logins = Logins::parse(
            "# comment\nmachine a.example login me password \"p w\"\nmacdef x\n machine evil login e password e\n\n\
             machine b.example\n  login you\n  account z\n  password secret#1\ndefault login any password thing\n",
        );
        assert_eq!(logins.find("A.example"), Some(("me", "p w")));
        assert_eq!(logins.find("b.example"), Some(("you", "secret#1")));
        assert_eq!(logins.find("evil"), Some(("any", "thing")));
        assert_eq!(Logins::parse("machine a login b").find("c"), None);
        assert_eq!(Logins::parse("machine").find("c"), None);
    }
}
