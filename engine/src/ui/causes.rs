//! Well-known causes of failed builds, recognised in the last lines of a log.

use std::sync::OnceLock;

use regex::Regex;

/// What a line says is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) what: String,
    pub(super) hint: String,
}

type Explain = fn(&str) -> Cause;

/// Pattern with one group, and what the group's text means.
const PATTERNS: [(&str, Explain); 12] = [
    (r"fatal error: ([^:\s]+): No such file or directory", |header| Cause {
        what: format!("The header `{header}` was not found."),
        hint: format!(
            "Add the part that has it to the part's environment: `CPPFLAGS = -I${{PART:location}}/include`{}.",
            library_of(header)
        ),
    }),
    (r"(?:/ld: cannot find|ld: library not found for) -l([\w+.-]+)", |library| Cause {
        what: format!("The library `{library}` was not found."),
        hint: "Add the part that has it to the part's environment: `LDFLAGS = -L${PART:location}/lib \
               -Wl,-rpath=${PART:location}/lib`."
            .to_owned(),
    }),
    (r"undefined reference to [`'\u{2018}]([^'\u{2019}]+)", |symbol| Cause {
        what: format!("Nothing that was linked defines `{symbol}`."),
        hint: "Name the library that defines it in LIBS, and where it is in LDFLAGS.".to_owned(),
    }),
    (r"(?:sh: (?:\d+|line \d+): |: line \d+: |make(?:\[\d+\])?: )([\w.+/-]+): (?:command )?not found", |tool| {
        missing_tool(tool)
    }),
    (r"make(?:\[\d+\])?: ([\w.+/-]+): No such file or directory", |tool| missing_tool(tool)),
    (r"env: [`'\u{2018}]([^'\u{2019}]+)['\u{2019}]: No such file or directory", |tool| missing_tool(tool)),
    (r"Package '?([\w.+-]+)'?,? (?:required by '[^']*', )?(?:was )?not found", |package| Cause {
        what: format!("pkg-config knows no package `{package}`."),
        hint: "Add its part to the part's environment: `PKG_CONFIG_PATH = ${PART:location}/lib/pkgconfig`.".to_owned(),
    }),
    (r"(No space left on device)", |_| Cause {
        what: "The disk is full.".to_owned(),
        hint: "Free some room and run again: finished parts are kept.".to_owned(),
    }),
    (r"(?:Killed signal terminated program (\w+)|virtual memory exhausted|cannot allocate memory)", |_| Cause {
        what: "The machine ran out of memory.".to_owned(),
        hint: "Run with fewer jobs: `--jobs 1`.".to_owned(),
    }),
    (r"No rule to make target [`'\u{2018}]([^'\u{2019}]+)", |target| Cause {
        what: format!("The makefile has no rule for `{target}`."),
        hint: "Correct `make-targets` or `make-options`; if it is a file, the source archive may be incomplete."
            .to_owned(),
    }),
    (r"Hunk #(\d+) FAILED", |hunk| Cause {
        what: format!("The patch does not apply: hunk {hunk} failed."),
        hint: "Make the patch anew for this version of the source, or correct `patch-options` (-p0, -p1).".to_owned(),
    }),
    (r"configure: error: (.+)", |text| Cause {
        what: format!("configure stopped: {text}"),
        hint: "See config.log in the directory that was left; options go into `configure-options`.".to_owned(),
    }),
];

fn missing_tool(tool: &str) -> Cause {
    Cause {
        what: format!("The program `{tool}` was not found."),
        hint: format!(
            "Install `{tool}`, or add the part that has it to the part's environment: `PATH = ${{PART:location}}/bin:%(PATH)s`."
        ),
    }
}

/// Name of a well-known part for a header, as an example.
fn library_of(header: &str) -> String {
    let known = match header.split('/').next().unwrap_or_default() {
        "zlib.h" => "zlib",
        "openssl" => "openssl",
        "bzlib.h" => "bzip2",
        "lzma.h" => "xz-utils",
        "pcre2.h" => "pcre2",
        "readline" => "readline",
        "curses.h" | "ncurses.h" => "ncurses",
        "ffi.h" => "libffi",
        "expat.h" => "libexpat",
        "lua.h" => "lua",
        _ => return String::new(),
    };
    format!(" (here probably [{known}])")
}

/// Causes recognised in a log, each once, at most three.
pub(super) fn recognise(log: &str) -> Vec<Cause> {
    static COMPILED: OnceLock<Vec<(Regex, Explain)>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        let compile = |(pattern, explain): (&str, Explain)| {
            (Regex::new(pattern).expect("the patterns are constants, compiled by a test"), explain)
        };
        PATTERNS.into_iter().map(compile).collect()
    });
    let mut causes: Vec<Cause> = Vec::new();
    for line in log.lines() {
        for (pattern, explain) in compiled {
            let Some(found) = pattern.captures(line) else { continue };
            let cause = explain(found.get(1).map_or("", |group| group.as_str()));
            if causes.len() < 3 && !causes.contains(&cause) {
                causes.push(cause);
            }
        }
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(line: &str) -> Vec<String> {
        recognise(line).into_iter().map(|cause| cause.what).collect()
    }

    #[test]
    fn real_lines_of_real_tools() {
        for (line, expected) in [
            ("x.c:1:10: fatal error: zlib.h: No such file or directory", "The header `zlib.h` was not found."),
            ("/usr/bin/ld: cannot find -lpcre2-8: No such file or directory", "The library `pcre2-8` was not found."),
            ("x.c:(.text+0x5): undefined reference to `deflate'", "Nothing that was linked defines `deflate`."),
            ("/bin/sh: 1: cmake: not found", "The program `cmake` was not found."),
            ("bash: line 1: meson: command not found", "The program `meson` was not found."),
            ("make: yacc: No such file or directory", "The program `yacc` was not found."),
            ("Package 'glib-2.0', required by 'virtual:world', not found", "pkg-config knows no package `glib-2.0`."),
            ("cp: error writing 'x': No space left on device", "The disk is full."),
            ("gcc: fatal error: Killed signal terminated program cc1plus", "The machine ran out of memory."),
            ("make: *** No rule to make target 'install'.  Stop.", "The makefile has no rule for `install`."),
            ("Hunk #1 FAILED at 3.", "The patch does not apply: hunk 1 failed."),
            ("configure: error: no acceptable C compiler", "configure stopped: no acceptable C compiler"),
        ] {
            assert_eq!(what(line), [expected], "{line}");
        }
        assert_eq!(what("all is well"), Vec::<String>::new());
    }
}
