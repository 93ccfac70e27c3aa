//! Floats as text: `repr`, and the C conversions `e`, `f` and `g`.

/// `repr(value)`: the shortest text that reads back as the same number, with an exponent below
/// `1e-4` and from `1e16` on.
pub fn repr_float(value: f64) -> String {
    if let Some(text) = non_finite(value) {
        return text.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = split_exponent(&scientific);
    if (-4..16).contains(&exponent) {
        let text = format!("{value}");
        if text.contains('.') { text } else { text + ".0" }
    } else {
        format!("{mantissa}e{}", exponent_text(exponent))
    }
}

/// The text of infinities and NaN, which are no subject of precision.
pub(crate) fn non_finite(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("nan")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "inf" } else { "-inf" })
    } else {
        None
    }
}

/// `%.{precision}f`.
pub fn format_fixed(value: f64, precision: usize, alternate: bool) -> String {
    if let Some(text) = non_finite(value) {
        return text.to_owned();
    }
    let text = format!("{value:.precision$}");
    if alternate && precision == 0 { text + "." } else { text }
}

/// `%.{precision}e`.
pub(crate) fn format_exponent(value: f64, precision: usize, alternate: bool) -> String {
    if let Some(text) = non_finite(value) {
        return text.to_owned();
    }
    let scientific = format!("{value:.precision$e}");
    let (mantissa, exponent) = split_exponent(&scientific);
    let dot = if alternate && precision == 0 { "." } else { "" };
    format!("{mantissa}{dot}e{}", exponent_text(exponent))
}

/// `%.{precision}g`.
pub(crate) fn format_general(value: f64, precision: usize, alternate: bool) -> String {
    if let Some(text) = non_finite(value) {
        return text.to_owned();
    }
    let digits = precision.max(1);
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = split_exponent(&scientific);
    let limit = i32::try_from(digits).unwrap_or(i32::MAX);
    if exponent >= -4 && exponent < limit {
        let decimals = usize::try_from(limit - 1 - exponent).unwrap_or(0);
        let text = format!("{value:.decimals$}");
        if alternate { if text.contains('.') { text } else { text + "." } } else { trim_zeros(&text).to_owned() }
    } else {
        let mantissa = if alternate {
            if mantissa.contains('.') { mantissa.to_owned() } else { format!("{mantissa}.") }
        } else {
            trim_zeros(mantissa).to_owned()
        };
        format!("{mantissa}e{}", exponent_text(exponent))
    }
}

fn trim_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

fn split_exponent(text: &str) -> (&str, i32) {
    let (mantissa, exponent) = text.split_once('e').expect("the exponent format of Rust has an e");
    let exponent = exponent.parse().expect("the exponent format of Rust ends with an integer");
    (mantissa, exponent)
}

fn exponent_text(exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{:02}", exponent.abs())
}
