//! `setup` and `runsetup`: a setup script, run by the Python of the buildout with setuptools imported.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rbuildout_parser::python::str_repr;
use rbuildout_parser::{Diagnostic, Failure, Mode};
use rbuildout_recipes::run::Level;

use super::Problem;
use super::look::like_upstream;
use crate::run::begin;
use crate::session::Session;
use crate::ui::{LogSettings, Reporter};

/// Its arguments are the script and what follows.
const PROGRAM: &str = "\
import os, sys
del sys.argv[0]
__file__ = sys.argv[0]
directory = os.path.dirname(__file__)
sys.path[:] = [directory] + [path for path in sys.path if path]
import setuptools
os.chdir(directory)
with open(__file__, 'rb') as script:
    code = compile(script.read(), __file__, 'exec')
del directory, script
exec(code)
";

pub(super) fn setup(session: &Session, arguments: &[String]) -> Result<(), Problem> {
    let executable = executable(session)?;
    let Some((script, rest)) = arguments.split_first() else {
        return Err(Failure::from(Diagnostic::user(
            "The setup command requires the path to a setup script or \ndirectory containing a setup script, and its \
             arguments.",
        ))
        .into());
    };
    let mut script = PathBuf::from(script);
    if script.is_dir() {
        script.push("setup.py");
    }
    let shown = str_repr(&script.to_string_lossy());
    Reporter::new(LogSettings::default(), false).record(Level::Info, &format!("Running setup script {shown}."));
    let script = Path::new(&session.working_directory).join(script);
    // Output and input are ours; so is the process group, and with it the terminal's signals.
    let status = Command::new(&executable)
        .arg0(&executable)
        .args(["-c", PROGRAM])
        .arg(&script)
        .args(rest)
        .status()
        .map_err(|error| Diagnostic::user(format!("Can't start {}: {error}", executable.display())))?;
    if status.success() {
        return Ok(());
    }
    let words = [executable.to_string_lossy(), script.to_string_lossy()];
    let words = words.iter().map(|word| str_repr(word)).chain(rest.iter().map(|word| str_repr(word)));
    let words: Vec<String> = words.collect();
    Err(Failure::from(Diagnostic::internal("Exception", format!("Failed to run command:\n{}", words.join(", "))))
        .into())
}

/// The interpreter of the profile; the file of that need not exist for this command.
fn executable(session: &Session) -> Result<PathBuf, Problem> {
    let mut request = session.request(&session.options.config);
    let is_there = request.main.as_deref().is_some_and(|main| request.directory.is_none() || Path::new(main).exists());
    if !is_there {
        request.main = None;
        request.directory = Some(session.working_directory.clone());
    }
    let profile = session.library().load(&request)?;
    match session.mode {
        Mode::Upstream => like_upstream(session, &profile)?,
        Mode::Slapos if is_there => drop(begin(session, &profile)?),
        Mode::Slapos => {}
    }
    let configured = profile.raw("buildout", "executable").map(|path| PathBuf::from(&**path));
    configured.filter(|path| !path.as_os_str().is_empty()).ok_or_else(|| {
        let error = Diagnostic::user("No Python interpreter was found on the path.");
        error.with_hint("Install python3, or name an interpreter with `buildout:executable=/path/to/python`.").into()
    })
}
