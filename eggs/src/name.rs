//! Names of projects, versions and extras, as setuptools and PEP 503 have them.

/// The project name that setuptools makes of any text: runs of anything but letters, digits and dots become `-`.
pub fn safe_name(name: &str) -> String {
    replaced(name, '-', |c| c.is_ascii_alphanumeric() || c == '.')
}

/// The name of an extra: lower case, runs of unusual characters become `_`.
pub(crate) fn safe_extra(extra: &str) -> String {
    replaced(extra, '_', |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).to_lowercase()
}

/// The name by which projects are compared (PEP 503): lower case, runs of `-`, `_` and `.` become `-`.
pub fn canonical_name(name: &str) -> String {
    replaced(name, '-', |c| !matches!(c, '-' | '_' | '.')).to_lowercase()
}

/// A name or version as a component of a file name.
pub(crate) fn to_filename(text: &str) -> String {
    text.replace('-', "_")
}

fn replaced(text: &str, by: char, kept: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_run = false;
    for c in text.chars() {
        if kept(c) {
            out.push(c);
        } else if !in_run {
            out.push(by);
        }
        in_run = !kept(c);
    }
    out
}

/// What the name of an egg, `.egg-info` or `.dist-info` tells: `NAME[-VERSION[-pyX.Y[-PLATFORM]]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EggName<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: Option<&'a str>,
    pub(crate) python: Option<&'a str>,
    pub(crate) platform: Option<&'a str>,
}

impl<'a> EggName<'a> {
    /// Reads `stem`, a file name without its extension. As in the reference, what does not fit at the end is ignored.
    pub(crate) fn parse(stem: &'a str) -> Option<Self> {
        let mut parts = stem.splitn(4, '-');
        let name = parts.next().filter(|name| !name.is_empty())?;
        let version = parts.next().filter(|version| !version.is_empty());
        let python = parts
            .next()
            .filter(|_| version.is_some())
            .filter(|part| part.len() > 2 && part.is_char_boundary(2) && part[..2].eq_ignore_ascii_case("py"))
            .map(|part| &part[2..]);
        let platform = parts.next().filter(|platform| python.is_some() && !platform.is_empty());
        Some(Self { name, version, python, platform })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(safe_name("zc_recipe  egg.x"), "zc-recipe-egg.x");
        assert_eq!(safe_extra("Foo Bar_x.y"), "foo_bar_x.y");
        assert_eq!(canonical_name("Zc.Recipe__Egg-."), "zc-recipe-egg-");
        assert_eq!(to_filename("a-b_c"), "a_b_c");
    }

    #[test]
    fn egg_names() {
        let parse = |stem| EggName::parse(stem).unwrap();
        assert_eq!(
            parse("a_b-1.0-py3.11-linux-x86_64"),
            EggName { name: "a_b", version: Some("1.0"), python: Some("3.11"), platform: Some("linux-x86_64") }
        );
        assert_eq!(parse("a-1.0-nspkg").python, None);
        assert_eq!(parse("a"), EggName { name: "a", version: None, python: None, platform: None });
        assert_eq!(parse("a--py3").version, None);
        assert_eq!(parse("a-1-pü").python, None);
        assert!(EggName::parse("-1").is_none());
    }
}
