//! Part signatures: what a part's result depends on besides its own options.
//!
//! A signature is a list of tokens joined by blanks: the recipe's distribution as `PROJECT-VERSION`, and in slapos mode
//! `SECTION:MD5` for every section that the part was seen to read. The md5 is over the section's final options and its
//! own signature, so that a change travels along references. `_profile_base_location_` is left out and its value
//! replaced by the literal, so that a signature does not depend on where the profile lies.

use std::collections::BTreeSet;
use std::sync::Arc;

use rbuildout_cache::hash::md5_hex;
use rbuildout_parser::installed::SIGNATURE_OPTION;
use rbuildout_parser::python::str_repr;
use rbuildout_parser::{Map, Mode, PROFILE_BASE_LOCATION, unescape};

use super::sections::{Buildout, Outcome};

impl Buildout<'_> {
    /// Keys of a section: those of the profile in their order, then those that recipes added.
    pub(super) fn keys(&self, section: &str) -> Vec<Arc<str>> {
        let Some(live) = self.sections.get(section) else { return Vec::new() };
        let added = live.data.keys().filter(|key| !live.raw.contains_key(*key));
        live.raw.keys().chain(added).cloned().collect()
    }

    /// The signature of a part, computed at the first call and frozen from then on.
    pub fn signature(&mut self, name: &str) -> Outcome<Arc<str>> {
        if let Some(signature) = self.sections.get(name).and_then(|live| live.signature.clone()) {
            return Ok(signature);
        }
        // A distribution of which nothing is known but its place gives none.
        let mut tokens: BTreeSet<String> = self.tokens.get(name).into_iter().flatten().cloned().collect();
        if self.mode == Mode::Slapos {
            let depends: Vec<Arc<str>> = self.depends(name).cloned().collect();
            self.hashing.push(name.into());
            for dependency in depends {
                let hash = self.hash(&dependency)?;
                tokens.insert(format!("{dependency}:{hash}"));
            }
            self.hashing.pop();
        }
        if self.mode == Mode::Upstream {
            // In the order of the distributions.
            let tokens = self.tokens.get(name).map(|tokens| tokens.join(" ")).unwrap_or_default();
            let signature: Arc<str> = tokens.into();
            if let Some(live) = self.sections.get_mut(name) {
                live.signature = Some(signature.clone());
            }
            return Ok(signature);
        }
        let signature: Arc<str> = tokens.into_iter().collect::<Vec<_>>().join(" ").into();
        if let Some(live) = self.sections.get_mut(name) {
            live.signature = Some(signature.clone());
        }
        Ok(signature)
    }

    /// md5 over the final options of a section.
    fn hash(&mut self, section: &Arc<str>) -> Outcome<Arc<str>> {
        if let Some(hash) = self.hashes.get(section) {
            return Ok(hash.clone());
        }
        // A section in a loop of references, or still being constructed, has no signature yet: as in the reference.
        let complete = self.parts.contains_key(section) && !self.hashing.contains(section);
        let mut options = self.saved(section)?;
        if complete {
            let signature = self.signature(section)?;
            options.insert(SIGNATURE_OPTION.into(), signature);
        }
        let base = options.shift_remove(PROFILE_BASE_LOCATION);
        options.sort_unstable_keys();
        let mut text = Vec::new();
        for (key, value) in &options {
            let value = unescape(value);
            let value = match &base {
                Some(base) => value.replace(&**base, "${:_profile_base_location_}").into(),
                None => value,
            };
            for part in [&**key, &*value] {
                text.extend_from_slice(str_repr(part).as_bytes());
                text.push(0);
            }
        }
        let hash: Arc<str> = md5_hex(text).into();
        if complete || !self.config.sections.contains_key(section) || !self.is_part(section) {
            self.hashes.insert(section.clone(), hash.clone());
        }
        Ok(hash)
    }

    fn is_part(&self, section: &str) -> bool {
        self.sections.get(section).is_some_and(|live| live.raw.get("recipe").is_some_and(|recipe| !recipe.is_empty()))
    }

    /// All options of a section as they are saved: raw, overlaid by substituted and assigned values. Does not count as
    /// a use of the options.
    pub fn saved(&mut self, section: &str) -> Outcome<Map<Arc<str>, Arc<str>>> {
        let Some(live) = self.sections.get(section) else { return Ok(Map::default()) };
        let mut options: Map<Arc<str>, Arc<str>> = Map::default();
        options.reserve(live.raw.len() + live.data.len());
        for (key, raw) in &live.raw {
            let value = live.data.get(key).or_else(|| live.cooked.get(key)).unwrap_or(raw);
            options.insert(key.clone(), value.clone());
        }
        for (key, value) in &live.data {
            if !live.raw.contains_key(key) {
                options.insert(key.clone(), value.clone());
            }
        }
        Ok(options)
    }
}
