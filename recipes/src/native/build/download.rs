//! `slapos.recipe.build:download`: a file.
//!
//! | option | meaning |
//! |---|---|
//! | `url` | what to fetch (required) |
//! | `md5sum`, `alternate-url` | its checksum; another place to find it |
//! | `filename` | name of the file in the location; by default that of the part |
//! | `destination` | path of the file, instead |
//! | `offline` | `true` or `false`, instead of the buildout's |
//! | `shared` | see [`shared`](crate::native::common::shared) |
//!
//! Publishes `target` (the file) and, without `destination`, `location` (its directory). Records the location, which is
//! the file if there is a `destination`. Update fetches again what has no checksum.
//!
//! Errors: `Missing option: <part>:url`; `option 'mode' not supported`; `When shared=true, option 'md5sum' must be set`;
//! `When shared=true, option 'destination' can't be set`; those of downloads.

use std::path::{Path, PathBuf};

use rbuildout_cache::Request;
use rbuildout_parser::python::Value;

use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe, text};
use crate::error::RecipeError;
use crate::native::common::shared::Place;
use crate::native::common::{fetch, paths};
use crate::run::RunContext;

pub(crate) struct Download;

impl Recipe for Download {
    fn distribution(&self) -> Distribution {
        crate::native::BUILD
    }

    fn publishes(&self) -> &'static [&'static str] {
        &["location", "target"]
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let mut place = Place::init(host)?;
        let request = fetch::request(host)?;
        if text(host, "mode")?.is_some() {
            return Err(RecipeError::user("option 'mode' not supported"));
        }
        if request.md5.is_none() {
            place.forbid_shared("option 'md5sum' must be set")?;
        }
        let filename = text(host, "filename")?.unwrap_or_default();
        let target = if let Some(destination) = text(host, "destination")?.filter(|path| !path.is_empty()) {
            place.forbid_shared("option 'destination' can't be set")?;
            place.location = PathBuf::from(&destination);
            place.make_location = false;
            destination
        } else {
            let name = filename.rsplit('/').next().filter(|name| !name.is_empty());
            let target = place.location.join(name.unwrap_or(host.name()));
            host.set("location", Value::from(paths::to_text(&place.location)))?;
            paths::to_text(&target)
        };
        host.set("target", Value::from(target.as_str()))?;
        let target = paths::resolve(host.settings(), target);
        Ok(Box::new(DownloadPart { place: place.resolved(host.settings()), request, target }))
    }
}

struct DownloadPart {
    place: Place,
    request: Request,
    target: PathBuf,
}

impl DownloadPart {
    fn fetch(&self, run: &RunContext) -> Result<(), RecipeError> {
        fetch::fetch_to(run, &self.request, &self.target)
    }
}

impl Part for DownloadPart {
    fn effects(&self) -> Effects {
        Effects::Hermetic
    }

    fn sources(&self) -> Vec<Request> {
        if self.place.is_built() { Vec::new() } else { vec![self.request.clone()] }
    }

    fn location(&self) -> Option<&Path> {
        Some(&self.place.location)
    }

    fn update_is_noop(&self) -> bool {
        self.request.md5.is_some() && self.place.is_complete()
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.place.install(run, || self.fetch(run))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        if self.request.md5.is_none() {
            self.fetch(run)?;
        }
        self.place.update(run, || self.fetch(run))
    }
}
