//! `entry_points.txt`.

use super::{Metadata, sections, significant_lines};
use crate::error::EggError;

/// One entry point: `name = module:attributes [extras]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPoint {
    pub name: String,
    pub module: String,
    /// `a.b`; empty if the module itself is meant.
    pub attributes: String,
    /// What is in the brackets.
    pub extras: String,
}

impl EntryPoint {
    fn parse(line: &str) -> Option<Self> {
        let (name, rest) = line.split_once('=')?;
        let (rest, extras) = match rest.trim_end().strip_suffix(']') {
            Some(open) => open.split_once('[')?,
            None => (rest, ""),
        };
        let (module, attributes) = match rest.split_once(':') {
            Some((module, attributes)) => (module.trim(), attributes.trim()),
            None => (rest.trim(), ""),
        };
        let dotted = |text: &str| text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let name = name.trim();
        let fits = !name.is_empty()
            && !module.is_empty()
            && dotted(module)
            && dotted(attributes)
            && (rest.contains(':') != attributes.is_empty());
        fits.then(|| Self {
            name: name.to_owned(),
            module: module.to_owned(),
            attributes: attributes.to_owned(),
            extras: extras.trim().to_owned(),
        })
    }
}

/// Entry points by group, in the order of the file.
pub(crate) type EntryPoints = Vec<(String, Vec<EntryPoint>)>;

/// Reads the entry points of `metadata`.
pub(crate) fn entry_points(metadata: &Metadata) -> Result<EntryPoints, EggError> {
    let text = metadata.read("entry_points.txt").unwrap_or_default();
    let wrong = |what: &str| EggError::internal("ValueError", what.to_owned());
    let mut found = EntryPoints::new();
    for (group, lines) in sections(&text)? {
        let Some(group) = group else {
            if lines.is_empty() {
                continue;
            }
            return Err(wrong("Entry points must be listed in groups"));
        };
        if found.iter().any(|(known, _)| known == group) {
            return Err(wrong(&format!("('Duplicate group name', '{group}')")));
        }
        let mut points: Vec<EntryPoint> = Vec::new();
        for line in lines.into_iter().flat_map(significant_lines) {
            let point = EntryPoint::parse(line).ok_or_else(|| {
                wrong(&format!("(\"EntryPoint must be in 'name=module:attrs [extras]' format\", '{line}')"))
            })?;
            if points.iter().any(|known| known.name == point.name) {
                return Err(wrong(&format!("('Duplicate entry point', '{group}', '{}')", point.name)));
            }
            points.push(point);
        }
        found.push((group.to_owned(), points));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let parse = |line| EntryPoint::parse(line).map(|p| (p.name, p.module, p.attributes, p.extras));
        let of = |a: &str, b: &str, c: &str, d: &str| Some((a.into(), b.into(), c.into(), d.into()));
        assert_eq!(parse("a b = m.n : f.g [x, y]"), of("a b", "m.n", "f.g", "x, y"));
        assert_eq!(parse("a=m"), of("a", "m", "", ""));
        for wrong in ["a", "=m", "a=", "a=m:", "a=m n", "a=m:f g", "a=m]"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
