//! `os`, `os.path` and `pwd`.

use std::path::{Path, PathBuf};

use minijinja::value::Value;
use rbuildout_parser::python::PythonError;

use super::super::convert::class_name;
use super::super::dict::Dict;
use super::super::errors::{raise, type_error, unsupported};
use super::super::filters::Args;
use super::super::object::{Record, Result, dict, list, text, tuple};

/// `os.environ`, as a dict of its own.
pub(crate) fn environ() -> Value {
    let mut result = Dict::default();
    for (name, value) in std::env::vars_os() {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        // Text is always a valid key.
        let _ = result.insert(text(name), text(value));
    }
    dict(result)
}

fn path<'a>(args: &'a Args<'_>, position: usize) -> Result<&'a str> {
    let value = args.positional().get(position);
    value.and_then(Value::as_str).ok_or_else(|| {
        let class = value.map_or("NoneType".to_owned(), class_name);
        type_error(format!("expected str, bytes or os.PathLike object, not {class}"))
    })
}

/// Calls a function of these modules, by its dotted name.
pub(crate) fn call(name: &'static str, args: &Args<'_>) -> Result {
    match name {
        "os.getuid" => Ok(Value::from(rustix::process::getuid().as_raw())),
        "os.geteuid" => Ok(Value::from(rustix::process::geteuid().as_raw())),
        "os.getgid" => Ok(Value::from(rustix::process::getgid().as_raw())),
        "os.getegid" => Ok(Value::from(rustix::process::getegid().as_raw())),
        "os.getcwd" => Ok(text(current().to_string_lossy())),
        "os.getenv" => {
            let default = args.get(1, "default").cloned().unwrap_or_else(|| Value::from(()));
            Ok(std::env::var_os(path(args, 0)?).map_or(default, |value| text(value.to_string_lossy())))
        }
        "os.listdir" => {
            let mut names = Vec::new();
            for entry in fs_err::read_dir(path(args, 0)?).map_err(os_error)? {
                let name = entry.map_err(os_error)?.file_name();
                names.push(text(name.to_string_lossy()));
            }
            Ok(list(names))
        }
        "os.path.join" => {
            let mut joined = path(args, 0)?.to_owned();
            for position in 1..args.positional().len() {
                let part = path(args, position)?;
                if part.starts_with('/') {
                    joined.clear();
                } else if !joined.is_empty() && !joined.ends_with('/') {
                    joined.push('/');
                }
                joined.push_str(part);
            }
            Ok(text(joined))
        }
        "os.path.exists" => Ok(Value::from(Path::new(path(args, 0)?).exists())),
        "os.path.lexists" => Ok(Value::from(Path::new(path(args, 0)?).symlink_metadata().is_ok())),
        "os.path.isdir" => Ok(Value::from(Path::new(path(args, 0)?).is_dir())),
        "os.path.isfile" => Ok(Value::from(Path::new(path(args, 0)?).is_file())),
        "os.path.islink" => Ok(Value::from(Path::new(path(args, 0)?).is_symlink())),
        "os.path.isabs" => Ok(Value::from(path(args, 0)?.starts_with('/'))),
        "os.path.dirname" => Ok(text(split(path(args, 0)?).0)),
        "os.path.basename" => Ok(text(split(path(args, 0)?).1)),
        "os.path.split" => {
            let (head, tail) = split(path(args, 0)?);
            Ok(tuple(vec![text(head), text(tail)]))
        }
        "os.path.splitext" => {
            let path = path(args, 0)?;
            let name_start = path.rfind('/').map_or(0, |at| at + 1);
            let name = &path[name_start..];
            let stem_start = name.len() - name.trim_start_matches('.').len();
            let at = name[stem_start..].rfind('.').map_or(path.len(), |at| name_start + stem_start + at);
            Ok(tuple(vec![text(&path[..at]), text(&path[at..])]))
        }
        "os.path.normpath" => Ok(text(normalise(path(args, 0)?))),
        "os.path.abspath" => Ok(text(absolute(path(args, 0)?))),
        "os.path.realpath" => Ok(text(real(path(args, 0)?))),
        "os.path.relpath" => {
            let start = args.get(1, "start").and_then(Value::as_str).unwrap_or(".").to_owned();
            Ok(text(relative(&absolute(path(args, 0)?), &absolute(&start))))
        }
        "os.path.expanduser" => {
            let path = path(args, 0)?;
            let home = std::env::var_os("HOME").map(|home| home.to_string_lossy().into_owned());
            match (path.strip_prefix('~'), home) {
                (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
                    Ok(text(format!("{}{rest}", home.trim_end_matches('/'))))
                }
                (Some(_), _) => Err(unsupported("os.path.expanduser() of another user")),
                _ => Ok(text(path)),
            }
        }
        "os.path.commonprefix" => Err(unsupported("os.path.commonprefix()")),
        "pwd.getpwuid" | "pwd.getpwnam" => user(name, args),
        _ => Err(unsupported(format!("{name}()"))),
    }
}

fn os_error(error: std::io::Error) -> minijinja::Error {
    let class = match error.kind() {
        std::io::ErrorKind::NotFound => "FileNotFoundError",
        std::io::ErrorKind::PermissionDenied => "PermissionError",
        _ => "OSError",
    };
    raise(PythonError::new(class, error.to_string()))
}

fn current() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
}

/// Directory and name, as `os.path.split`.
fn split(path: &str) -> (&str, &str) {
    let at = path.rfind('/').map_or(0, |at| at + 1);
    let (head, tail) = path.split_at(at);
    let trimmed = head.trim_end_matches('/');
    (if trimmed.is_empty() { head } else { trimmed }, tail)
}

fn normalise(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let lead = if path.starts_with("//") && !path.starts_with("///") {
        "//"
    } else if path.starts_with('/') {
        "/"
    } else {
        ""
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !lead.is_empty() => {}
            part => parts.push(part),
        }
    }
    let joined = format!("{lead}{}", parts.join("/"));
    if joined.is_empty() { ".".to_owned() } else { joined }
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') { normalise(path) } else { normalise(&format!("{}/{path}", current().to_string_lossy())) }
}

/// Resolves symbolic links as far as the path exists.
fn real(path: &str) -> String {
    let path = absolute(path);
    let mut existing = PathBuf::from(&path);
    let mut rest = Vec::new();
    loop {
        if let Ok(resolved) = fs_err::canonicalize(&existing) {
            let mut resolved = resolved;
            resolved.extend(rest.iter().rev());
            return resolved.to_string_lossy().into_owned();
        }
        let Some(name) = existing.file_name().map(std::ffi::OsStr::to_owned) else {
            return path;
        };
        rest.push(name);
        existing.pop();
    }
}

fn relative(path: &str, start: &str) -> String {
    let parts =
        |path: &str| -> Vec<String> { path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    let (path, start) = (parts(path), parts(start));
    let common = path.iter().zip(&start).take_while(|(a, b)| a == b).count();
    let mut result = vec!["..".to_owned(); start.len() - common];
    result.extend(path[common..].iter().cloned());
    if result.is_empty() { ".".to_owned() } else { result.join("/") }
}

/// An entry of the user database, from `/etc/passwd`.
fn user(function: &str, args: &Args<'_>) -> Result {
    let by_name = function == "pwd.getpwnam";
    let wanted = super::super::convert::string(args.positional().first().unwrap_or(&Value::from(())))?;
    let database = fs_err::read_to_string("/etc/passwd").map_err(os_error)?;
    let entry = database
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.len() >= 7 && fields[if by_name { 0 } else { 2 }] == wanted);
    let Some(fields) = entry else {
        return Err(raise(PythonError::new(
            "KeyError",
            if by_name {
                format!("\"getpwnam(): name not found: '{wanted}'\"")
            } else {
                format!("'getpwuid(): uid not found: {wanted}'")
            },
        )));
    };
    let number = |field: &str| field.parse::<i64>().map_or_else(|_| text(field), Value::from);
    let elements = vec![
        text(fields[0]),
        text(fields[1]),
        number(fields[2]),
        number(fields[3]),
        text(fields[4]),
        text(fields[5]),
        text(fields[6]),
    ];
    let names = ["pw_name", "pw_passwd", "pw_uid", "pw_gid", "pw_gecos", "pw_dir", "pw_shell"];
    let shown = format!("pwd.struct_passwd(pw_name='{}')", fields[0]);
    Ok(Value::from_object(super::super::object::Py::Record(Record {
        class: "struct_passwd",
        fields: names.into_iter().zip(elements.iter().cloned()).collect(),
        elements: Some(elements),
        text: shown.clone(),
        repr: shown,
    })))
}
