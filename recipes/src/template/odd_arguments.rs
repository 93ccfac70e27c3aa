//! Every method, filter, test and function of templates, called with arguments that nobody would write: each call ends
//! soon, in a text or in an error, and never in a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use rbuildout_parser::python::Value;

use super::api::{ContextValue, RenderJob, TemplateEngine as _};
use super::engine::NativeEngine;
use super::{builtins, filters, jinja_tests, methods};

/// How long one call may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// The methods of Python's `str`.
const STR: &str = "capitalize casefold center count encode endswith expandtabs find format format_map index isalnum \
    isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower \
    lstrip maketrans partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split \
    splitlines startswith strip swapcase title translate upper zfill __len__ __contains__ __getitem__";

const VALUES: [&str; 24] = [
    "'x'",
    "''",
    "'ä'",
    "'%s'",
    "'{0}'",
    "0",
    "-1",
    "3",
    "10**18",
    "-10**18",
    "2**63",
    "-2**63",
    "2**64",
    "1.5",
    "1e308",
    "none",
    "true",
    "[]",
    "[1, 'a']",
    "(1,)",
    "{'a': 1}",
    "b",
    "range(3)",
    "iter([1, 2])",
];

/// What pairs and keywords are made of.
const FEW: [&str; 8] = ["'x'", "''", "-1", "10**18", "2**64", "none", "(1,)", "b"];

const KEYWORDS: [&str; 24] = [
    "method",
    "count",
    "sep",
    "maxsplit",
    "encoding",
    "errors",
    "tabsize",
    "width",
    "fillchar",
    "keepends",
    "default",
    "attribute",
    "reverse",
    "start",
    "key",
    "iterable",
    "first",
    "indent",
    "length",
    "by",
    "linecount",
    "fill_with",
    "base",
    "default_value",
];

/// The texts between the parentheses of a call.
fn arguments() -> Vec<String> {
    let mut all = vec![String::new()];
    all.extend(VALUES.iter().map(ToString::to_string));
    for first in FEW {
        all.extend(FEW.iter().map(|second| format!("{first}, {second}")));
        all.push(format!("{first}, 1, -2**63"));
        all.push(format!("0, 2**64, {first}"));
    }
    for keyword in KEYWORDS {
        all.extend(["'x'", "-10**18", "(1,)"].map(|value| format!("{keyword}={value}")));
        all.push(format!("'x', {keyword}=2**64"));
    }
    all.extend(["0, 99", "*[]", "*[1, 2]", "**{}", "**{'a': 1}", "1, 2, 3, 4, 5", "x=1, y=2"].map(str::to_owned));
    all
}

/// All receivers with the names of their methods.
fn methods() -> Vec<(&'static str, Vec<&'static str>)> {
    let text: Vec<&str> = STR.split_whitespace().collect();
    vec![
        ("'aXb c'", text.clone()),
        ("''", text.clone()),
        ("'%(a)s {0} ä\\n'", text),
        ("[3, 1, 2]", methods::LIST.to_vec()),
        ("{'a': 1}", methods::DICT.to_vec()),
        ("dict(a=1)", methods::DICT.to_vec()),
        ("set([1, 2])", methods::SET.to_vec()),
        ("frozenset([1])", methods::SET.to_vec()),
        ("(1, 2)", methods::SEQUENCE.to_vec()),
        ("range(1000)", methods::SEQUENCE.to_vec()),
        ("b", methods::BYTES.to_vec()),
        ("5", vec!["bit_length"]),
        ("iter([1])", vec!["__next__", "__iter__"]),
    ]
}

fn templates() -> impl Iterator<Item = String> {
    let arguments = arguments();
    let calls = methods()
        .into_iter()
        .flat_map(|(receiver, names)| names.into_iter().map(move |name| (format!("{{{{ {receiver}.{name}("), ") }}")));
    let filtered = ["'aXb c'", "[3, 1, 2]", "{'a': 1}", "b", "-10**18", "'0x1f'"];
    let filters = filtered
        .into_iter()
        .flat_map(|value| filters::NAMES.iter().map(move |name| (format!("{{{{ {value}|{name}("), ")|string }}")));
    let tests = ["'a'", "10**18", "[1]"].into_iter().flat_map(|value| {
        let named = jinja_tests::NAMES.iter().filter(|name| name.starts_with(|c: char| c.is_alphabetic()));
        named.map(move |name| (format!("{{{{ {value} is {name}("), ") }}"))
    });
    let functions = builtins::CONTEXT
        .iter()
        .chain(builtins::GLOBALS.iter().filter(|name| !name.starts_with("__")))
        .map(|name| (format!("{{{{ {name}("), ") }}"));
    let all: Vec<(String, &'static str)> = calls.chain(filters).chain(tests).chain(functions).collect();
    all.into_iter().flat_map(move |(before, after)| {
        let templates: Vec<String> = arguments.iter().map(|arguments| format!("{before}{arguments}{after}")).collect();
        templates
    })
}

/// Renders templates of a share of all, telling each before it begins, and says which panicked.
///
/// An environment is made for each template, which takes its time in a build that isn't optimised: there only every
/// seventh one is rendered, which still calls everything with many arguments.
fn render(share: usize, of: usize, tell: &mpsc::Sender<String>) -> Vec<String> {
    let mut job = RenderJob { name: "<inline>".to_owned(), ..RenderJob::default() };
    job.context.insert("b".to_owned(), ContextValue::Value(Value::Bytes(b"b\xff".to_vec())));
    let mut panics = Vec::new();
    let stride = if cfg!(debug_assertions) { 7 } else { 1 };
    for template in templates().step_by(stride).skip(share).step_by(of) {
        // The other end is gone only if the test has failed.
        let _ = tell.send(template.clone());
        job.source.clone_from(&template);
        if catch_unwind(AssertUnwindSafe(|| NativeEngine.render(&job))).is_err() {
            panics.push(template);
        }
    }
    panics
}

#[test]
fn no_call_panics_or_hangs() {
    const SHARES: usize = 4;
    let workers: Vec<_> = (0..SHARES)
        .map(|share| {
            let (tell, told) = mpsc::channel();
            (std::thread::spawn(move || render(share, SHARES, &tell)), told)
        })
        .collect();
    let mut panics = Vec::new();
    for (worker, told) in workers {
        let mut last = String::new();
        loop {
            match told.recv_timeout(LIMIT) {
                Ok(template) => last = template,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it takes too long: {last}"),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        panics.extend(worker.join().expect("panics are caught"));
    }
    assert_eq!(panics, Vec::<String>::new());
}
