//! Patched eggs: a source distribution, patches, and a mark in the version (slapos mode).

use std::path::Path;

use rbuildout_cache::Request;

use super::{Installer, sdist};
use crate::context::Command;
use crate::error::{Cause, EggError};
use crate::settings::Patches;

impl Installer<'_> {
    /// Applies `patches` to the source in `root` and marks its version; downloads go to `work`.
    pub(super) fn apply_patches(&self, patches: &Patches, root: &Path, work: &Path) -> Result<(), EggError> {
        for (number, patch) in patches.urls.iter().enumerate() {
            let (url, md5) = match patch.rsplit_once('#') {
                Some((url, md5)) => (url, Some(md5)),
                None => (patch.as_str(), None),
            };
            let request = Request { md5: md5.map(str::to_owned), ..Request::new(url) };
            let file = work.join(format!(".patch-{number}"));
            self.eggs.downloader.fetch_to(&request, &file, self.context.progress())?;
            let mut arguments: Vec<std::ffi::OsString> = patches.options.iter().map(Into::into).collect();
            arguments.extend(["-i".into(), file.into_os_string()]);
            let command = Command {
                program: patches.binary.clone().into(),
                arguments,
                directory: Some(root.to_owned()),
                environment: self.build_environment()?,
            };
            let status = self.context.run(&command)?;
            if !status.success() {
                let shown = format!("{} {} < {url}", patches.binary, patches.options.join(" "));
                let message = format!("The patch {url} can't be applied.");
                return Err(EggError::new(Cause::Command { message, command: shown, status })
                    .with_hint("Look at the output of the patch program above."));
            }
        }
        let tag = ("tag_build".to_owned(), format!("+SlapOSPatched{:03}", patches.revision));
        sdist::edit_setup_cfg(&root.join("setup.cfg"), "egg_info", &[tag])
    }
}
