//! Recipes that are there already: developed, in the eggs directory, or installed beside the interpreter.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rbuildout_recipes::python::{Distributions, Group, Loaded};
use rbuildout_recipes::{RecipeError, Settings};

/// Looks at the files; installs nothing.
pub(crate) struct Local {
    executable: PathBuf,
    sys_path: OnceLock<Vec<PathBuf>>,
}

struct Found {
    project: String,
    location: PathBuf,
    token: String,
    entry_points: String,
}

impl Local {
    pub(crate) fn new(executable: PathBuf) -> Self {
        Self { executable, sys_path: OnceLock::new() }
    }

    fn sys_path(&self) -> &[PathBuf] {
        self.sys_path.get_or_init(|| {
            let output = Command::new(&self.executable)
                .args(["-c", "import sys; print('\\n'.join(sys.path))"])
                .stdin(Stdio::null())
                .output();
            let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
            text.lines().filter(|line| !line.is_empty()).map(PathBuf::from).collect()
        })
    }

    fn all(&self, settings: &Settings) -> Vec<Found> {
        let mut found = Vec::new();
        for link in entries(&settings.develop_eggs_directory, ".egg-link") {
            let text = fs_err::read_to_string(&link).unwrap_or_default();
            let Some(location) = text.lines().next().map(PathBuf::from) else { continue };
            for info in entries(&location, ".egg-info") {
                found.extend(read(&info, &location, true));
            }
        }
        for egg in entries(&settings.eggs_directory, ".egg") {
            found.extend(read(&egg.join("EGG-INFO"), &egg, false));
        }
        for directory in self.sys_path() {
            for suffix in [".dist-info", ".egg-info"] {
                for info in entries(directory, suffix) {
                    found.extend(read(&info, directory, false));
                }
            }
        }
        found
    }

    fn find(&self, settings: &Settings, requirement: &str) -> Option<Found> {
        let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let name = normal(&requirement[..end.unwrap_or(requirement.len())]);
        self.all(settings).into_iter().find(|found| normal(&found.project) == name)
    }
}

impl Distributions for Local {
    fn load(
        &self,
        settings: &Settings,
        requirement: &str,
        group: Group,
        entry: &str,
    ) -> Result<Option<Loaded>, RecipeError> {
        let found = self
            .find(settings, requirement)
            .ok_or_else(|| RecipeError::user(format!("Couldn't find a distribution for '{requirement}'.")))?;
        Ok(points(&found, group).into_iter().find(|(name, _)| name == entry).map(|(_, loaded)| loaded))
    }

    fn load_all(&self, settings: &Settings, requirements: &[String], group: Group) -> Result<Vec<Loaded>, RecipeError> {
        let found = requirements.iter().filter_map(|requirement| self.find(settings, requirement));
        Ok(found.flat_map(|found| points(&found, group)).map(|(_, loaded)| loaded).collect())
    }
}

fn points(found: &Found, group: Group) -> Vec<(String, Loaded)> {
    let mut current = String::new();
    let mut points = Vec::new();
    for line in found.entry_points.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.trim().clone_into(&mut current);
        } else if let Some((name, object)) = line.split_once('=').filter(|_| current == group.name()) {
            let (module, attributes) = object.trim().split_once(':').unwrap_or((object.trim(), ""));
            let loaded = Loaded {
                project: found.project.clone(),
                version: String::new(),
                module: module.to_owned(),
                attributes: attributes.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
                paths: vec![found.location.clone()],
                tokens: vec![found.token.clone()],
            };
            points.push((name.trim().to_owned(), loaded));
        }
    }
    points
}

fn read(info: &Path, location: &Path, develop: bool) -> Option<Found> {
    let metadata = ["METADATA", "PKG-INFO"].iter().find_map(|name| fs_err::read_to_string(info.join(name)).ok())?;
    let field = |name: &str| {
        let mut lines = metadata.lines().take_while(|line| !line.is_empty());
        lines.find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    let (project, version) = (field("Name:")?, field("Version:")?);
    let entry_points = fs_err::read_to_string(info.join("entry_points.txt")).unwrap_or_default();
    let token = if develop { format!("{project}-develop") } else { format!("{project}-{version}") };
    Some(Found { token, project, location: location.to_owned(), entry_points })
}

fn entries(directory: &Path, suffix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(directory) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.to_string_lossy().ends_with(suffix)).collect()
}

fn normal(name: &str) -> String {
    name.replace(['_', '.'], "-").to_ascii_lowercase()
}
