//! Files of lines under `[headings]`: `requires.txt`, `entry_points.txt`.

use crate::error::EggError;

/// The lines of `text` that say something, without the blanks around them.
pub(crate) fn significant_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A heading and the lines under it. Those before the first heading have none.
type Section<'a> = (Option<&'a str>, Vec<&'a str>);

/// The lines under each heading.
pub(crate) fn sections(text: &str) -> Result<Vec<Section<'_>>, EggError> {
    let mut found: Vec<Section<'_>> = vec![(None, Vec::new())];
    for line in significant_lines(text) {
        if line.starts_with('[') {
            let heading = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let heading = heading
                .ok_or_else(|| EggError::internal("ValueError", format!("('Invalid section heading', '{line}')")))?;
            found.push((Some(heading.trim()), Vec::new()));
        } else if let Some((_, lines)) = found.last_mut() {
            lines.push(line);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings() {
        let found = sections("a\n# c\n\n[x]\n b \n[ y ]\n").unwrap();
        assert_eq!(found, vec![(None, vec!["a"]), (Some("x"), vec!["b"]), (Some("y"), vec![])]);
        assert!(sections("[x").is_err());
    }
}
