use std::path::{Path, PathBuf};

use super::wanted_name;
use crate::download::Request;
use crate::hash::md5_hex;

/// The files in `folder` that may be what `request` wants, the surest first.
pub(crate) fn candidates(folder: &Path, request: &Request) -> Vec<PathBuf> {
    let by_md5 = request.md5.clone().filter(|md5| !md5.is_empty() && md5.bytes().all(|b| b.is_ascii_alphanumeric()));
    let by_name = Some(wanted_name(request)).filter(|name| !matches!(name.as_str(), "." | ".."));
    [by_md5, Some(md5_hex(&request.url)), by_name]
        .into_iter()
        .flatten()
        .map(|name| folder.join(name))
        .filter(|path| path.is_file())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_names() {
        let dir = tempfile::tempdir().unwrap();
        let request = Request::new("http://h/x/a.tgz").md5("00ff");
        assert!(candidates(dir.path(), &request).is_empty());
        let names = ["00ff".to_owned(), md5_hex("http://h/x/a.tgz"), "a.tgz".to_owned()];
        for name in &names {
            fs_err::write(dir.path().join(name), "").unwrap();
        }
        let found = candidates(dir.path(), &request);
        assert_eq!(found, names.map(|name| dir.path().join(name)));
        let hostile = Request::new("http://h/..").md5("../../etc/passwd");
        assert!(candidates(dir.path(), &hostile).is_empty());
    }
}
