//! `re`, on a regular expression engine without look-around and back references: patterns with those are unsupported.

use minijinja::State;
use minijinja::value::Value;
use rbuildout_parser::python;
use regex::{Captures, Regex, RegexBuilder};

use super::super::convert::{string, to_python};
use super::super::dict::Dict;
use super::super::errors::{raise, type_error, unsupported};
use super::super::filters::Args;
use super::super::object::{Py, Record, Result, dict, list, py, text, tuple};

fn compile(pattern: &str) -> Result<Regex> {
    let translated = pattern.replace("\\Z", "\\z");
    RegexBuilder::new(&translated)
        .build()
        .map_err(|error| unsupported(format!("the regular expression {pattern}: {error}")))
}

/// Calls a function of the module.
pub(crate) fn call(function: &str, state: &mut State<'_, '_>, args: &Args<'_>) -> Result {
    let given = args.positional();
    let pattern = match given.first() {
        None => {
            return Err(type_error(format!("{function}() missing 1 required positional argument: 'pattern'")));
        }
        Some(value) => match py(value) {
            Some(Py::Record(record)) if record.class == "Pattern" => record.text.clone(),
            _ => string(value)?,
        },
    };
    if args.get(usize::MAX, "flags").is_some() {
        return Err(unsupported("flags of regular expressions"));
    }
    if function == "escape" {
        return Ok(text(escape(&pattern)));
    }
    let regex = compile(&pattern)?;
    if function == "compile" {
        let repr = format!("re.compile({})", python::str_repr(&pattern));
        return Ok(Value::from_object(Py::Record(Record {
            class: "Pattern",
            fields: vec![("pattern", text(pattern.as_str()))],
            elements: None,
            text: pattern,
            repr,
        })));
    }
    apply(&regex, function, given.get(1..).unwrap_or_default(), state)
}

fn apply(regex: &Regex, function: &str, args: &[Value], state: &mut State<'_, '_>) -> Result {
    let subject = |position: usize| match args.get(position) {
        Some(value) if value.as_str().is_some() => string(value),
        _ => Err(type_error("expected string or bytes-like object")),
    };
    match function {
        "match" | "search" | "fullmatch" if args.len() == 1 => {
            let subject = subject(0)?;
            let anchored = match function {
                "search" => None,
                "match" => Some(compile(&format!("\\A(?:{})", regex.as_str()))?),
                _ => Some(compile(&format!("\\A(?:{})\\z", regex.as_str()))?),
            };
            let found = anchored.as_ref().unwrap_or(regex).captures(&subject);
            Ok(found.map_or_else(|| Value::from(()), |captures| match_object(regex, &captures)))
        }
        "findall" if args.len() == 1 => {
            let subject = subject(0)?;
            let all = regex.captures_iter(&subject).map(|captures| {
                let group = |index: usize| text(captures.get(index).map_or("", |group| group.as_str()));
                match captures.len() {
                    1 => group(0),
                    2 => group(1),
                    count => tuple((1..count).map(group).collect()),
                }
            });
            Ok(list(all.collect()))
        }
        "split" if args.len() == 1 && regex.captures_len() == 1 => {
            let subject = subject(0)?;
            Ok(list(regex.split(&subject).map(text).collect()))
        }
        "sub" if matches!(args.len(), 2 | 3) => {
            let subject = subject(1)?;
            let count = args.get(2).and_then(Value::as_usize).unwrap_or(0);
            let mut out = String::new();
            let mut last = 0;
            for (done, captures) in regex.captures_iter(&subject).enumerate() {
                if count > 0 && done >= count {
                    break;
                }
                let Some(whole) = captures.get(0) else {
                    continue;
                };
                out.push_str(&subject[last..whole.start()]);
                if args[0].as_str().is_some() {
                    out.push_str(&expand(&string(&args[0])?, &captures)?);
                } else {
                    let found = match_object(regex, &captures);
                    out.push_str(&string(&args[0].call(state, &[found])?)?);
                }
                last = whole.end();
            }
            out.push_str(&subject[last..]);
            Ok(text(out))
        }
        _ => Err(unsupported(format!("re.{function}() with these arguments"))),
    }
}

/// `\1`, `\g<name>` and escapes of a replacement.
fn expand(replacement: &str, captures: &Captures<'_>) -> Result<String> {
    let mut out = String::new();
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix("g<") {
            let (name, tail) = tail.split_once('>').ok_or_else(|| unsupported("this replacement of re.sub()"))?;
            let group = match name.parse::<usize>() {
                Ok(index) => captures.get(index),
                Err(_) => captures.name(name),
            };
            out.push_str(group.map_or("", |group| group.as_str()));
            rest = tail;
            continue;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            let digits = digits.min(2);
            let index: usize = rest[..digits].parse().unwrap_or(0);
            out.push_str(captures.get(index).map_or("", |group| group.as_str()));
            rest = &rest[digits..];
            continue;
        }
        let Some(c) = rest.chars().next() else {
            return Err(unsupported("this replacement of re.sub()"));
        };
        match c {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '\\' => out.push('\\'),
            c if c.is_ascii_alphabetic() => {
                return Err(unsupported("this replacement of re.sub()"));
            }
            c => {
                out.push('\\');
                out.push(c);
            }
        }
        rest = &rest[c.len_utf8()..];
    }
    out.push_str(rest);
    Ok(out)
}

fn escape(pattern: &str) -> String {
    let mut out = String::new();
    for c in pattern.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn match_object(regex: &Regex, captures: &Captures<'_>) -> Value {
    let groups: Vec<Value> = (0..captures.len())
        .map(|index| captures.get(index).map_or_else(|| Value::from(()), |group| text(group.as_str())))
        .collect();
    let mut named = Dict::default();
    for name in regex.capture_names().flatten() {
        let value = captures.name(name).map_or_else(|| Value::from(()), |group| text(group.as_str()));
        // Text is always a valid key.
        let _ = named.insert(text(name), value);
    }
    let (start, end) = captures.get(0).map_or((0, 0), |whole| (whole.start(), whole.end()));
    let shown = format!(
        "<re.Match object; span=({start}, {end}), match={}>",
        python::str_repr(captures.get(0).map_or("", |whole| whole.as_str()))
    );
    Value::from_object(Py::Record(Record {
        class: "Match",
        fields: vec![
            ("#groups", tuple(groups)),
            ("#named", dict(named)),
            ("#start", Value::from(start)),
            ("#end", Value::from(end)),
        ],
        elements: None,
        text: shown.clone(),
        repr: shown,
    }))
}

/// A method of a match.
pub(crate) fn match_method(record: &Record, name: &str, args: &[Value]) -> Result {
    let field = |name: &str| record.field(name).cloned().unwrap_or_default();
    let group = |key: &Value| -> Result {
        let from = if key.as_str().is_some() { field("#named") } else { field("#groups") };
        super::super::attributes::element(&from, key)?
            .ok_or_else(|| raise(python::PythonError::index_error("no such group")))
    };
    match (name, args) {
        ("group", []) => group(&Value::from(0)),
        ("group", [key]) => group(key),
        ("group", keys) => Ok(tuple(keys.iter().map(group).collect::<Result<_>>()?)),
        ("groups", []) => Ok(tuple(super::super::iterate::items(&field("#groups"))?[1..].to_vec())),
        ("groupdict", []) => Ok(field("#named")),
        ("start", []) => Ok(field("#start")),
        ("end", []) => Ok(field("#end")),
        ("span", []) => Ok(tuple(vec![field("#start"), field("#end")])),
        _ => Err(unsupported(format!("the method {name} of a match"))),
    }
}

/// A method of a compiled pattern; replacements by functions need the module function.
pub(crate) fn pattern_method(record: &Record, name: &str, args: &[Value]) -> Result {
    let regex = compile(&record.text)?;
    if name == "sub" && args.first().is_some_and(|replacement| replacement.as_str().is_none()) {
        return Err(unsupported("the method sub of a pattern with a function"));
    }
    let _ = to_python(&list(args.to_vec()))?;
    let environment = minijinja::Environment::new();
    let template = environment.empty_state();
    let mut state = template;
    apply(&regex, name, args, &mut state)
}
