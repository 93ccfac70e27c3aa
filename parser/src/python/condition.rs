//! Conditions of section headers: `[name: expression]`.
//!
//! An expression is an environment marker if it parses as one, else Python inside a list display of which the first
//! element decides. Python sees the modules `sys`, `os`, `platform` and a few precomputed names, all about the target
//! interpreter that [`Facts`] describe; the little that conditions ask of the file system goes through [`World`].

use std::io;

use super::builtins::{KNOWN, SUPPORTED};
use super::error::{PythonError, Result};
use super::eval::eval_first;
use super::facts::Facts;
use super::marker;
use super::repr::str_repr;
use super::scope::{Object, Scope};
use super::value::{Dict, Value};

/// The questions about files that conditions may ask.
pub trait World {
    /// `os.path.isdir(path)`.
    fn is_dir(&self, path: &str) -> bool;
    /// `os.path.isfile(path)`.
    fn is_file(&self, path: &str) -> bool;
    /// `os.path.exists(path)`.
    fn exists(&self, path: &str) -> bool;
    /// `os.access(path, mode)`: `mode` is a sum of 4 (read), 2 (write) and 1 (execute), or 0 (existence).
    fn access(&self, path: &str, mode: u32) -> bool;
    /// `open(path).read()`.
    fn read(&self, path: &str) -> io::Result<String>;
}

/// Why a condition has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// Python would raise this exception, too.
    #[error("{0}")]
    Raised(PythonError),
    /// Python may well have an answer, but this evaluator does not.
    #[error("the condition uses something that is not supported: {0}")]
    Unsupported(String),
}

impl From<PythonError> for ConditionError {
    fn from(error: PythonError) -> Self {
        // A syntax error may be one of the grammar here: it is not Python's verdict.
        if error.is_unsupported() || error.class == "SyntaxError" {
            Self::Unsupported(error.message)
        } else {
            Self::Raised(error)
        }
    }
}

/// Evaluates the condition of a section header.
///
/// `expression` is the text between the colon and the bracket, in which `\x23` and `\x3b` still stand for `#` and `;`.
/// `slapos_mode` adds the name `multiarch`.
pub fn eval_condition(
    expression: &str,
    facts: &Facts,
    slapos_mode: bool,
    world: &dyn World,
) -> Result<bool, ConditionError> {
    let expression = expression.replace("\\x23", "#").replace("\\x3b", ";");
    if let Some(result) = marker::evaluate(&expression, facts) {
        return result.map_err(ConditionError::from);
    }
    let scope = ConditionScope { facts, slapos_mode, world };
    Ok(eval_first(&expression, &scope)?.truth())
}

struct ConditionScope<'a> {
    facts: &'a Facts,
    slapos_mode: bool,
    world: &'a dyn World,
}

impl ConditionScope<'_> {
    fn flag(&self, name: &str) -> Option<bool> {
        let facts = self.facts;
        let version = facts.version.to_lowercase();
        let platform = facts.sys_platform.to_lowercase();
        let (pypy, jython, ironpython) = (version.contains("pypy"), version.contains("java"), version.contains("iron"));
        let bits64 = facts.maxsize > i64::from(u32::MAX);
        Some(match name {
            "cpython" => !(pypy || jython || ironpython),
            "pypy" => pypy,
            "jython" => jython,
            "ironpython" => ironpython,
            "linux" => platform.contains("linux"),
            "windows" => platform.contains("win32"),
            "cygwin" => platform.contains("cygwin"),
            "solaris" => platform.contains("sunos"),
            "macosx" => platform.contains("darwin"),
            "posix" => facts.os_name.to_lowercase().contains("posix"),
            "bits32" => !bits64,
            "bits64" => bits64,
            "little_endian" => facts.byteorder == "little",
            "big_endian" => facts.byteorder == "big",
            _ => return self.python_flag(name),
        })
    }

    /// `python2`, `python3`, and `pythonXY` for the versions that the reference lists.
    fn python_flag(&self, name: &str) -> Option<bool> {
        let digits = name.strip_prefix("python")?;
        let version = &self.facts.version_info;
        match digits {
            "2" => return Some(version.major == 2),
            "3" => return Some(version.major == 3),
            _ => {}
        }
        let (major, minor) = digits.split_at_checked(1)?;
        let minor: u32 = minor.parse().ok()?;
        let listed = match major {
            "2" => (4..=7).contains(&minor),
            "3" => minor <= 15,
            _ => false,
        };
        let same = format!("{}{}", version.major, version.minor) == digits;
        (listed && !digits[1..].starts_with("00")).then_some(same)
    }

    fn path_argument<'v>(name: &str, args: &'v [Value]) -> Result<&'v str> {
        match args {
            [Value::Str(path), ..] => Ok(path),
            _ => Err(PythonError::unsupported(format!("{name}() with an argument that is not a string"))),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it ends functions that can fail")]
fn text(value: &str) -> Result<Object> {
    Ok(Object::Data(Value::from(value)))
}

impl Scope for ConditionScope<'_> {
    fn name(&self, name: &str) -> Result<Object> {
        if let Some(flag) = self.flag(name) {
            return Ok(Object::Data(Value::Bool(flag)));
        }
        match name {
            "sys" => return Ok(Object::Module("sys")),
            "os" => return Ok(Object::Module("os")),
            "platform" => return Ok(Object::Module("platform")),
            "multiarch" if self.slapos_mode => {
                return match &self.facts.multiarch {
                    Some(multiarch) => text(multiarch),
                    None => Err(PythonError::unsupported("the multiarch triplet of the target is not known")),
                };
            }
            _ => {}
        }
        if let Some(builtin) = SUPPORTED.iter().find(|builtin| **builtin == name) {
            return Ok(Object::Builtin(builtin));
        }
        if name == "re" || KNOWN.contains(&name) || name.ends_with("Error") {
            return Err(PythonError::unsupported(format!("the name {name}")));
        }
        Err(PythonError::name_error(name))
    }

    fn module_attribute(&self, module: &'static str, name: &str) -> Result<Object> {
        let facts = self.facts;
        let function = |known: &[&'static str]| {
            let dotted = format!("{module}.{name}");
            known.iter().find(|known| **known == dotted).map(|known| Object::Function(known))
        };
        let int = |value: i64| Ok(Object::Data(Value::from(value)));
        match (module, name) {
            ("sys", "version_info") => Ok(Object::Data(version_info(facts))),
            ("sys", "version") => text(&facts.version),
            ("sys", "platform") => text(&facts.sys_platform),
            ("sys", "executable") => text(&facts.executable),
            ("sys", "prefix") => text(&facts.prefix),
            ("sys", "byteorder") => text(&facts.byteorder),
            ("sys", "maxsize") => int(facts.maxsize),
            ("sys", "hexversion") => int(facts.hexversion),
            ("sys", "_multiarch") => match &facts.sys_multiarch {
                Some(multiarch) => text(multiarch),
                None => Err(no_attribute(module, name)),
            },
            ("os", "name") => text(&facts.os_name),
            ("os", "path") => Ok(Object::Module("os.path")),
            ("os", "R_OK") => int(4),
            ("os", "W_OK") => int(2),
            ("os", "X_OK") => int(1),
            ("os", "F_OK") => int(0),
            ("os", "sep") => text("/"),
            ("os", "access") => Ok(Object::Function("os.access")),
            ("platform", "freedesktop_os_release")
                if facts.freedesktop_os_release.is_none() && facts.freedesktop_os_release_error.is_none() =>
            {
                Err(no_attribute(module, name))
            }
            ("os.path", _) => function(&[
                "os.path.isdir",
                "os.path.isfile",
                "os.path.exists",
                "os.path.join",
                "os.path.basename",
                "os.path.dirname",
            ])
            .ok_or_else(|| unknown(module, name)),
            ("platform", _) => function(&[
                "platform.machine",
                "platform.release",
                "platform.system",
                "platform.version",
                "platform.node",
                "platform.processor",
                "platform.platform",
                "platform.architecture",
                "platform.python_version",
                "platform.python_version_tuple",
                "platform.python_implementation",
                "platform.freedesktop_os_release",
            ])
            .ok_or_else(|| unknown(module, name)),
            _ => Err(unknown(module, name)),
        }
    }

    fn call_function(&self, name: &'static str, args: &[Value], kwargs: &Dict) -> Result<Object> {
        if !kwargs.is_empty() || (name.starts_with("platform.") && !args.is_empty()) {
            return Err(PythonError::unsupported(format!("{name}() with these arguments")));
        }
        let facts = self.facts;
        let flag = |value: bool| Ok(Object::Data(Value::Bool(value)));
        let tuple =
            |items: &[&str]| Ok(Object::Data(Value::Tuple(items.iter().map(|item| Value::from(*item)).collect())));
        match name {
            "platform.machine" => text(&facts.machine),
            "platform.release" => text(&facts.release),
            "platform.system" => text(&facts.system),
            "platform.version" => text(&facts.platform_version),
            "platform.node" => text(&facts.node),
            "platform.processor" => text(&facts.processor),
            "platform.platform" => text(&facts.platform),
            "platform.architecture" => tuple(&[&facts.architecture.0, &facts.architecture.1]),
            "platform.python_version" => text(&facts.python_version),
            "platform.python_version_tuple" => tuple(&facts.python_version.splitn(3, '.').collect::<Vec<_>>()),
            "platform.python_implementation" => text(&facts.python_implementation),
            "platform.freedesktop_os_release" => match &facts.freedesktop_os_release {
                Some(release) => Ok(Object::Data(Value::Dict(
                    release
                        .iter()
                        .map(|(key, value)| (Value::from(key.as_str()), Value::from(value.as_str())))
                        .collect(),
                ))),
                None => {
                    Err(PythonError::new("OSError", facts.freedesktop_os_release_error.clone().unwrap_or_default()))
                }
            },
            "os.path.isdir" => flag(self.world.is_dir(Self::path_argument(name, args)?)),
            "os.path.isfile" => flag(self.world.is_file(Self::path_argument(name, args)?)),
            "os.path.exists" => flag(self.world.exists(Self::path_argument(name, args)?)),
            "os.path.basename" => {
                let path = Self::path_argument(name, args)?;
                text(path.rsplit('/').next().unwrap_or(path))
            }
            "os.path.dirname" => {
                let path = Self::path_argument(name, args)?;
                let head = path.rfind('/').map_or("", |at| &path[..=at]);
                let trimmed = head.trim_end_matches('/');
                text(if trimmed.is_empty() { head } else { trimmed })
            }
            "os.path.join" => {
                let mut path = String::new();
                for part in args {
                    let part = Self::path_argument(name, std::slice::from_ref(part))?;
                    if part.starts_with('/') {
                        path.clear();
                    } else if !path.is_empty() && !path.ends_with('/') {
                        path.push('/');
                    }
                    path.push_str(part);
                }
                text(&path)
            }
            "os.access" => match args {
                [Value::Str(path), mode] => {
                    let mode = mode.as_int().and_then(|mode| u32::try_from(mode).ok());
                    let mode = mode
                        .ok_or_else(|| PythonError::type_error("an integer is required for the mode of os.access()"))?;
                    flag(self.world.access(path, mode))
                }
                _ => Err(PythonError::unsupported("os.access() with these arguments")),
            },
            _ => Err(PythonError::unsupported(format!("{name}()"))),
        }
    }

    fn open(&self, args: &[Value]) -> Result<Object> {
        let path = match args {
            [Value::Str(path)] => path,
            [Value::Str(path), Value::Str(mode)] if mode == "r" || mode == "rt" => path,
            _ => return Err(PythonError::unsupported("open() with these arguments")),
        };
        // Python fails in open(), not in read().
        self.read(path)?;
        Ok(Object::File(path.clone()))
    }

    fn read(&self, path: &str) -> Result<Value> {
        self.world.read(path).map(Value::Str).map_err(|error| {
            let quoted = str_repr(path);
            match error.kind() {
                io::ErrorKind::NotFound => {
                    PythonError::new("FileNotFoundError", format!("[Errno 2] No such file or directory: {quoted}"))
                }
                io::ErrorKind::PermissionDenied => {
                    PythonError::new("PermissionError", format!("[Errno 13] Permission denied: {quoted}"))
                }
                _ => PythonError::new("OSError", format!("{error}: {quoted}")),
            }
        })
    }
}

fn version_info(facts: &Facts) -> Value {
    let info = &facts.version_info;
    let number = |value: u32| Value::Int(i128::from(value));
    Value::Tuple(vec![
        number(info.major),
        number(info.minor),
        number(info.micro),
        Value::from(info.releaselevel.as_str()),
        number(info.serial),
    ])
}

fn no_attribute(module: &str, name: &str) -> PythonError {
    PythonError::new("AttributeError", format!("module '{module}' has no attribute '{name}'"))
}

/// Whether the module of the target has this attribute is not known.
fn unknown(module: &str, name: &str) -> PythonError {
    PythonError::unsupported(format!("{module}.{name}"))
}
