//! The `patches` option: whitespace-separated `url-or-path[#md5]`, applied by the program `patch`.

use std::ffi::OsStr;
use std::path::Path;

use rbuildout_cache::{DownloadError, Request};

use super::environment::Variables;
use super::{fetch, paths};
use crate::api::{Host, text};
use crate::error::{CommandStatus, Place, RecipeError, Text};
use crate::run::{CommandSpec, RunContext};

/// Patches and how to apply them.
#[derive(Debug, Clone)]
pub(crate) struct Patches {
    list: Vec<Patch>,
    /// `patch-binary`, a shell text.
    binary: String,
    /// `patch-options`, whitespace-normalised.
    options: String,
}

#[derive(Debug, Clone)]
struct Patch {
    url: String,
    md5: Option<String>,
    /// As the option has it.
    word: String,
    /// Its line in the option, from 1.
    line: usize,
}

impl Patches {
    pub(crate) fn read(host: &mut dyn Host) -> Result<Self, RecipeError> {
        let patches = text(host, "patches")?.unwrap_or_default();
        let binary = text(host, "patch-binary")?.unwrap_or_else(|| "patch".to_owned());
        let options = text(host, "patch-options")?.unwrap_or_else(|| "-p0".to_owned());
        Ok(Self { list: parse(&patches), binary, options: options.split_whitespace().collect::<Vec<_>>().join(" ") })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The patches to download. Relative paths start at the source directory, so that nothing is known of them yet.
    pub(crate) fn requests(&self) -> impl Iterator<Item = Request> {
        let known = self.list.iter().filter(|patch| !fetch::is_path(&patch.url) || patch.url.starts_with('/'));
        known.map(|patch| patch.request(Path::new("/")))
    }

    /// Applies all patches to the source in `directory`.
    pub(crate) fn apply(
        &self,
        run: &RunContext,
        directory: &Path,
        environment: impl Fn() -> Result<Variables, RecipeError>,
        failed: impl Fn(&str, &CommandSpec, CommandStatus) -> RecipeError,
    ) -> Result<(), RecipeError> {
        for patch in &self.list {
            let file = fetch::get_existing(run, &patch.request(directory)).map_err(|error| patch.failure(error))?;
            run.log.phase("patch");
            let command = format!("{} {}", self.binary, self.options);
            let path = paths::to_text(file.path());
            let text = format!("set -e;{command} < {path}");
            let spec = match plain_words(&command) {
                Some(words) => CommandSpec::new(words[0], directory).arguments(&words[1..]).input(file.path()),
                None => CommandSpec::shell(&text, directory),
            };
            let spec = spec.environment(&environment()?);
            let status = run.run(&spec)?;
            if !status.success() {
                return Err(failed(&text, &spec, status));
            }
        }
        Ok(())
    }
}

/// The words of a command that a shell would not change: such a command needs no shell.
fn plain_words(command: &str) -> Option<Vec<&OsStr>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+:,./- ".contains(c);
    let words: Vec<_> = command.split(' ').filter(|word| !word.is_empty()).map(OsStr::new).collect();
    // A shell answers 127 for a program that isn't there; leave that to it.
    let is_program = words.first().is_some_and(|word| *word == "patch" || Path::new(word).is_file());
    (command.chars().all(plain) && is_program).then_some(words)
}

fn parse(text: &str) -> Vec<Patch> {
    let lines = text.lines().zip(1..);
    let words = lines.flat_map(|(line, number)| line.split_whitespace().map(move |word| (word, number)));
    words
        .map(|(word, line)| {
            let (url, md5) = word.split_once('#').unwrap_or((word, ""));
            let md5 = Some(md5.to_owned()).filter(|md5| !md5.is_empty());
            Patch { url: url.to_owned(), md5, word: word.to_owned(), line }
        })
        .collect()
}

impl Patch {
    /// The error of a fetch, shown at the patch.
    fn failure(&self, error: RecipeError) -> RecipeError {
        let RecipeError::Download(cause) = &error else { return error };
        let place = Place::line(Text::Option("patches"), self.line, &self.word);
        let DownloadError::NoSuchFile { path } = cause else { return error.at(place, None) };
        let message = format!("The patch {} does not exist: there is no file {}.", self.url, path.display());
        let hint = "A relative path starts in the directory of the source. For a file beside the profile, write \
                    `${:_profile_base_location_}/NAME`.";
        RecipeError::user_with_hint(message, hint).at(place, None)
    }

    fn request(&self, directory: &Path) -> Request {
        let mut request = Request::new(fetch::absolute(directory, &self.url));
        request.md5.clone_from(&self.md5);
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_need_no_shell() {
        assert_eq!(plain_words("patch  -p1").unwrap(), ["patch", "-p1"]);
        assert!(plain_words("patch -p1 ~/x").is_none());
        assert!(plain_words("A=1 patch").is_none());
        assert!(plain_words("nosuchpatch -p1").is_none());
    }

    #[test]
    fn checksum_after_the_hash() {
        let patches = parse("\nhttp://x/y.patch#abc y.patch#\n\n z.patch");
        let patches: Vec<_> = patches.iter().map(|p| (p.url.as_str(), p.md5.as_deref(), p.line)).collect();
        assert_eq!(patches, [("http://x/y.patch", Some("abc"), 2), ("y.patch", None, 2), ("z.patch", None, 4)]);
    }
}
