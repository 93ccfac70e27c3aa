//! `zc.buildout:debug`: prints the options of its section.
//!
//! Any option is allowed. Publishes nothing, records nothing. On install and on update each option is printed, sorted,
//! as two blanks, its name, `=` and the Python repr of its value.

use rbuildout_parser::python::repr;

use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe};
use crate::error::RecipeError;
use crate::run::RunContext;

pub(crate) struct Debug;

impl Recipe for Debug {
    fn distribution(&self) -> Distribution {
        Distribution { project: "zc.buildout", version: "3.0.1" }
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let mut keys = host.keys();
        keys.retain(|key| key != "__buildout_signature__");
        keys.sort();
        let mut lines = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(value) = host.get(&key)? {
                lines.push(format!("  {key}={}", repr(&value)));
            }
        }
        Ok(Box::new(DebugPart { lines }))
    }
}

struct DebugPart {
    lines: Vec<String>,
}

impl Part for DebugPart {
    /// Its output is its effect, and has a place among the others' output.
    fn effects(&self) -> Effects {
        Effects::Ordered
    }

    fn update_is_noop(&self) -> bool {
        false
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        for line in &self.lines {
            run.log.print(line);
        }
        Ok(Installed::Paths(Vec::new()))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.install(run)
    }
}
