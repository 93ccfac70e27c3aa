//! Errors as text: the reference's lines first, then snippet, chain of definitions and hint.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer as Snippets, Snippet as Shown};
use rbuildout_cache::download::mask;
use rbuildout_parser::{Class, Diagnostic, Frame, Mode, Snippet};
use rbuildout_recipes::{CommandFailure, CommandStatus};

use super::causes::recognise;

/// How many lines of a log a failure shows.
const LOG_LINES: usize = 20;

/// Renders diagnostics.
pub struct Renderer {
    mode: Mode,
    color: bool,
}

impl Renderer {
    pub fn new(mode: Mode, color: bool) -> Self {
        Self { mode, color }
    }

    /// The `While:` block, the error, and in slapos mode all that helps to mend it. Ends with a newline.
    pub fn error(&self, diagnostic: &Diagnostic) -> String {
        let mut out = String::new();
        if !diagnostic.doing.is_empty() {
            out.push_str("While:\n");
            for doing in &diagnostic.doing {
                let _ = writeln!(out, "  {doing}");
            }
        }
        match (&diagnostic.class, self.mode) {
            (Class::Internal(class), Mode::Upstream) => {
                out.push_str("\nAn internal error occurred due to a bug in either zc.buildout or in a\n");
                out.push_str("recipe being used:\nTraceback (most recent call last):\n");
                frames(&mut out, &diagnostic.frames);
                let _ = match diagnostic.message.as_str() {
                    "" => writeln!(out, "{class}"),
                    message => writeln!(out, "{class}: {message}"),
                };
            }
            _ => self.headline(&mut out, diagnostic),
        }
        if self.mode == Mode::Slapos {
            self.details(&mut out, diagnostic);
        }
        out
    }

    /// Several errors of one pass.
    pub fn errors(&self, first: &Diagnostic, others: &[Diagnostic]) -> String {
        let mut out = self.error(first);
        if self.mode == Mode::Upstream {
            return out;
        }
        // The same mistake may be found twice, from both sides.
        let place = |diagnostic: &Diagnostic| diagnostic.snippets.first().map(|s| (s.file.clone(), s.line));
        let circular = |diagnostic: &Diagnostic| diagnostic.message.starts_with("Circular reference");
        let mut told = vec![(first.message.clone(), place(first))];
        for other in others {
            let known = told.iter().any(|(message, at)| {
                *message == other.message && (*at == place(other) || place(other).is_none() || circular(other))
            });
            if known {
                continue;
            }
            told.push((other.message.clone(), place(other)));
            out.push('\n');
            self.headline(&mut out, other);
            self.details(&mut out, other);
        }
        out
    }

    fn headline(&self, out: &mut String, diagnostic: &Diagnostic) {
        let class = match (&diagnostic.class, self.mode) {
            (Class::Internal(class), Mode::Slapos) if !class.starts_with("zc.buildout.") => format!("{class}: "),
            _ => String::new(),
        };
        let _ = writeln!(out, "{} {class}{}", self.title("Error:"), diagnostic.message);
    }

    fn details(&self, out: &mut String, diagnostic: &Diagnostic) {
        for snippet in &diagnostic.snippets {
            out.push_str(&self.snippet(snippet));
            out.push('\n');
        }
        if !diagnostic.frames.is_empty() {
            out.push_str("In the recipe, the last call is where it failed:\n");
            frames(out, &diagnostic.frames);
        }
        if diagnostic.chain.len() > 1 {
            out.push_str("Defined, later lines over earlier ones:\n");
            for definition in &diagnostic.chain {
                let line = definition.line.map_or(String::new(), |line| format!(":{line}"));
                let value = mask(&definition.value);
                let _ = writeln!(out, "  {}{line}  {} {value}", definition.source, definition.operator);
            }
        }
        if let Some(hint) = &diagnostic.hint {
            let _ = writeln!(out, "{} {hint}", self.title("Hint:"));
        }
    }

    fn snippet(&self, snippet: &Snippet) -> String {
        let annotation = AnnotationKind::Primary.span(snippet.mark.clone());
        let annotation = if snippet.label.is_empty() { annotation } else { annotation.label(snippet.label.as_str()) };
        let shown = Shown::source(mask(&snippet.text))
            .line_start(snippet.line as usize)
            .path(snippet.file.as_str())
            .fold(false)
            .annotation(annotation);
        let renderer = if self.color { Snippets::styled() } else { Snippets::plain() };
        renderer.render(&[Group::with_level(Level::ERROR).element(shown)])
    }

    fn title(&self, title: &str) -> String {
        if self.color { format!("\u{1b}[1;31m{title}\u{1b}[0m") } else { title.to_owned() }
    }
}

/// A Python traceback.
fn frames(out: &mut String, frames: &[Frame]) {
    for frame in frames {
        let _ = match frame.function.as_str() {
            "" => writeln!(out, "  File \"{}\", line {}", frame.file, frame.line),
            function => writeln!(out, "  File \"{}\", line {}, in {function}", frame.file, frame.line),
        };
        for line in frame.text.iter().flat_map(|text| text.lines()) {
            let _ = writeln!(out, "    {line}");
        }
    }
}

/// What a failed command's report shows: command, status, the end of the log, recognised causes, where the log is.
pub fn render_failure(command: Option<&CommandFailure>, log: Option<&Path>) -> String {
    let mut out = String::new();
    if let Some(failure) = command {
        let _ = writeln!(out, "Command: {}", failure.command);
        let _ = writeln!(out, "  in {}", failure.directory.display());
        let _ = match failure.status {
            CommandStatus::Exited(code) => writeln!(out, "  exited with status {code}"),
            CommandStatus::Signalled(signal) => writeln!(out, "  was killed by signal {signal}"),
        };
    }
    let Some(log) = log else { return out };
    let text = tail(log, 64 * 1024);
    if command.is_some() && !text.trim().is_empty() {
        let lines: Vec<&str> = text.lines().collect();
        let last = &lines[lines.len().saturating_sub(LOG_LINES)..];
        let _ = writeln!(out, "Last lines of its log:");
        for line in last {
            let _ = writeln!(out, "  | {line}");
        }
        for cause in recognise(&text) {
            let _ = writeln!(out, "Cause: {}", cause.what);
            let _ = writeln!(out, "Hint: {}", cause.hint);
        }
    }
    let _ = writeln!(out, "Log: {}", log.display());
    out
}

/// The last bytes of a file, from the beginning of a line, as text.
fn tail(path: &Path, bytes: u64) -> String {
    use std::io::{Seek as _, SeekFrom};
    let read = || -> std::io::Result<String> {
        let mut file = fs_err::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
        let mut buffer = Vec::new();
        file.read_to_end(&mut buffer)?;
        let text = String::from_utf8_lossy(&buffer).into_owned();
        Ok(match text.find('\n') {
            Some(end) if length > bytes => text[end + 1..].to_owned(),
            _ => text,
        })
    };
    read().unwrap_or_default()
}
