//! Who required what, for messages.

use std::collections::HashMap;

use crate::requirement::Requirement;

/// What has been required until now.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    /// Lines in the reference's words, in order.
    lines: Vec<String>,
    /// For each project, the first requirement of it that another one has, with that one.
    first: HashMap<String, Origin>,
}

#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The requirement as the requirer has it.
    pub(crate) requirement: Requirement,
    /// The requirement that led to the requirer.
    pub(crate) requirer: Requirement,
}

impl Origins {
    /// Notes what was asked for.
    pub(crate) fn base(&mut self, requirements: &[String]) {
        let quoted: Vec<String> = requirements.iter().map(|one| rbuildout_parser::python::str_repr(one)).collect();
        self.lines.push(format!("Base installation request: {}", quoted.join(", ")));
    }

    /// Notes that `requirer` requires `requirement`.
    pub(crate) fn note(&mut self, requirer: &Requirement, requirement: &Requirement) {
        self.lines.push(format!("Requirement of {requirer}: {requirement}"));
        let origin = Origin { requirement: requirement.clone(), requirer: requirer.clone() };
        self.first.entry(requirement.key.clone()).or_insert(origin);
    }

    /// What was asked for, in the reference's words.
    pub(crate) fn request(&self) -> Option<&str> {
        self.lines.first().map(String::as_str)
    }

    /// Why `project` is required: from what was asked for to itself.
    pub(crate) fn chain(&self, key: &str) -> Vec<Origin> {
        let mut chain: Vec<Origin> = Vec::new();
        let mut key = key.to_owned();
        while let Some(origin) = self.first.get(&key) {
            // Projects may require one another.
            if chain.iter().any(|known| known.requirement.key == origin.requirement.key) {
                break;
            }
            key.clone_from(&origin.requirer.key);
            chain.insert(0, origin.clone());
        }
        chain
    }

    /// The reference's text for a pin that does not fit: all lines that name the project.
    pub(crate) fn about(&self, project: &str, pin: Option<&str>) -> String {
        let mut lines = vec![format!("Version and requirements information containing {project}:")];
        lines.extend(pin.map(|pin| format!("[versions] constraint on {project}: {pin}")));
        let named = self.lines.iter().filter(|line| line.to_lowercase().contains(&project.to_lowercase()));
        lines.extend(named.cloned());
        lines.join("\n  ")
    }
}
