//! Facts about the Python that a profile is evaluated for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What conditions may ask about the target interpreter and its platform.
///
/// The profile language has no Python of its own: conditions speak about the interpreter that the software is built
/// with. [`FACTS_PROBE`] collects these values from one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// `sys.executable`.
    pub executable: String,
    /// `sys.prefix`.
    pub prefix: String,
    /// `sys.version`.
    pub version: String,
    /// `sys.version_info`.
    pub version_info: VersionInfo,
    /// `sys.hexversion`.
    pub hexversion: i64,
    /// `sys.platform`.
    pub sys_platform: String,
    /// `os.name`.
    pub os_name: String,
    /// `sys.maxsize`: above `2**32` for a 64-bit interpreter.
    pub maxsize: i64,
    /// `sys.byteorder`: `little` or `big`.
    pub byteorder: String,
    /// `sys.implementation.name`, e.g. `cpython`.
    pub implementation_name: String,
    /// The version of the implementation in the form of PEP 508.
    pub implementation_version: String,
    /// `platform.python_implementation()`, e.g. `CPython`.
    pub python_implementation: String,
    /// `platform.python_version()`, e.g. `3.11.7`.
    pub python_version: String,
    /// `platform.machine()`, e.g. `x86_64`.
    pub machine: String,
    /// `platform.release()`.
    pub release: String,
    /// `platform.system()`, e.g. `Linux`.
    pub system: String,
    /// `platform.version()`.
    pub platform_version: String,
    /// `platform.node()`.
    pub node: String,
    /// `platform.processor()`.
    pub processor: String,
    /// `platform.platform()`.
    pub platform: String,
    /// `platform.architecture()`.
    pub architecture: (String, String),
    /// The Debian-style triplet of the running system, e.g. `x86_64-linux-gnu`.
    pub multiarch: Option<String>,
    /// `sys._multiarch`, which only some builds of Python have.
    pub sys_multiarch: Option<String>,
    /// `platform.freedesktop_os_release()`: `None` if this Python has no such function.
    pub freedesktop_os_release: Option<BTreeMap<String, String>>,
    /// The message of the `OSError` that the function above raised, if it did.
    pub freedesktop_os_release_error: Option<String>,
}

/// `sys.version_info`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionInfo {
    /// Major version.
    pub major: u32,
    /// Minor version.
    pub minor: u32,
    /// Micro version.
    pub micro: u32,
    /// `alpha`, `beta`, `candidate` or `final`.
    pub releaselevel: String,
    /// Serial of the release level.
    pub serial: u32,
}

/// A program for any Python (2.7 or 3) that prints [`Facts`] as one line of JSON.
pub const FACTS_PROBE: &str = include_str!("facts_probe.py");
