//! Environment markers (PEP 508).
//!
//! The reference is `packaging` 26, which buildout imports: variables that are versions compare as versions
//! (PEP 440) when the other side is one; all others are plain strings, for which `<` and `>` are never true.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier};
use pest::Parser;
use pest::iterators::Pair;

use super::ast_literal;
use super::error::{PythonError, Result};
use super::facts::Facts;
use super::value::Value;

#[derive(pest_derive::Parser)]
#[grammar = "python/marker.pest"]
struct MarkerParser;

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 60;

/// An environment marker.
#[derive(Debug, Clone)]
pub struct Marker {
    source: String,
    /// As the reference writes it.
    text: String,
}

impl Marker {
    /// Reads a marker; `None` if `text` is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut canonical = String::new();
        write_list(&grammar(text)?, true, &mut canonical);
        Some(Self { source: text.to_owned(), text: canonical })
    }

    /// Whether the marker holds; `extra` is the extra that is asked for, or empty.
    ///
    /// # Errors
    /// What the reference raises: a variable that is not known, or a comparison that is not defined.
    pub fn evaluate(&self, facts: &Facts, extra: &str) -> Result<bool> {
        match grammar(&self.source) {
            Some(expr) => any_of(expr, &Environment { facts, extra }),
            None => Err(PythonError::unsupported("a marker")),
        }
    }
}

impl std::fmt::Display for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// What variables are looked up in.
struct Environment<'a> {
    facts: &'a Facts,
    extra: &'a str,
}

/// Evaluates `text` as a marker; `None` if it is not one.
pub(crate) fn evaluate(text: &str, facts: &Facts) -> Option<Result<bool>> {
    Some(any_of(grammar(text)?, &Environment { facts, extra: "" }))
}

fn grammar(text: &str) -> Option<Pair<'_, Rule>> {
    if text.matches('(').count() > MAX_DEPTH {
        return None;
    }
    let expr = MarkerParser::parse(Rule::marker, text).ok()?.next()?;
    // Whether a text is a marker is a question of syntax alone, and string literals are part of it.
    let mut literals = expr.clone().into_inner().flatten().filter(|pair| pair.as_rule() == Rule::quoted);
    if literals
        .any(|pair| ast_literal::strings(std::iter::once(pair.as_str())).is_err() || pair.as_str().contains('\n'))
    {
        return None;
    }
    Some(expr)
}

/// What is in an `item`; nothing in a `boolop`.
fn inner<'a>(item: &Pair<'a, Rule>) -> Option<Pair<'a, Rule>> {
    item.clone().into_inner().next()
}

/// Writes an `expr` as the reference does: one in parentheses that has one part loses them.
fn write_list(expr: &Pair<'_, Rule>, first: bool, out: &mut String) {
    let parts: Vec<Pair<'_, Rule>> = expr.clone().into_inner().collect();
    if let [only] = parts.as_slice()
        && let Some(inside) = inner(only)
    {
        match inside.as_rule() {
            Rule::expr => write_list(&inside, true, out),
            _ => write_comparison(inside, out),
        }
        return;
    }
    if !first {
        out.push('(');
    }
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        match inner(part) {
            Some(inside) if inside.as_rule() == Rule::expr => write_list(&inside, false, out),
            Some(inside) => write_comparison(inside, out),
            None => out.push_str(part.as_str()),
        }
    }
    if !first {
        out.push(')');
    }
}

fn write_comparison(pair: Pair<'_, Rule>, out: &mut String) {
    let sides = pair.clone().into_inner().filter(|part| part.as_rule() != Rule::op);
    let is_extra = sides.map(side).any(|side| matches!(side, Ok(Side::Variable(name)) if name == "extra"));
    for (index, part) in pair.into_inner().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if part.as_rule() == Rule::op {
            out.push_str(&part.as_str().split_whitespace().collect::<Vec<_>>().join(" "));
            continue;
        }
        match side(part) {
            Ok(Side::Variable(name)) => out.push_str(&name),
            Ok(Side::Text(text)) => {
                let text = if is_extra { normalize(&text) } else { text };
                // The reference writes double quotes whatever is in them, which could not be read again.
                let quote = if text.contains('"') { '\'' } else { '"' };
                out.push(quote);
                out.push_str(&text);
                out.push(quote);
            }
            Err(_) => {}
        }
    }
}

/// `or` of `and` groups; every comparison is evaluated, as the reference does.
fn any_of(expr: Pair<'_, Rule>, facts: &Environment<'_>) -> Result<bool> {
    let mut result = false;
    let mut group = true;
    for part in expr.into_inner() {
        match part.as_rule() {
            Rule::boolop if part.as_str() == "or" => {
                result |= group;
                group = true;
            }
            Rule::item => {
                for inner in part.into_inner() {
                    group &= match inner.as_rule() {
                        Rule::expr => any_of(inner, facts)?,
                        _ => comparison(inner, facts)?,
                    };
                }
            }
            _ => {}
        }
    }
    Ok(result | group)
}

enum Side {
    Variable(String),
    Text(String),
}

fn comparison(pair: Pair<'_, Rule>, facts: &Environment<'_>) -> Result<bool> {
    let mut sides = Vec::new();
    let mut op = String::new();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::op => {
                op = part.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
            }
            _ => sides.push(side(part)?),
        }
    }
    let (key, left, right) = match (sides.remove(0), sides.remove(0)) {
        // The reference takes the name of a variable on the right as text if there is one on the left.
        (Side::Variable(key), Side::Text(right) | Side::Variable(right)) => {
            let left = lookup(&key, facts)?;
            (key, left, right)
        }
        (Side::Text(left), Side::Variable(key) | Side::Text(key)) => {
            let right = lookup(&key, facts)?;
            (key, left, right)
        }
    };
    let (left, right) = if key == "extra" { (normalize(&left), normalize(&right)) } else { (left, right) };
    compare(&key, &left, &op, &right)
}

fn side(pair: Pair<'_, Rule>) -> Result<Side> {
    let inner = pair.into_inner().next().expect("a side of a comparison has one part");
    if inner.as_rule() == Rule::variable {
        let name = inner.as_str().replace('.', "_");
        return Ok(Side::Variable(if name == "python_implementation" {
            "platform_python_implementation".to_owned()
        } else {
            name
        }));
    }
    match ast_literal::strings(std::iter::once(inner.as_str()))? {
        Value::Str(text) => Ok(Side::Text(text)),
        _ => Err(PythonError::unsupported("bytes in a marker")),
    }
}

fn lookup(key: &str, environment: &Environment<'_>) -> Result<String> {
    let facts = environment.facts;
    let version = &facts.version_info;
    Ok(match key {
        "python_version" => format!("{}.{}", version.major, version.minor),
        "python_full_version" if facts.python_version.ends_with('+') => {
            format!("{}local", facts.python_version)
        }
        "python_full_version" => facts.python_version.clone(),
        "os_name" => facts.os_name.clone(),
        "sys_platform" => facts.sys_platform.clone(),
        "platform_machine" => facts.machine.clone(),
        "platform_release" => facts.release.clone(),
        "platform_system" => facts.system.clone(),
        "platform_version" => facts.platform_version.clone(),
        "platform_python_implementation" => facts.python_implementation.clone(),
        "implementation_name" => facts.implementation_name.clone(),
        "implementation_version" => facts.implementation_version.clone(),
        "extra" => environment.extra.to_owned(),
        other => return Err(PythonError::new("UndefinedEnvironmentName", other)),
    })
}

fn compare(key: &str, left: &str, op: &str, right: &str) -> Result<bool> {
    let is_version =
        matches!(key, "implementation_version" | "platform_release" | "python_full_version" | "python_version");
    if is_version && op != "in" && op != "not in" {
        if op == "===" {
            let literal = right.trim();
            if !literal.contains(|c: char| c.is_whitespace() || matches!(c, ';' | ')')) {
                return Ok(left.eq_ignore_ascii_case(literal));
            }
        } else if let Ok(specifier) = VersionSpecifier::from_str(&format!("{op}{right}")) {
            return Ok(Version::from_str(left).is_ok_and(|version| specifier.contains(&version)));
        }
    }
    Ok(match op {
        "in" => right.contains(left),
        "not in" => !right.contains(left),
        "==" | "<=" | ">=" => left == right,
        "!=" => left != right,
        "<" | ">" => false,
        _ => {
            return Err(PythonError::new(
                "UndefinedComparison",
                format!("Undefined <Op('{op}')> on '{left}' and '{right}'."),
            ));
        }
    })
}

/// PEP 503 names: lower case, runs of `-`, `_` and `.` as one `-`.
fn normalize(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}
