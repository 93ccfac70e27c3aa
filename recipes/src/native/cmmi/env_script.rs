//! `slapos.recipe.build.env.sh`: the environment of a build, for a person who looks at it.
//!
//! Sourced, it exports each variable that the part's commands had and the run had not, or otherwise, and shows how to run
//! the three commands. Variables for temporary directories are commented out: those may be gone.

use std::path::Path;

use super::commands::Commands;
use crate::error::RecipeError;
use crate::native::common::environment::Variables;
use crate::native::common::files::{Mode, write};
use crate::native::common::shell::quote;

pub(super) const NAME: &str = "slapos.recipe.build.env.sh";
const TEMPORARY: [&str; 3] = ["TEMP", "TMP", "TMPDIR"];

/// Writes the script into `directory`.
pub(super) fn save(
    directory: &Path,
    base: &Variables,
    variables: &Variables,
    commands: &Commands,
) -> Result<(), RecipeError> {
    Ok(write(&directory.join(NAME), text(base, variables, commands).as_bytes(), Mode::Masked(0o666))?)
}

fn text(base: &Variables, variables: &Variables, commands: &Commands) -> String {
    let mut lines = Vec::new();
    for (key, value) in variables.iter().filter(|(key, value)| base.get(*key) != Some(value)) {
        let key = key.to_string_lossy();
        let comment = if TEMPORARY.contains(&key.as_ref()) { "#" } else { "" };
        lines.push(format!("{comment}export {key}={}", quote(&value.to_string_lossy())));
    }
    let introduction = "If this recipe does not use pre/post hooks or commands, you can re-run as below.";
    lines.push(format!("echo \"{introduction}\""));
    let steps = [("configure", &commands.configure), ("make", &commands.make), ("install", &commands.install)];
    for (index, (step, command)) in steps.into_iter().enumerate() {
        if index > 0 {
            lines.push("echo".to_owned());
        }
        lines.push(format!("echo {step} with:"));
        lines.push(format!("echo {}", quote(&format!("  {command}"))));
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_and_commands() {
        let variables = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| (key.into(), value.into())).collect();
        let base = variables(&[("HOME", "/h"), ("PATH", "/bin")]);
        let now = variables(&[("HOME", "/h"), ("PATH", "/x y"), ("TMPDIR", "/t"), ("EMPTY", "")]);
        let commands = Commands {
            configure: "./configure --prefix=\"/p\"".into(),
            make: "make ".into(),
            install: "make  install".into(),
            is_cygport: false,
        };
        assert_eq!(
            text(&base, &now, &commands),
            "export EMPTY=''\n\
             export PATH='/x y'\n\
             #export TMPDIR=/t\n\
             echo \"If this recipe does not use pre/post hooks or commands, you can re-run as below.\"\n\
             echo configure with:\n\
             echo '  ./configure --prefix=\"/p\"'\n\
             echo\n\
             echo make with:\n\
             echo '  make '\n\
             echo\n\
             echo install with:\n\
             echo '  make  install'\n"
        );
    }
}
