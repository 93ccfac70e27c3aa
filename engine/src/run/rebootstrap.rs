//! `slapos.rebootstrap`: a release that builds the Python it runs with.
//!
//! `buildout:python` names the section of that Python. With the extension, a run first brings that section to life, and
//! those of `rebootstrap-prepend-paths`. If their Python is another one than the run's, all parts that are alive by then
//! are installed, as if the command line named them. Then the profile is loaded anew, with what is true of the new Python
//! (its conditions may choose other sections), and everything is installed. `.rbuildout/python` remembers the Python, so
//! that later runs begin with it. A run that only looks, or is dry, goes on with the Python that it has and says so.
//!
//! The original replaces `bin/buildout` and starts it again; its second run takes over what the first one recorded in a
//! file of its own. Here both write the one record, in which signatures name no Python.

use std::path::PathBuf;

use rbuildout_parser::Diagnostic;
use rbuildout_parser::python::str_repr;

use crate::buildout::Buildout;

/// The name of the extension.
pub const REBOOTSTRAP: &str = "slapos.rebootstrap";

/// The Python that the profile wants, if the run has another one. Sections that it needs come to life.
pub(super) fn wanted(buildout: &mut Buildout<'_>) -> Result<Option<PathBuf>, Box<Diagnostic>> {
    let name = buildout.required("buildout", "python")?;
    let name = name.trim();
    buildout.section(name)?;
    let wanted = buildout.required(name, "executable")?;
    let prepended = buildout.option("buildout", "rebootstrap-prepend-paths")?.unwrap_or_else(|| "".into());
    for section in prepended.split_whitespace() {
        let shown = str_repr(section);
        if !buildout.config().sections.contains_key(section) {
            let message = format!("rebootstrap-prepend-paths: section {shown} does not exist");
            return Err(Box::new(Diagnostic::user(message)));
        }
        buildout.section(section)?;
        if buildout.option(section, "location")?.is_none() {
            let message = format!("rebootstrap-prepend-paths: section {shown} has no 'location' option");
            return Err(Box::new(Diagnostic::user(message)));
        }
    }
    let own = buildout.option("buildout", "executable")?;
    Ok((own.as_deref() != Some(&*wanted)).then(|| PathBuf::from(&*wanted)))
}
