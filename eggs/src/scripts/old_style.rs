//! Scripts as distutils knows them: a file with a first line of its own.

/// `source` with the paths before its first import that is not from `__future__`. `None` if it is no Python script.
pub(super) fn wrapped(header: &str, source: &str, before: &str, paths: &str, initialization: &str) -> Option<String> {
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    let first = lines.first()?;
    // The reference's condition, which lets everything pass that does not speak of Python.
    if !first.contains("#!") && first.contains("python") {
        return None;
    }
    let rest = &lines[1..];
    let is_import = |line: &&str| {
        (line.starts_with("import") || line.starts_with("from"))
            && line.contains("import")
            && !line.contains("__future__")
    };
    let at = rest.iter().position(is_import).unwrap_or(rest.len());
    let (head, tail) = (rest[..at].concat(), rest[at..].concat());
    Some(format!(
        "{header}\n{head}\n{before}\nimport sys\nsys.path[0:0] = [\n  {paths},\n  ]\n{initialization}\n\n{tail}"
    ))
}
