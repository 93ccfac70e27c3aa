//! What is said of a template that can't be rendered: where, and what helps.

use rbuildout_parser::nearest;
use rbuildout_parser::python::PythonError;

use crate::error::{Place, RecipeError, Text};
use crate::run::RunContext;
use crate::template::{Found, RenderJob, TemplateError, find, load};

/// The error of a rendering. `option` holds the template of the job, or else it comes from the URL of its name.
pub(super) fn failure(
    run: &RunContext,
    job: &RenderJob,
    option: Option<&'static str>,
    error: TemplateError,
) -> RecipeError {
    if error.is_unsupported() {
        let place = format!("{}, line {}: {}", error.template, error.line, error.exception.message);
        return unsupported(run.part, &place);
    }
    match error.line {
        0 => run.error(&format!("The template {} failed.", error.template)),
        line => run.error(&format!("The template {} failed in line {line}.", error.template)),
    }
    let (place, hint) = (place(job, option, &error), hint(job, &error.exception));
    let error = RecipeError::from(error.exception);
    match place {
        Some(place) => error.at(place, Some(hint)),
        None => error,
    }
}

pub(super) fn unsupported(part: &str, reason: &str) -> RecipeError {
    RecipeError::NeedsOriginal(format!("The template of part `{part}` is rendered by Python: {reason}."))
}

fn place(job: &RenderJob, option: Option<&'static str>, error: &TemplateError) -> Option<Place> {
    let line_of = |text: &str| text.lines().nth(error.line.checked_sub(1)?).map(str::to_owned);
    let (text, content) = if error.template == job.name {
        let text = option.map_or_else(|| Text::File(job.name.clone()), Text::Option);
        (text, line_of(&job.source)?)
    } else {
        let imports = job.imports.as_ref()?;
        let text = match find(imports, &error.template)? {
            Found::Text(_) => Text::Option("import-list"),
            Found::File(path) => Text::File(path.to_string_lossy().into_owned()),
        };
        (text, line_of(&load(Some(imports), &error.template).ok()??)?)
    };
    Some(Place::line(text, error.line, &content))
}

/// What to do about an exception.
fn hint(job: &RenderJob, exception: &PythonError) -> String {
    let quoted = exception.message.split('\'').nth(1).unwrap_or_default();
    match exception.class.rsplit('.').next().unwrap_or_default() {
        "UndefinedError" if exception.message.ends_with("' is undefined") => {
            match nearest(quoted, job.context.keys().map(String::as_str)) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!("Set `{quoted}` in the template, or in the option `context`."),
            }
        }
        "UndefinedError" => "Correct the name, or ask with `is defined` before.".to_owned(),
        "TemplateNotFound" => "Name it in the option `import-list`.".to_owned(),
        "TemplateSyntaxError" | "TemplateAssertionError" => "Correct the template here.".to_owned(),
        "AssertionError" => "The template itself asserts this: correct what it checks.".to_owned(),
        "MemoryError" => "The result is larger than any file that a template makes: use smaller numbers.".to_owned(),
        _ => "Correct this expression, or the values in `context` that it uses.".to_owned(),
    }
}
