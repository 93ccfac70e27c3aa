//! `bootstrap` and `init`: a directory ready for runs, with a `bin/buildout` of its own.
//!
//! The reference copies Python eggs and generates a Python script. Here the script is a shell one that starts this program:
//! slapgrid runs it as *words of its first line* plus its name, so that line is `#!/bin/sh`.

use std::path::Path;

use fs_err::os::unix::fs::OpenOptionsExt as _;
use rbuildout_parser::python::str_repr;
use rbuildout_parser::{Diagnostic, Mode};
use rbuildout_recipes::run::Level;

use super::{Problem, output};
use crate::run::{Initialised, begin, create_directories};
use crate::session::Session;
use crate::ui::Reporter;

/// Creates the standard directories and `bin/buildout`.
pub(super) fn bootstrap(session: &Session) -> Result<(), Problem> {
    let profile = session.load()?;
    let Initialised { settings, log, caches, directories, .. } = begin(session, profile)?;
    let failed = |error: std::io::Error| {
        let mut diagnostic = Diagnostic::user(error.to_string());
        diagnostic.doing = vec!["Bootstrapping.".to_owned()];
        diagnostic
    };
    let reporter = Reporter::new(log, false);
    create_directories(&caches, &reporter)?;
    if session.mode == Mode::Upstream {
        rbuildout_cache::tree::remove(&settings.develop_eggs_directory).map_err(failed)?;
    }
    create_directories(&directories, &reporter)?;
    let program = std::env::current_exe().map_err(failed)?;
    let mode = if session.mode == Mode::Upstream { " --upstream" } else { "" };
    let quoted = program.to_string_lossy().replace('\'', r#"'"'"'"#);
    let text = format!("#!/bin/sh\nexec '{quoted}'{mode} \"$@\"\n");
    let script = settings.bin_directory.join("buildout");
    if fs_err::read(&script).ok().as_deref() != Some(text.as_bytes()) {
        write_script(&script, &text).map_err(failed)?;
        reporter.record(Level::Info, &format!("Generated script {}.", str_repr(&script.to_string_lossy())));
    }
    Ok(())
}

/// Written aside and renamed: the script may be the one that is running.
fn write_script(script: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let temporary = script.with_file_name(".buildout.rbuildout-new");
    match fs_err::remove_file(&temporary) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs_err::OpenOptions::new().write(true).create_new(true).mode(0o777).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs_err::rename(&temporary, script)
}

/// Creates a configuration and bootstraps; with requirements or paths also installs an interpreter that has them.
pub(super) fn init(session: &Session, arguments: &[String]) -> Result<(), Problem> {
    let path = session.request(&session.options.config).main.unwrap_or_default();
    let initialising = |message: String| {
        let mut diagnostic = Diagnostic::user(message);
        diagnostic.doing = vec!["Initializing.".to_owned()];
        diagnostic
    };
    if Path::new(&path).exists() {
        return Err(initialising(format!("{} already exists.", str_repr(&path))).into());
    }
    output(&format!("Creating {}.\n", str_repr(&path)))?;
    let is_path = |argument: &&String| argument.contains(['/', '\\']);
    let mut text = "[buildout]\nparts =".to_owned();
    if !arguments.is_empty() {
        text.push_str(" py\n\n[py]\nrecipe = zc.recipe.egg\ninterpreter = py");
        let (paths, eggs): (Vec<&String>, Vec<&String>) = arguments.iter().partition(is_path);
        for (option, values) in [("eggs", eggs), ("extra-paths", paths)] {
            if !values.is_empty() {
                text.push_str(&format!("\n{option} ="));
                for value in values {
                    text.push_str(&format!("\n  {value}"));
                }
            }
        }
    }
    text.push('\n');
    fs_err::write(&path, text).map_err(|error| initialising(error.to_string()))?;
    for path in arguments.iter().filter(is_path).map(|path| Path::new(&session.working_directory).join(path)) {
        if !path.exists() {
            fs_err::create_dir(&path).map_err(|error| initialising(error.to_string()))?;
        }
    }
    bootstrap(session)?;
    if arguments.is_empty() { Ok(()) } else { super::install::install(session, &[]) }
}
