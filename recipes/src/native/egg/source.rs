//! Where distributions come from.

use std::path::PathBuf;

use rbuildout_eggs::Install;
use rbuildout_parser::python::{Value, to_str};

use crate::api::{Host, text};
use crate::error::RecipeError;

/// Where distributions are looked for, and where they go.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) links: Vec<String>,
    pub(super) index: Option<String>,
    pub(super) allow_hosts: Vec<String>,
    pub(super) allow_unknown_extras: bool,
    pub(super) eggs_directory: PathBuf,
    pub(super) develop_eggs_directory: PathBuf,
    pub(super) offline: bool,
    pub(super) newest: bool,
}

impl Source {
    /// Reads and publishes `find-links` and `index`.
    pub(super) fn read(host: &mut dyn Host) -> Result<Self, RecipeError> {
        let links = match text(host, "find-links")? {
            Some(links) => links,
            None => of_buildout(host, "find-links")?.unwrap_or_default(),
        };
        let links: Vec<String> = links.split_whitespace().map(str::to_owned).collect();
        if !links.is_empty() {
            publish(host, "find-links", &links.join("\n"))?;
        }
        let index = match text(host, "index")? {
            Some(index) => Some(index),
            None => of_buildout(host, "index")?,
        };
        if let Some(index) = &index {
            publish(host, "index", index)?;
        }
        let hosts = of_buildout(host, "allow-hosts")?.unwrap_or_default();
        let allow_unknown_extras = of_buildout(host, "allow-unknown-extras")?.is_some_and(|value| value == "true");
        let settings = host.settings();
        Ok(Self {
            links,
            index: index.filter(|index| !index.is_empty()),
            allow_hosts: lines(&hosts),
            allow_unknown_extras,
            eggs_directory: settings.eggs_directory.clone(),
            develop_eggs_directory: settings.develop_eggs_directory.clone(),
            offline: settings.offline,
            newest: settings.newest,
        })
    }

    /// A request that installs eggs, unless nothing may be installed.
    pub(super) fn request(&self, requirements: &[String]) -> Install {
        let mut request = self.request_of_installed(requirements);
        if !self.offline {
            request.path.truncate(1);
            request.eggs_directory = Some(self.eggs_directory.clone());
            request.newest = self.newest;
        }
        request
    }

    /// A request that makes do with what is installed.
    pub(super) fn request_of_installed(&self, requirements: &[String]) -> Install {
        let mut request = Install::new(requirements);
        request.links.clone_from(&self.links);
        request.index.clone_from(&self.index);
        request.allow_hosts.clone_from(&self.allow_hosts);
        request.allow_unknown_extras = self.allow_unknown_extras;
        request.newest = false;
        request.path = vec![self.develop_eggs_directory.clone(), self.eggs_directory.clone()];
        request
    }
}

/// An option of `[buildout]`.
pub(super) fn of_buildout(host: &mut dyn Host, key: &str) -> Result<Option<String>, RecipeError> {
    Ok(host.get_from("buildout", key)?.map(|value| to_str(&value)))
}

pub(super) fn publish(host: &mut dyn Host, key: &str, value: &str) -> Result<(), RecipeError> {
    host.set(key, Value::Str(value.to_owned()))
}

/// The lines that say something, without blanks around them.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
