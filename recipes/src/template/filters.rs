//! The filters of Jinja2: names, arguments and dispatch.

use minijinja::State;
use minijinja::value::Value;
use rbuildout_parser::python;

use super::convert::{class_name, string, to_python};
use super::errors::{defined, raise, type_error, undefined_error, unsupported};
use super::iterate::length;
use super::object::{Result, arguments, text};
use super::{attributes, builtins, filters_list, filters_text, jinja_tests, json, ops};

/// The filters that exist.
pub(crate) const NAMES: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap",
    "xmlattr",
];

/// Those of them that only the Python engine has.
pub(crate) const PYTHON_ONLY: &[&str] = &["pprint", "random", "striptags", "urlize", "wordwrap"];

/// The arguments of a filter by position or name.
pub(crate) struct Args<'a> {
    positional: &'a [Value],
    named: Vec<(String, Value)>,
}

impl<'a> Args<'a> {
    pub(crate) fn new(args: &'a [Value]) -> Self {
        let (positional, named) = arguments(args);
        Self { positional, named }
    }

    pub(crate) fn get(&self, position: usize, name: &str) -> Option<&Value> {
        self.positional
            .get(position)
            .or_else(|| self.named.iter().find(|(named, _)| named == name).map(|(_, value)| value))
    }

    /// The argument, unless it is absent or `none`.
    pub(crate) fn some(&self, position: usize, name: &str) -> Result<Option<&Value>> {
        let value = self.get(position, name);
        if let Some(value) = value {
            defined(value)?;
        }
        Ok(value.filter(|value| !value.is_none()))
    }

    pub(crate) fn flag(&self, position: usize, name: &str, default: bool) -> Result<bool> {
        match self.get(position, name) {
            Some(value) => super::iterate::truth(value),
            None => Ok(default),
        }
    }

    pub(crate) fn int(&self, position: usize, name: &str, default: i128) -> Result<i128> {
        match self.get(position, name) {
            Some(value) => to_python(value)?.as_int().ok_or_else(|| {
                type_error(format!("'{}' object cannot be interpreted as an integer", class_name(value)))
            }),
            None => Ok(default),
        }
    }

    pub(crate) fn text(&self, position: usize, name: &str, default: &str) -> Result<String> {
        self.get(position, name).map_or_else(|| Ok(default.to_owned()), string)
    }

    pub(crate) fn positional(&self) -> &'a [Value] {
        self.positional
    }

    pub(crate) fn named(&self) -> &[(String, Value)] {
        &self.named
    }
}

/// Applies the filter `name`.
pub(crate) fn apply(name: &str, state: &mut State<'_, '_>, value: &Value, args: &[Value]) -> Result {
    let args = Args::new(args);
    if matches!(name, "default" | "d") {
        let replace = jinja_tests::is_undefined(value) || (args.flag(1, "boolean", false)? && !value.is_true());
        let default = || args.get(0, "default_value").cloned().unwrap_or_else(|| text(""));
        return Ok(if replace { default() } else { value.clone() });
    }
    if !NAMES.contains(&name) {
        let mut error = python::PythonError::new(
            "jinja2.exceptions.TemplateRuntimeError",
            format!("No filter named {} found.", python::str_repr(name)),
        );
        if PYTHON_ONLY.contains(&name) {
            error = python::PythonError::unsupported(format!("the filter {name}"));
        }
        return Err(raise(error));
    }
    // The JSON encoder has its own words for undefined values.
    if value.is_undefined() && name != "tojson" {
        return Err(undefined_error(value));
    }
    if let Some(result) = filters_list::apply(name, state, value, &args) {
        return result;
    }
    if let Some(result) = filters_text::apply(name, value, &args) {
        return result;
    }
    match name {
        "abs" => builtins::call("abs", state, std::slice::from_ref(value)),
        "attr" => {
            let name = args.text(0, "name", "")?;
            Ok(match attributes::own(value, &name) {
                Some(found) => found,
                None if super::methods::has(value, &name) => attributes::attribute(value, &name)?,
                None => super::errors::undefined(format!("'{} object' has no attribute '{name}'", class_name(value))),
            })
        }
        "count" | "length" => length(value)
            .map(Value::from)
            .ok_or_else(|| type_error(format!("object of type '{}' has no len()", class_name(value)))),
        "int" => int(value, &args),
        "float" => {
            let fallback = || args.get(0, "default").cloned().unwrap_or_else(|| Value::from(0.0));
            Ok(python::to_float(&to_python(value)?).map_or_else(|_| fallback(), super::convert::from_python))
        }
        "round" => round(value, &args),
        "tojson" => {
            let indent = args.some(0, "indent")?;
            let options = json::Options { sort_keys: true, indent: json::indent(indent), ..json::Options::default() };
            let json = json::dumps(value, &options)?
                .replace('<', "\\u003c")
                .replace('>', "\\u003e")
                .replace('&', "\\u0026")
                .replace('\'', "\\u0027");
            Ok(Value::from_safe_string(json))
        }
        _ => Err(unsupported(format!("the filter {name}"))),
    }
}

/// `int(default=0, base=10)`: the default instead of an error.
fn int(value: &Value, args: &Args<'_>) -> Result {
    let base = u32::try_from(args.int(1, "base", 10)?).unwrap_or(10);
    let plain = to_python(value)?;
    let direct = python::to_int(&plain, base).or_else(|error| {
        // Numbers in text may also be written as floats.
        match python::to_float(&plain) {
            Ok(number) => python::to_int(&number, 10),
            Err(_) => Err(error),
        }
    });
    match direct {
        Ok(number) => Ok(super::convert::from_python(number)),
        Err(error) if error.class == "OverflowError" && !error.message.contains("infinity") => Err(raise(error)),
        Err(_) => Ok(args.get(0, "default").cloned().unwrap_or_else(|| Value::from(0))),
    }
}

/// `round(precision=0, method='common')`: always a float.
fn round(value: &Value, args: &Args<'_>) -> Result {
    let precision = args.int(0, "precision", 0)?;
    let method = args.text(1, "method", "common")?;
    let factor = Value::from(10f64.powi(i32::try_from(precision).unwrap_or(0)));
    match method.as_str() {
        "common" => {
            let rounded = builtins::round(value, Some(&Value::from(precision)))?;
            Ok(rounded)
        }
        "ceil" | "floor" => {
            let scaled = to_python(&ops::math("*", value, &factor)?)?.as_float().unwrap_or(0.0);
            let scaled = if method == "ceil" { scaled.ceil() } else { scaled.floor() };
            ops::math("/", &Value::from(scaled), &factor)
        }
        _ => Err(raise(python::PythonError::new(
            "jinja2.exceptions.FilterArgumentError",
            "method must be common, ceil or floor",
        ))),
    }
}
