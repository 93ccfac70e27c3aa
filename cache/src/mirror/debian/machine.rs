//! The Debian mirrors this machine uses: the enabled `deb` entries in `/etc/apt`.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// A suite on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suite {
    pub(super) name: String,
    /// What apt is told, in its own format.
    pub(super) stanza: String,
}

/// An entry of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    uri: String,
    suites: Vec<String>,
    /// Verbatim: a path, or a key.
    signed_by: Option<String>,
}

/// The suites to look at, in order: those of the machine, then those named, on the same servers.
pub(super) fn suites(etc: &Path, main: &[&str], security: &[&str]) -> io::Result<Vec<Suite>> {
    let entries = entries(etc)?;
    let pairs = || entries.iter().flat_map(|entry| entry.suites.iter().map(move |suite| (entry, suite.as_str())));
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |entry: &Entry, name: &str| {
        if seen.insert(name.to_owned()) {
            found.push(Suite { name: name.replace('/', "-"), stanza: stanza(entry, name) });
        }
    };
    for (entry, name) in pairs() {
        add(entry, name);
    }
    let first = |of_security: bool| pairs().find(|(_, name)| is_security(name) == of_security).map(|(entry, _)| entry);
    for (names, of_security) in [(main, false), (security, true)] {
        if let Some(entry) = first(of_security) {
            for name in names {
                add(entry, name);
            }
        }
    }
    Ok(found)
}

fn is_security(suite: &str) -> bool {
    suite.ends_with("-security") || suite.ends_with("/updates")
}

fn stanza(entry: &Entry, suite: &str) -> String {
    let mut text = format!("Types: deb-src\nURIs: {}\nSuites: {suite}\nComponents: main\n", entry.uri);
    if let Some(key) = &entry.signed_by {
        text.push_str("Signed-By:");
        text.push_str(key);
        text.push('\n');
    }
    text
}

fn entries(etc: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    let mut files = vec![etc.join("sources.list")];
    let parts = etc.join("sources.list.d");
    if parts.is_dir() {
        let mut inner = fs::read_dir(&parts)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
        inner.sort();
        files.extend(inner);
    }
    for file in files {
        let extension = file.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("list" | "sources")) || !file.is_file() {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        found.extend(if extension == Some("list") { one_line(&text) } else { deb822(&text) });
    }
    Ok(found)
}

/// Whether an entry is of Debian itself and not of a project that packages for it.
fn is_debian(uri: &str, suite: &str, components: &[&str]) -> bool {
    uri.contains("debian") && !suite.ends_with('/') && components.contains(&"main")
}

fn entry(uris: &str, suites: &str, components: &str, signed_by: Option<&str>) -> Vec<Entry> {
    let components: Vec<&str> = components.split_whitespace().collect();
    let entries = uris.split_whitespace().map(|uri| Entry {
        uri: uri.to_owned(),
        suites: suites
            .split_whitespace()
            .filter(|suite| is_debian(uri, suite, &components))
            .map(str::to_owned)
            .collect(),
        signed_by: signed_by.map(str::to_owned),
    });
    entries.filter(|entry| !entry.suites.is_empty()).collect()
}

/// `deb [option=value ...] uri suite component...`
fn one_line(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    for line in text.lines() {
        let Some(rest) = line.trim().strip_prefix("deb").filter(|rest| rest.starts_with([' ', '\t'])) else {
            continue;
        };
        let rest = rest.split('#').next().unwrap_or_default().trim();
        let (options, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((options, rest)) => (options, rest),
            None => ("", rest),
        };
        let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
        let signed_by = signed_by.map(|path| format!(" {}", path.replace(',', " ")));
        let mut words = rest.split_whitespace();
        if let (Some(uri), Some(suite)) = (words.next(), words.next()) {
            let components: Vec<&str> = words.collect();
            found.extend(entry(uri, suite, &components.join(" "), signed_by.as_deref()));
        }
    }
    found
}

/// Stanzas of `Field: value`, with continuation lines.
fn deb822(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for stanza in lines.split(|line| line.trim().is_empty()) {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in stanza {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push('\n');
                    value.push_str(line);
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.to_owned()));
            }
        }
        let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let enabled = field("enabled").is_none_or(|value| !matches!(value.trim(), "no" | "false" | "0" | "off"));
        let types = field("types").unwrap_or_default();
        if enabled && types.split_whitespace().any(|kind| kind == "deb") {
            let value = |name| field(name).unwrap_or_default();
            found.extend(entry(value("uris"), value("suites"), value("components"), field("signed-by")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats() {
        let dir = tempfile::tempdir().unwrap();
        let parts = dir.path().join("sources.list.d");
        fs::create_dir(&parts).unwrap();
        fs::write(
            parts.join("debian.sources"),
            "Types: deb\n# snapshot\nURIs: http://m/debian\nSuites: trixie trixie-updates\nComponents: main\n\
             Signed-By:\n -----BEGIN\n .\n abc\n\nEnabled: no\nTypes: deb\nURIs: http://m/debian\nSuites: sid\n\
             Components: main\n",
        )
        .unwrap();
        fs::write(parts.join("other.list"), "deb http://download.docker.com/linux/debian trixie stable\n").unwrap();
        fs::write(
            dir.path().join("sources.list"),
            "# deb http://no/debian x main\ndeb [arch=amd64 signed-by=/k.gpg] http://s/debian-security trixie-security main # c\n\
             deb-src http://m/debian trixie main\n",
        )
        .unwrap();
        let found = suites(dir.path(), &["sid", "trixie"], &["bookworm-security"]).unwrap();
        let names: Vec<&str> = found.iter().map(|suite| suite.name.as_str()).collect();
        assert_eq!(names, ["trixie-security", "trixie", "trixie-updates", "sid", "bookworm-security"]);
        assert_eq!(
            found[0].stanza,
            "Types: deb-src\nURIs: http://s/debian-security\nSuites: trixie-security\nComponents: main\nSigned-By: /k.gpg\n"
        );
        assert!(found[3].stanza.ends_with("Signed-By:\n -----BEGIN\n .\n abc\n"));
        assert!(found[4].stanza.contains("debian-security"));
    }

    #[test]
    fn nothing_there() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(suites(dir.path(), &["sid"], &[]).unwrap(), []);
    }
}
