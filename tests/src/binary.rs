//! Where things are.

use std::path::{Path, PathBuf};

/// The command to test: `RBUILDOUT_TEST_BINARY`, else the one that was built with the tests.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("RBUILDOUT_TEST_BINARY") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.parent().and_then(Path::parent).expect("tests are in target/PROFILE/deps");
    profile.join("rbuildout-under-test")
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository");
    root.to_owned()
}

/// The first program of that name on the path.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|candidate| candidate.is_file())
}
