//! Properties of Python values and expressions.

use proptest::prelude::*;
use rbuildout_parser::python::{
    Dict, Facts, Set, Value, VersionInfo, World, dumps, eval_condition, eval_literal, loads, percent_format, repr,
};

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("NaN is not equal to itself, infinities have no literal", |number| number.is_finite())
            .prop_map(Value::Float),
        any::<String>().prop_map(Value::Str),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Value::Bytes),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Tuple),
            proptest::collection::vec((leaf(), inner), 0..5)
                .prop_map(|items| Value::Dict(items.into_iter().collect::<Dict>())),
            proptest::collection::vec(leaf(), 0..5).prop_map(|items| Value::Set(items.into_iter().collect::<Set>())),
            proptest::collection::vec(leaf(), 0..5)
                .prop_map(|items| Value::FrozenSet(items.into_iter().collect::<Set>())),
        ]
    })
}

struct NoWorld;

impl World for NoWorld {
    fn is_dir(&self, _: &str) -> bool {
        false
    }
    fn is_file(&self, _: &str) -> bool {
        false
    }
    fn exists(&self, _: &str) -> bool {
        false
    }
    fn access(&self, _: &str, _: u32) -> bool {
        false
    }
    fn read(&self, _: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn facts() -> Facts {
    let text = str::to_owned;
    Facts {
        executable: text("/usr/bin/python3"),
        prefix: text("/usr"),
        version: text("3.9.2 (default) [GCC 10.2.1]"),
        version_info: VersionInfo { major: 3, minor: 9, micro: 2, releaselevel: text("final"), serial: 0 },
        hexversion: 0x0309_02f0,
        sys_platform: text("linux"),
        os_name: text("posix"),
        maxsize: i64::MAX,
        byteorder: text("little"),
        implementation_name: text("cpython"),
        implementation_version: text("3.9.2"),
        python_implementation: text("CPython"),
        python_version: text("3.9.2"),
        machine: text("x86_64"),
        release: text("5.10.0-8-amd64"),
        system: text("Linux"),
        platform_version: text("#1 SMP Debian 5.10.46-4"),
        node: text("node"),
        processor: String::new(),
        platform: text("Linux-5.10.0-8-amd64-x86_64-with-glibc2.31"),
        architecture: (text("64bit"), text("ELF")),
        multiarch: Some(text("x86_64-linux-gnu")),
        sys_multiarch: None,
        freedesktop_os_release: None,
        freedesktop_os_release_error: None,
    }
}

fn condition(text: &str) -> Result<bool, String> {
    eval_condition(text, &facts(), true, &NoWorld).map_err(|error| error.to_string())
}

proptest! {
    #[test]
    fn repr_reads_back(value in value()) {
        prop_assert_eq!(eval_literal(&repr(&value)).unwrap(), value);
    }

    #[test]
    fn dumps_reads_back(value in value()) {
        let text = dumps(&value).unwrap();
        prop_assert!(!text.contains(['$', ';', '\n']));
        prop_assert_eq!(loads(&text).unwrap(), value);
    }

    #[test]
    fn nothing_panics(text in "[-+*/%(){}\\[\\]a-z0-9'\".,: =<>!~#\\\\\n]{0,60}") {
        let _ = eval_literal(&text);
        let _ = loads(&format!("!py!{text}"));
        let _ = condition(&text);
        let _ = percent_format(&text, &Value::Tuple(vec![Value::from(1i64), Value::from("x")]));
    }

    #[test]
    fn percent_never_panics(text in "(%[-+ #0]{0,3}[0-9*]{0,3}(\\.[0-9*]{0,2})?[a-zA-Z%(]?){0,4}", value in value()) {
        let _ = percent_format(&text, &value);
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for text in ["(".repeat(5000), "[".repeat(39) + &"]".repeat(39), "not ".repeat(3000) + "1", "-".repeat(5000) + "1"]
    {
        let _ = eval_literal(&text);
        let _ = condition(&text);
    }
    assert!(eval_literal(&"(".repeat(5000)).unwrap_err().is_unsupported());
    assert_eq!(eval_literal(&("1".to_owned() + &"+1".repeat(5000))).unwrap(), Value::Int(5001));
}

#[test]
fn conditions_about_the_target() {
    for (text, expected) in [
        ("python3", true),
        ("python39", true),
        ("python310", false),
        ("python2 or linux", true),
        ("bits64 and little_endian", true),
        ("multiarch == 'x86_64-linux-gnu'", true),
        ("python_version >= '3.8'", true),
        ("python_version == '3.*' and os.name == \"posix\"", true),
        ("python_full_version < '3.10'", true),
        ("platform.machine == \"x86_64\"", true),
        ("platform_release < '5'", false),
        ("sys_platform in 'linux darwin'", true),
        ("(os_name == 'nt' or sys.platform == 'linux') and python_implementation == 'CPython'", true),
        ("python_version ~= '3.8'", true),
        ("extra == 'x'", false),
        ("sys.version_info < (3, 10) or (platform.freedesktop_os_release()['ID'] == 'debian')", true),
        ("[int(q) for q in platform.release().split(\".\")[:2]]<[4,14]", false),
        ("'a\\x3bb' == 'a' + '\\x3b' + 'b'", true),
        ("getattr(sys, '_multiarch', None) == 'x86_64-linux-gnu'", false),
        ("False, True", false),
    ] {
        assert_eq!(condition(text), Ok(expected), "{text}");
    }
    for (text, error) in [
        ("python_version > \"3\" and linux", "NameError: name 'python_version' is not defined"),
        (
            "platform.freedesktop_os_release()",
            "AttributeError: module 'platform' has no attribute 'freedesktop_os_release'",
        ),
        ("nosuch", "NameError: name 'nosuch' is not defined"),
        ("re.match('a', 'a')", "the condition uses something that is not supported: the name re"),
        ("", "IndexError: list index out of range"),
    ] {
        assert_eq!(condition(text), Err(error.to_owned()), "{text}");
    }
    let upstream = eval_condition("multiarch", &facts(), false, &NoWorld).unwrap_err();
    assert_eq!(upstream.to_string(), "NameError: name 'multiarch' is not defined");
}

#[test]
fn typed_values_of_profiles() {
    let path = loads("!py!'/srv/promise/' + 'section-name'[8:]").unwrap();
    assert_eq!(path, Value::from("/srv/promise/name"));
    assert_eq!(loads("!py!'section-name' [8:]\nmore").unwrap(), Value::from("name"));
    assert_eq!(loads("!py!{'a': u'b'}").unwrap(), eval_literal("{'a': 'b'}").unwrap());
    assert_eq!(loads("!py!len('a')").unwrap_err().to_string(), "NameError: name 'len' is not defined");
    assert_eq!(dumps(&Value::from("a$b;c")).unwrap(), "!py!'a\\x24b\\x3bc'");
    // Elements that differ in the sign of a zero are equal, so that a set of them reads back.
    let set = loads("!py!{-3j, 0-3j}").unwrap();
    assert_eq!((set.len().unwrap(), dumps(&set).unwrap().as_str()), (1, "!py!{(-0-3j)}"));
}
