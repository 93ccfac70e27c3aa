//! Sparse files in extended headers, as GNU tar writes them (formats 0.0, 0.1 and 1.0).
//!
//! The formats before that (type `S`) are understood by the tar crate.

use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::ArchiveError;
use super::dest::{Attributes, Dest};

/// The most parts a file may have.
const MAX_PARTS: usize = 1 << 20;

/// Where the data of a sparse file goes.
#[derive(Debug, Default)]
pub(super) struct SparseFile {
    /// Offset and length of each part.
    parts: Vec<(u64, u64)>,
    /// The full length of the file.
    size: Option<u64>,
    /// Format 1.0: the parts are listed in front of the data.
    in_data: bool,
    offset: Option<u64>,
}

impl SparseFile {
    /// Takes one record of the extended header.
    pub(super) fn header(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        match key {
            b"GNU.sparse.major" => self.in_data = value == b"1",
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.size = Some(number(value)?),
            b"GNU.sparse.offset" => self.offset = Some(number(value)?),
            b"GNU.sparse.numbytes" => {
                let offset = self.offset.take().ok_or_else(|| invalid("a length without an offset"))?;
                self.push(offset, number(value)?)?;
            }
            b"GNU.sparse.map" => {
                let numbers = value.split(|&byte| byte == b',').map(number).collect::<io::Result<Vec<_>>>()?;
                for pair in numbers.chunks(2) {
                    let &[offset, length] = pair else {
                        return Err(invalid("an odd number of values"));
                    };
                    self.push(offset, length)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the header spoke of a sparse file.
    pub(super) fn is_sparse(&self) -> bool {
        self.size.is_some()
    }

    fn push(&mut self, offset: u64, length: u64) -> io::Result<()> {
        if self.parts.len() >= MAX_PARTS {
            return Err(invalid("too many parts"));
        }
        self.parts.push((offset, length));
        Ok(())
    }

    /// Writes the file.
    pub(super) fn extract(
        mut self,
        data: &mut dyn Read,
        name: &[&[u8]],
        attributes: Attributes,
        dest: &mut Dest,
    ) -> Result<(), ArchiveError> {
        if self.in_data {
            self.read_map(data).map_err(|error| dest.damaged(error.to_string()))?;
        }
        let size = self.size.unwrap_or_default();
        dest.count(size)?;
        let file = dest.create(name, attributes)?;
        file.set_len(size)?;
        let mut buffer = vec![0; 64 * 1024];
        for (offset, length) in self.parts {
            if offset.checked_add(length).is_none_or(|end| end > size) {
                return Err(dest.damaged("a sparse file has a part behind its end".to_owned()));
            }
            let mut done = 0;
            while done < length {
                let most = buffer.len().min(usize::try_from(length - done).unwrap_or(usize::MAX));
                data.read_exact(&mut buffer[..most]).map_err(|error| dest.damaged(error.to_string()))?;
                file.write_all_at(&buffer[..most], offset + done)?;
                done += most as u64;
            }
        }
        dest.close(file, name, attributes)
    }

    /// Reads the list in front of the data: decimal numbers, one a line, padded to a block of 512 bytes.
    fn read_map(&mut self, data: &mut dyn Read) -> io::Result<()> {
        let mut blocks = Blocks { data, block: [0; 512], used: 512 };
        let count = blocks.line()?;
        if count > MAX_PARTS as u64 {
            return Err(invalid("too many parts"));
        }
        for _ in 0..count {
            let offset = blocks.line()?;
            let length = blocks.line()?;
            self.push(offset, length)?;
        }
        Ok(())
    }
}

struct Blocks<'a> {
    data: &'a mut dyn Read,
    block: [u8; 512],
    used: usize,
}

impl Blocks<'_> {
    fn line(&mut self) -> io::Result<u64> {
        let mut digits = Vec::new();
        loop {
            if self.used == self.block.len() {
                self.data.read_exact(&mut self.block)?;
                self.used = 0;
            }
            let byte = self.block[self.used];
            self.used += 1;
            if byte == b'\n' {
                return number(&digits);
            }
            if digits.len() > 20 {
                return Err(invalid("a number is too long"));
            }
            digits.push(byte);
        }
    }
}

fn number(text: &[u8]) -> io::Result<u64> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or_else(|| invalid("no number"))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the map of a sparse file is wrong: {what}"))
}
