//! The pre-pass: a Jinja2 template in, a template for the engine below out.
//!
//! The engine below (minijinja) has immutable lists and dicts, no `%` on strings, no bare tuples in `for`, and ideas of
//! its own about comparison, attributes and filters. Templates for Jinja2 count on Python's. So the pre-pass parses every
//! tag with the grammar of Jinja2 and writes it again such that all of that happens in helpers (see `ops` and `filters`);
//! the engine below keeps the statements, scopes, macros and imports.
//!
//! Kept: text, comments, raw blocks, white space control and all line ends, so that line numbers stay right. Deliberate
//! differences to Jinja2: operators of one comparison chain are all evaluated; `varargs` and `kwargs` of macros,
//! translations and `print` statements are reported as unsupported.

use super::api::TemplateError;
use super::lexer::{Kind, Segment, Tag, segments};
use super::rewrite_expr::ExprParser;
use super::rewrite_names::Names;

/// Which statements of extensions are on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extensions {
    pub(crate) do_statement: bool,
    pub(crate) loop_controls: bool,
}

/// The separator between the name of a template and the mark of an import without context.
pub(crate) const ISOLATED: &str = "\u{0}isolated";

/// How deep calls of helpers may nest: the parser below is recursive.
const MAX_NESTING: usize = 64;

/// The depth of parentheses outside of string literals.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '(' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            ')' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Rewrites a template. `source` has normalised line ends.
pub(crate) fn rewrite(source: &str, extensions: Extensions, names: &mut Names) -> Result<String, TemplateError> {
    let template = names.template.clone();
    let segments = segments(source, &template)?;
    let mut rewriter = Rewriter {
        out: String::with_capacity(source.len() * 2),
        extensions,
        template,
        open: Vec::new(),
        names,
        lines: source.matches('\n').count() + 1,
        after: Vec::new(),
    };
    for segment in &segments {
        match segment {
            Segment::Verbatim(text) => rewriter.out.push_str(text),
            Segment::Tag(tag) => rewriter.tag(tag)?,
        }
    }
    rewriter.finish()
}

struct Rewriter<'n> {
    out: String,
    extensions: Extensions,
    template: String,
    /// The open blocks: their tag, and the tags that may come next.
    open: Vec<(&'static str, &'static [&'static str])>,
    names: &'n mut Names,
    lines: usize,
    /// Statements to add after the current tag.
    after: Vec<String>,
}

impl Rewriter<'_> {
    fn finish(self) -> Result<String, TemplateError> {
        if self.open.is_empty() {
            return Ok(self.out);
        }
        let message = self.nesting("Unexpected end of template.".to_owned(), "");
        Err(TemplateError::syntax(message, &self.template, self.lines))
    }

    /// A message about a tag in the wrong place, in the words of Jinja2.
    fn nesting(&self, mut message: String, tag: &str) -> String {
        if let Some((block, expected)) = self.open.last() {
            let looking = expected.iter().map(|tag| format!("'{tag}'")).collect::<Vec<_>>().join(" or ");
            let misplaced = self.open.iter().any(|(_, expected)| expected.contains(&tag));
            message += &if misplaced {
                format!(
                    " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for {looking}."
                )
            } else {
                format!(" Jinja was looking for the following tags: {looking}.")
            };
            message += &format!(" The innermost block that needs to be closed is '{block}'.");
        }
        message
    }

    fn tag(&mut self, tag: &Tag<'_>) -> Result<(), TemplateError> {
        let end_line = tag.tokens.last().map_or(tag.line, |token| token.line) + tag.newlines;
        let template = self.template.clone();
        // The parser borrows the names; the statement functions need the other fields, too.
        let mut names = std::mem::take(self.names);
        let mut parser = ExprParser::new(tag, &template, &mut names, end_line);
        let result = if tag.is_block {
            self.statement(&mut parser)
        } else if tag.tokens.is_empty() && !tag.is_cut() {
            Err(parser.error("Expected an expression, got 'end of print statement'"))
        } else {
            parser.tuple(true, &[])
        };
        let is_whole = parser.at_end() && !tag.is_cut();
        let result =
            result.and_then(|text| if is_whole { Ok(text) } else { Err(parser.unexpected(Some(tag.end_name()))) });
        *self.names = names;
        let text = result?;
        if nesting(&text) > MAX_NESTING {
            self.names.unsupported(tag.line, format!("an expression that nests more than {MAX_NESTING} levels deep"));
            self.out.push_str(tag.open);
            self.out.push_str(" __eval__(1) ");
            self.out.push_str(tag.close);
            return Ok(());
        }
        self.out.push_str(tag.open);
        self.out.push(' ');
        self.out.push_str(&text);
        self.out.push_str(&"\n".repeat(tag.newlines));
        self.out.push(' ');
        // What has to follow goes before the white space control of the tag.
        for statement in std::mem::take(&mut self.after) {
            self.out.push_str("%}{% ");
            self.out.push_str(&statement);
            self.out.push(' ');
        }
        self.out.push_str(tag.close);
        Ok(())
    }

    fn statement(&mut self, parser: &mut ExprParser<'_, '_>) -> Result<String, TemplateError> {
        let Kind::Name(name) = parser.kind() else {
            return Err(parser.error("tag name expected"));
        };
        let line = parser.line();
        let name = name.as_str();
        if let Some((block, expected)) = self.open.last().copied()
            && expected.contains(&name)
        {
            return self.continuation(name, block, parser);
        }
        let statement = match name {
            "if" => {
                self.open.push(("if", &["elif", "else", "endif"]));
                parser.names.conditional += 1;
                parser.skip() + "if " + &parser.tuple(false, &[])?
            }
            "for" => self.for_statement(parser)?,
            "set" => self.set_statement(parser)?,
            "do" if self.extensions.do_statement => {
                format!("{}do __eval__({})", parser.skip(), parser.tuple(true, &[])?)
            }
            "break" | "continue" if self.extensions.loop_controls => parser.skip() + name,
            "macro" => {
                self.open.push(("macro", &["endmacro"]));
                let lead = parser.skip();
                let (name_lead, macro_name) = parser.bound_name()?;
                parser.names.bind(&macro_name);
                parser.names.macros += 1;
                let (signature, defaults, params) = signature(parser)?;
                parser.names.params.push(params);
                self.after = defaults;
                format!("{lead}macro {name_lead}{macro_name}{signature}")
            }
            "call" => {
                self.open.push(("call", &["endcall"]));
                let lead = parser.skip();
                let (arguments, defaults, _) = if parser.is_op("(") { signature(parser)? } else { Default::default() };
                if !defaults.is_empty() {
                    parser.names.unsupported(line, "defaults of call block arguments");
                }
                format!("{lead}call{arguments} {}", parser.unary(true)?)
            }
            "filter" => {
                self.open.push(("filter", &["endfilter"]));
                let lead = parser.skip();
                // The engine below has the same filters under their own names for blocks.
                lead + "filter " + &block_filters(parser)?
            }
            "with" => self.with_statement(parser)?,
            "import" | "from" | "include" => import_statement(name, parser)?,
            "block" => {
                self.open.push(("block", &["endblock"]));
                let lead = parser.skip();
                let (name_lead, block) = parser.bound_name()?;
                format!("{lead}block {name_lead}{block}")
            }
            "extends" => {
                parser.names.unsupported(line, "the tag extends");
                parser.skip() + "extends " + &parser.expr()?
            }
            "autoescape" => {
                self.open.push(("autoescape", &["endautoescape"]));
                parser.names.unsupported(line, "the tag autoescape");
                parser.skip() + "autoescape " + &parser.expr()?
            }
            "print" => {
                parser.names.unsupported(line, "the tag print");
                parser.skip() + "do __eval__(" + &parser.tuple(true, &[])? + ")"
            }
            _ => {
                let message = self.nesting(format!("Encountered unknown tag '{name}'."), name);
                return Err(parser.error(message));
            }
        };
        Ok(statement)
    }

    /// `elif`, `else` and the closing tags.
    fn continuation(
        &mut self,
        name: &str,
        block: &'static str,
        parser: &mut ExprParser<'_, '_>,
    ) -> Result<String, TemplateError> {
        let lead = parser.skip();
        match name {
            "elif" => return Ok(lead + "elif " + &parser.tuple(false, &[])?),
            "else" => {
                let end: &[&str] = if block == "if" { &["endif"] } else { &["endfor"] };
                if let Some(last) = self.open.last_mut() {
                    last.1 = end;
                }
                return Ok(lead + "else");
            }
            _ => {}
        }
        self.open.pop();
        match block {
            "if" => parser.names.conditional -= 1,
            "macro" => {
                parser.names.macros -= 1;
                parser.names.params.pop();
            }
            _ => {}
        }
        // The name of a block may be repeated.
        if name == "endblock" && !parser.at_end() {
            parser.bound_name()?;
        }
        Ok(lead + name)
    }

    fn for_statement(&mut self, parser: &mut ExprParser<'_, '_>) -> Result<String, TemplateError> {
        self.open.push(("for", &["endfor", "else"]));
        let lead = parser.skip();
        let target = target(parser, "in")?;
        if !parser.is_name("in") {
            return Err(parser.unexpected(Some("in")));
        }
        let in_lead = parser.skip();
        parser.names.bind("loop");
        let iterable = parser.tuple(false, &["recursive", "if"])?;
        let unpack = if target.contains(',') { format!(", \"{}\"", target_form(&target)) } else { String::new() };
        let mut out = format!("{lead}for {target}{in_lead} in __for__({iterable}{unpack})");
        if parser.is_name("if") {
            let lead = parser.skip();
            out += &format!("{lead} if {}", parser.or_expr()?);
        }
        if parser.is_name("recursive") {
            out += &parser.skip();
            out += " recursive";
        }
        Ok(out)
    }

    fn set_statement(&mut self, parser: &mut ExprParser<'_, '_>) -> Result<String, TemplateError> {
        let lead = parser.skip();
        let target = target(parser, "=")?;
        if parser.is_op("=") {
            let eq_lead = parser.skip();
            let value = parser.tuple(true, &[])?;
            let value = if target.contains(',') { format!("__unpack__({value})") } else { value };
            return Ok(format!("{lead}set {target}{eq_lead} = {value}"));
        }
        self.open.push(("set", &["endset"]));
        let mut out = format!("{lead}set {target}");
        if parser.is_op("|") {
            let pipe_lead = parser.skip();
            out += &format!("{pipe_lead} | {}", block_filters(parser)?);
        }
        Ok(out)
    }

    fn with_statement(&mut self, parser: &mut ExprParser<'_, '_>) -> Result<String, TemplateError> {
        self.open.push(("with", &["endwith"]));
        let mut out = parser.skip() + "with ";
        let mut first = true;
        while !parser.at_end() {
            if !first {
                out += &parser.expect_op(",")?;
                out += ", ";
            }
            first = false;
            let (lead, name) = parser.bound_name()?;
            parser.names.bind(&name);
            let eq_lead = parser.expect_op("=")?;
            out += &format!("{lead}{name}{eq_lead}={}", parser.expr()?);
        }
        Ok(out)
    }
}

/// What a `for` or `set` binds, up to `stop`: names, tuples of them, or `namespace.name`.
fn target(parser: &mut ExprParser<'_, '_>, stop: &str) -> Result<String, TemplateError> {
    let mut out = String::new();
    let mut after_dot = false;
    while !parser.at_end() && !parser.is_op(stop) && (out.is_empty() || !parser.is_name(stop)) && !parser.is_op("|") {
        match parser.kind() {
            // Two names in a row are no target.
            Kind::Name(_) if out.ends_with(|c: char| c == '_' || c.is_alphanumeric()) => break,
            Kind::Name(name) => {
                if matches!(name.as_str(), "true" | "false" | "none" | "True" | "False" | "None") {
                    return Err(parser.error("can't assign to 'const'"));
                }
                if !after_dot {
                    parser.names.bind(name);
                }
                out += &parser.skip();
                out += name;
                after_dot = false;
            }
            Kind::Op(op @ ("," | "(" | ")" | ".")) => {
                after_dot = *op == ".";
                out += &parser.skip();
                out += op;
                if *op == "," {
                    out.push(' ');
                }
            }
            _ => break,
        }
    }
    if out.is_empty() {
        return Err(parser.unexpected(Some("name")));
    }
    Ok(out)
}

/// The form of a target: `n` for each name, parentheses around nested targets.
fn target_form(target: &str) -> String {
    let mut form = String::new();
    let mut in_name = false;
    for c in target.trim().chars() {
        let is_name = c == '_' || c.is_alphanumeric();
        if is_name && !in_name {
            form.push('n');
        }
        if matches!(c, '(' | ')') {
            form.push(c);
        }
        in_name = is_name;
    }
    // Parentheses around the whole target mean nothing.
    match form.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) if !inner.contains('(') => inner.to_owned(),
        _ => form,
    }
}

/// The parameters of a macro or call block: their text, the statements that set their defaults, and their names.
///
/// Defaults may read the parameters before them, which the engine below evaluates the other way round.
fn signature(parser: &mut ExprParser<'_, '_>) -> Result<(String, Vec<String>, Vec<String>), TemplateError> {
    let mut defaults = Vec::new();
    let mut params = Vec::new();
    let mut out = parser.expect_op("(")? + "(";
    let mut first = true;
    while !parser.is_op(")") {
        if !first {
            out += &parser.expect_op(",")?;
            if parser.is_op(")") {
                break;
            }
            out += ", ";
        }
        first = false;
        let (lead, name) = parser.bound_name()?;
        parser.names.bind(&name);
        out += &lead;
        out += &name;
        if parser.is_op("=") {
            out += &parser.skip();
            let default = parser.expr()?;
            out += &"\n".repeat(default.matches('\n').count());
            let default = default.replace('\n', " ");
            defaults.push(format!("set {name} = {name} if {name} is defined else {default}"));
        } else {
            params.push(name);
        }
    }
    out += &parser.expect_op(")")?;
    Ok((out + ")", defaults, params))
}

/// The filters of a filter block or block set, in the engine's own notation.
fn block_filters(parser: &mut ExprParser<'_, '_>) -> Result<String, TemplateError> {
    let mut out = String::new();
    loop {
        let line = parser.line();
        let (lead, name) = parser.bound_name()?;
        parser.names.filter(&name, line);
        out += &format!("{lead}{name}");
        if parser.is_op("(") {
            out += &parser.call_args()?;
        }
        if !parser.is_op("|") {
            return Ok(out);
        }
        out += &parser.skip();
        out.push('|');
    }
}

/// `import x as y`, `from x import y as z` and `include x`, each perhaps with or without context.
fn import_statement(name: &str, parser: &mut ExprParser<'_, '_>) -> Result<String, TemplateError> {
    let lead = parser.skip();
    if let Kind::Text(text, _) = parser.kind() {
        parser.names.imports.push(text.clone());
    }
    let expression = parser.expr()?;
    let mut out = String::new();
    let mut context = None;
    if name == "include" {
        if parser.is_name("ignore") {
            out += &parser.skip();
            if !parser.is_name("missing") {
                return Err(parser.unexpected(Some("missing")));
            }
            out += &parser.skip();
            out += " ignore missing";
        }
    } else if name == "import" {
        if !parser.is_name("as") {
            return Err(parser.unexpected(Some("as")));
        }
        out += &parser.skip();
        let (name_lead, alias) = parser.bound_name()?;
        parser.names.bind(&alias);
        out += &format!(" as {name_lead}{alias}");
    } else {
        if !parser.is_name("import") {
            return Err(parser.unexpected(Some("import")));
        }
        out += &parser.skip();
        out += " import ";
        let mut first = true;
        loop {
            context = context_marker(parser, &mut out)?;
            if context.is_some() || parser.at_end() {
                break;
            }
            if !first {
                out += &parser.expect_op(",")?;
                context = context_marker(parser, &mut out)?;
                if context.is_some() || parser.at_end() {
                    break;
                }
                out += ", ";
            }
            first = false;
            let (name_lead, imported) = parser.bound_name()?;
            if imported.starts_with('_') {
                let mut error = parser.error("names starting with an underline can not be imported");
                error.exception.class = "jinja2.exceptions.TemplateAssertionError".into();
                return Err(error);
            }
            out += &format!("{name_lead}{imported}");
            if parser.is_name("as") {
                out += &parser.skip();
                let (alias_lead, alias) = parser.bound_name()?;
                parser.names.bind(&alias);
                out += &format!(" as {alias_lead}{alias}");
            } else {
                parser.names.bind(&imported);
            }
        }
    }
    if context.is_none() {
        context = context_marker(parser, &mut out)?;
    }
    let with_context = context.unwrap_or(name == "include");
    Ok(format!("{lead}{name} __template__({expression}, {with_context}){out}"))
}

/// `with context` or `without context`.
fn context_marker(parser: &mut ExprParser<'_, '_>, out: &mut String) -> Result<Option<bool>, TemplateError> {
    let with = parser.is_name("with");
    if !with && !parser.is_name("without") {
        return Ok(None);
    }
    *out += &parser.skip();
    if !parser.is_name("context") {
        return Err(parser.error(format!("expected token 'context', got '{}'", parser.described())));
    }
    *out += &parser.skip();
    Ok(Some(with))
}
