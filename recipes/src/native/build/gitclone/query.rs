//! Asking a remote repository for a revision while a section is initialised.

use std::cell::Cell;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::git;
use crate::api::Host;
use crate::error::RecipeError;
use crate::run::command::wait_or_interrupt;
use rbuildout_cache::download::redact;

/// After this, a remote counts as unreachable.
const LIMIT: Duration = Duration::from_mins(1);

/// The revision of a branch, or of `HEAD`. If the given git cannot tell, plain `git` is tried; if that can't either, a
/// notice says so.
pub(super) fn remote_revision(
    host: &mut dyn Host,
    git: &str,
    repository: &str,
    branch: Option<&str>,
    no_ssl: bool,
) -> Result<Option<String>, RecipeError> {
    let reference = branch.unwrap_or("HEAD");
    let programs = if git == "git" { vec!["git"] } else { vec![git, "git"] };
    for program in programs {
        match ask(host, program, repository, reference, no_ssl) {
            Ok(output) => {
                return match output.split_whitespace().next() {
                    Some(revision) => Ok(Some(revision.to_owned())),
                    None => Err(RecipeError::user_with_hint(
                        format!("The repository {} has no branch or reference `{reference}`.", redact(repository)),
                        "Correct the option `branch`, or name a `revision`.",
                    )),
                };
            }
            Err(reason) => {
                host.print(&format!("Ignoring git error when fetching revision from remote with {program}: {reason}"));
            }
        }
    }
    Ok(None)
}

/// What `git ls-remote` writes, or why it failed.
fn ask(host: &dyn Host, program: &str, repository: &str, reference: &str, no_ssl: bool) -> Result<String, String> {
    let arguments = ["ls-remote", "-q", repository, reference];
    let mut environment = git::environment(&host.environment());
    if no_ssl {
        environment.insert("GIT_SSL_NO_VERIFY".into(), "1".into());
    }
    // Not a pipe: a connection that ssh shares would keep that open.
    let mut complaints = tempfile::tempfile().map_err(|error| error.to_string())?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(&host.settings().directory)
        .env_clear()
        .envs(environment)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(complaints.try_clone().map_err(|error| error.to_string())?)
        .spawn()
        .map_err(|error| format!("{error}: '{program}'"))?;
    let stdout = child.stdout.take();
    let output = thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before a failure is all there is.
        stdout.map(|mut stdout| stdout.read_to_end(&mut bytes));
        bytes
    });
    let limit = Instant::now() + LIMIT;
    let expired = Cell::new(false);
    let status = wait_or_interrupt(child, || {
        expired.set(Instant::now() >= limit);
        expired.get() || host.interrupted()
    });
    if expired.get() {
        return Err(format!("no answer in {} seconds", LIMIT.as_secs()));
    }
    let status = status.map_err(|error| error.to_string())?;
    let mut text = String::new();
    // They only explain a failure.
    let _ = complaints.rewind().and_then(|()| complaints.read_to_string(&mut text));
    for line in text.lines() {
        host.print(line);
    }
    if !status.success() {
        return Err(git::failure_text(program, &arguments, status));
    }
    Ok(String::from_utf8_lossy(&output.join().unwrap_or_default()).into_owned())
}
