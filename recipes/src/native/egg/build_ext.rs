//! Options of the setup command `build_ext`.
//!
//! | option | meaning |
//! |---|---|
//! | `include-dirs`, `library-dirs` | directories, one a line, from the buildout directory; published absolute, joined by `:` |
//! | `rpath` | the same; what begins with `$ORIGIN`, `$LIB` or `$PLATFORM` stays as it is |
//! | `swig` | path of the program, from the buildout directory; published absolute |
//! | `define`, `undef`, `libraries`, `link-objects`, `debug`, `force`, `compiler`, `swig-cpp`, `swig-opts` | as they are |

use std::path::Path;

use rbuildout_eggs::BuildExt;

use super::source::{lines, publish};
use crate::api::{Host, text};
use crate::error::RecipeError;
use crate::native::common::paths::{resolve, to_text};

/// What the dynamic linker replaces.
const SPECIAL: [&str; 6] = ["$ORIGIN", "$LIB", "$PLATFORM", "${ORIGIN}", "${LIB}", "${PLATFORM}"];

const AS_THEY_ARE: [&str; 9] =
    ["define", "undef", "libraries", "link-objects", "debug", "force", "compiler", "swig-cpp", "swig-opts"];

/// Reads the options of the section being initialised, and publishes those that become absolute.
pub(super) fn read(host: &mut dyn Host) -> Result<BuildExt, RecipeError> {
    let mut options = BuildExt::new();
    for name in ["include-dirs", "library-dirs", "rpath"] {
        let Some(value) = text(host, name)? else { continue };
        let absolute = |line: &String| match line {
            line if name == "rpath" && SPECIAL.iter().any(|special| line.starts_with(special)) => line.clone(),
            line => to_text(&resolve(host.settings(), line)),
        };
        let joined = lines(&value).iter().map(absolute).collect::<Vec<_>>().join(":");
        publish(host, name, &joined)?;
        options.push((name.to_owned(), joined));
    }
    if let Some(swig) = text(host, "swig")?.filter(|swig| !swig.is_empty()) {
        let swig = to_text(&resolve(host.settings(), Path::new(&swig)));
        publish(host, "swig", &swig)?;
        options.push(("swig".to_owned(), swig));
    }
    for name in AS_THEY_ARE {
        if let Some(value) = text(host, name)? {
            options.push((name.to_owned(), value));
        }
    }
    Ok(options)
}
