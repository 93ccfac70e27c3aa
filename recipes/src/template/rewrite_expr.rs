//! The expression half of the pre-pass: a parser for Jinja2 expressions that writes them again as calls of helpers.
//!
//! Every operator, subscript, attribute, filter, test and display becomes a call of a function named `__…__` that the
//! engine provides, so that the semantics are Python's and not those of the engine below. Only `and`, `or`, `not`, the
//! conditional expression, calls and names are left to it. The order of the tokens and the line ends between them stay.

use super::api::TemplateError;
use super::lexer::{Kind, Tag, Token};
use super::rewrite_names::Names;

/// How deep expressions may nest.
const MAX_DEPTH: usize = 60;

/// Parses the tokens of one tag.
pub(crate) struct ExprParser<'t, 'n> {
    tokens: &'t [Token],
    at: usize,
    depth: usize,
    pub(crate) template: &'n str,
    pub(crate) names: &'n mut Names,
    end_line: usize,
    end_name: &'static str,
    is_cut: bool,
}

type Out = Result<String, TemplateError>;

impl<'t, 'n> ExprParser<'t, 'n> {
    pub(crate) fn new(tag: &'t Tag<'t>, template: &'n str, names: &'n mut Names, end_line: usize) -> Self {
        let (end_name, is_cut) = if tag.is_cut() { ("end of template", true) } else { (tag.end_name(), false) };
        Self { tokens: &tag.tokens, end_name, is_cut, at: 0, depth: 0, template, names, end_line }
    }

    pub(crate) fn kind(&self) -> &'t Kind {
        self.tokens.get(self.at).map_or(&Kind::End, |token| &token.kind)
    }

    fn kind_after(&self) -> &'t Kind {
        self.tokens.get(self.at + 1).map_or(&Kind::End, |token| &token.kind)
    }

    pub(crate) fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end_line, |token| token.line)
    }

    /// The line ends before the current token.
    fn lead(&self) -> String {
        "\n".repeat(self.tokens.get(self.at).map_or(0, |token| token.newlines))
    }

    /// Skips the current token and returns the line ends before it.
    pub(crate) fn skip(&mut self) -> String {
        let lead = self.lead();
        self.at += 1;
        lead
    }

    pub(crate) fn is_op(&self, op: &str) -> bool {
        matches!(self.kind(), Kind::Op(current) if *current == op)
    }

    pub(crate) fn is_name(&self, name: &str) -> bool {
        matches!(self.kind(), Kind::Name(current) if current == name)
    }

    pub(crate) fn at_end(&self) -> bool {
        *self.kind() == Kind::End
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> TemplateError {
        TemplateError::syntax(message, self.template, self.line())
    }

    pub(crate) fn unexpected(&self, expected: Option<&str>) -> TemplateError {
        let got = self.described();
        self.error(match expected {
            Some(expected) if self.is_cut && self.at_end() => {
                format!("unexpected end of template, expected '{expected}'.")
            }
            Some(expected) => format!("expected token '{expected}', got '{got}'"),
            None => format!("unexpected '{got}'"),
        })
    }

    /// The current token as Jinja2's messages name it.
    pub(crate) fn described(&self) -> String {
        match self.kind() {
            Kind::Name(name) => name.clone(),
            Kind::Text(..) => "string".to_owned(),
            Kind::Int(_) => "integer".to_owned(),
            Kind::Float(_) => "float".to_owned(),
            Kind::Op(op) => (*op).to_owned(),
            Kind::End => self.end_name.to_owned(),
        }
    }

    pub(crate) fn expect_op(&mut self, op: &str) -> Out {
        if self.is_op(op) { Ok(self.skip()) } else { Err(self.unexpected(Some(op))) }
    }

    /// A name that is bound, not read; the text keeps the line ends before it.
    pub(crate) fn bound_name(&mut self) -> Result<(String, String), TemplateError> {
        match self.kind() {
            Kind::Name(name) => {
                let lead = self.skip();
                Ok((lead, name.clone()))
            }
            _ => Err(self.unexpected(Some("name"))),
        }
    }

    /// An expression, or several with commas between them, which make a tuple.
    pub(crate) fn tuple(&mut self, conditional: bool, stop: &[&str]) -> Out {
        self.tuple_in(conditional, stop, false)
    }

    fn tuple_in(&mut self, conditional: bool, stop: &[&str], parentheses: bool) -> Out {
        let mut items: Vec<String> = Vec::new();
        let mut is_tuple = false;
        let mut tail = String::new();
        loop {
            let stopped = matches!(self.kind(), Kind::Name(name) if stop.contains(&name.as_str()));
            if (self.at_end() && !self.is_cut) || self.is_op(")") || stopped {
                break;
            }
            items.push(if conditional { self.expr()? } else { self.or_expr()? });
            if self.is_op(",") {
                is_tuple = true;
                tail = self.skip();
                if let Some(last) = items.last_mut() {
                    last.push_str(&tail);
                }
            } else {
                break;
            }
        }
        if items.is_empty() && !parentheses {
            return Err(self.error(format!("Expected an expression, got '{}'", self.described())));
        }
        if is_tuple || items.is_empty() {
            return Ok(format!("__tuple__({})", items.join(", ")));
        }
        let _ = tail;
        Ok(items.remove(0))
    }

    /// An expression with `a if b else c`.
    pub(crate) fn expr(&mut self) -> Out {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("the expression nests too deep"));
        }
        let result = self.conditional();
        self.depth -= 1;
        result
    }

    fn conditional(&mut self) -> Out {
        let mut left = self.or_expr()?;
        while self.is_name("if") {
            let line = self.line();
            let lead = self.skip();
            let test = self.or_expr()?;
            let otherwise = if self.is_name("else") {
                let lead = self.skip();
                lead + &self.expr()?
            } else {
                format!("__noelse__({line})")
            };
            left = format!("({left}{lead} if {test} else {otherwise})");
        }
        Ok(left)
    }

    pub(crate) fn or_expr(&mut self) -> Out {
        let mut out = self.and_expr()?;
        let mut joined = false;
        while self.is_name("or") {
            let lead = self.skip();
            out = format!("{out}{lead} or {}", self.and_expr()?);
            joined = true;
        }
        Ok(if joined { format!("({out})") } else { out })
    }

    fn and_expr(&mut self) -> Out {
        let mut out = self.not_expr()?;
        let mut joined = false;
        while self.is_name("and") {
            let lead = self.skip();
            out = format!("{out}{lead} and {}", self.not_expr()?);
            joined = true;
        }
        Ok(if joined { format!("({out})") } else { out })
    }

    fn not_expr(&mut self) -> Out {
        let mut leads = Vec::new();
        while self.is_name("not") {
            leads.push(self.skip());
        }
        let operand = self.compare()?;
        // An even number of negations still makes a boolean.
        let prefix = match leads.len() {
            0 => return Ok(operand),
            n if n % 2 == 1 => "not ",
            _ => "not not ",
        };
        Ok(format!("({}{prefix}{operand})", leads.concat()))
    }

    fn compare(&mut self) -> Out {
        let mut out = self.sum()?;
        let mut chained = false;
        loop {
            let op = match self.kind() {
                Kind::Op(op @ ("==" | "!=" | "<" | "<=" | ">" | ">=")) => *op,
                Kind::Name(name) if name == "in" => "in",
                Kind::Name(name) if name == "not" && matches!(self.kind_after(), Kind::Name(next) if next == "in") => {
                    "not in"
                }
                _ => break,
            };
            let mut lead = self.skip();
            if op == "not in" {
                lead += &self.skip();
            }
            out = format!("{out},{lead} '{op}', {}", self.sum()?);
            chained = true;
        }
        Ok(if chained { format!("__cmp__({out})") } else { out })
    }

    /// One level of left-associative binary operators, as one flat call.
    fn level(&mut self, ops: &[&str], operand: fn(&mut Self) -> Out) -> Out {
        let mut out = operand(self)?;
        let mut chained = false;
        while let Kind::Op(op) = self.kind() {
            if !ops.contains(op) {
                break;
            }
            let lead = self.skip();
            out = format!("{out},{lead} '{op}', {}", operand(self)?);
            chained = true;
        }
        Ok(if chained { format!("__math__({out})") } else { out })
    }

    fn sum(&mut self) -> Out {
        self.level(&["+", "-"], Self::concat)
    }

    fn concat(&mut self) -> Out {
        let mut out = self.product()?;
        let mut chained = false;
        while self.is_op("~") {
            let lead = self.skip();
            out = format!("{out},{lead} {}", self.product()?);
            chained = true;
        }
        Ok(if chained { format!("__cat__({out})") } else { out })
    }

    fn product(&mut self) -> Out {
        self.level(&["*", "/", "//", "%"], Self::power)
    }

    fn power(&mut self) -> Out {
        self.level(&["**"], |parser| parser.unary(true))
    }

    pub(crate) fn unary(&mut self, with_filter: bool) -> Out {
        let mut out = if self.is_op("-") || self.is_op("+") {
            let helper = if self.is_op("-") { "__neg__" } else { "__pos__" };
            let lead = self.skip();
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(self.error("the expression nests too deep"));
            }
            let operand = self.unary(false)?;
            self.depth -= 1;
            format!("{lead}{helper}({operand})")
        } else {
            self.primary()?
        };
        out = self.postfix(out)?;
        if with_filter { self.filters(out) } else { Ok(out) }
    }

    fn primary(&mut self) -> Out {
        let lead = self.lead();
        match self.kind() {
            Kind::Name(name) => {
                self.skip();
                let text = match name.as_str() {
                    "true" | "True" => "true".to_owned(),
                    "false" | "False" => "false".to_owned(),
                    "none" | "None" => "none".to_owned(),
                    _ => {
                        if !name.is_ascii() {
                            self.names.unsupported(self.line(), format!("the name {name}"));
                        }
                        self.names.read(name)
                    }
                };
                Ok(lead + &text)
            }
            Kind::Text(..) => {
                let mut value = String::new();
                let mut newlines = 0;
                while let Kind::Text(text, inside) = self.kind() {
                    value.push_str(text);
                    newlines += inside + self.skip().len();
                }
                Ok(string_literal(&value) + &"\n".repeat(newlines))
            }
            Kind::Int(text) => {
                self.skip();
                let number = rbuildout_parser::python::to_int(&text.as_str().into(), 0);
                Ok(match number.map(|number| rbuildout_parser::python::repr(&number)) {
                    Ok(number) => lead + &number,
                    Err(_) => {
                        self.names.unsupported(self.line(), format!("the number {text}"));
                        lead + "0"
                    }
                })
            }
            Kind::Float(text) => {
                self.skip();
                Ok(format!("{lead}__float__('{text}')"))
            }
            Kind::Op("(") => {
                self.skip();
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(self.error("the expression nests too deep"));
                }
                let inside = self.tuple_in(true, &[], true)?;
                self.depth -= 1;
                let end = self.expect_op(")")?;
                Ok(format!("{lead}({inside}{end})"))
            }
            Kind::Op("[") => {
                self.skip();
                let (items, end) = self.items("]")?;
                Ok(format!("{lead}__list__({items}{end})"))
            }
            Kind::Op("{") => {
                self.skip();
                self.dict_display(&lead)
            }
            _ => Err(self.unexpected(None)),
        }
    }

    /// Expressions with commas up to a closing bracket.
    fn items(&mut self, close: &str) -> Result<(String, String), TemplateError> {
        let mut items = Vec::new();
        let mut gap = String::new();
        while !self.is_op(close) {
            if !items.is_empty() {
                gap = self.expect_op(",")?;
            }
            if self.is_op(close) {
                break;
            }
            items.push(std::mem::take(&mut gap) + &self.expr()?);
        }
        let end = gap + &self.expect_op(close)?;
        Ok((items.join(", "), end))
    }

    fn dict_display(&mut self, lead: &str) -> Out {
        let mut items = Vec::new();
        let mut gap = String::new();
        while !self.is_op("}") {
            if !items.is_empty() {
                gap = self.expect_op(",")?;
            }
            if self.is_op("}") {
                break;
            }
            let key = self.expr()?;
            let colon = self.expect_op(":")?;
            let value = self.expr()?;
            items.push(format!("{}{key},{colon} {value}", std::mem::take(&mut gap)));
        }
        let end = self.expect_op("}")?;
        Ok(format!("{lead}__dict__({}{gap}{end})", items.join(", ")))
    }

    pub(crate) fn postfix(&mut self, mut out: String) -> Out {
        let start = self.at;
        loop {
            if self.at - start > 4000 {
                return Err(self.error("the expression nests too deep"));
            }
            if self.is_op(".") {
                let lead = self.skip();
                let key_lead = self.lead();
                match self.kind() {
                    Kind::Name(name) => {
                        self.skip();
                        let is_call = self.is_op("(");
                        out = if is_call && name.is_ascii() {
                            let args = self.call_args()?;
                            // A number needs parentheses before the dot.
                            if out.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
                                format!("({out}{lead}{key_lead}).{name}{args}")
                            } else {
                                format!("{out}{lead}{key_lead}.{name}{args}")
                            }
                        } else {
                            format!("__attr__({out},{lead}{key_lead} {})", string_literal(name))
                        };
                    }
                    Kind::Int(number) => {
                        self.skip();
                        out = format!("__item__({out},{lead}{key_lead} {number})");
                    }
                    _ => return Err(self.error("expected name or number")),
                }
            } else if self.is_op("[") {
                let lead = self.skip();
                let mut keys = Vec::new();
                while !self.is_op("]") {
                    let gap = if keys.is_empty() { String::new() } else { self.expect_op(",")? };
                    keys.push(gap + &self.subscript()?);
                }
                let end = self.expect_op("]")?;
                let key = if keys.len() == 1 { keys.remove(0) } else { format!("__tuple__({})", keys.join(", ")) };
                out = format!("__item__({out},{lead} {key}{end})");
            } else if self.is_op("(") {
                let args = self.call_args()?;
                out += &args;
            } else {
                return Ok(out);
            }
        }
    }

    /// An index or a slice.
    fn subscript(&mut self) -> Out {
        let mut parts = ["none".to_owned(), "none".to_owned(), "none".to_owned()];
        let mut slot = 0;
        let mut is_slice = false;
        let mut filled = false;
        let mut gap = String::new();
        loop {
            if self.is_op(":") {
                if slot == 2 {
                    return Err(self.unexpected(Some("]")));
                }
                is_slice = true;
                gap += &self.skip();
                slot += 1;
                filled = false;
            } else if self.is_op("]") || self.is_op(",") {
                break;
            } else if filled {
                return Err(self.unexpected(Some(",")));
            } else {
                parts[slot] = std::mem::take(&mut gap) + &self.expr()?;
                filled = true;
            }
        }
        if is_slice {
            return Ok(format!("__slice__({}{gap})", parts.join(", ")));
        }
        if filled { Ok(std::mem::take(&mut parts[0])) } else { Err(self.unexpected(None)) }
    }

    /// `(a, b=c, *d, **e)`, written as it is.
    pub(crate) fn call_args(&mut self) -> Out {
        let (args, end) = self.arguments()?;
        Ok(format!("({args}{end})"))
    }

    fn arguments(&mut self) -> Result<(String, String), TemplateError> {
        let mut gap = self.expect_op("(")?;
        let mut args: Vec<String> = Vec::new();
        while !self.is_op(")") {
            if !args.is_empty() {
                gap = self.expect_op(",")?;
                if self.is_op(")") {
                    break;
                }
            }
            let mut arg = std::mem::take(&mut gap);
            match (self.kind(), self.kind_after()) {
                (Kind::Op(op @ ("*" | "**")), _) => {
                    arg += &self.skip();
                    arg += op;
                    arg += &self.expr()?;
                }
                (Kind::Name(name), Kind::Op("=")) => {
                    arg += &self.skip();
                    arg += &self.skip();
                    arg += name;
                    arg += "=";
                    arg += &self.expr()?;
                }
                _ => arg += &self.expr()?,
            }
            args.push(arg);
        }
        let end = gap + &self.expect_op(")")?;
        Ok((args.join(", "), end))
    }

    /// Filters, tests and calls after an operand.
    fn filters(&mut self, mut out: String) -> Out {
        loop {
            if self.is_op("|") {
                let lead = self.skip();
                out = self.filter(&out, &lead)?;
            } else if self.is_name("is") {
                out = self.test(&out)?;
            } else if self.is_op("(") {
                let args = self.call_args()?;
                out += &args;
            } else {
                return Ok(out);
            }
        }
    }

    /// The name and arguments of a filter, applied to `operand`.
    pub(crate) fn filter(&mut self, operand: &str, lead: &str) -> Out {
        let line = self.line();
        let (name_lead, name) = self.dotted_name()?;
        self.names.filter(&name, line);
        let (args, end) = if self.is_op("(") { self.arguments()? } else { Default::default() };
        let separator = if args.is_empty() { "" } else { ", " };
        Ok(format!("__filter__({}, {operand}{lead}{name_lead}{separator}{args}{end})", string_literal(&name)))
    }

    fn dotted_name(&mut self) -> Result<(String, String), TemplateError> {
        let (mut lead, mut name) = self.bound_name()?;
        while self.is_op(".") {
            lead += &self.skip();
            let (next_lead, next) = self.bound_name()?;
            lead += &next_lead;
            name = format!("{name}.{next}");
        }
        Ok((lead, name))
    }

    fn test(&mut self, operand: &str) -> Out {
        let mut lead = self.skip();
        let negated = self.is_name("not");
        if negated {
            lead += &self.skip();
        }
        let line = self.line();
        let (name_lead, name) = self.dotted_name()?;
        self.names.test(&name, line);
        let (args, end) = if self.is_op("(") {
            self.arguments()?
        } else {
            let takes_argument = match self.kind() {
                Kind::Name(next) => {
                    if next == "is" {
                        return Err(self.error("You cannot chain multiple tests with is"));
                    }
                    !matches!(next.as_str(), "else" | "or" | "and")
                        && !matches!(next.as_str(), "if" | "recursive" | "in" | "not")
                }
                Kind::Text(..) | Kind::Int(_) | Kind::Float(_) => true,
                Kind::Op(op) => matches!(*op, "[" | "{"),
                Kind::End => false,
            };
            if takes_argument {
                let primary = self.primary()?;
                (self.postfix(primary)?, String::new())
            } else {
                Default::default()
            }
        };
        let separator = if args.is_empty() { "" } else { ", " };
        let call = format!("__test__({}, {operand}{lead}{name_lead}{separator}{args}{end})", string_literal(&name));
        Ok(if negated { format!("(not {call})") } else { call })
    }
}

/// A literal that the engine below reads back as `text`.
pub(crate) fn string_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
