//! The corpus of the fuzz targets, replayed as it is and with random changes: the same ones in each run.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::time::{Duration, Instant};

use rbuildout_tests::repository;
use rbuildout_tests::targets::TARGETS;

/// Multiplies the number of inputs, for longer runs.
const FACTOR: &str = "RBUILDOUT_FUZZ_FACTOR";
/// No input of this size may take longer.
const SLOW: Duration = Duration::from_secs(5);

/// Pieces that the formats give a meaning to.
const WORDS: [&str; 40] = [
    "[",
    "]",
    "[a]\n",
    "\n",
    "\n\t",
    "\n  ",
    "=",
    " += ",
    "-=",
    "<= a\n",
    "=> b",
    "${",
    "}",
    "${a:x}",
    "${:y}",
    "$$",
    "$${",
    ":",
    "#",
    ";",
    "!py!",
    "!py!{'a': 1}",
    "(",
    ")",
    "{{",
    "}}",
    "{%",
    "%}",
    "'",
    "\"",
    "\\",
    "\\x24",
    "%(__buildout_space__)s",
    "python_version",
    " and ",
    "\u{a0}",
    "\u{1f980}",
    "\r\n",
    "\x0c",
    "[buildout]\nextends = x\n",
];

/// A generator of numbers, the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    /// A boundary of a character.
    fn place(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    }

    fn change(&mut self, text: &str, other: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..=self.below(4) {
            let (a, b) = (self.place(&text), self.place(&text));
            let (from, to) = (a.min(b), a.max(b));
            match self.below(6) {
                0 => text.replace_range(from..to, ""),
                1 => text.insert_str(from, WORDS[self.below(WORDS.len())]),
                2 => {
                    let copy = text[from..to].to_owned();
                    let at = self.place(&text);
                    text.insert_str(at, &copy);
                }
                3 => text.replace_range(from..to, WORDS[self.below(WORDS.len())]),
                4 => {
                    let start = self.place(other);
                    text.replace_range(from.., &other[start..]);
                }
                _ => text.insert(from, char::from(self.below(128) as u8)),
            }
            text.truncate((0..=4096.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
        }
        text
    }
}

/// Tries the corpus of a target, then `count` inputs made from it. Without optimisation only a part of them.
fn replay(name: &str, count: usize) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).unwrap();
    let factor = std::env::var(FACTOR).map_or(1, |factor| factor.parse().unwrap());
    let count = if cfg!(debug_assertions) { count / 20 } else { count } * factor;
    let folder = repository().join("fuzz/corpus").join(name);
    let mut corpus: Vec<String> = fs_err::read_dir(&folder)
        .unwrap()
        .map(|entry| String::from_utf8_lossy(&fs_err::read(entry.unwrap().path()).unwrap()).into_owned())
        .collect();
    corpus.sort();
    assert!(!corpus.is_empty(), "{} is empty", folder.display());
    corpus.push(String::new());
    for text in &corpus {
        target(text);
    }
    let mut random = Random(u64::from(name.len() as u32));
    for tried in 0..count {
        let (one, other) = (random.below(corpus.len()), random.below(corpus.len()));
        let text = random.change(&corpus[one], &corpus[other]);
        let started = Instant::now();
        assert!(std::panic::catch_unwind(|| target(&text)).is_ok(), "{name} fails with {text:?}");
        assert!(started.elapsed() < SLOW, "{name} takes {:?} with {text:?}", started.elapsed());
        // What is new now and then becomes a start for more.
        if tried % 97 == 0 && corpus.len() < 500 {
            corpus.push(text);
        }
    }
}

/// A test for each target, with its number of inputs: some two seconds of the release profile.
macro_rules! replays {
    ($($name:ident: $count:literal,)*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name), $count);
            }
        )*

        #[test]
        fn each_target_is_replayed() {
            assert_eq!(TARGETS.map(|(name, _)| name), [$(stringify!($name)),*]);
        }
    };
}

replays! {
    lines: 1_600_000,
    references: 4_500_000,
    installed: 950_000,
    literals: 2_700_000,
    conditions: 260_000,
    profiles: 270_000,
    templates: 1_800_000,
}
