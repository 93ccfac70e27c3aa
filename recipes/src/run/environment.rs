//! The environment of a run: that of the process, and what Python recipes have changed since.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, Mutex};

/// The variables, by name.
pub type Variables = BTreeMap<OsString, OsString>;

/// The one environment of a run. Recipes in Python assign to `os.environ` to change what later parts see.
#[derive(Debug, Default)]
pub struct Environment {
    current: Mutex<Arc<Variables>>,
}

impl Environment {
    pub fn new(variables: Variables) -> Self {
        Self { current: Mutex::new(Arc::new(variables)) }
    }

    /// The variables as they are now.
    pub fn snapshot(&self) -> Arc<Variables> {
        self.current.lock().expect("no panic while locked").clone()
    }

    /// Sets variables, or removes those without a value.
    pub fn apply(&self, changes: impl IntoIterator<Item = (String, Option<String>)>) {
        let mut current = self.current.lock().expect("no panic while locked");
        for (name, value) in changes {
            let variables = Arc::make_mut(&mut *current);
            match value {
                Some(value) => variables.insert(name.into(), value.into()),
                None => variables.remove(std::ffi::OsStr::new(&name)),
            };
        }
    }
}
