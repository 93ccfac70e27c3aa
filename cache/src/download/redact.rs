/// `url` with the password in it replaced by `***`.
///
/// Works on text that is no valid URL too, as such text also ends up in messages.
pub fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let Some((login, host)) = authority.rsplit_once('@') else {
        return url.to_owned();
    };
    match login.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***@{host}{tail}"),
        None => url.to_owned(),
    }
}

/// `text`, some lines of a profile perhaps, with stars for the passwords of all URLs in it: one for each byte, so that
/// every other byte stays at its place.
pub fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        masked.push_str(before);
        let end = after.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'') || c.is_whitespace());
        let authority = &after[..end.unwrap_or(after.len())];
        if let Some((login, _)) = authority.rsplit_once('@')
            && let Some((user, password)) = login.split_once(':')
        {
            masked.push_str(user);
            masked.push(':');
            masked.extend(std::iter::repeat_n('*', password.len()));
            rest = &after[login.len()..];
        } else {
            rest = after;
        }
    }
    masked + rest
}

/// `text` as Python's `repr` shows it, as far as URLs and paths go.
pub(crate) fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if character == quote => {
                quoted.push('\\');
                quoted.push(character);
            }
            _ => quoted.push(character),
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_disappear() {
        assert_eq!(redact("http://u:p@h/x?y@z"), "http://u:***@h/x?y@z");
        assert_eq!(redact("http://u:p@q@h"), "http://u:***@h");
        assert_eq!(redact("http://u@h/x"), "http://u@h/x");
        assert_eq!(redact("http://h/a:b@c"), "http://h/a:b@c");
        assert_eq!(redact("/a:b@c"), "/a:b@c");
    }

    #[test]
    fn masks_keep_the_length() {
        let text = "a = x://u:pä@h/y\n  http://u@h 'http://h:1/u:p@z' http://u:p@q@h://:@";
        let masked = "a = x://u:***@h/y\n  http://u@h 'http://h:1/u:p@z' http://u:***@h://:@";
        assert_eq!(mask(text), masked);
        assert_eq!(mask("no URL: a@b"), "no URL: a@b");
    }

    #[test]
    fn quoted_like_python() {
        assert_eq!(python_repr("a'b"), "\"a'b\"");
        assert_eq!(python_repr("a'\"b"), "'a\\'\"b'");
        assert_eq!(python_repr("a\\b"), "'a\\\\b'");
    }
}
