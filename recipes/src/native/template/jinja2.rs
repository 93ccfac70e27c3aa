//! `slapos.recipe.template:jinja2`: a file from a Jinja2 template.
//!
//! | option | meaning |
//! |---|---|
//! | `output` | the file |
//! | `inline` or `url` with `md5sum` | the template |
//! | `mode` | as for `slapos.recipe.template` |
//! | `context` | lines `type name expression`, see [`context`](super::context) |
//! | `extensions` | names of Jinja2 extensions |
//! | `import-list`, `import-delimiter` | templates to import, see [`imports`](super::imports) |
//! | `encoding` | `utf-8`, the only one here |
//! | `once` | a marker file: rendered once and never again, and the output is then not recorded |
//! | `update` | `true`: rendered at every run |
//! | `rendered`, `template` | old names: the output; a URL, or `inline:` and a text. Used if there is no `output` |
//!
//! Publishes nothing; records the output. Nothing is rendered or fetched when the section is initialised. Update renders
//! again what comes without checksum from a URL, and everything in the old form.
//!
//! Errors: those of `slapos.recipe.template` about the source; `Missing option: <part>:rendered` and `:template`; those
//! of contexts and import lists; and at install those of the template in Python's words
//! (`jinja2.exceptions.UndefinedError: 'x' is undefined`), after a record that says where. A template that needs Python
//! fails with a sentence that says why.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use indexmap::IndexMap;
use rbuildout_cache::Request;

use super::failure::{failure, unsupported};
use super::output::Output;
use super::source::{Source, read};
use super::{context, imports};
use crate::api::{Distribution, Effects, Host, Installed, Mode, Part, Recipe, required, text};
use crate::error::RecipeError;
use crate::native::common::{fetch, files, paths, truth};
use crate::run::RunContext;
use crate::template::{ContextValue, Imports, NativeEngine, RenderJob, TemplateEngine};

pub(crate) struct Jinja2;

impl Recipe for Jinja2 {
    fn distribution(&self) -> Distribution {
        crate::native::TEMPLATE
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let once = text(host, "once")?.filter(|once| !once.is_empty());
        let encoding = text(host, "encoding")?.unwrap_or_else(|| "utf-8".to_owned());
        let update = truth::exact(text(host, "update")?.as_deref(), false)?;
        let imports = imports::read(host)?;
        let (path, source, option, is_fixed) = source(host)?;
        let mode = text(host, "mode")?.filter(|mode| !mode.is_empty());
        let extensions = text(host, "extensions")?.unwrap_or_default();
        Ok(Box::new(Jinja2Part {
            output: Output { path, mode },
            source,
            option,
            once: once.map(|once| paths::resolve(host.settings(), once)),
            encoding,
            update,
            is_fixed,
            imports,
            extensions: extensions.split_whitespace().map(str::to_owned).collect(),
            context: context::read(host)?,
        }))
    }
}

/// The output, the template, the option that names it, and whether it can only change with the options.
fn source(host: &mut dyn Host) -> Result<(String, Source, &'static str, bool), RecipeError> {
    if let Some(output) = text(host, "output")? {
        let source = Source::read(host)?;
        let is_fixed = source.is_fixed();
        return Ok((output, source, "inline", is_fixed));
    }
    let output = required(host, "rendered")?;
    let template = required(host, "template")?;
    // The original reads the checksum in any case; update then does nothing.
    let md5 = fetch::md5sum(host)?;
    let is_fixed = md5.is_some();
    let source = match template.strip_prefix("inline:") {
        Some(text) => Source::Inline(text.trim_start_matches(['\r', '\n']).to_owned()),
        None => Source::from_url(host, template, md5),
    };
    Ok((output, source, "template", is_fixed))
}

struct Jinja2Part {
    output: Output,
    source: Source,
    /// Where the template is, if it is inline.
    option: &'static str,
    once: Option<PathBuf>,
    encoding: String,
    update: bool,
    is_fixed: bool,
    imports: Option<Imports>,
    extensions: Vec<String>,
    context: IndexMap<String, ContextValue>,
}

impl Jinja2Part {
    fn is_done(&self) -> bool {
        self.once.as_ref().is_some_and(|once| once.exists())
    }

    fn render(&self, run: &RunContext) -> Result<String, RecipeError> {
        if !matches!(self.encoding.to_ascii_lowercase().as_str(), "utf-8" | "utf8" | "utf_8" | "ascii" | "us-ascii") {
            let message = format!("The encoding `{}` of a template isn't supported: only utf-8 is.", self.encoding);
            return Err(RecipeError::user_with_hint(message, "Convert the template to utf-8."));
        }
        let (source, name) = match &self.source {
            Source::Inline(text) => (text.clone(), "<inline>".to_owned()),
            Source::Url { url, request } => (read(&fetch::fetch(run, request)?, url)?, url.clone()),
        };
        run.log.phase("render");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let job = RenderJob {
            source,
            name,
            context: self.context.clone(),
            imports: self.imports.clone(),
            extensions: self.extensions.clone(),
            now,
            untyped: run.settings().mode == Mode::Upstream,
        };
        NativeEngine.supports(&job).map_err(|reason| unsupported(run.part, &reason.to_string()))?;
        let option = matches!(self.source, Source::Inline(_)).then_some(self.option);
        NativeEngine.render(&job).map_err(|error| failure(run, &job, option, error))
    }
}

impl Part for Jinja2Part {
    fn effects(&self) -> Effects {
        Effects::Hermetic
    }

    fn sources(&self) -> Vec<Request> {
        match &self.source {
            Source::Url { request, .. } if !self.is_done() => vec![request.clone()],
            _ => Vec::new(),
        }
    }

    fn location(&self) -> Option<&Path> {
        Some(Path::new(&self.output.path))
    }

    fn update_is_noop(&self) -> bool {
        self.is_done() || (self.is_fixed && !self.update)
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        if self.is_done() {
            return Ok(Installed::None);
        }
        let text = self.render(run)?;
        self.output.write(run.settings(), text.as_bytes())?;
        match &self.once {
            Some(once) => {
                files::touch(once)?;
                Ok(Installed::None)
            }
            None => Ok(Installed::Paths(vec![self.output.path.clone()])),
        }
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        if self.update_is_noop() { Ok(Installed::None) } else { self.install(run) }
    }
}
