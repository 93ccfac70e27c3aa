//! How a run of the command ended.

use std::fmt;
use std::process::Output;

/// What a run said and how it ended, with everything replaced that differs from run to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code; minus the signal, if one ended the process.
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Outcome {
    pub(crate) fn new(output: &Output, filter: &dyn Fn(&str) -> String) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        let code = output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or_default());
        let text = |bytes: &[u8]| filter(&String::from_utf8_lossy(bytes));
        Self { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Asserts success.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self}");
        self
    }

    /// Asserts an error told on standard error.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert_eq!(self.code, 1, "{self}");
        self
    }

    /// Standard output of a run that succeeded, as JSON.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{self}");
        serde_json::from_str(&self.out).expect("the output is JSON")
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit {}", self.code)?;
        for (name, text) in [("out", &self.out), ("err", &self.err)] {
            if !text.is_empty() {
                writeln!(f, "--- {name}")?;
                write!(f, "{text}")?;
                if !text.ends_with('\n') {
                    writeln!(f, "(no newline)")?;
                }
            }
        }
        Ok(())
    }
}
