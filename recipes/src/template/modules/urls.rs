//! `urllib.parse`.

use minijinja::value::Value;
use rbuildout_parser::python;

use super::super::convert::{class_name, string, to_python};
use super::super::dict::Dict;
use super::super::errors::{type_error, unsupported, value_error};
use super::super::filters::Args;
use super::super::iterate::{is_mapping, items, pairs};
use super::super::object::{Py, Record, Result, dict, list, py, text, tuple};

/// The schemes that may have parameters behind `;` in the last path segment.
const WITH_PARAMS: &[&str] = &[
    "", "ftp", "hdl", "prospero", "http", "https", "shttp", "rtsp", "rtspu", "rtsps", "sip", "sips", "mms", "sftp",
    "tel",
];
/// The schemes for which an empty authority is written as `//`.
const WITH_NETLOC: &[&str] = &[
    "", "ftp", "http", "gopher", "nntp", "telnet", "imap", "wais", "file", "mms", "https", "shttp", "snews",
    "prospero", "rtsp", "rsync", "svn", "svn+ssh", "sftp", "nfs", "git", "git+ssh", "ws", "wss",
];

/// Calls a function of the module.
pub(crate) fn call(function: &str, args: &Args<'_>) -> Result {
    let first = args.positional().first().cloned().unwrap_or_default();
    match function {
        "quote" | "quote_plus" => {
            let default = if function == "quote" { "/" } else { "" };
            let safe = args.text(1, "safe", default)?;
            let bytes = bytes_of(&first)?;
            Ok(text(if function == "quote" {
                quote(&bytes, &safe)
            } else {
                quote(&bytes, &format!("{safe} ")).replace(' ', "+")
            }))
        }
        "unquote" => Ok(text(unquote(&string(&first)?))),
        "unquote_plus" => Ok(text(unquote(&string(&first)?.replace('+', " ")))),
        "urlparse" | "urlsplit" => parse(&string(&first)?, function == "urlparse"),
        "urlunparse" | "urlunsplit" => {
            let parts = items(&first)?.iter().map(string).collect::<Result<Vec<_>>>()?;
            match parts.as_slice() {
                [scheme, netloc, path, params, query, fragment] if function == "urlunparse" => {
                    let path = if params.is_empty() { path.clone() } else { format!("{path};{params}") };
                    Ok(text(join_parts(scheme, netloc, &path, query, fragment)))
                }
                [scheme, netloc, path, query, fragment] if function == "urlunsplit" => {
                    Ok(text(join_parts(scheme, netloc, path, query, fragment)))
                }
                _ => Err(value_error("not enough values to unpack")),
            }
        }
        "parse_qs" | "parse_qsl" => query(&string(&first)?, args, function == "parse_qs"),
        "urlencode" => encode(&first, args),
        _ => Err(unsupported(format!("urllib.parse.{function}()"))),
    }
}

fn bytes_of(value: &Value) -> Result<Vec<u8>> {
    match to_python(value)? {
        python::Value::Str(text) => Ok(text.into_bytes()),
        python::Value::Bytes(bytes) => Ok(bytes),
        _ => Err(type_error("quote_from_bytes() expected bytes")),
    }
}

/// `quote(bytes, safe)`.
pub(crate) fn quote(bytes: &[u8], safe: &str) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        let c = char::from(*byte);
        if byte.is_ascii() && (c.is_ascii_alphanumeric() || "_.-~".contains(c) || safe.contains(c)) {
            out.push(c);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn unquote(shown: &str) -> String {
    let bytes = shown.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| shown.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                out.push(code);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

struct Parts<'a> {
    scheme: String,
    netloc: &'a str,
    path: &'a str,
    query: &'a str,
    fragment: &'a str,
}

fn split(url: &str) -> Parts<'_> {
    let mut rest = url;
    let mut scheme = String::new();
    if let Some((head, tail)) = url.split_once(':') {
        let mut characters = head.chars();
        if characters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && characters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        {
            scheme = head.to_lowercase();
            rest = tail;
        }
    }
    let mut netloc = "";
    if let Some(tail) = rest.strip_prefix("//") {
        let end = tail.find(['/', '?', '#']).unwrap_or(tail.len());
        (netloc, rest) = tail.split_at(end);
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Parts { scheme, netloc, path, query, fragment }
}

fn parse(url: &str, with_params: bool) -> Result {
    let url: String =
        url.trim_start_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect();
    let parts = split(&url);
    if parts.netloc.contains('[') != parts.netloc.contains(']') {
        return Err(value_error("Invalid IPv6 URL"));
    }
    let mut path = parts.path;
    let mut params = "";
    if with_params && WITH_PARAMS.contains(&parts.scheme.as_str()) && path.contains(';') {
        let segment = path.rfind('/').unwrap_or(0);
        if let Some(at) = path[segment..].find(';') {
            params = &path[segment + at + 1..];
            path = &path[..segment + at];
        }
    }
    let none = || Value::from(());
    let (user_info, host_info) = match parts.netloc.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, parts.netloc),
    };
    let (username, password) = match user_info {
        Some(info) => match info.split_once(':') {
            Some((user, password)) => (text(user), text(password)),
            None => (text(info), none()),
        },
        None => (none(), none()),
    };
    let (host, port) = match host_info.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or("")),
        None => host_info.split_once(':').unwrap_or((host_info, "")),
    };
    let hostname = if host.is_empty() { none() } else { text(host.to_lowercase()) };
    let port = match port {
        "" => none(),
        port => match port.parse::<u32>() {
            Ok(number) if number <= 65535 => Value::from(number),
            _ => none(),
        },
    };
    let mut fields =
        vec![("scheme", text(parts.scheme.as_str())), ("netloc", text(parts.netloc)), ("path", text(path))];
    if with_params {
        fields.push(("params", text(params)));
    }
    fields.push(("query", text(parts.query)));
    fields.push(("fragment", text(parts.fragment)));
    let class = if with_params { "ParseResult" } else { "SplitResult" };
    let elements: Vec<Value> = fields.iter().map(|(_, value)| value.clone()).collect();
    let shown = fields
        .iter()
        .map(|(name, value)| Ok(format!("{name}={}", python::repr(&to_python(value)?))))
        .collect::<Result<Vec<_>>>()?
        .join(", ");
    let shown = format!("{class}({shown})");
    fields.extend([("username", username), ("password", password), ("hostname", hostname), ("port", port)]);
    Ok(Value::from_object(Py::Record(Record {
        class,
        fields,
        elements: Some(elements),
        text: shown.clone(),
        repr: shown,
    })))
}

/// The URL of a parsed URL.
pub(crate) fn geturl(record: &Record) -> Result {
    let field = |name: &str| record.field(name).map_or_else(|| Ok(String::new()), string);
    let params = field("params")?;
    let mut path = field("path")?;
    if !params.is_empty() {
        path = format!("{path};{params}");
    }
    Ok(text(join_parts(&field("scheme")?, &field("netloc")?, &path, &field("query")?, &field("fragment")?)))
}

fn join_parts(scheme: &str, netloc: &str, path: &str, query: &str, fragment: &str) -> String {
    let mut url = path.to_owned();
    if !netloc.is_empty() || (!scheme.is_empty() && WITH_NETLOC.contains(&scheme) && !url.starts_with("//")) {
        if !url.is_empty() && !url.starts_with('/') {
            url.insert(0, '/');
        }
        url = format!("//{netloc}{url}");
    }
    if !scheme.is_empty() {
        url = format!("{scheme}:{url}");
    }
    if !query.is_empty() {
        url = format!("{url}?{query}");
    }
    if !fragment.is_empty() {
        url = format!("{url}#{fragment}");
    }
    url
}

fn query(shown: &str, args: &Args<'_>, grouped: bool) -> Result {
    let keep_blank = args.flag(1, "keep_blank_values", false)?;
    let mut found: Vec<(String, String)> = Vec::new();
    for part in shown.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        if !value.is_empty() || keep_blank {
            found.push((unquote(&name.replace('+', " ")), unquote(&value.replace('+', " "))));
        }
    }
    if !grouped {
        return Ok(list(found.into_iter().map(|(name, value)| tuple(vec![text(name), text(value)])).collect()));
    }
    let mut result = Dict::default();
    for (name, value) in found {
        match result.get_str(&name) {
            Some(values) => {
                if let Some(Py::List(values)) = py(&values) {
                    super::super::object::lock(values).push(text(value));
                }
            }
            None => result.insert(text(name), list(vec![text(value)]))?,
        }
    }
    Ok(dict(result))
}

fn encode(value: &Value, args: &Args<'_>) -> Result {
    let each = args.flag(1, "doseq", false)?;
    let entries = if is_mapping(value) {
        pairs(value)?
    } else {
        super::super::methods::entries(value).map_err(|_| {
            type_error(format!("not a valid non-string sequence or mapping object: {}", class_name(value)))
        })?
    };
    let plus = |value: &Value| -> Result<String> {
        let bytes = match to_python(value)? {
            python::Value::Bytes(bytes) => bytes,
            other => python::to_str(&other).into_bytes(),
        };
        Ok(quote(&bytes, " ").replace(' ', "+"))
    };
    let mut out = Vec::new();
    for (key, value) in entries {
        let many = each && value.as_str().is_none() && super::super::object::bytes_in(&value).is_none();
        match (many, items(&value)) {
            (true, Ok(values)) => {
                for value in values {
                    out.push(format!("{}={}", plus(&key)?, plus(&value)?));
                }
            }
            _ => out.push(format!("{}={}", plus(&key)?, plus(&value)?)),
        }
    }
    Ok(text(out.join("&")))
}
