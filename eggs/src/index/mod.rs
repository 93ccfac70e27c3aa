//! Where distributions come from: an index (PEP 503, or a directory), `find-links` pages and directories.

mod candidate;
mod hosts;
mod html;
mod pip;
mod scan;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub(crate) use candidate::{Candidate, WheelName};
pub(crate) use pip::PipConfig;

use crate::context::{Collector, Records, replay};
use crate::requirement::Requirement;
use candidate::{local_path, scheme};
use hosts::Hosts;
use scan::Scan;

pub(crate) use scan::Web;

/// What was read once, and what was told about it.
#[derive(Debug, Default)]
struct Read {
    found: OnceLock<(Vec<Candidate>, Records)>,
    told: AtomicBool,
}

impl Read {
    /// Reads if nobody has. What was told is told once, to the first that is in front.
    fn get(&self, web: &Web<'_>, read: impl FnOnce(&Web<'_>) -> Vec<Candidate>) -> &[Candidate] {
        let (found, records) = self.found.get_or_init(|| {
            let collector = Collector::new(web.context);
            let found = read(&Web { context: &collector, ..*web });
            (found, collector.into_records())
        });
        if web.in_front && !self.told.swap(true, Ordering::Relaxed) {
            replay(records, web.context);
        }
        found
    }
}

/// An index together with links. What was read once is not read again in a run.
#[derive(Debug)]
pub(crate) struct Index {
    indexes: Vec<Place>,
    links: Vec<String>,
    /// Links of pip's configuration: one that is not there is not told.
    quiet_links: Vec<String>,
    hosts: Hosts,
    linked: Read,
    listed: Mutex<HashMap<String, Arc<Read>>>,
}

/// One index.
#[derive(Debug, Clone)]
enum Place {
    /// With a `/` at the end.
    Url(String),
    Directory(PathBuf),
}

impl Index {
    /// `indexes` and `links` are URLs or paths.
    pub(crate) fn new(
        indexes: &[String],
        links: Vec<String>,
        quiet_links: Vec<String>,
        allow_hosts: &[String],
    ) -> Self {
        let place = |text: &String| match text.strip_prefix("file://") {
            Some(path) => Place::Directory(local_path(text).unwrap_or_else(|| path.into())),
            None if scheme(text).is_none() => Place::Directory(text.into()),
            None => Place::Url(format!("{}/", text.trim_end_matches('/'))),
        };
        Self {
            indexes: indexes.iter().map(place).collect(),
            links,
            quiet_links,
            hosts: Hosts::new(allow_hosts),
            linked: Read::default(),
            listed: Mutex::default(),
        }
    }

    /// All candidates for the project of `requirement`, whatever their version. `known`: there is something of it
    /// elsewhere, so that an index without it is nothing to warn of.
    pub(crate) fn candidates(&self, requirement: &Requirement, known: bool, web: &Web<'_>) -> Vec<Candidate> {
        let linked = self.linked.get(web, |web| self.follow_links(web));
        let listed = {
            let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(listed.entry(requirement.key.clone()).or_default())
        };
        let known = known || linked.iter().any(|candidate| candidate.key == requirement.key);
        let listed = listed.get(web, |web| self.list(requirement, known, web));
        let of_project = linked.iter().chain(listed).filter(|candidate| candidate.key == requirement.key);
        let mut found: Vec<Candidate> = Vec::new();
        for candidate in of_project {
            if !found.contains(candidate) {
                found.push(candidate.clone());
            }
        }
        found
    }

    fn follow_links(&self, web: &Web<'_>) -> Vec<Candidate> {
        let mut found = Vec::new();
        for (link, quiet) in
            self.links.iter().map(|link| (link, false)).chain(self.quiet_links.iter().map(|link| (link, true)))
        {
            Scan { web, hosts: &self.hosts, found: &mut found }.link(link, quiet);
        }
        found
    }

    fn list(&self, requirement: &Requirement, known: bool, web: &Web<'_>) -> Vec<Candidate> {
        let mut names = vec![requirement.name.as_str()];
        for name in [&requirement.project, &requirement.key] {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let mut found = Vec::new();
        let mut seen = false;
        for place in &self.indexes {
            let mut scan = Scan { web, hosts: &self.hosts, found: &mut found };
            match place {
                Place::Directory(directory) => {
                    seen |= scan.directory(directory);
                    for project in scan::projects(directory, &requirement.key) {
                        scan.directory(&project);
                    }
                }
                // An index answers for every spelling of a name, or for the first that it knows.
                Place::Url(url) => seen |= names.iter().any(|name| scan.page(&format!("{url}{name}/"))),
            }
        }
        if !seen {
            web.not_found(&requirement.name, known);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Log, interpreter};
    use rbuildout_cache::{DownloadSettings, Downloader};

    fn names(index: &Index, requirement: &str, log: &Log) -> Vec<String> {
        let downloader = Downloader::new(DownloadSettings::new("/nonexistent"));
        let web =
            Web { interpreter: &interpreter(), downloader: &downloader, context: log, in_front: true, logs: true };
        let requirement = Requirement::parse(requirement).unwrap();
        let mut names: Vec<String> = index
            .candidates(&requirement, false, &web)
            .iter()
            .map(|found| format!("{:?} {}", found.precedence, found.version))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn directories() {
        let dir = tempfile::tempdir().unwrap();
        let index = dir.path().join("index");
        fs_err::create_dir_all(index.join("a.b")).unwrap();
        for file in [
            "index/a.b/a.b-1.0.tar.gz",
            "index/a_b-2.0-py3-none-any.whl",
            "index/a_b-3.0-py2-none-any.whl",
            "links.zip",
            "a.b-0.5-py3.11.egg",
        ] {
            fs_err::write(dir.path().join(file), "").unwrap();
        }
        fs_err::write(dir.path().join("page.html"), "<a href='a.b-0.1.zip'><a href='http://h/a-b-0.2.zip#md5=1'><a data-requires-python='<3' href='a.b-0.3.zip'>").unwrap();
        let page = url::Url::from_file_path(dir.path().join("page.html")).unwrap().to_string();
        let log = Log::default();
        let all = Index::new(
            &[format!("file://{}", index.display())],
            vec![
                page,
                dir.path().join("a.b-0.5-py3.11.egg").display().to_string(),
                dir.path().join("gone").display().to_string(),
            ],
            vec!["/nonexistent/quiet".into()],
            &["*".into()],
        );
        assert_eq!(names(&all, "a_b", &log), ["Egg 0.5", "Source 0.1", "Source 0.2", "Source 1.0", "Wheel 2.0"]);
        let told = log.take();
        assert!(told[0].starts_with("root: Reading file:///"), "{told:?}");
        assert_eq!(told[1..], [format!("root: Not found: {}", dir.path().join("gone").display())]);
        let none = Index::new(&[format!("file://{}", index.display())], vec![], vec![], &["other".into()]);
        assert_eq!(names(&none, "a_b", &log), ["Source 1.0", "Wheel 2.0"]);
    }
}
