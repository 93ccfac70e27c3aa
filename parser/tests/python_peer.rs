//! The same inputs through a real Python and through this crate.
//!
//! Skipped where there is no `python3` (3.11 or later is expected for the exact texts).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use rbuildout_parser::python::ConditionError;
use rbuildout_parser::python::{
    FACTS_PROBE, Facts, PythonError, Value, World, dumps, eval_condition, eval_literal, loads, percent_format, repr,
    to_str,
};

/// Runs a program over JSON lines: one line in, one line out.
fn python(program: &str, lines: &[String]) -> Option<Vec<String>> {
    let mut child =
        Command::new("python3").args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let text = lines.join("\n");
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A program that ends without reading all is no failure of ours.
    match writer.join().unwrap() {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        result => result.unwrap(),
    }
    assert!(output.status.success(), "the Python side failed");
    let out = String::from_utf8(output.stdout).unwrap();
    Some(out.lines().map(str::to_owned).collect())
}

const EVALUATE: &str = r"
import json, sys
names = {n: eval(n) for n in 'bytearray complex frozenset set dict list str tuple'.split()}
for line in sys.stdin:
    try:
        value = eval(json.loads(line), {'__builtins__': {}}, names)
        print(json.dumps([repr(value), str(value)]))
    except Exception as error:
        print(json.dumps([type(error).__name__, str(error)]))
";

fn ours(result: Result<Value, PythonError>) -> (String, String) {
    match result {
        Ok(value) => (repr(&value), to_str(&value)),
        Err(error) => (error.class.into_owned(), error.message),
    }
}

fn compare_expressions(expressions: &[String]) {
    let lines: Vec<String> = expressions.iter().map(|text| serde_json::to_string(text).unwrap()).collect();
    let Some(answers) = python(EVALUATE, &lines) else {
        return;
    };
    assert_eq!(answers.len(), expressions.len());
    let mut failures = Vec::new();
    for (expression, answer) in expressions.iter().zip(answers) {
        let expected: (String, String) = serde_json::from_str(&answer).unwrap();
        let actual = ours(eval_literal(expression));
        if expected != actual {
            failures.push(format!("{expression}\n  python {expected:?}\n  ours   {actual:?}"));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

const EXPRESSIONS: &str = r#"
1
-7 // 2
-7 % 3
7 % -3
7.5 // 2
-7.5 % 2
2 ** 10
2 ** -1
1 / 3
10 / 5
0.1 + 0.2
1e16
1e15
123456789012345678
1e-4
1e-5
1.5e300 * 1e10
-0.0
1e400
1_000
0xff
0o17
0b101
1j
1+2j
-0j
(1+2j) * 2
complex(1, -2)
True + 1
True | False
5 & 6 | 8 ^ 3
1 << 10
-1 >> 3
~5
+-+3
not 1
not not 1
1 < 2 < 3
1 < 3 < 2
1 == 1.0 == True
'a' < 'b'
'a' < 1
[1, 2] < [1, 3]
(1, 'a') < (1, 2)
[1] == (1,)
{1, 2} <= {1, 2, 3}
'ab' in 'cabd'
1 in 'abc'
1 in [1.0]
'a' not in {'a': 1}
[] in {}
1 in 5
None is None
True is not False
'a' 'b' "c"
'a' + 'b'
'a' + 1
1 + 'a'
'ab' * 3
3 * [1, 2]
'ab' * -1
'ab' * 1.5
(1,) + (2,)
[1] + (2,)
'%s-%d' % ('x', 3)
'abcdef'[2]
'abcdef'[-1]
'abcdef'[10]
'abcdef'[8:]
'abcdef'[::-1]
'abcdef'[4:1:-2]
'abcdef'[:-2]
[1, 2, 3][1:]
(1, 2, 3)[-5:2]
[1, 2, 3]['a']
'abc'['a']
{'a': 1}['b']
{'a': {'b': [1, 2]}}['a']['b'][1]
b'abc'[1]
b'abc'[1:]
b'a\x00\xff\'"'
b"it's"
'it\'s'
"it's \"q\""
'tab\tnl\ncr\rbs\\'
'\x00\x1f\x7f\x80\xa0\xad'
'\u200b\u2028\ufeff\u0378\ue000'
'\U0001F600\U000E0001'
'é ü 日本'
r'a\nb'
'\101\7'
'\q'
"""a
b"""
''
()
(1,)
1,
1, 2
[]
{}
{'b': 1, 'a': [2, (3,)]}
{1, 1.0, True}
set()
set([3])
set(['a'])
frozenset([1])
frozenset()
list('abc')
tuple([1, 2])
dict([('a', 1), ('b', 2)])
dict(a=1)
dict([1])
dict(['abc'])
str(1.0)
str(None)
bytearray(b'x')
{[]: 1}
{[1]}
len('a')
open
a.b
'abc'.upper()
'a,b,,c'.split(',')
' a  b '.split()
'a b c d'.rsplit(None, 2)
'a b c d '.split(None, 2)
' a b c d'.rsplit(None, 2)
'a.b.c'.rsplit('.', 1)
'abc'.split('')
'-'.join(['a', 'b'])
'-'.join([1])
'abc'.nosuch
'a-b'.partition('-')
'ab'.rpartition('-')
'xxabcxx'.strip('x')
'abc'.startswith(('x', 'a'))
'abc'.endswith('c', 0, 2)
'abcabc'.find('c', 3)
'abcabc'.rfind('a')
'abc'.index('z')
'aaa'.count('a')
'aaa'.count('')
'abc'.replace('b', 'X')
'aaa'.replace('a', 'b', 2)
'hello world'.title()
'hELLO'.capitalize()
'hELLO'.swapcase()
'42'.zfill(5)
'-42'.zfill(5)
'a'.center(6, '*')
'ab'.center(7, '*')
'a'.ljust(3) + '|'
'a\tb'.expandtabs(4)
'a\nb\r\nc\x0bd'.splitlines()
'a\nb\n'.splitlines(True)
'abc'.isalpha()
''.isalpha()
'12'.isdigit()
'a_b'.isidentifier()
'é'.encode()
'é'.encode('ascii')
'é'.encode('latin-1')
'{} {}'.format(1, 'a')
'{0}{1}{0}'.format('a', 'b')
'{a!r:>5}'.format(a='x')
'{:05d}|{:<5}|{:^5}|{:+d}'.format(42, 'a', 'b', 3)
'{:,}|{:.2f}|{:e}|{:g}'.format(1234567, 3.14159, 12345.678, 0.0001)
'{:x}|{:#x}|{:b}|{:o}|{:c}'.format(255, 255, 5, 8, 65)
'{:08.3f}|{:%}'.format(-3.14159, 0.25)
'{0[a]} {0[b][1]}'.format({'a': 1, 'b': [1, 2]})
'{'.format()
'}'.format()
'{}'.format()
'{a}'.format()
'{{}}'.format()
'{:{}}'.format('a', 5)
'{:>10s}'.format('abc')
'{:d}'.format('abc')
'{!z}'.format(1)
1 if True else 2
1 if '' else 2
0 or 'x'
0 and 1
1 and 'b' or 'c'
[x * 2 for x in [1, 2, 3] if x > 1]
{x: y for x, y in [(1, 2)]}
{x for x in 'aaa'}
[x + y for x in 'ab' for y in 'cd']
-2 ** 2
2 ** 3 ** 2
2 ** 100
(-2) ** 3
0 ** 0
1 // 0
1 / 0
1.0 / 0
1 % 0
1.0 % 0
-'a'
~1.5
'a' - 'b'
None + 1
[1, 2].index(2)
{'a': 1}.get('b', 3)
{'a': 1, 'b': 2}.items
None.x
'x'()
{1, 2} | {3}
{1, 2} - {2}
{1, 2} & {2, 3}
{'a': 1} | {'b': 2}
1.0
100000000000000000000.0
1234567890123456.0
12345678901234567.0
5e-324
1.7976931348623157e308
3.0e0
"#;

#[test]
fn expressions_agree() {
    let expressions: Vec<String> = EXPRESSIONS
        .trim()
        .replace("\"\"\"a\nb\"\"\"", "\"\"\"a\u{0}b\"\"\"")
        .lines()
        .map(|line| line.replace('\u{0}', "\n"))
        // Bound methods print with an address.
        .filter(|line| !line.contains("}.items") && line != "open")
        .collect();
    compare_expressions(&expressions);
}

#[test]
fn percent_formatting_agrees() {
    let mut expressions = Vec::new();
    let flags = ["", "-", "+", " ", "0", "#", "-#", "+0", "#0", " 0", "-0"];
    let sizes = ["", "1", "8", "12", ".0", ".3", "8.2", "10.5", "."];
    for kind in "sradiuoxXeEfFgGc".chars() {
        for flag in flags {
            for size in sizes {
                for value in ["42", "-7", "3.14159", "'é'", "0"] {
                    expressions.push(format!("'[%{flag}{size}{kind}]' % ({value},)"));
                }
            }
        }
    }
    for value in ["1e100", "1e-10", "123456789.0", "-0.0", "0.5", "1.5", "2.5", "99999.95", "1e16"] {
        for kind in ["e", "f", "g", "G", ".3g", "#g", "#.0f", ".0e", "#.0e", ".10g", "020.3f", "s", "r"] {
            expressions.push(format!("'%{kind}' % {value}"));
        }
    }
    let single = r"
'%s' % 1
'%s %s' % 1
'%s' % (1, 2)
'%s' % ()
'abc' % ()
'abc' % 1
'abc' % [1]
'abc' % {}
'abc' % 'x'
'%(a)s' % {'a': 1}
'%(a)s %(b)r %%' % {'a': 1, 'b': 'x'}
'%(c)s' % {'a': 1}
'%(a)s' % (1,)
'%(a)s' % 'x'
'%(a)s' % [1]
'%(a(b))s' % {'a(b)': 2}
'%(a)s%s' % {'a': 1}
'%d' % {}
'%s' % {}
'%x' % {}
'%i' % 'a'
'%c' % 'ab'
'%c' % 65
'%c' % 1114112
'%c' % 1.5
'%f' % 'a'
'%d' % 1.9
'%d' % -1.9
'%d' % True
'%x' % 1.5
'%x' % -255
'%*d' % (5, 3)
'%-*d|' % (5, 3)
'%*d' % (-5, 3)
'%*d' % ('a', 3)
'%.*f' % (2, 3.14159)
'%y' % 1
'%' % 1
'%(a' % {'a': 1}
'%(a)' % {'a': 1}
'%5%|' % ()
'%5%|' % 3
'%(a)%' % {'a': 1}
'%%' % ()
'%ld' % 3
'%s' % None
'%s' % [1, 'a']
'%s' % ((1, 2),)
'%r' % ('é\n',)
'%a' % ('é\n',)
'%.2s' % 'abc'
'%d%%' % 50
'%s' % b'x'
";
    expressions.extend(single.trim().lines().map(str::to_owned));
    compare_expressions(&expressions);
}

#[test]
fn every_character_is_printed_as_python_does() {
    let program = r"
import json
print(json.dumps(''.join('1' if chr(c).isprintable() else '0' for c in range(0x110000) if not 0xd800 <= c < 0xe000)))
import sys; print(json.dumps('%d.%d' % sys.version_info[:2]))
";
    let Some(answers) = python(program, &[]) else {
        return;
    };
    if answers[1] != "\"3.11\"" {
        return; // Another version of Unicode.
    }
    let expected: String = serde_json::from_str(&answers[0]).unwrap();
    let all = (0..0x0011_0000).filter_map(char::from_u32);
    for (c, expected) in all.zip(expected.chars()) {
        let shown = repr(&Value::Str(c.to_string()));
        let raw = shown.contains(c) || matches!(c, '\\' | '\'');
        assert_eq!(raw, expected == '1', "U+{:04X}", u32::from(c));
    }
}

#[test]
fn dumps_agrees_with_saferepr() {
    let program = r"
import json, pprint, sys
for line in sys.stdin:
    text = pprint.saferepr(eval(json.loads(line)))
    print(json.dumps('!py!' + text.replace('$', r'\x24').replace(';', r'\x3b')))
";
    let expressions = [
        "{'b': 1, 'a': {'d': 2, 'c': [1, {'z': 1, 'y': 2}]}}",
        "{1: 'a', 'b': 2, (1, 2): 3, None: 4, 2.5: 5}",
        "['$x', 'a;b', '\\x24', \"it's\"]",
        "(1,)",
        "('a', {'k': ('v',)})",
        "None",
        "1.5",
        "b'a$;'",
        "frozenset({1})",
        "'é\\u200b'",
        "complex(1, 2)",
    ];
    let lines: Vec<String> = expressions.iter().map(|text| serde_json::to_string(text).unwrap()).collect();
    let Some(answers) = python(program, &lines) else {
        return;
    };
    for (expression, answer) in expressions.iter().zip(answers) {
        let expected: String = serde_json::from_str(&answer).unwrap();
        let value = eval_literal(expression).unwrap();
        let actual = dumps(&value).unwrap();
        assert_eq!(actual, expected, "{expression}");
        assert_eq!(loads(&actual).unwrap(), value);
    }
}

struct RealWorld;

#[expect(clippy::disallowed_methods, reason = "the test asks the same file system as the peer")]
impl World for RealWorld {
    fn is_dir(&self, path: &str) -> bool {
        std::path::Path::new(path).is_dir()
    }
    fn is_file(&self, path: &str) -> bool {
        std::path::Path::new(path).is_file()
    }
    fn exists(&self, path: &str) -> bool {
        std::path::Path::new(path).exists()
    }
    fn access(&self, path: &str, mode: u32) -> bool {
        let _ = mode;
        std::path::Path::new(path).exists()
    }
    fn read(&self, path: &str) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }
}

#[test]
fn conditions_agree() {
    let Some(facts) = python(FACTS_PROBE, &[]) else {
        return;
    };
    let facts: Facts = serde_json::from_str(&facts[0]).unwrap();
    let program = r"
import json, os, platform, sys
flags = dict(sys=sys, os=os, platform=platform, linux=True, pypy=False, posix=True, python2=False, python3=True)
flags['python%d%d' % sys.version_info[:2]] = True
for line in sys.stdin:
    try:
        print(json.dumps(['ok', bool(eval('[' + json.loads(line) + ']', dict(flags))[0])]))
    except Exception as error:
        print(json.dumps([type(error).__name__, str(error)]))
";
    let conditions = r#"
python2
python3
pypy
posix
not linux or platform.machine() != 'riscv64'
linux and platform.machine() == "x86_64"
linux and platform.machine() == "i386"
platform.machine() == 'aarch64'
not (linux and platform.machine() == "x86_64")
sys.version_info < (3,8)
sys.version_info < (3, 11)
sys.version_info >= (3,9)
pypy or sys.version_info >= (3,13)
sys.version_info < (3, 10) or (platform.freedesktop_os_release()['ID'] == 'debian' and int(platform.freedesktop_os_release()['VERSION_ID']) < 12)
[int(q) for q in platform.release().split(".")[:2]]<[4,14]
[int(q) for q in platform.release().split(".")[:2]]>=[4,14]
os.path.isdir('/usr/lib/arm-linux-gnueabihf') and os.access('/proc/device-tree/model', os.R_OK) and 'OLinuXino' in open('/proc/device-tree/model').read()
os.path.isdir('/usr') and 'nosuch' in open('/proc/version').read()
getattr(sys, '_multiarch', None) == 'x86_64-linux-gnu'
False, True
True, False
open('/nosuch/file').read()
nosuch
python_version > "3" and linux
sys.version_info[0] == 3
sys.version_info[:2] == (3, 11)
sys.platform.startswith('linux')
hasattr(sys, 'platform')
1/0
platform
x for x in [0, 1]
linux and 'yes' if posix else ''
"#;
    let conditions: Vec<&str> = conditions.trim().lines().collect();
    let lines: Vec<String> = conditions.iter().map(|text| serde_json::to_string(text).unwrap()).collect();
    let answers = python(program, &lines).unwrap();
    for (condition, answer) in conditions.iter().zip(answers) {
        let expected: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let actual = match eval_condition(condition, &facts, true, &RealWorld) {
            Ok(value) => serde_json::json!(["ok", value]),
            Err(rbuildout_parser::python::ConditionError::Raised(error)) => {
                serde_json::json!([error.class, error.message])
            }
            Err(error) => serde_json::json!(["unsupported", error.to_string()]),
        };
        assert_eq!(actual, expected, "{condition}");
    }
}

#[test]
fn percent_with_a_value() {
    assert_eq!(percent_format("%s", &Value::from("x")).unwrap(), "x");
    let error = percent_format("%d", &Value::Dict(rbuildout_parser::python::Dict::new())).unwrap_err();
    assert_eq!(error.to_string(), "TypeError: %d format: a real number is required, not dict");
}

#[test]
fn markers_agree_with_packaging() {
    let Some(facts) = python(FACTS_PROBE, &[]) else { return };
    let facts: Facts = serde_json::from_str(&facts[0]).unwrap();
    let program = r"
import json, sys
try:
    from packaging import markers
    assert hasattr(markers, 'MARKERS_REQUIRING_VERSION')
except Exception:
    sys.exit()
for line in sys.stdin:
    try:
        print(json.dumps(['ok', markers.Marker(json.loads(line)).evaluate()]))
    except markers.InvalidMarker:
        print(json.dumps(['not a marker', None]))
    except Exception as error:
        print(json.dumps([type(error).__name__, None]))
";
    let sides = [
        "python_version",
        "python_full_version",
        "os_name",
        "os.name",
        "sys.platform",
        "platform_machine",
        "platform.machine",
        "platform_release",
        "platform.version",
        "platform_python_implementation",
        "python_implementation",
        "implementation_version",
        "extra",
        "'3.8'",
        "'3.*'",
        "'linux'",
        "'x86_64'",
        "\"CPython\"",
        "''",
        "'4.0rc1'",
    ];
    let ops = ["==", "!=", "<", "<=", ">", ">=", "~=", "===", " in ", " not in ", "=", " is "];
    let mut markers = Vec::new();
    for left in sides {
        for right in sides {
            markers.extend(ops.iter().map(|op| format!("{left}{op}{right}")));
        }
    }
    for text in [
        "os_name=='posix'and os_name=='posix'",
        "os_name == 'nt' or os_name == 'posix' and python_version > '3'",
        "(os_name == 'nt' or os_name == 'posix') and python_version > '4'",
        "((os_name == 'posix'))",
        "os_name",
        "not os_name",
        "os_name == 'posix'\nand os_name == 'posix'",
        "nosuch == 'a'",
        "os_name == 'pos\\x69x'",
        "os_name == 'a' 'b'",
        "",
    ] {
        markers.push(text.to_owned());
    }
    let lines: Vec<String> = markers.iter().map(|text| serde_json::to_string(text).unwrap()).collect();
    let answers = python(program, &lines).unwrap();
    let mut failures = Vec::new();
    for (marker, answer) in markers.iter().zip(answers) {
        let expected: (String, Option<bool>) = serde_json::from_str(&answer).unwrap();
        let actual = match eval_condition(marker, &facts, true, &RealWorld) {
            Ok(value) => ("ok".to_owned(), Some(value)),
            Err(ConditionError::Raised(error)) => (error.class.into_owned(), None),
            Err(ConditionError::Unsupported(_)) => ("unsupported".to_owned(), None),
        };
        // What is no marker is evaluated as Python, which is another test's business.
        if expected.0 != "not a marker" && expected != actual {
            failures.push(format!("{marker}: {expected:?} != {actual:?}"));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}
