//! Names of modules, functions and methods, and where they are.

use minijinja::State;
use minijinja::value::Value;

use super::super::convert::string;
use super::super::errors::{type_error, unsupported};
use super::super::filters::Args;
use super::super::object::{Py, Record, Result, builtin, text};
use super::super::{convert, iterate, json, methods};
use super::{collections, files, hashes, net, regexes, shell, urls};

/// The modules by the names under which they are imported.
const MODULES: &[(&str, &str)] = &[
    ("json", "json"),
    ("os", "os"),
    ("os.path", "os.path"),
    ("posixpath", "os.path"),
    ("urllib", "urllib"),
    ("urllib.parse", "urllib.parse"),
    ("six", "six"),
    ("six.moves", "six.moves"),
    ("six.moves.urllib", "urllib"),
    ("six.moves.urllib.parse", "urllib.parse"),
    ("re", "re"),
    ("hashlib", "hashlib"),
    ("base64", "base64"),
    ("itertools", "itertools"),
    ("functools", "functools"),
    ("operator", "operator"),
    ("pwd", "pwd"),
    ("shlex", "shlex"),
    ("netaddr", "netaddr"),
];

/// The functions, by module and name.
const FUNCTIONS: &[&str] = &[
    "json.dumps",
    "json.loads",
    "os.getuid",
    "os.geteuid",
    "os.getgid",
    "os.getegid",
    "os.getcwd",
    "os.getenv",
    "os.listdir",
    "os.path.join",
    "os.path.exists",
    "os.path.isdir",
    "os.path.isfile",
    "os.path.islink",
    "os.path.lexists",
    "os.path.dirname",
    "os.path.basename",
    "os.path.realpath",
    "os.path.abspath",
    "os.path.normpath",
    "os.path.split",
    "os.path.splitext",
    "os.path.isabs",
    "os.path.relpath",
    "os.path.expanduser",
    "os.path.commonprefix",
    "urllib.parse.urlparse",
    "urllib.parse.urlsplit",
    "urllib.parse.urlunparse",
    "urllib.parse.urlunsplit",
    "urllib.parse.urljoin",
    "urllib.parse.quote",
    "urllib.parse.quote_plus",
    "urllib.parse.unquote",
    "urllib.parse.unquote_plus",
    "urllib.parse.parse_qs",
    "urllib.parse.parse_qsl",
    "urllib.parse.urlencode",
    "six.iteritems",
    "six.itervalues",
    "six.iterkeys",
    "six.ensure_binary",
    "six.ensure_str",
    "six.ensure_text",
    "six.b",
    "six.u",
    "re.match",
    "re.search",
    "re.fullmatch",
    "re.sub",
    "re.findall",
    "re.split",
    "re.escape",
    "re.compile",
    "hashlib.md5",
    "hashlib.sha1",
    "hashlib.sha224",
    "hashlib.sha256",
    "hashlib.sha384",
    "hashlib.sha512",
    "hashlib.new",
    "base64.b64encode",
    "base64.b64decode",
    "base64.urlsafe_b64encode",
    "base64.urlsafe_b64decode",
    "base64.b16encode",
    "itertools.count",
    "itertools.chain",
    "itertools.chain.from_iterable",
    "itertools.cycle",
    "itertools.product",
    "itertools.islice",
    "itertools.repeat",
    "itertools.zip_longest",
    "functools.partial",
    "functools.reduce",
    "operator.itemgetter",
    "operator.attrgetter",
    "operator.add",
    "operator.sub",
    "operator.mul",
    "operator.eq",
    "operator.ne",
    "operator.lt",
    "operator.le",
    "operator.gt",
    "operator.ge",
    "operator.contains",
    "operator.getitem",
    "operator.not_",
    "operator.#item",
    "operator.#attr",
    "pwd.getpwuid",
    "pwd.getpwnam",
    "shlex.quote",
    "shlex.split",
    "shlex.join",
    "netaddr.IPNetwork",
    "netaddr.IPAddress",
    "netaddr.valid_ipv4",
    "netaddr.valid_ipv6",
    "dict.fromkeys",
];

/// The module of this name, if it is one of the table.
pub(crate) fn import(name: &str) -> Option<Value> {
    let (_, module) = MODULES.iter().find(|(imported, _)| *imported == name)?;
    Some(Value::from_object(Py::Module(module)))
}

fn function(dotted: &str) -> Option<Value> {
    let name = FUNCTIONS.iter().find(|name| **name == dotted)?;
    Some(Value::from_object(Py::Function(name)))
}

/// An attribute of a module.
pub(crate) fn attribute(module: &str, name: &str) -> Option<Value> {
    if name.starts_with('#') {
        return None;
    }
    let module_value = |name| Some(Value::from_object(Py::Module(name)));
    match (module, name) {
        ("os", "path") => module_value("os.path"),
        ("os", "environ") => Some(files::environ()),
        ("os" | "os.path", "sep") => Some(text("/")),
        ("os" | "os.path", "pathsep") => Some(text(":")),
        ("os", "linesep") => Some(text("\n")),
        ("os" | "os.path", "curdir") => Some(text(".")),
        ("os" | "os.path", "pardir") => Some(text("..")),
        ("os", "name") => Some(text("posix")),
        ("urllib", "parse") => module_value("urllib.parse"),
        ("six.moves", "urllib") => module_value("urllib"),
        ("six", "moves") => module_value("six.moves"),
        ("six", "PY2") => Some(Value::from(false)),
        ("six", "PY3" | "PY34") => Some(Value::from(true)),
        ("six", "string_types") => Some(super::super::object::tuple(vec![builtin("str")])),
        ("six", "integer_types") => Some(super::super::object::tuple(vec![builtin("int")])),
        ("six", "text_type") => Some(builtin("str")),
        ("six", "binary_type") => Some(builtin("bytes")),
        ("six.moves", "shlex_quote") => function("shlex.quote"),
        ("six.moves", "range" | "xrange") => Some(builtin("range")),
        ("six.moves", "zip") => Some(builtin("zip")),
        ("six.moves", "map") => Some(builtin("map")),
        ("six.moves", "filter") => Some(builtin("filter")),
        ("six.moves", "reduce") => function("functools.reduce"),
        _ => function(&format!("{module}.{name}")),
    }
}

/// Calls a function of a module.
pub(crate) fn call(name: &'static str, state: &mut State<'_, '_>, args: &[Value]) -> Result {
    let (positional, _) = super::super::object::arguments(args);
    if name != "json.dumps"
        && let Some(missing) = positional.iter().find(|value| value.is_undefined())
    {
        return Err(super::super::errors::undefined_error(missing));
    }
    let given = Args::new(args);
    let (module, function) = name.rsplit_once('.').unwrap_or(("", name));
    match module {
        "json" => json_function(function, &given),
        "os" | "os.path" | "pwd" => files::call(name, &given),
        "urllib.parse" => urls::call(function, &given),
        "six" => six(function, state, positional),
        "re" => regexes::call(function, state, &given),
        "hashlib" | "base64" => hashes::call(name, &given),
        "itertools" | "itertools.chain" | "functools" | "operator" => collections::call(name, state, args, positional),
        "shlex" => shell::call(function, &given),
        "netaddr" => net::call(function, &given),
        "dict" => methods::from_keys(positional),
        _ => Err(unsupported(format!("{name}()"))),
    }
}

fn json_function(function: &str, args: &Args<'_>) -> Result {
    let Some(value) = args.positional().first() else {
        return Err(type_error(format!("{function}() missing 1 required positional argument")));
    };
    if function == "loads" {
        return match (value.as_str(), super::super::object::bytes_in(value)) {
            (Some(text), _) => json::loads(text),
            (None, Some(bytes)) => json::loads(&String::from_utf8_lossy(bytes)),
            _ => Err(type_error(format!(
                "the JSON object must be str, bytes or bytearray, not {}",
                convert::class_name(value)
            ))),
        };
    }
    let none = usize::MAX;
    let mut options = json::Options {
        sort_keys: args.flag(none, "sort_keys", false)?,
        keep_unicode: !args.flag(none, "ensure_ascii", true)?,
        indent: json::indent(args.some(none, "indent")?),
        ..json::Options::default()
    };
    if let Some(separators) = args.some(none, "separators")?
        && let [item, key] = iterate::items(separators)?.as_slice()
    {
        options.item_separator = Some(string(item)?);
        options.key_separator = Some(string(key)?);
    }
    let known = ["sort_keys", "ensure_ascii", "indent", "separators"];
    if let Some((other, _)) = args.named().iter().find(|(name, _)| !known.contains(&name.as_str())) {
        return Err(unsupported(format!("the argument {other} of json.dumps()")));
    }
    json::dumps(value, &options).map(text)
}

fn six(function: &str, state: &mut State<'_, '_>, args: &[Value]) -> Result {
    let Some(value) = args.first() else {
        return Err(type_error(format!("{function}() missing 1 required positional argument")));
    };
    match function {
        "iteritems" | "itervalues" | "iterkeys" => {
            let view = methods::call(value, state, &function[4..], &[])?;
            iterate::iter(&view)
        }
        "ensure_binary" | "b" if value.as_str().is_some() => methods::call(value, state, "encode", &args[1..]),
        "ensure_str" | "ensure_text" | "u"
            if value.as_str().is_none() && super::super::object::bytes_in(value).is_some() =>
        {
            methods::call(value, state, "decode", &args[1..])
        }
        _ if value.as_str().is_some() || super::super::object::bytes_in(value).is_some() => Ok(value.clone()),
        _ => Err(type_error(format!("not expecting type '<class '{}'>'", convert::class_name(value)))),
    }
}

/// True if objects of this class have the method.
pub(crate) fn has_method(record: &Record, name: &str) -> bool {
    match record.class {
        "ParseResult" | "SplitResult" => matches!(name, "geturl" | "index" | "count"),
        "Match" => matches!(name, "group" | "groups" | "groupdict" | "start" | "end" | "span"),
        "Pattern" => matches!(name, "match" | "search" | "fullmatch" | "sub" | "findall" | "split"),
        "_Hash" => matches!(name, "hexdigest" | "digest"),
        "IPAddress" => matches!(name, "is_private" | "is_loopback"),
        _ => false,
    }
}

/// Calls a method of such an object.
pub(crate) fn record_method(record: &Record, name: &str, args: &[Value]) -> Result {
    match record.class {
        "ParseResult" | "SplitResult" if name == "geturl" => urls::geturl(record),
        "Match" => regexes::match_method(record, name, args),
        "Pattern" => regexes::pattern_method(record, name, args),
        "_Hash" => Ok(hashes::digest(record, name == "hexdigest")),
        class => Err(unsupported(format!("the method {name} of {class}"))),
    }
}
