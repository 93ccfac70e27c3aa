//! `collective.recipe.template`: a file from a text with buildout's substitution.
//!
//! | option | default | meaning |
//! |---|---|---|
//! | `output` | required | the file |
//! | `input` | – | path of the template, or `inline:` and the text itself |
//! | `inline` | – | the text itself |
//! | `url` | – | where to fetch the text; `timeout` is that of all downloads |
//! | `mode` | that of the input file | octal |
//! | `overwrite` | yes | whether an existing output is replaced |
//!
//! The text is substituted when the section is initialised; `${name}` means the option `name` of this section. `$$` has
//! no meaning. Publishes nothing; records the directories that it creates and, with `overwrite`, the output. Update
//! writes again if the content differs.
//!
//! Errors: `No input file, inline template, or URL specified.`; `No output file specified.`; `Too many input sources.`;
//! `Input file '<path>' does not exist.`; those of substitution and of downloads.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe, text};
use crate::error::RecipeError;
use crate::native::common::files::{Mode, has_content, write_if_changed};
use crate::native::common::numbers::octal;
use crate::native::common::{fetch, paths, truth};
use crate::run::RunContext;

pub(crate) struct CollectiveTemplate;

impl Recipe for CollectiveTemplate {
    fn distribution(&self) -> Distribution {
        Distribution { project: "collective.recipe.template", version: "3.0.0" }
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let input = text(host, "input")?;
        let inline = text(host, "inline")?;
        let url = text(host, "url")?;
        if input.is_none() && inline.is_none() && url.is_none() {
            return Err(RecipeError::user("No input file, inline template, or URL specified."));
        }
        let Some(output) = text(host, "output")?.filter(|output| !output.is_empty()) else {
            return Err(RecipeError::user("No output file specified."));
        };
        if input.is_some() && (inline.is_some() || url.is_some()) {
            return Err(RecipeError::user("Too many input sources."));
        }
        let mut mode = None;
        let template = match (input, inline, url) {
            (Some(input), ..) => {
                if let Some(text) = input.strip_prefix("inline:") {
                    text.trim_start().to_owned()
                } else {
                    let path = paths::resolve(host.settings(), &input);
                    if !path.exists() {
                        return Err(RecipeError::user(format!("Input file '{input}' does not exist.")));
                    }
                    mode = Some(fs::metadata(&path)?.permissions().mode() & 0o7777);
                    fs::read_to_string(&path)?
                }
            }
            (None, Some(inline), _) => inline.trim_start().to_owned(),
            (None, None, url) => {
                let request = fetch::plain(host.settings(), &url.unwrap_or_default());
                fs::read_to_string(fetch::fetch_at_init(host, &request)?.path())?
            }
        };
        let own = own_references(&template, host.name());
        let content = host.substitute(&own)?;
        if let Some(text) = text(host, "mode")? {
            mode = Some(octal(&text)?);
        }
        let overwrite = text(host, "overwrite")?;
        Ok(Box::new(TemplatePart {
            path: paths::resolve(host.settings(), &output),
            output,
            content,
            mode,
            overwrite: overwrite.is_none_or(|overwrite| truth::lenient(Some(&overwrite))),
        }))
    }
}

/// Makes `${name}` a reference to an option of the own section.
fn own_references(text: &str, part: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        result.push_str(before);
        result.push_str("${");
        let name = after.split_once('}').map(|(name, _)| name);
        if name.is_some_and(|name| !name.is_empty() && !name.contains(':')) {
            result.push_str(part);
            result.push(':');
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

struct TemplatePart {
    output: String,
    path: PathBuf,
    content: String,
    mode: Option<u32>,
    overwrite: bool,
}

impl Part for TemplatePart {
    fn effects(&self) -> Effects {
        Effects::Hermetic
    }

    fn location(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn update_is_noop(&self) -> bool {
        has_content(&self.path, self.content.as_bytes()) || (!self.overwrite && self.path.exists())
    }

    fn install(&self, _run: &RunContext) -> Result<Installed, RecipeError> {
        if !self.overwrite && self.path.exists() {
            return Ok(Installed::Paths(Vec::new()));
        }
        let mut recorded = create_parents(&self.path)?;
        let mode = self.mode.map_or(Mode::Masked(0o666), Mode::Exact);
        write_if_changed(&self.path, self.content.as_bytes(), mode)?;
        if self.overwrite {
            recorded.push(self.output.clone());
        }
        Ok(Installed::Paths(recorded))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        if self.update_is_noop() { Ok(Installed::None) } else { self.install(run) }
    }
}

/// Creates the missing directories above a file and returns them, outermost first.
fn create_parents(path: &Path) -> Result<Vec<String>, RecipeError> {
    let parents = path.ancestors().skip(1);
    let missing: Vec<_> = parents.take_while(|parent| !parent.exists()).map(paths::to_text).collect();
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(missing.into_iter().rev().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_colon_are_own() {
        let own = |text| own_references(text, "p");
        assert_eq!(own("a ${b} ${c:d} ${:e} $${f} ${"), "a ${p:b} ${c:d} ${:e} $${p:f} ${");
    }
}
