//! The files of a suite: apt's `Sources` boiled down to a table, as it has 50 MB and is read for every search.

use std::io::{self, BufRead, Write};

/// A source file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) md5: String,
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) file: String,
    pub(super) package: String,
    pub(super) version: String,
}

/// Writes the rows of the stanzas in `sources`.
pub(super) fn build(sources: impl BufRead, mut table: impl Write) -> io::Result<()> {
    let mut stanza = Stanza::default();
    for line in sources.lines() {
        let line = line?;
        if line.is_empty() {
            std::mem::take(&mut stanza).write(&mut table)?;
        } else {
            stanza.line(&line);
        }
    }
    stanza.write(&mut table)
}

#[derive(Default)]
struct Stanza {
    field: String,
    package: String,
    version: String,
    files: Vec<(String, String, u64)>,
    sha256: Vec<(String, String)>,
}

impl Stanza {
    fn line(&mut self, line: &str) {
        if !line.starts_with(' ') {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            field.clone_into(&mut self.field);
            match field {
                "Package" => value.trim().clone_into(&mut self.package),
                "Version" => value.trim().clone_into(&mut self.version),
                _ => {}
            }
            return;
        }
        let mut words = line.split_whitespace();
        let (Some(hash), Some(size), Some(name)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        match self.field.as_str() {
            "Files" => self.files.push((name.to_owned(), hash.to_owned(), size.parse().unwrap_or_default())),
            "Checksums-Sha256" => self.sha256.push((name.to_owned(), hash.to_owned())),
            _ => {}
        }
    }

    fn write(self, table: &mut impl Write) -> io::Result<()> {
        for (name, md5, size) in &self.files {
            let extension = name.rsplit('.').next().unwrap_or_default();
            if matches!(extension, "dsc" | "asc") {
                continue;
            }
            let sha256 = self.sha256.iter().find(|(other, _)| other == name).map_or("", |(_, hash)| hash);
            writeln!(table, "{md5}\t{sha256}\t{size}\t{name}\t{}\t{}", self.package, self.version)?;
        }
        Ok(())
    }
}

/// The rows of a table.
pub(super) fn parse(table: &str) -> Vec<Row> {
    table.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let mut fields = line.split('\t').map(str::to_owned);
    Some(Row {
        md5: fields.next()?,
        sha256: fields.next()?,
        size: fields.next()?.parse().ok()?,
        file: fields.next()?,
        package: fields.next()?,
        version: fields.next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanzas_become_rows() {
        let sources = "Package: zlib\nBinary: a,\n b\nVersion: 1:1-2\nFiles:\n aa 10 zlib.dsc\n bb 20 zlib_1.orig.tar.gz\n\
                       Checksums-Sha256:\n 11 10 zlib.dsc\n 22 20 zlib_1.orig.tar.gz\nDirectory: pool\n\nPackage: x\nVersion: 3\n\
                       Files:\n cc 5 x_3.tar.xz\n";
        let mut table = Vec::new();
        build(sources.as_bytes(), &mut table).unwrap();
        let rows = parse(std::str::from_utf8(&table).unwrap());
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].md5.as_str(), rows[0].sha256.as_str(), rows[0].version.as_str()), ("bb", "22", "1:1-2"));
        assert_eq!((rows[1].package.as_str(), rows[1].file.as_str(), rows[1].size), ("x", "x_3.tar.xz", 5));
        assert_eq!(parse("broken\n"), []);
    }
}
