//! Recipes written in Python, in the recipe host.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod basics;
mod differential;
mod errors;
mod extensions;
mod live;
mod originals;
mod rebootstrap;
mod setup;
mod shim;
mod traces;
mod units;

use rbuildout_tests::Sandbox;

/// A sandbox with a profile and a distribution in the making, `recipes`, that is developed: `code` is its one module,
/// `rec`.
pub(crate) fn sandbox(profile: &str, code: &str) -> Sandbox {
    sandbox_with(profile, code, "zc.buildout", &[("default", "Recipe")])
}

/// The same with other entry points.
pub(crate) fn sandbox_with(profile: &str, code: &str, group: &str, entries: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::with(&profile.replacen("[buildout]\n", "[buildout]\noffline = true\n", 1));
    let points: Vec<String> = entries.iter().map(|(name, object)| format!("{name} = rec:{object}\n")).collect();
    develop(&sandbox, "recipes", code, &format!("[{group}]\n{}", points.concat()));
    sandbox
}

/// A distribution with the module `rec`, as `setup.py develop` would leave it.
pub(crate) fn develop(sandbox: &Sandbox, name: &str, code: &str, entry_points: &str) {
    let place = format!("src/{name}");
    sandbox.write(&format!("{place}/rec.py"), code);
    sandbox.write(
        &format!("{place}/{name}.egg-info/PKG-INFO"),
        format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"),
    );
    sandbox.write(&format!("{place}/{name}.egg-info/entry_points.txt"), entry_points);
    let location = sandbox.path(&place).to_string_lossy().into_owned();
    sandbox.write(&format!("develop-eggs/{name}.egg-link"), format!("{location}\n."));
}
