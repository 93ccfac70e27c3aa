//! `slapos.recipe.template`: a file from a text with buildout's own `${section:option}` substitution.
//!
//! | option | meaning |
//! |---|---|
//! | `output` | the file (required) |
//! | `inline` | the text itself, or |
//! | `url` | where to get it: fetched and substituted when the section is initialised |
//! | `md5sum` | of what `url` gives |
//! | `mode` | octal; by default 0666, or 0777 for a script whose interpreter exists, minus the umask |
//!
//! Publishes nothing; records the output. In a fetched text `$$` stands for `$`. Update writes again only what has no
//! checksum.
//!
//! Errors: `one of the options 'inline' 'url' is required`, `options 'inline' & 'url' conflict`, `options 'inline' &
//! 'md5sum' conflict`, and those of substitution.

use std::path::{Path, PathBuf};

use rbuildout_parser::{MAX_VALUE, Piece, pieces};

use super::output::Output;
use super::source::{Source, read};
use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe, required, text};
use crate::error::{Place, RecipeError, Text};
use crate::native::common::fetch;
use crate::run::RunContext;

pub(crate) struct Template;

impl Recipe for Template {
    fn distribution(&self) -> Distribution {
        crate::native::TEMPLATE
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let output =
            Output { path: required(host, "output")?, mode: text(host, "mode")?.filter(|mode| !mode.is_empty()) };
        let source = Source::read(host)?;
        let is_fixed = source.is_fixed();
        let content = match &source {
            Source::Inline(text) => text.clone(),
            Source::Url { url, request } => {
                let file = fetch::fetch_at_init(host, request)?;
                substitute(host, &read(&file, url)?, url)?
            }
        };
        Ok(Box::new(TemplatePart { output, content, is_fixed, directory: host.settings().directory.clone() }))
    }
}

/// Substitutes a fetched text. Each `$$` is a `$` that the substitution doesn't see.
fn substitute(host: &mut dyn Host, text: &str, url: &str) -> Result<String, RecipeError> {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for (index, part) in text.split("$$").enumerate() {
        if index > 0 {
            result.push('$');
            at += 2;
        }
        for piece in pieces(part) {
            let token = match piece {
                Piece::Text(text) => {
                    result.push_str(text);
                    at += text.len();
                    continue;
                }
                Piece::Reference { token, .. } | Piece::Malformed { token, .. } => token,
            };
            let value = host.substitute(token).map_err(|error| error.at(place(text, at, token.len(), url), None))?;
            if result.len() + value.len() > MAX_VALUE {
                let message = format!("The text made from {url} is longer than {} MiB.", MAX_VALUE >> 20);
                return Err(RecipeError::user(message).at(place(text, at, token.len(), url), None));
            }
            result.push_str(&value);
            at += token.len();
        }
    }
    Ok(result)
}

/// The place of `length` bytes from `at` on, as far as they are in one line.
fn place(text: &str, at: usize, length: usize, url: &str) -> Place {
    let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    Place {
        text: Text::File(url.to_owned()),
        line: 1 + text[..at].matches('\n').count(),
        content: text[begin..end].to_owned(),
        mark: at - begin..(at + length).min(end) - begin,
    }
}

struct TemplatePart {
    output: Output,
    content: String,
    /// The content cannot change without the options changing.
    is_fixed: bool,
    directory: PathBuf,
}

impl Part for TemplatePart {
    fn effects(&self) -> Effects {
        Effects::Hermetic
    }

    fn location(&self) -> Option<&Path> {
        Some(Path::new(&self.output.path))
    }

    fn update_is_noop(&self) -> bool {
        self.is_fixed || self.output.is_current(&self.directory, self.content.as_bytes())
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.output.write(run.settings(), self.content.as_bytes())?;
        Ok(Installed::Paths(vec![self.output.path.clone()]))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        if self.is_fixed { Ok(Installed::None) } else { self.install(run) }
    }
}
