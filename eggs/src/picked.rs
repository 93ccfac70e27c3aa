//! Versions that no pin chose.

use std::collections::{BTreeMap, BTreeSet};

/// What was picked, and who required it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picked {
    /// Versions by project.
    pub versions: BTreeMap<String, String>,
    /// For each requirement, who has it (`NAME==VERSION`).
    pub required_by: BTreeMap<String, BTreeSet<String>>,
}

impl Picked {
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The lines of the report: a `[versions]` section, whose first line is its heading. Projects that others required
    /// come last, with who did.
    pub fn lines(&self) -> Vec<String> {
        let mut plain = vec!["[versions]".to_owned()];
        let mut required = Vec::new();
        for (project, version) in &self.versions {
            match self.required_by.get(project) {
                Some(by) => {
                    required.push(String::new());
                    required.push("# Required by:".to_owned());
                    required.extend(by.iter().map(|requirer| format!("# {requirer}")));
                    required.push(format!("{project} = {version}"));
                }
                None => plain.push(format!("{project} = {version}")),
            }
        }
        plain.extend(required);
        plain
    }

    /// What is appended to the file of `update-versions-file`; `added` is the time, if the file exists.
    pub fn file_text(&self, added: Option<&str>) -> String {
        let mut lines = self.lines();
        if let Some(time) = added {
            lines.splice(..1, [String::new(), format!("# Added by buildout at {time}")]);
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report() {
        let mut picked = Picked::default();
        for (project, version) in [("b", "2.0"), ("a", "1.0"), ("c", "3.0")] {
            picked.versions.insert(project.into(), version.into());
        }
        for (requirement, by) in [("b", "y==1"), ("b", "x==1"), ("d", "a==1.0")] {
            picked.required_by.entry(requirement.into()).or_default().insert(by.into());
        }
        let lines = ["[versions]", "a = 1.0", "c = 3.0", "", "# Required by:", "# x==1", "# y==1", "b = 2.0"];
        assert_eq!(picked.lines(), lines);
        assert_eq!(picked.file_text(None), lines.join("\n") + "\n");
        let added = picked.file_text(Some("2026-01-02 03:04:05.000006"));
        assert!(added.starts_with("\n# Added by buildout at 2026-01-02 03:04:05.000006\na = 1.0\n"), "{added}");
        assert!(Picked::default().is_empty());
    }
}
