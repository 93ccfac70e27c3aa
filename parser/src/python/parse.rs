//! Text to syntax tree.
//!
//! The grammar is in `expr.pest`. The generated parser is recursive, so the text is first checked for bracket depth and
//! for the count of the other constructs that nest.

use pest::Parser;
use pest::iterators::Pair;

use super::ast::{Clause, Comparator, Comprehension, ComprehensionKind, Expr, Target, Trailer};
use super::compare::CompareOp;
use super::error::{PythonError, Result};
use super::ops::{BinaryOp, UnaryOp};
use super::value::Value;

#[derive(pest_derive::Parser)]
#[grammar = "python/expr.pest"]
struct ExprParser;

/// How deep brackets, conditional expressions and powers may nest.
const MAX_DEPTH: usize = 40;

/// Parses one expression; `a, b` is a tuple.
pub(crate) fn parse_single(text: &str) -> Result<Expr> {
    let pair = parse(Rule::single, text)?;
    tuple_or_one(pair)
}

/// Parses the inside of a list display: elements, or one comprehension.
pub(crate) fn parse_display(text: &str) -> Result<Expr> {
    let pair = parse(Rule::display, text)?;
    list_display(pair)
}

fn parse(rule: Rule, text: &str) -> Result<Pair<'_, Rule>> {
    check_depth(text)?;
    let mut pairs = ExprParser::parse(rule, text).map_err(|error| {
        let column = match error.line_col {
            pest::error::LineColLocation::Pos((_, column)) | pest::error::LineColLocation::Span((_, column), _) => {
                column
            }
        };
        PythonError::new("SyntaxError", format!("the expression is not understood at column {column}: {text}"))
    })?;
    Ok(pairs.next().expect("a successful parse has a pair"))
}

fn check_depth(text: &str) -> Result<()> {
    let mut depth = 0usize;
    let mut deepest = 0usize;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let nesting = deepest + text.matches("else").count() + text.matches("**").count();
    if nesting > MAX_DEPTH {
        return Err(PythonError::unsupported(format!("the expression nests more than {MAX_DEPTH} levels deep")));
    }
    Ok(())
}

fn tuple_or_one(pair: Pair<'_, Rule>) -> Result<Expr> {
    let mut is_tuple = false;
    let mut items = Vec::new();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::trailing_comma => is_tuple = true,
            _ => items.push(test(part)?),
        }
    }
    is_tuple |= items.len() != 1;
    Ok(match items.pop() {
        Some(item) if !is_tuple => item,
        Some(item) => {
            items.push(item);
            Expr::Tuple(items)
        }
        None => Expr::Tuple(items),
    })
}

fn list_display(pair: Pair<'_, Rule>) -> Result<Expr> {
    let parts: Vec<_> = pair.into_inner().collect();
    if parts.iter().any(|part| part.as_rule() == Rule::comp_for) {
        return comprehension(ComprehensionKind::List, parts);
    }
    let items = parts.into_iter().filter(|part| part.as_rule() == Rule::test).map(test).collect::<Result<_>>()?;
    Ok(Expr::List(items))
}

/// The first part is the element, the others are the `for` clauses.
fn comprehension(kind: ComprehensionKind, parts: Vec<Pair<'_, Rule>>) -> Result<Expr> {
    let mut parts = parts.into_iter();
    let element = test(parts.next().expect("a comprehension has an element"))?;
    let clauses = parts.map(clause).collect::<Result<_>>()?;
    Ok(Expr::Comprehension(Box::new(Comprehension { kind, element, clauses })))
}

fn clause(pair: Pair<'_, Rule>) -> Result<Clause> {
    let mut target = None;
    let mut iterable = None;
    let mut conditions = Vec::new();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::targets => target = Some(targets(part)),
            Rule::or_test => iterable = Some(or_test(part)?),
            Rule::comp_if => {
                for inner in part.into_inner() {
                    if inner.as_rule() == Rule::or_test {
                        conditions.push(or_test(inner)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(Clause {
        target: target.expect("the grammar gives a clause a target"),
        iterable: iterable.expect("the grammar gives a clause an iterable"),
        conditions,
    })
}

fn targets(pair: Pair<'_, Rule>) -> Target {
    let is_tuple = pair.as_str().trim_end().ends_with(',');
    let mut items: Vec<Target> = pair
        .into_inner()
        .map(|target| {
            let inner = target.into_inner().next().expect("a target has one part");
            match inner.as_rule() {
                Rule::name => Target::Name(inner.as_str().to_owned()),
                _ => targets(inner),
            }
        })
        .collect();
    if items.len() == 1 && !is_tuple { items.remove(0) } else { Target::Tuple(items) }
}

fn test(pair: Pair<'_, Rule>) -> Result<Expr> {
    let mut parts = pair.into_inner().filter(|part| matches!(part.as_rule(), Rule::or_test | Rule::test));
    let then = or_test(parts.next().expect("a test has an operand"))?;
    match (parts.next(), parts.next()) {
        (Some(condition), Some(otherwise)) => Ok(Expr::Conditional {
            test: Box::new(or_test(condition)?),
            then: Box::new(then),
            otherwise: Box::new(test(otherwise)?),
        }),
        _ => Ok(then),
    }
}

fn or_test(pair: Pair<'_, Rule>) -> Result<Expr> {
    chain(pair, Rule::and_test, and_test, Expr::Or)
}

fn and_test(pair: Pair<'_, Rule>) -> Result<Expr> {
    chain(pair, Rule::not_test, not_test, Expr::And)
}

fn chain(
    pair: Pair<'_, Rule>,
    operand: Rule,
    build: fn(Pair<'_, Rule>) -> Result<Expr>,
    join: fn(Vec<Expr>) -> Expr,
) -> Result<Expr> {
    let mut items =
        pair.into_inner().filter(|part| part.as_rule() == operand).map(build).collect::<Result<Vec<_>>>()?;
    Ok(if items.len() == 1 { items.remove(0) } else { join(items) })
}

fn not_test(pair: Pair<'_, Rule>) -> Result<Expr> {
    let mut count = 0usize;
    let mut operand = None;
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::kw_not => count += 1,
            _ => operand = Some(comparison(part)?),
        }
    }
    let operand = operand.expect("the grammar gives `not` an operand");
    Ok(match count {
        0 => operand,
        n if n % 2 == 1 => Expr::Not(Box::new(operand)),
        _ => Expr::Not(Box::new(Expr::Not(Box::new(operand)))),
    })
}

fn comparison(pair: Pair<'_, Rule>) -> Result<Expr> {
    let mut parts = pair.into_inner();
    let first = binary_chain(parts.next().expect("a comparison has an operand"))?;
    let mut rest = Vec::new();
    while let (Some(op), Some(operand)) = (parts.next(), parts.next()) {
        let words: Vec<&str> = op.as_str().split_whitespace().collect();
        let comparator = match words.as_slice() {
            ["=="] => Comparator::Order(CompareOp::Eq),
            ["!="] => Comparator::Order(CompareOp::Ne),
            ["<="] => Comparator::Order(CompareOp::Le),
            [">="] => Comparator::Order(CompareOp::Ge),
            ["<"] => Comparator::Order(CompareOp::Lt),
            [">"] => Comparator::Order(CompareOp::Gt),
            ["in"] => Comparator::In,
            ["is"] => Comparator::Is,
            ["is", ..] => Comparator::IsNot,
            _ => Comparator::NotIn,
        };
        rest.push((comparator, binary_chain(operand)?));
    }
    Ok(if rest.is_empty() { first } else { Expr::Compare(Box::new(first), rest) })
}

/// All levels from `|` to `*`, which differ only in their operators.
fn binary_chain(pair: Pair<'_, Rule>) -> Result<Expr> {
    let fixed = match pair.as_rule() {
        Rule::factor => return factor(pair),
        Rule::bit_or => Some(BinaryOp::BitOr),
        Rule::bit_xor => Some(BinaryOp::BitXor),
        Rule::bit_and => Some(BinaryOp::BitAnd),
        _ => None,
    };
    let mut first = None;
    let mut rest = Vec::new();
    let mut op = BinaryOp::Add;
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::shift_op | Rule::arith_op | Rule::term_op => {
                op = match part.as_str() {
                    "<<" => BinaryOp::ShiftLeft,
                    ">>" => BinaryOp::ShiftRight,
                    "+" => BinaryOp::Add,
                    "-" => BinaryOp::Sub,
                    "*" => BinaryOp::Mul,
                    "/" => BinaryOp::Div,
                    "//" => BinaryOp::FloorDiv,
                    _ => BinaryOp::Mod,
                }
            }
            _ if first.is_none() => first = Some(binary_chain(part)?),
            _ => rest.push((fixed.unwrap_or(op), binary_chain(part)?)),
        }
    }
    let first = first.expect("the grammar gives an operator a left operand");
    Ok(if rest.is_empty() { first } else { Expr::Binary(Box::new(first), rest) })
}

fn factor(pair: Pair<'_, Rule>) -> Result<Expr> {
    let mut ops = Vec::new();
    let mut operand = None;
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::prefix_op => ops.push(match part.as_str() {
                "-" => UnaryOp::Neg,
                "+" => UnaryOp::Pos,
                _ => UnaryOp::Invert,
            }),
            _ => operand = Some(power(part)?),
        }
    }
    let operand = operand.expect("the grammar gives a sign an operand");
    Ok(if ops.is_empty() { operand } else { Expr::Unary(ops, Box::new(operand)) })
}

fn power(pair: Pair<'_, Rule>) -> Result<Expr> {
    let mut parts = pair.into_inner();
    let base = postfix(parts.next().expect("a power has a base"))?;
    match parts.next() {
        None => Ok(base),
        Some(exponent) => Ok(Expr::Binary(Box::new(base), vec![(BinaryOp::Pow, factor(exponent)?)])),
    }
}

fn postfix(pair: Pair<'_, Rule>) -> Result<Expr> {
    let mut parts = pair.into_inner();
    let operand = atom(parts.next().expect("a postfix expression has an operand"))?;
    let trailers = parts.map(trailer).collect::<Result<Vec<_>>>()?;
    Ok(if trailers.is_empty() { operand } else { Expr::Postfix(Box::new(operand), trailers) })
}

fn trailer(pair: Pair<'_, Rule>) -> Result<Trailer> {
    match pair.as_rule() {
        Rule::attribute => Ok(Trailer::Attribute(pair.as_str().trim_start_matches('.').trim().to_owned())),
        Rule::call => pair.into_inner().map(argument).collect::<Result<_>>().map(Trailer::Call),
        _ => {
            let part = pair.into_inner().next().expect("a subscript has a part");
            let mut slots: [Option<Expr>; 3] = [None, None, None];
            let mut slot = 0;
            let mut is_slice = false;
            for inner in part.into_inner() {
                if inner.as_rule() == Rule::colon {
                    is_slice = true;
                    slot += 1;
                } else {
                    slots[slot] = Some(test(inner)?);
                }
            }
            if is_slice {
                return Ok(Trailer::Slice(Box::new(slots)));
            }
            let [first, ..] = slots;
            first
                .map(Trailer::Item)
                .ok_or_else(|| PythonError::new("SyntaxError", "the brackets of a subscript are empty"))
        }
    }
}

fn argument(pair: Pair<'_, Rule>) -> Result<(Option<String>, Expr)> {
    let mut name = None;
    let mut parts = Vec::new();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::name => name = Some(part.as_str().to_owned()),
            _ => parts.push(part),
        }
    }
    let value =
        if parts.len() > 1 { comprehension(ComprehensionKind::Generator, parts)? } else { test(parts.remove(0))? };
    Ok((name, value))
}

fn atom(pair: Pair<'_, Rule>) -> Result<Expr> {
    let inner = pair.into_inner().next().expect("an atom has one part");
    match inner.as_rule() {
        Rule::number => super::ast_literal::number(inner.as_str()).map(Expr::Constant),
        Rule::strings => super::ast_literal::strings(inner.into_inner().map(|part| part.as_str())).map(Expr::Constant),
        Rule::name => Ok(match inner.as_str() {
            "None" => Expr::Constant(Value::None),
            "True" => Expr::Constant(Value::Bool(true)),
            "False" => Expr::Constant(Value::Bool(false)),
            name => Expr::Name(name.to_owned()),
        }),
        Rule::paren => {
            let inside = inner.into_inner().next().expect("parentheses have an inside");
            paren(inside)
        }
        Rule::list => list_display(inner.into_inner().next().expect("brackets have an inside")),
        _ => brace(inner),
    }
}

fn paren(inside: Pair<'_, Rule>) -> Result<Expr> {
    if inside.clone().into_inner().any(|part| part.as_rule() == Rule::comp_for) {
        return comprehension(ComprehensionKind::Generator, inside.into_inner().collect());
    }
    tuple_or_one(inside)
}

fn brace(pair: Pair<'_, Rule>) -> Result<Expr> {
    let mut parts: Vec<_> = pair.into_inner().collect();
    if parts.is_empty() {
        return Ok(Expr::Dict(Vec::new()));
    }
    match parts.get(1).map(Pair::as_rule) {
        Some(Rule::dict_rest) => {
            let rest: Vec<_> = parts.remove(1).into_inner().collect();
            let key = parts.remove(0);
            if rest.iter().any(|part| part.as_rule() == Rule::comp_for) {
                let mut rest = rest.into_iter();
                let value = test(rest.next().expect("a dict comprehension has a value"))?;
                let all = std::iter::once(key).chain(rest).collect();
                return comprehension(ComprehensionKind::Dict { value }, all);
            }
            let flat = std::iter::once(key).chain(rest).map(test).collect::<Result<Vec<_>>>()?;
            let mut flat = flat.into_iter();
            let mut items = Vec::new();
            while let (Some(key), Some(value)) = (flat.next(), flat.next()) {
                items.push((key, value));
            }
            Ok(Expr::Dict(items))
        }
        Some(Rule::comp_for) => comprehension(ComprehensionKind::Set, parts),
        _ => parts.into_iter().map(test).collect::<Result<_>>().map(Expr::Set),
    }
}
