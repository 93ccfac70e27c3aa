//! Shell texts: quoting, and the wrapper scripts of `slapos.cookbook`.

/// Quotes a word for a POSIX shell, as Python's `shlex.quote` does.
pub(crate) fn quote(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if word.is_empty() {
        "''".to_owned()
    } else if word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    }
}

/// A line is continued on the next one once it is this long.
const WRAPPER_LINE: usize = 40;

/// Text of a wrapper that exports an environment, ignores a signal and executes a command with further arguments.
pub(crate) fn wrapper<'a>(
    arguments: &[String],
    environment: impl IntoIterator<Item = (&'a str, &'a str)>,
    ignored_signal: Option<&str>,
) -> String {
    let mut text = String::from("#!/bin/sh -e\n");
    if let Some(signal) = ignored_signal {
        text.extend(["trap '' ", signal, "\n"]);
    }
    let mut environment: Vec<_> = environment.into_iter().collect();
    environment.sort_unstable();
    for (key, value) in environment {
        text.extend(["export ", key, "=", &quote(value), "\n"]);
    }
    let mut line = String::from("exec");
    for argument in arguments.iter().map(|argument| quote(argument)).chain(["\"$@\"".to_owned()]) {
        if line.chars().count() < WRAPPER_LINE {
            line.push(' ');
        } else {
            text.push_str(&line);
            text.push_str(" \\\n");
            line.clear();
            line.push('\t');
        }
        line.push_str(&argument);
    }
    text.push_str(&line);
    text.push('\n');
    text
}

/// Splits a command line as Python's `shlex.split` does: POSIX quoting, no expansion, `#` is an ordinary character.
/// An error is the message of its `ValueError`.
pub(crate) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => return Err("No closing quotation"),
                        Some('\'') => break,
                        Some(c) => word.push(c),
                    }
                }
            }
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next().ok_or("No escaped character")?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn double_quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), &'static str> {
    loop {
        match chars.next() {
            None => return Err("No closing quotation"),
            Some('"') => return Ok(()),
            // Only a quote and the backslash itself can be escaped here.
            Some('\\') => match chars.next() {
                None => return Err("No escaped character"),
                Some(c @ ('"' | '\\')) => word.push(c),
                Some(c) => word.extend(['\\', c]),
            },
            Some(c) => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &[&str]) -> Vec<String> {
        text.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn quotes_like_shlex() {
        assert_eq!(quote(""), "''");
        assert_eq!(quote("a-b_C.1/@%+=:,"), "a-b_C.1/@%+=:,");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's"), "'it'\"'\"'s'");
        assert_eq!(quote("é"), "'é'");
    }

    #[test]
    fn wrapper_vector() {
        let text = wrapper(&words(&["/bin/echo", "a b", "$HOME"]), [], None);
        assert_eq!(text, "#!/bin/sh -e\nexec /bin/echo 'a b' '$HOME' \"$@\"\n");
    }

    #[test]
    fn wrapper_breaks_long_lines() {
        let long = "x".repeat(36);
        let text = wrapper(&words(&[&long, "a", "b"]), [("B", "2"), ("A", "1 1")], Some("USR1"));
        assert_eq!(
            text,
            format!("#!/bin/sh -e\ntrap '' USR1\nexport A='1 1'\nexport B=2\nexec {long} \\\n\ta b \"$@\"\n")
        );
    }

    #[test]
    fn splits_like_shlex() {
        let split = |text| split(text);
        assert_eq!(split("a 'b c' \"d\\\"e\\n\" f\\ g # h"), Ok(words(&["a", "b c", "d\"e\\n", "f g", "#", "h"])));
        assert_eq!(split("'' a''b"), Ok(words(&["", "ab"])));
        assert_eq!(split("'a"), Err("No closing quotation"));
        assert_eq!(split("a\\"), Err("No escaped character"));
        assert_eq!(split(" \n "), Ok(vec![]));
    }
}
