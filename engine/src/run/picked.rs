//! The report of versions that were picked because nothing pins them.

use std::io::{self, Write as _};

use rbuildout_parser::Diagnostic;

use super::services::Services;
use crate::ui::Reporter;

/// Prints them, and writes them to a file, as `[buildout]` says.
pub(super) fn report(services: &Services<'_>, reporter: &Reporter) -> Result<(), Box<Diagnostic>> {
    let mut live = services.live();
    let lines = live.python().eggs.picked();
    if lines.is_empty() {
        return Ok(());
    }
    if live.boolean("show-picked-versions")? {
        reporter.print("Versions had to be automatically picked.\n");
        reporter.print("The following part definition lists the versions picked:\n");
        reporter.print(&format!("{}\n", lines.join("\n")));
    }
    let file = live.option("buildout", "update-versions-file")?.filter(|file| !file.is_empty());
    let Some(file) = file else { return Ok(()) };
    let path = services.settings.directory.join(&*file);
    let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
    let text = live.python().eggs.picked_for_file(path.exists().then_some(&*now));
    append(&path, &text).map_err(|error| Box::new(Diagnostic::user(error.to_string())))?;
    reporter.print(&format!("Picked versions have been written to {file}\n"));
    Ok(())
}

fn append(path: &std::path::Path, text: &str) -> io::Result<()> {
    fs_err::OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}
