//! The dialects of boolean options. They differ on purpose: each recipe family has its own.

use crate::error::RecipeError;

/// `true` or `false`, exactly; an absent option has the default. For cmmi, `slapos.recipe.build` and templates.
pub(crate) fn exact(value: Option<&str>, default: bool) -> Result<bool, RecipeError> {
    match value {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(RecipeError::internal("ValueError", "tuple.index(x): x not in tuple")),
    }
}

/// As [`exact`], where an empty value counts as absent.
pub(crate) fn exact_or_empty(value: Option<&str>, default: bool) -> Result<bool, RecipeError> {
    exact(value.filter(|value| !value.is_empty()), default)
}

/// `y`, `yes`, `1` or `true` in any case; all else is false. For `slapos.cookbook`, gitclone and collective.
pub(crate) fn lenient(value: Option<&str>) -> bool {
    value.is_some_and(|value| matches!(value.to_lowercase().as_str(), "y" | "yes" | "1" | "true"))
}

/// `yes`, `on`, `true`, `no`, `off`, `false` in any case, or absent (false). `None` for anything else. For
/// `plone.recipe.command`.
pub(crate) fn switch(value: Option<&str>) -> Option<bool> {
    match value.map(str::to_lowercase).as_deref() {
        None | Some("no" | "off" | "false") => Some(false),
        Some("yes" | "on" | "true") => Some(true),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_is_strict() {
        assert!(exact(Some("true"), false).unwrap());
        assert!(!exact(Some("false"), true).unwrap());
        assert!(exact(None, true).unwrap());
        let error = exact(Some("True"), false).unwrap_err();
        assert_eq!(error.to_string(), "ValueError: tuple.index(x): x not in tuple");
        assert!(exact(Some(""), false).is_err());
        assert!(!exact_or_empty(Some(""), false).unwrap());
    }

    #[test]
    fn lenient_and_switch() {
        assert!(lenient(Some("Yes")) && lenient(Some("1")) && lenient(Some("Y")));
        assert!(!lenient(Some("on")) && !lenient(Some("")) && !lenient(None));
        assert_eq!(switch(Some("ON")), Some(true));
        assert_eq!(switch(Some("")), None);
        assert_eq!(switch(None), Some(false));
    }
}
