//! Where pip is told to look: environment variables and `pip.conf`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What pip's configuration says about places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PipConfig {
    pub(crate) index: Option<String>,
    pub(crate) extra_indexes: Vec<String>,
    pub(crate) links: Vec<String>,
}

impl PipConfig {
    /// As pip finds it for an interpreter with this `sys.prefix`, whose pip asks `default` unless told otherwise: files of the system, the user and the interpreter, then
    /// the file that `PIP_CONFIG_FILE` names, then variables. Later ones win.
    pub(crate) fn find(environment: &BTreeMap<OsString, OsString>, prefix: &Path, default: Option<&str>) -> Self {
        let variable = |name: &str| environment.get(std::ffi::OsStr::new(name)).and_then(|value| value.to_str());
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        let named = variable("PIP_CONFIG_FILE");
        if named != Some("/dev/null") {
            let home = variable("HOME").map(PathBuf::from);
            let xdg = variable("XDG_CONFIG_DIRS").filter(|dirs| !dirs.is_empty()).unwrap_or("/etc/xdg");
            let mut files: Vec<PathBuf> =
                xdg.split(':').filter(|dir| !dir.is_empty()).map(|dir| Path::new(dir).join("pip/pip.conf")).collect();
            files.push("/etc/pip.conf".into());
            if let Some(home) = home {
                files.push(home.join(".pip/pip.conf"));
                let config = variable("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
                files.push(config.unwrap_or_else(|| home.join(".config")).join("pip/pip.conf"));
            }
            files.push(prefix.join("pip.conf"));
            files.extend(named.map(PathBuf::from));
            for file in files {
                read(&file, &mut values);
            }
        }
        for key in ["index-url", "extra-index-url", "find-links", "no-index"] {
            let name = format!("PIP_{}", key.to_uppercase().replace('-', "_"));
            if let Some(value) = variable(&name).filter(|value| !value.is_empty()) {
                values.insert(key.to_owned(), value.to_owned());
            }
        }
        let list = |key: &str| {
            let value = values.get(key).map(String::as_str).unwrap_or_default();
            value.split_whitespace().map(str::to_owned).collect::<Vec<String>>()
        };
        Self {
            index: list("index-url").into_iter().next().or_else(|| default.map(str::to_owned)),
            extra_indexes: list("extra-index-url"),
            links: list("find-links"),
        }
    }
}

/// Adds the values of `file`. Those for `pip install` win over those for all commands.
fn read(file: &Path, values: &mut BTreeMap<String, String>) {
    let Ok(text) = fs_err::read_to_string(file) else {
        return;
    };
    let mut install: BTreeMap<String, String> = BTreeMap::new();
    let mut section = String::new();
    let mut last: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let target = match section.as_str() {
            "global" => &mut *values,
            "install" => &mut install,
            _ => &mut BTreeMap::new(),
        };
        if line.starts_with([' ', '\t']) {
            if let Some(value) = last.as_ref().and_then(|key| target.get_mut(key)) {
                value.push('\n');
                value.push_str(trimmed);
            }
        } else if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.trim().clone_into(&mut section);
            last = None;
        } else if let Some((key, value)) = trimmed.split_once(['=', ':']) {
            let key = key.trim().to_lowercase().replace('_', "-");
            target.insert(key.clone(), value.trim().to_owned());
            last = Some(key);
        }
    }
    values.extend(install);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_variables() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        fs_err::create_dir_all(home.join(".config/pip")).unwrap();
        fs_err::write(
            home.join(".config/pip/pip.conf"),
            "[global]\nindex-url = http://a/simple\nfind_links =\n  /x\n  /y\n[list]\nindex-url = no\n",
        )
        .unwrap();
        fs_err::write(dir.path().join("pip.conf"), "[install]\nextra-index-url: http://b\n").unwrap();
        let mut environment = BTreeMap::from([
            (OsString::from("HOME"), OsString::from(&home)),
            ("XDG_CONFIG_DIRS".into(), dir.path().join("none").into()),
        ]);
        let found = PipConfig::find(&environment, dir.path(), None);
        assert_eq!(found.index.as_deref(), Some("http://a/simple"));
        assert_eq!(found.links, ["/x", "/y"]);
        assert_eq!(found.extra_indexes, ["http://b"]);
        environment.insert("PIP_INDEX_URL".into(), "http://c".into());
        let index = |environment: &BTreeMap<OsString, OsString>| {
            PipConfig::find(environment, dir.path(), Some("http://d")).index.unwrap()
        };
        assert_eq!(index(&environment), "http://c");
        environment.insert("PIP_CONFIG_FILE".into(), "/dev/null".into());
        environment.remove(std::ffi::OsStr::new("PIP_INDEX_URL"));
        assert_eq!(index(&environment), "http://d");
    }
}
