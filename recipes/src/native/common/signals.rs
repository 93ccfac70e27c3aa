//! Signal names in options: `USR1`, or relative to another such as `RTMIN+1`.

use crate::error::RecipeError;

const NAMES: [&str; 35] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "KILL", "PIPE", "POLL", "PROF",
    "PWR", "QUIT", "RTMAX", "RTMIN", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG",
    "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
];

/// Fails unless `value` names a signal.
pub(crate) fn check(value: &str) -> Result<(), RecipeError> {
    let (name, offset) = value.split_once('+').map_or((value, None), |(name, offset)| (name, Some(offset)));
    let valid = NAMES.contains(&name) && offset.is_none_or(|offset| offset.parse::<u8>().is_ok());
    if valid {
        return Ok(());
    }
    let message = format!("invalid signal value: {value}");
    Err(RecipeError::user_with_hint(message, "Write a name without `SIG`, such as USR1 or RTMIN+1."))
}

/// Name of a signal by its number on Linux, without `SIG`.
pub(crate) fn name(number: i32) -> Option<&'static str> {
    const BY_NUMBER: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];
    BY_NUMBER.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_offsets() {
        assert!(check("USR1").is_ok() && check("RTMIN+1").is_ok());
        assert_eq!(check("SIGUSR1").unwrap_err().to_string(), "invalid signal value: SIGUSR1");
        assert!(check("USR1+x").is_err());
        assert_eq!((name(9), name(31), name(0), name(64)), (Some("KILL"), Some("SYS"), None, None));
    }
}
