//! What names, attributes and calls mean while an expression is evaluated.
//!
//! Besides data there are a few objects that only exist during evaluation: modules, functions and bound methods.

use super::error::{PythonError, Result};
use super::value::{Dict, Value};

/// A value or an object of the evaluation.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    Data(Value),
    /// A built-in function or class.
    Builtin(&'static str),
    /// A module.
    Module(&'static str),
    /// A function of a module, by its dotted name.
    Function(&'static str),
    /// A method of a value.
    Method(Box<Value>, String),
    /// The object that `open` returns; nothing is read before `read()`.
    File(String),
    /// `file.read`.
    FileRead(String),
}

impl Object {
    /// The data, or `TypeError`-like: functions and modules cannot be stored or compared.
    pub(crate) fn data(self) -> Result<Value> {
        match self {
            Self::Data(value) => Ok(value),
            other => Err(PythonError::unsupported(format!(
                "{} is used as a value, which is not supported",
                other.describe()
            ))),
        }
    }

    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Data(value) => format!("a value of class {}", value.type_name()),
            Self::Builtin(name) => format!("the built-in {name}"),
            Self::Module(name) => format!("the module {name}"),
            Self::Function(name) => format!("the function {name}"),
            Self::Method(value, name) => format!("the method {}.{name}", value.type_name()),
            Self::File(_) => "an open file".to_owned(),
            Self::FileRead(_) => "the method read of a file".to_owned(),
        }
    }
}

/// The world of an expression: its global names and what its modules do.
pub(crate) trait Scope {
    /// The meaning of a global name.
    fn name(&self, name: &str) -> Result<Object>;

    /// An attribute of a module.
    fn module_attribute(&self, module: &'static str, name: &str) -> Result<Object> {
        Err(PythonError::new("AttributeError", format!("module '{module}' has no attribute '{name}'")))
    }

    /// Calls a function of a module.
    fn call_function(&self, name: &'static str, args: &[Value], kwargs: &Dict) -> Result<Object> {
        let _ = (args, kwargs);
        Err(PythonError::unsupported(format!("{name}() is not supported")))
    }

    /// Opens a file for reading.
    fn open(&self, args: &[Value]) -> Result<Object> {
        let _ = args;
        Err(PythonError::unsupported("open() is not supported here"))
    }

    /// Reads a file that [`Scope::open`] accepted.
    fn read(&self, path: &str) -> Result<Value> {
        Err(PythonError::unsupported(format!("reading {path} is not supported here")))
    }
}
