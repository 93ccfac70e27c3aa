//! The header fields of `PKG-INFO`, `METADATA` and `WHEEL`.

/// Fields of a message, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Reads the fields before the first empty line. Lines that begin with a blank belong to the field before them.
    pub(crate) fn parse(text: &str) -> Self {
        let mut found: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if line.is_empty() {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = found.last_mut() {
                    value.push('\n');
                    value.push_str(line);
                }
            } else if let Some((name, value)) = line.split_once(':') {
                found.push((name.to_ascii_lowercase(), value.trim_start_matches([' ', '\t']).to_owned()));
            } else {
                // Python's parser takes such a line for the begin of the body.
                break;
            }
        }
        Self(found)
    }

    /// The first field `name`, which is in lower case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.trim_end())
    }

    /// All fields `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        let headers = Headers::parse("Name: a\nRequires-Dist: b\nSummary: x\n  y\nrequires-dist:c\n\nName: body\n");
        assert_eq!(headers.get("name"), Some("a"));
        assert_eq!(headers.all("requires-dist").collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(headers.get("summary"), Some("x\n  y"));
        assert_eq!(headers.get("license"), None);
    }
}
