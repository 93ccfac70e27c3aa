//! What a distribution requires.

use rbuildout_parser::python::{Facts, Marker};

use super::{Metadata, sections};
use crate::error::EggError;
use crate::name::safe_extra;
use crate::requirement::{Requirement, parse_lines};

/// Requirements on this interpreter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Requires {
    pub(crate) always: Vec<Requirement>,
    /// By extra, in the order of the metadata.
    pub(crate) extras: Vec<(String, Vec<Requirement>)>,
}

impl Requires {
    fn under(&mut self, extra: &str) -> &mut Vec<Requirement> {
        let at = self.extras.iter().position(|(name, _)| name == extra).unwrap_or_else(|| {
            self.extras.push((extra.to_owned(), Vec::new()));
            self.extras.len() - 1
        });
        &mut self.extras[at].1
    }
}

/// Reads the requirements of `metadata`.
pub(crate) fn requires(metadata: &Metadata, facts: &Facts) -> Result<Requires, EggError> {
    if metadata.is_dist_info() { of_wheel(metadata, facts) } else { of_egg(metadata, facts) }
}

/// `requires.txt`: headings are `EXTRA`, `EXTRA:MARKER` or `:MARKER`.
fn of_egg(metadata: &Metadata, facts: &Facts) -> Result<Requires, EggError> {
    let mut found = Requires::default();
    for name in ["requires.txt", "depends.txt"] {
        let text = metadata.read(name).unwrap_or_default();
        for (heading, lines) in sections(&text)? {
            let requirements = parse_lines(lines.into_iter())?;
            let Some(heading) = heading else {
                found.always.extend(requirements);
                continue;
            };
            let (extra, marker) = heading.split_once(':').unwrap_or((heading, ""));
            let holds = marker.is_empty()
                || Marker::parse(marker).is_some_and(|marker| marker.evaluate(facts, "").unwrap_or(false));
            let wanted = if holds { requirements } else { Vec::new() };
            let extra = safe_extra(extra.trim());
            if extra.is_empty() {
                found.always.extend(wanted);
            } else {
                found.under(&extra).extend(wanted);
            }
        }
    }
    Ok(found)
}

/// `Requires-Dist` fields of `METADATA`.
fn of_wheel(metadata: &Metadata, facts: &Facts) -> Result<Requires, EggError> {
    let headers = metadata.headers().unwrap_or_default();
    let all = parse_lines(headers.all("requires-dist"))?;
    let holds = |requirement: &Requirement, extra: &str| {
        requirement.marker.as_ref().is_none_or(|marker| marker.evaluate(facts, extra).unwrap_or(false))
    };
    let mut found = Requires::default();
    for requirement in all.iter().filter(|requirement| holds(requirement, "")) {
        if !found.always.contains(requirement) {
            found.always.push(requirement.clone());
        }
    }
    for extra in headers.all("provides-extra") {
        let extra = extra.trim();
        let wanted: Vec<Requirement> = all
            .iter()
            .filter(|requirement| holds(requirement, extra) && !found.always.contains(requirement))
            .cloned()
            .collect();
        *found.under(&safe_extra(extra)) = wanted;
    }
    Ok(found)
}
