//! The syntax tree of an expression.
//!
//! Chains of operators of one precedence are flat, so that the depth of the tree is the depth of the brackets.

use super::compare::CompareOp;
use super::ops::{BinaryOp, UnaryOp};
use super::value::Value;

/// An expression.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Constant(Value),
    Name(String),
    /// `a or b or c`, `a and b and c`.
    Or(Vec<Expr>),
    And(Vec<Expr>),
    /// `not x`, after an even or odd number of `not`.
    Not(Box<Expr>),
    Compare(Box<Expr>, Vec<(Comparator, Expr)>),
    Binary(Box<Expr>, Vec<(BinaryOp, Expr)>),
    /// Prefix operators, the innermost last.
    Unary(Vec<UnaryOp>, Box<Expr>),
    Conditional {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Postfix(Box<Expr>, Vec<Trailer>),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Comprehension(Box<Comprehension>),
}

/// What follows an operand.
#[derive(Debug, Clone)]
pub(crate) enum Trailer {
    Attribute(String),
    Item(Expr),
    Slice(Box<[Option<Expr>; 3]>),
    Call(Vec<(Option<String>, Expr)>),
}

/// The operators of a comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Comparator {
    Order(CompareOp),
    In,
    NotIn,
    Is,
    IsNot,
}

/// A list, set, dict or generator comprehension.
#[derive(Debug, Clone)]
pub(crate) struct Comprehension {
    pub(crate) kind: ComprehensionKind,
    pub(crate) element: Expr,
    pub(crate) clauses: Vec<Clause>,
}

/// What a comprehension makes.
#[derive(Debug, Clone)]
pub(crate) enum ComprehensionKind {
    List,
    Set,
    Dict { value: Expr },
    Generator,
}

/// `for target in iterable if condition …`
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    pub(crate) target: Target,
    pub(crate) iterable: Expr,
    pub(crate) conditions: Vec<Expr>,
}

/// What a `for` clause binds.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Name(String),
    Tuple(Vec<Target>),
}
