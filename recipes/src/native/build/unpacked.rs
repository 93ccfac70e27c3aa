//! `slapos.recipe.build:download-unpacked`: the content of an archive.
//!
//! | option | meaning |
//! |---|---|
//! | `url` | the archive, or a local directory (required) |
//! | `md5sum`, `alternate-url`, `offline` | as for a download |
//! | `strip-top-level-dir` | unset: the only entry goes if it is a directory; `true`: it must; `false`: never |
//! | `destination` | directory for the content, instead of the part's own |
//! | `environment` | where its `PATH` is that of `lunzip`, for archives that need it |
//! | `shared` | see [`shared`](crate::native::common::shared) |
//!
//! Publishes `location` and `target`, both the directory, which is recorded. Update does nothing.
//!
//! Errors: those of downloads and of archives (`Not a recognized archive type: <path>`); `When shared=true, option
//! 'destination' can't be set`.

use std::path::{Path, PathBuf};

use rbuildout_cache::Request;
use rbuildout_cache::archive::{self, Limits, Strip};
use rbuildout_parser::python::Value;

use crate::api::{Distribution, Effects, Host, Installed, Part, Recipe, text};
use crate::error::RecipeError;
use crate::native::common::environment::Environment;
use crate::native::common::shared::Place;
use crate::native::common::{fetch, paths, truth};
use crate::run::RunContext;

pub(crate) struct DownloadUnpacked;

impl Recipe for DownloadUnpacked {
    fn distribution(&self) -> Distribution {
        crate::native::BUILD
    }

    fn publishes(&self) -> &'static [&'static str] {
        &["location", "target"]
    }

    fn init(&self, host: &mut dyn Host) -> Result<Box<dyn Part>, RecipeError> {
        let mut place = Place::init(host)?;
        let request = fetch::request(host)?;
        let strip = match text(host, "strip-top-level-dir")? {
            None => Strip::Auto,
            Some(value) if truth::exact(Some(&value), false)? => Strip::Always,
            Some(_) => Strip::Never,
        };
        if let Some(destination) = text(host, "destination")?.filter(|path| !path.is_empty()) {
            place.forbid_shared("option 'destination' can't be set")?;
            place.location = PathBuf::from(destination);
            place.make_location = false;
        }
        let location = Value::from(paths::to_text(&place.location));
        host.set("location", location.clone())?;
        host.set("target", location)?;
        let environment = Environment::read(host)?;
        Ok(Box::new(Unpacked { place: place.resolved(host.settings()), request, strip, environment }))
    }
}

struct Unpacked {
    place: Place,
    request: Request,
    strip: Strip,
    environment: Environment,
}

impl Unpacked {
    fn unpack(&self, run: &RunContext) -> Result<(), RecipeError> {
        unpack(run, &self.request, &self.place.location, self.strip, &self.environment)
    }
}

/// Fetches an archive and unpacks it into a directory.
pub(crate) fn unpack(
    run: &RunContext,
    request: &Request,
    directory: &Path,
    strip: Strip,
    environment: &Environment,
) -> Result<(), RecipeError> {
    let file = fetch::fetch_existing(run, request)?;
    if run.services.interrupted() {
        return Err(RecipeError::Interrupted);
    }
    fetch::check_apart(file.path(), directory)?;
    run.log.phase("unpack");
    let path = environment.path(run)?;
    let skipped = archive::unpack(file.path(), directory, &Limits::default(), path.as_deref())?;
    if skipped.count > 0 {
        let more = if skipped.count > skipped.names.len() as u64 { ", ..." } else { "" };
        let entries = if skipped.count == 1 { "entry" } else { "entries" };
        let names = skipped.names.join(", ");
        run.warning(&format!(
            "Skipped {} {entries} that would be outside of {}: {names}{more}",
            skipped.count,
            directory.display()
        ));
    }
    archive::strip_top_level(directory, strip)?;
    Ok(())
}

impl Part for Unpacked {
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
        self.place.is_complete()
    }

    fn install(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.place.install(run, || self.unpack(run))
    }

    fn update(&self, run: &RunContext) -> Result<Installed, RecipeError> {
        self.place.update(run, || self.unpack(run))
    }
}
