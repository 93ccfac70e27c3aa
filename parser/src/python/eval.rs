//! The evaluator.

use super::ast::{Clause, Comparator, Comprehension, ComprehensionKind, Expr, Target, Trailer};
use super::builtins;
use super::compare::{compare, contains};
use super::error::{PythonError, Result};
use super::ops::{binary, unary};
use super::parse::{parse_display, parse_single};
use super::repr::repr;
use super::scope::{Object, Scope};
use super::str_methods::str_method;
use super::subscript::{Slice, item, slice};
use super::value::{Dict, Set, Value};

/// The constructors that typed option values may name.
const LITERAL_NAMES: [&str; 8] = ["bytearray", "complex", "frozenset", "set", "dict", "list", "str", "tuple"];

/// Evaluates the data of a typed value: an expression without other names than the constructors `bytearray`,
/// `complex`, `frozenset`, `set`, `dict`, `list`, `str` and `tuple`.
pub fn eval_literal(text: &str) -> Result<Value> {
    let expr = parse_single(text.trim_matches([' ', '\t']))?;
    Evaluator::new(&LiteralScope).value(&expr)
}

/// Evaluates the inside of a list display and returns its first element.
pub(crate) fn eval_first(text: &str, scope: &dyn Scope) -> Result<Value> {
    let expr = parse_display(text)?;
    let mut evaluator = Evaluator::new(scope);
    if let Expr::List(items) = &expr {
        let mut objects = items.iter().map(|item| evaluator.object(item)).collect::<Result<Vec<_>>>()?;
        if objects.is_empty() {
            return Err(PythonError::index_error("list index out of range"));
        }
        return match objects.swap_remove(0) {
            Object::Data(value) => Ok(value),
            // Functions and modules are true.
            _ => Ok(Value::Bool(true)),
        };
    }
    item(&evaluator.value(&expr)?, &Value::Int(0))
}

struct LiteralScope;

impl Scope for LiteralScope {
    fn name(&self, name: &str) -> Result<Object> {
        LITERAL_NAMES
            .iter()
            .find(|known| **known == name)
            .map(|known| Object::Builtin(known))
            .ok_or_else(|| PythonError::name_error(name))
    }
}

struct Evaluator<'a> {
    scope: &'a dyn Scope,
    /// The variables of the comprehensions around, the innermost last.
    locals: Vec<(String, Value)>,
    /// Elements that comprehensions have made so far.
    elements: usize,
}

/// The most elements that the comprehensions of one expression may make: an expression of a profile is no program.
const MAX_ELEMENTS: usize = 1_000_000;

impl<'a> Evaluator<'a> {
    fn new(scope: &'a dyn Scope) -> Self {
        Self { scope, locals: Vec::new(), elements: 0 }
    }

    fn value(&mut self, expr: &Expr) -> Result<Value> {
        self.object(expr)?.data()
    }

    fn truth(&mut self, expr: &Expr) -> Result<bool> {
        Ok(match self.object(expr)? {
            Object::Data(value) => value.truth(),
            _ => true,
        })
    }

    fn object(&mut self, expr: &Expr) -> Result<Object> {
        match expr {
            Expr::Name(name) => {
                if let Some((_, value)) = self.locals.iter().rev().find(|(local, _)| local == name) {
                    return Ok(Object::Data(value.clone()));
                }
                self.scope.name(name)
            }
            Expr::Postfix(operand, trailers) => {
                let mut object = self.object(operand)?;
                for trailer in trailers {
                    object = self.trailer(object, trailer)?;
                }
                Ok(object)
            }
            Expr::Or(items) | Expr::And(items) => {
                let stop_at = matches!(expr, Expr::Or(_));
                let (last, first) = items.split_last().expect("a chain has operands");
                for item in first {
                    let object = self.object(item)?;
                    let truth = match &object {
                        Object::Data(value) => value.truth(),
                        _ => true,
                    };
                    if truth == stop_at {
                        return Ok(object);
                    }
                }
                self.object(last)
            }
            Expr::Conditional { test, then, otherwise } => {
                let branch = if self.truth(test)? { then } else { otherwise };
                self.object(branch)
            }
            _ => self.data(expr).map(Object::Data),
        }
    }

    /// The expressions that always give data.
    fn data(&mut self, expr: &Expr) -> Result<Value> {
        match expr {
            Expr::Constant(value) => Ok(value.clone()),
            Expr::Not(operand) => Ok(Value::Bool(!self.truth(operand)?)),
            Expr::Compare(first, rest) => self.comparison(first, rest),
            Expr::Binary(first, rest) => {
                let mut left = self.value(first)?;
                for (op, operand) in rest {
                    left = binary(*op, &left, &self.value(operand)?)?;
                }
                Ok(left)
            }
            Expr::Unary(ops, operand) => {
                let operand = self.value(operand)?;
                ops.iter().rev().try_fold(operand, |value, op| unary(*op, &value))
            }
            Expr::Tuple(items) => self.values(items).map(Value::Tuple),
            Expr::List(items) => self.values(items).map(Value::List),
            Expr::Set(items) => builtins::set_of(self.values(items)?).map(Value::Set),
            Expr::Dict(items) => {
                let mut dict = Dict::new();
                for (key, value) in items {
                    let key = self.value(key)?;
                    let value = self.value(value)?;
                    key.check_hashable()?;
                    dict.insert(key, value);
                }
                Ok(Value::Dict(dict))
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            _ => self.value(expr),
        }
    }

    fn values(&mut self, items: &[Expr]) -> Result<Vec<Value>> {
        items.iter().map(|item| self.value(item)).collect()
    }

    fn comparison(&mut self, first: &Expr, rest: &[(Comparator, Expr)]) -> Result<Value> {
        let mut left = self.value(first)?;
        for (comparator, operand) in rest {
            let right = self.value(operand)?;
            let holds = match comparator {
                Comparator::Order(op) => compare(*op, &left, &right)?,
                Comparator::In => contains(&right, &left)?,
                Comparator::NotIn => !contains(&right, &left)?,
                Comparator::Is => is_same(&left, &right)?,
                Comparator::IsNot => !is_same(&left, &right)?,
            };
            if !holds {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    fn trailer(&mut self, object: Object, trailer: &Trailer) -> Result<Object> {
        match trailer {
            Trailer::Attribute(name) => self.attribute(object, name),
            Trailer::Item(key) => {
                let key = self.value(key)?;
                item(&object.data()?, &key).map(Object::Data)
            }
            Trailer::Slice(parts) => {
                let mut part = |index: usize| match &parts[index] {
                    Some(expr) => self.value(expr),
                    None => Ok(Value::None),
                };
                let bounds = Slice::of(&part(0)?, &part(1)?, &part(2)?)?;
                slice(&object.data()?, &bounds).map(Object::Data)
            }
            Trailer::Call(arguments) => self.call(object, arguments),
        }
    }

    fn attribute(&mut self, object: Object, name: &str) -> Result<Object> {
        match object {
            Object::Module(module) => self.scope.module_attribute(module, name),
            Object::Data(value) => {
                if builtins::has_method(&value, name) {
                    Ok(Object::Method(Box::new(value), name.to_owned()))
                } else {
                    builtins::data_attribute(&value, name)
                        .map(Object::Data)
                        .ok_or_else(|| PythonError::attribute_error(value.type_name(), name))
                }
            }
            Object::File(path) if name == "read" => Ok(Object::FileRead(path)),
            Object::Builtin("dict") if name == "fromkeys" => Ok(Object::Function("dict.fromkeys")),
            other => {
                Err(PythonError::unsupported(format!("the attribute {name} of {} is not supported", other.describe())))
            }
        }
    }

    fn call(&mut self, object: Object, arguments: &[(Option<String>, Expr)]) -> Result<Object> {
        if let Object::Builtin(name @ ("getattr" | "hasattr")) = object {
            return self.getattr(name, arguments);
        }
        let mut args = Vec::new();
        let mut kwargs = Dict::new();
        for (name, expr) in arguments {
            let value = self.value(expr)?;
            match name {
                Some(name) => {
                    kwargs.insert(Value::from(name.as_str()), value);
                }
                None => args.push(value),
            }
        }
        match object {
            Object::Builtin("open") => self.scope.open(&args),
            Object::Builtin(name) => builtins::call(name, &args, &kwargs).map(Object::Data),
            Object::Function("dict.fromkeys") => builtins::dict_fromkeys(&args).map(Object::Data),
            Object::Function(name) => self.scope.call_function(name, &args, &kwargs),
            Object::Method(value, name) => {
                let result = match value.as_ref() {
                    Value::Str(text) => str_method(text, &name, &args, &kwargs),
                    other => builtins::method(other, &name, &args),
                };
                result.unwrap_or_else(|| Err(PythonError::attribute_error(value.type_name(), &name))).map(Object::Data)
            }
            Object::FileRead(path) => self.scope.read(&path).map(Object::Data),
            Object::Data(value) => {
                Err(PythonError::type_error(format!("'{}' object is not callable", value.type_name())))
            }
            Object::Module(_) => Err(PythonError::type_error("'module' object is not callable")),
            Object::File(_) => Err(PythonError::type_error("'_io.TextIOWrapper' object is not callable")),
        }
    }

    /// `getattr(object, name[, default])` and `hasattr(object, name)`.
    fn getattr(&mut self, function: &'static str, arguments: &[(Option<String>, Expr)]) -> Result<Object> {
        let [(None, target), (None, name), rest @ ..] = arguments else {
            return Err(PythonError::type_error(format!(
                "{function} expected at least 2 arguments, got {}",
                arguments.len()
            )));
        };
        let target = self.object(target)?;
        let Value::Str(name) = self.value(name)? else {
            return Err(PythonError::type_error("attribute name must be string"));
        };
        let result = self.attribute(target, &name);
        let missing = matches!(&result, Err(error) if error.class == "AttributeError");
        match (function, rest) {
            ("hasattr", _) if missing => Ok(Object::Data(Value::Bool(false))),
            ("hasattr", _) => result.map(|_| Object::Data(Value::Bool(true))),
            (_, [(None, default)]) => {
                // The default is evaluated before the attribute is asked for, as in any call.
                let default = self.object(default)?;
                if missing { Ok(default) } else { result }
            }
            _ => result,
        }
    }

    fn comprehension(&mut self, comprehension: &Comprehension) -> Result<Value> {
        let mut items = Vec::new();
        let depth = self.locals.len();
        let result = self.clauses(comprehension, &comprehension.clauses, &mut items);
        self.locals.truncate(depth);
        result?;
        Ok(match &comprehension.kind {
            ComprehensionKind::List | ComprehensionKind::Generator => {
                Value::List(items.into_iter().map(|(element, _)| element).collect())
            }
            ComprehensionKind::Set => {
                Value::Set(builtins::set_of(items.into_iter().map(|(element, _)| element).collect())?)
            }
            ComprehensionKind::Dict { .. } => {
                let mut dict = Dict::new();
                for (key, value) in items {
                    key.check_hashable()?;
                    dict.insert(key, value);
                }
                Value::Dict(dict)
            }
        })
    }

    fn clauses(
        &mut self,
        comprehension: &Comprehension,
        clauses: &[Clause],
        items: &mut Vec<(Value, Value)>,
    ) -> Result<()> {
        let Some((clause, inner)) = clauses.split_first() else {
            let element = self.value(&comprehension.element)?;
            let value = match &comprehension.kind {
                ComprehensionKind::Dict { value } => self.value(value)?,
                _ => Value::None,
            };
            self.elements += 1;
            if self.elements > MAX_ELEMENTS {
                let message = format!("comprehensions make more than {MAX_ELEMENTS} elements");
                return Err(PythonError::unsupported(message));
            }
            items.push((element, value));
            return Ok(());
        };
        let depth = self.locals.len();
        'items: for item in self.value(&clause.iterable)?.iterate()? {
            self.locals.truncate(depth);
            self.bind(&clause.target, item)?;
            for condition in &clause.conditions {
                if !self.truth(condition)? {
                    continue 'items;
                }
            }
            self.clauses(comprehension, inner, items)?;
        }
        self.locals.truncate(depth);
        Ok(())
    }

    fn bind(&mut self, target: &Target, value: Value) -> Result<()> {
        match target {
            Target::Name(name) => {
                self.locals.push((name.clone(), value));
                Ok(())
            }
            Target::Tuple(targets) => {
                let values = value.iterate().map_err(|_| {
                    PythonError::type_error(format!("cannot unpack non-iterable {} object", value.type_name()))
                })?;
                let (wanted, given) = (targets.len(), values.len());
                if given < wanted {
                    return Err(PythonError::value_error(format!(
                        "not enough values to unpack (expected {wanted}, got {given})"
                    )));
                }
                if given > wanted {
                    return Err(PythonError::value_error(format!("too many values to unpack (expected {wanted})")));
                }
                targets.iter().zip(values).try_for_each(|(target, value)| self.bind(target, value))
            }
        }
    }
}

/// `a is b`, where it does not depend on how an interpreter shares objects.
fn is_same(a: &Value, b: &Value) -> Result<bool> {
    match (a, b) {
        (Value::None, Value::None) => Ok(true),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::None | Value::Bool(_), _) | (_, Value::None | Value::Bool(_)) => Ok(false),
        _ => Err(PythonError::unsupported(format!(
            "`is` between {} and {} depends on the interpreter and is not supported",
            repr(a),
            repr(b)
        ))),
    }
}

/// Used by the set constructors.
pub(crate) fn check_elements(values: &[Value]) -> Result<Set> {
    for value in values {
        value.check_hashable()?;
    }
    Ok(values.iter().cloned().collect())
}
