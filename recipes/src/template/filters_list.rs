//! Filters over sequences and mappings.

use minijinja::State;
use minijinja::value::Value;
use rbuildout_parser::python::{self, PythonError};

use super::convert::{class_name, string, to_python};
use super::errors::{raise, type_error, undefined};
use super::filters::{Args, apply as apply_filter};
use super::iterate::{is_mapping, items, pairs};
use super::object::{Py, Result, iterator, list, py, text, tuple};
use super::{attributes, jinja_tests, ops};

/// Applies a filter of this module; `None` if it is none.
pub(crate) fn apply(name: &str, state: &mut State<'_, '_>, value: &Value, args: &Args<'_>) -> Option<Result> {
    Some(match name {
        "list" => items(value).map(list),
        "first" => items(value).map(|items| {
            items.into_iter().next().unwrap_or_else(|| undefined("No first item, sequence was empty.".to_owned()))
        }),
        "last" => last(value),
        "join" => join(value, args),
        "sort" => sort(value, args),
        "unique" => unique(value, args),
        "min" | "max" => extreme(name, value, args),
        "sum" => sum(value, args),
        "reverse" => reverse(value),
        "map" => map(state, value, args),
        "select" | "reject" => select(value, args, name == "select", None),
        "selectattr" | "rejectattr" => match args.positional().first() {
            Some(attribute) => select(value, args, name == "selectattr", Some(attribute)),
            None => Err(raise(PythonError::new(
                "jinja2.exceptions.FilterArgumentError",
                "Missing parameter for attribute name",
            ))),
        },
        "dictsort" => dictsort(value, args),
        "items" => {
            if is_mapping(value) {
                pairs(value).map(|pairs| {
                    iterator("generator", pairs.into_iter().map(|(key, value)| tuple(vec![key, value])).collect())
                })
            } else {
                Err(type_error("Can only get item pairs from a mapping."))
            }
        }
        "batch" => batch(value, args),
        "slice" => slice(value, args),
        "groupby" => groupby(value, args),
        _ => return None,
    })
}

fn last(value: &Value) -> Result {
    match py(value) {
        Some(Py::Iter { class, .. }) => Err(type_error(format!("'{class}' object is not reversible"))),
        _ => Ok(items(value)?.pop().unwrap_or_else(|| undefined("No last item, sequence was empty.".to_owned()))),
    }
}

/// How an element is looked at: by an attribute path such as `a.0.b`, perhaps ignoring case.
struct Getter {
    path: Vec<Value>,
    lower: bool,
    default: Option<Value>,
}

impl Getter {
    fn new(attribute: Option<&Value>, lower: bool) -> Self {
        let path = match attribute {
            None => Vec::new(),
            Some(value) if value.as_str().is_some() => value
                .as_str()
                .unwrap_or_default()
                .split('.')
                .map(|part| {
                    let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                    match part.parse::<i64>() {
                        Ok(number) if digits => Value::from(number),
                        _ => Value::from(part),
                    }
                })
                .collect(),
            Some(value) => vec![value.clone()],
        };
        Self { path, lower, default: None }
    }

    fn get(&self, element: &Value) -> Result {
        let mut value = element.clone();
        for key in &self.path {
            value = attributes::item(&value, key)?;
            if let Some(default) = self.default.as_ref().filter(|_| value.is_undefined()) {
                value = default.clone();
            }
        }
        if self.lower
            && let Some(text) = value.as_str()
        {
            return Ok(Value::from(text.to_lowercase()));
        }
        Ok(value)
    }
}

fn join(value: &Value, args: &Args<'_>) -> Result {
    let separator = args.text(0, "d", "")?;
    let getter = Getter::new(args.some(1, "attribute")?, false);
    let mut out = String::new();
    for (position, item) in items(value)?.iter().enumerate() {
        if position > 0 {
            out.push_str(&separator);
        }
        out.push_str(&string(&getter.get(item)?)?);
    }
    Ok(text(out))
}

fn sort(value: &Value, args: &Args<'_>) -> Result {
    let reverse = args.flag(0, "reverse", false)?;
    let lower = !args.flag(1, "case_sensitive", false)?;
    let attribute = args.some(2, "attribute")?;
    // Several attributes, with commas between them, sort by the first and then by the others.
    let getters = match attribute.and_then(Value::as_str) {
        Some(names) => names.split(',').map(|name| Getter::new(Some(&Value::from(name)), lower)).collect(),
        None => vec![Getter::new(attribute, lower)],
    };
    let mut elements = items(value)?;
    if reverse {
        elements.reverse();
    }
    ops::sort_by_key(&mut elements, |element| {
        let keys = getters.iter().map(|getter| getter.get(element)).collect::<Result<Vec<_>>>()?;
        Ok(if attribute.is_some() { list(keys) } else { keys[0].clone() })
    })?;
    if reverse {
        elements.reverse();
    }
    Ok(list(elements))
}

fn unique(value: &Value, args: &Args<'_>) -> Result {
    let lower = !args.flag(0, "case_sensitive", false)?;
    let getter = Getter::new(args.some(1, "attribute")?, lower);
    let mut seen = super::dict::Keyed::new();
    let mut kept = Vec::new();
    for item in items(value)? {
        let key = super::dict::key_of(&getter.get(&item)?)?;
        if seen.insert(key, Value::from(true)).is_none() {
            kept.push(item);
        }
    }
    Ok(iterator("generator", kept))
}

fn extreme(name: &str, value: &Value, args: &Args<'_>) -> Result {
    let lower = !args.flag(0, "case_sensitive", false)?;
    let getter = Getter::new(args.some(1, "attribute")?, lower);
    let mut best: Option<(Value, Value)> = None;
    for item in items(value)? {
        let key = getter.get(&item)?;
        let better = match &best {
            None => true,
            Some((_, best)) => ops::compare(if name == "min" { "<" } else { ">" }, &key, best)?,
        };
        if better {
            best = Some((item, key));
        }
    }
    Ok(best.map_or_else(|| undefined("No aggregated item, sequence was empty.".to_owned()), |(item, _)| item))
}

fn sum(value: &Value, args: &Args<'_>) -> Result {
    let getter = Getter::new(args.some(0, "attribute")?, false);
    let start = args.get(1, "start").cloned().unwrap_or_else(|| Value::from(0));
    items(value)?.iter().try_fold(start, |total, item| ops::math("+", &total, &getter.get(item)?))
}

fn reverse(value: &Value) -> Result {
    if let Some(string) = value.as_str() {
        return Ok(text(string.chars().rev().collect::<String>()));
    }
    let mut elements = items(value)
        .map_err(|_| raise(PythonError::new("jinja2.exceptions.FilterArgumentError", "argument must be iterable")))?;
    elements.reverse();
    Ok(match py(value) {
        Some(Py::List(_)) => iterator("list_reverseiterator", elements),
        _ => iterator("reversed", elements),
    })
}

fn map(state: &mut State<'_, '_>, value: &Value, args: &Args<'_>) -> Result {
    let named = args.named();
    let by_attribute = named.iter().find(|(name, _)| name == "attribute");
    let mut results = Vec::new();
    if let (Some((_, attribute)), []) = (by_attribute, args.positional()) {
        let mut getter = Getter::new(Some(attribute), false);
        getter.default = named.iter().find(|(name, _)| name == "default").map(|(_, value)| value.clone());
        for item in items(value)? {
            results.push(getter.get(&item)?);
        }
        return Ok(iterator("generator", results));
    }
    let Some((filter, rest)) = args.positional().split_first() else {
        return Err(raise(PythonError::new("jinja2.exceptions.FilterArgumentError", "map requires a filter argument")));
    };
    let mut rest = rest.to_vec();
    if !named.is_empty() {
        let pairs = named.iter().map(|(name, value)| (name.clone(), value.clone()));
        rest.push(Value::from(pairs.collect::<minijinja::value::Kwargs>()));
    }
    let filter = filter.as_str().unwrap_or_default();
    if !super::filters::NAMES.contains(&filter) {
        return Err(raise(PythonError::new(
            "jinja2.exceptions.TemplateRuntimeError",
            format!("No filter named {}.", python::str_repr(filter)),
        )));
    }
    for item in items(value)? {
        results.push(apply_filter(filter, state, &item, &rest)?);
    }
    Ok(iterator("generator", results))
}

fn select(value: &Value, args: &Args<'_>, keep: bool, attribute: Option<&Value>) -> Result {
    let getter = Getter::new(attribute, false);
    let rest = &args.positional()[usize::from(attribute.is_some())..];
    let mut kept = Vec::new();
    for item in items(value)? {
        let subject = getter.get(&item)?;
        let holds = match rest.split_first() {
            Some((test, rest)) => jinja_tests::apply(test.as_str().unwrap_or_default(), &subject, rest)?,
            None => super::iterate::truth(&subject)?,
        };
        if holds == keep {
            kept.push(item);
        }
    }
    Ok(iterator("generator", kept))
}

fn dictsort(value: &Value, args: &Args<'_>) -> Result {
    let lower = !args.flag(0, "case_sensitive", false)?;
    let position = match args.text(1, "by", "key")?.as_str() {
        "key" => 0,
        "value" => 1,
        _ => {
            return Err(raise(PythonError::new(
                "jinja2.exceptions.FilterArgumentError",
                "You can only sort by either \"key\" or \"value\"",
            )));
        }
    };
    let reverse = args.flag(2, "reverse", false)?;
    if !is_mapping(value) {
        return Err(raise(PythonError::attribute_error(&class_name(value), "items")));
    }
    let mut elements: Vec<Value> = pairs(value)?.into_iter().map(|(key, value)| tuple(vec![key, value])).collect();
    let getter = Getter::new(Some(&Value::from(position)), lower);
    if reverse {
        elements.reverse();
    }
    ops::sort_by_key(&mut elements, |element| getter.get(element))?;
    if reverse {
        elements.reverse();
    }
    Ok(list(elements))
}

/// A count of elements that a filter makes: at least one, and not more than a template can mean.
fn limited(count: i128) -> Result<usize> {
    const LIMIT: usize = 1_000_000;
    match usize::try_from(count.max(1)) {
        Ok(count) if count <= LIMIT => Ok(count),
        _ => Err(raise(PythonError::new("MemoryError", format!("more than {LIMIT} elements")))),
    }
}

fn batch(value: &Value, args: &Args<'_>) -> Result {
    let size = limited(args.int(0, "linecount", 0)?)?;
    let fill = args.some(1, "fill_with")?;
    let mut rows = Vec::new();
    for chunk in items(value)?.chunks(size) {
        let mut row = chunk.to_vec();
        if let Some(fill) = fill {
            row.resize(size, fill.clone());
        }
        rows.push(list(row));
    }
    Ok(iterator("generator", rows))
}

fn slice(value: &Value, args: &Args<'_>) -> Result {
    let elements = items(value)?;
    let slices = limited(args.int(0, "slices", 1)?)?;
    let fill = args.some(1, "fill_with")?;
    let (each, extra) = (elements.len() / slices, elements.len() % slices);
    let mut at = 0;
    let mut columns = Vec::new();
    for column in 0..slices {
        let length = each + usize::from(column < extra);
        let mut part = elements[at..at + length].to_vec();
        at += length;
        if let Some(fill) = fill
            && column >= extra
            && extra > 0
        {
            part.push(fill.clone());
        }
        columns.push(list(part));
    }
    Ok(iterator("generator", columns))
}

fn groupby(value: &Value, args: &Args<'_>) -> Result {
    let lower = !args.flag(2, "case_sensitive", false)?;
    let mut getter = Getter::new(args.some(0, "attribute")?, lower);
    getter.default = args.some(1, "default")?.cloned();
    let mut elements = items(value)?;
    ops::sort_by_key(&mut elements, |element| getter.get(element))?;
    let mut groups: Vec<(python::Value, Value, Vec<Value>)> = Vec::new();
    for element in elements {
        let key = to_python(&getter.get(&element)?)?;
        match groups.last_mut() {
            Some((last, _, members)) if *last == key => members.push(element),
            _ => {
                // The group is named by its first element, in its own case.
                let plain = Getter { path: getter.path.clone(), lower: false, default: getter.default.clone() };
                groups.push((key, plain.get(&element)?, vec![element]));
            }
        }
    }
    Ok(list(
        groups
            .into_iter()
            .map(|(_, key, members)| {
                let members = list(members);
                let elements = vec![key.clone(), members.clone()];
                let repr = to_python(&tuple(elements.clone())).map(|value| python::repr(&value)).unwrap_or_default();
                Value::from_object(Py::Record(super::object::Record {
                    class: "_GroupTuple",
                    fields: vec![("grouper", key), ("list", members)],
                    elements: Some(elements),
                    text: repr.clone(),
                    repr,
                }))
            })
            .collect(),
    ))
}
