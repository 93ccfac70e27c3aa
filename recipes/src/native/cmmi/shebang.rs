//! Scripts whose first line is longer than what a kernel reads.
//!
//! Such a script in `bin` or `sbin` is renamed to `<name>.shebang`, and a shell script takes its place that starts the
//! interpreter named by the renamed one.

use std::fs::Permissions;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::error::RecipeError;
use crate::native::common::files::{Mode, write};

/// What old kernels read of the first line.
const LIMIT: u64 = 128;

/// The interpreter and an optional argument come from the first line of the renamed script; a blank may follow `#!`.
const STARTER: &str = "\
#!/bin/sh -e
read -r interpreter argument < \"$0.shebang\" || :
interpreter=${interpreter#??}
[ \"$interpreter\" ] || read -r _ interpreter argument < \"$0.shebang\" || :
exec \"$interpreter\" ${argument:+\"$argument\"} \"$0.shebang\" \"$@\"
";

/// Looks through the directories of binaries below `location`.
pub(super) fn fix(location: &Path) -> Result<(), RecipeError> {
    for directory in ["bin", "sbin"] {
        let directory = location.join(directory);
        if directory.is_dir() {
            let entries: Result<Vec<_>, _> = fs::read_dir(&directory)?.collect();
            for entry in entries? {
                if entry.file_type()?.is_file() && is_too_long(&entry.path())? {
                    replace(&entry.path())?;
                }
            }
        }
    }
    Ok(())
}

fn is_too_long(path: &Path) -> Result<bool, RecipeError> {
    let mut start = Vec::new();
    fs::File::open(path)?.take(LIMIT).read_to_end(&mut start)?;
    Ok(start.starts_with(b"#!") && !start.contains(&b'\n'))
}

fn replace(path: &Path) -> Result<(), RecipeError> {
    let mode = fs::metadata(path)?.permissions().mode() & 0o7777;
    let mut renamed = path.as_os_str().to_owned();
    renamed.push(".shebang");
    let renamed = PathBuf::from(renamed);
    fs::rename(path, &renamed)?;
    write(path, STARTER.as_bytes(), Mode::Exact(mode))?;
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok(())
}
