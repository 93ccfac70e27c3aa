//! The native engine: minijinja with the pre-pass in front and Python's values inside.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};

use super::api::{ContextValue, RenderJob, TemplateEngine, TemplateError, Unsupported};
use super::lexer::normalize_newlines;
use super::object::{Result, builtin};
use super::rewrite::{Extensions, ISOLATED, rewrite};
use super::rewrite_names::Names;
use super::{builtins, convert, errors, filters, jinja_tests, loader, methods, modules};

/// Renders Jinja2 templates without Python.
#[derive(Debug, Clone, Copy, Default)]
pub struct NativeEngine;

impl TemplateEngine for NativeEngine {
    fn render(&self, job: &RenderJob) -> Result<String, TemplateError> {
        errors::reset();
        let extensions = extensions(job).map_err(|unsupported| TemplateError {
            exception: rbuildout_parser::python::PythonError::unsupported(unsupported.to_string()),
            template: job.name.clone(),
            line: 0,
        })?;
        let source = prepare(&job.source, &job.name, extensions, false)?;
        let context = context(job).map_err(|unsupported| TemplateError {
            exception: rbuildout_parser::python::PythonError::unsupported(unsupported.to_string()),
            template: job.name.clone(),
            line: 0,
        })?;
        let mut environment = environment();
        let imports = job.imports.clone();
        // The engine below keeps an error of the loader, but not the place in it.
        let failure = Arc::new(Mutex::new(None::<TemplateError>));
        let kept = Arc::clone(&failure);
        environment.set_loader(move |name| {
            let (plain, isolated) = match name.strip_suffix(ISOLATED) {
                Some(plain) => (plain, true),
                None => (name, false),
            };
            let loaded = loader::load(imports.as_ref(), plain)
                .and_then(|text| text.map(|text| prepare(&text, plain, extensions, isolated)).transpose());
            loaded.map_err(|error| {
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
                Error::new(ErrorKind::InvalidOperation, "").with_source(error)
            })
        });
        let result =
            environment.template_from_named_str(&job.name, &source).and_then(|template| template.render(context));
        result.map_err(|error| {
            let loading = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
            loading.unwrap_or_else(|| errors::translate(&error, &job.name))
        })
    }

    fn supports(&self, job: &RenderJob) -> Result<(), Unsupported> {
        for value in job.context.values() {
            if let ContextValue::Module(module) = value
                && modules::import(module).is_none()
            {
                return Err(Unsupported::Module(module.clone()));
            }
        }
        let extensions = extensions(job)?;
        let mut pending = vec![(job.name.clone(), Some(job.source.clone()))];
        let mut seen: Vec<String> = Vec::new();
        while let Some((name, text)) = pending.pop() {
            let Some(text) = text else { continue };
            let mut names = Names { template: name.clone(), ..Names::default() };
            // A template with errors is no reason for another engine: its error is the same.
            if rewrite(&normalize_newlines(&text), extensions, &mut names).is_err() {
                continue;
            }
            if let Some(unsupported) = names.unsupported.into_iter().next() {
                return Err(unsupported);
            }
            for import in names.imports {
                if !seen.contains(&import) {
                    seen.push(import.clone());
                    let text = loader::load(job.imports.as_ref(), &import).unwrap_or_default();
                    pending.push((import, text));
                }
            }
        }
        Ok(())
    }
}

fn extensions(job: &RenderJob) -> Result<Extensions, Unsupported> {
    let mut extensions = Extensions::default();
    for name in &job.extensions {
        match name.as_str() {
            "jinja2.ext.do" => extensions.do_statement = true,
            "jinja2.ext.loopcontrols" => extensions.loop_controls = true,
            // These two are part of Jinja2 itself by now.
            "jinja2.ext.with_" | "jinja2.ext.autoescape" => {}
            other => return Err(Unsupported::Extension(other.to_owned())),
        }
    }
    Ok(extensions)
}

/// The pre-pass; a template imported without context does not see the names of the context.
fn prepare(source: &str, name: &str, extensions: Extensions, isolated: bool) -> Result<String, TemplateError> {
    let source = normalize_newlines(source);
    let mut names = Names { template: name.to_owned(), ..Names::default() };
    let mut text = rewrite(&source, extensions, &mut names)?;
    if isolated {
        let mut own =
            Names { template: name.to_owned(), visible: Some(std::mem::take(&mut names.bound)), ..Names::default() };
        text = rewrite(&source, extensions, &mut own)?;
    }
    if let Some(assertion) = names.assertion {
        return Err(assertion);
    }
    if let Some(unsupported) = names.unsupported.first() {
        return Err(TemplateError {
            exception: rbuildout_parser::python::PythonError::unsupported(unsupported.to_string()),
            template: name.to_owned(),
            line: 0,
        });
    }
    Ok(text)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_debug(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(|out, _state, value| {
        errors::defined(value)?;
        let shown = convert::string(value)?;
        out.write_str(&shown).map_err(Error::from)
    });
    environment.set_unknown_method_callback(|state, value, method, args| methods::call(value, state, method, args));
    for name in builtins::GLOBALS {
        environment.add_global(*name, builtin(name));
    }
    environment.add_function("namespace", minijinja::functions::namespace);
    for name in filters::NAMES {
        // Only filter blocks ask for these; filters in expressions go through a helper.
        environment.add_filter(*name, move |state: &mut State<'_, '_>, args: minijinja::value::Rest<Value>| match args
            .split_first()
        {
            Some((value, rest)) => filters::apply(name, state, value, rest),
            None => Err(errors::type_error("a filter needs a value")),
        });
    }
    for name in jinja_tests::NAMES {
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            environment.add_test(*name, move |args: minijinja::value::Rest<Value>| match args.split_first() {
                Some((value, rest)) => jinja_tests::apply(name, value, rest),
                None => Err(errors::type_error("a test needs a value")),
            });
        }
    }
    environment
}

/// The names that the template sees: the default context, and the context of the job.
fn context(job: &RenderJob) -> Result<Value, Unsupported> {
    let mut names: BTreeMap<String, Value> = BTreeMap::new();
    for name in builtins::CONTEXT.iter().filter(|name| **name != "dumps" || !job.untyped) {
        names.insert((*name).to_owned(), builtin(name));
    }
    if let Some(six) = modules::import("six") {
        names.insert("six".to_owned(), six);
    }
    for (name, value) in &job.context {
        let value = match value {
            ContextValue::Value(value) => convert::from_python(value.clone()),
            ContextValue::Module(module) => {
                modules::import(module).ok_or_else(|| Unsupported::Module(module.clone()))?
            }
        };
        names.insert(name.clone(), value);
    }
    Ok(Value::from_object(names))
}
