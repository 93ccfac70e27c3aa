//! Bytecode beside its source, as old eggs have it.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::context::{Command, Context, Logging};
use crate::error::EggError;

const PROGRAM: &str = "\
import py_compile, sys
for path in sys.argv[1:]:
    for level in (0, 1):
        try:
            py_compile.compile(path, doraise=True, optimize=level)
        except py_compile.PyCompileError:
            print(\"Couldn't compile %s\" % path)
            break
";

/// Compiles anew, for `python`, the sources in `egg` that have a `.pyc` or `.pyo` beside them. What was never compiled
/// may not compile at all.
pub(super) fn refresh(egg: &Path, python: &Path, context: &dyn Context) -> Result<(), EggError> {
    let mut stale = Vec::new();
    collect(egg, &mut stale)?;
    if stale.is_empty() {
        return Ok(());
    }
    let mut arguments = vec!["-c".into(), PROGRAM.into()];
    for source in stale {
        for old in ["pyc", "pyo"].map(|extension| source.with_extension(extension)) {
            if old.exists() {
                fs::remove_file(old)?;
            }
        }
        arguments.push(source.into_os_string());
    }
    let command =
        Command { program: python.to_owned(), arguments, directory: None, environment: context.environment() };
    if !context.run(&command)?.success() {
        context.warning(&format!("Couldn't compile {}", egg.display()));
    }
    Ok(())
}

fn collect(directory: &Path, stale: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(&path, stale)?;
        } else if path.extension().is_some_and(|extension| extension == "py")
            && (path.with_extension("pyc").exists() || path.with_extension("pyo").exists())
        {
            stale.push(path);
        }
    }
    Ok(())
}
