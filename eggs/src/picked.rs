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
