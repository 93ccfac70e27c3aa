//! Checksums of bytes, files and streams.
//!
//! md5 and the sha family run at about the speed of a fast disk (0.5 GB/s each), so a stream that needs two of them
//! feeds each from its own thread: the pair then costs as much as the slower one alone.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use md5::Md5;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};

/// Bytes handed to the hashers at a time.
const CHUNK: usize = 256 * 1024;
/// A stream shorter than this is hashed where it is read: a thread costs more than it saves.
const PARALLEL_FROM: u64 = 4 * 1024 * 1024;
/// Chunks that may wait before a hasher.
const QUEUE: usize = 8;

/// A checksum algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// What profiles name (`md5sum`).
    Md5,
    /// Debian's and PyPI's.
    Sha256,
    /// The shacache's.
    Sha512,
}

impl Algorithm {
    /// Number of hexadecimal digits of a digest.
    pub fn hex_len(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        })
    }
}

/// Checksums of one content, lower-case hexadecimal; `None` where not computed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    pub md5: Option<String>,
    pub sha256: Option<String>,
    pub sha512: Option<String>,
}

impl Digests {
    /// The digest by `algorithm`, if it was computed.
    pub fn get(&self, algorithm: Algorithm) -> Option<&str> {
        match algorithm {
            Algorithm::Md5 => self.md5.as_deref(),
            Algorithm::Sha256 => self.sha256.as_deref(),
            Algorithm::Sha512 => self.sha512.as_deref(),
        }
    }

    fn set(&mut self, algorithm: Algorithm, hex: String) {
        match algorithm {
            Algorithm::Md5 => self.md5 = Some(hex),
            Algorithm::Sha256 => self.sha256 = Some(hex),
            Algorithm::Sha512 => self.sha512 = Some(hex),
        }
    }

    /// Takes over the digests of `other` that are missing here.
    pub fn merge(&mut self, other: Digests) {
        self.md5 = self.md5.take().or(other.md5);
        self.sha256 = self.sha256.take().or(other.sha256);
        self.sha512 = self.sha512.take().or(other.sha512);
    }
}

/// Lower-case hexadecimal text of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text
}

/// md5 of `bytes`.
pub fn md5_hex(bytes: impl AsRef<[u8]>) -> String {
    hex(&Md5::digest(bytes.as_ref()))
}

/// sha256 of `bytes`.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes.as_ref()))
}

/// sha512 of `bytes`.
pub fn sha512_hex(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha512::digest(bytes.as_ref()))
}

/// The digests of the file at `path`, read once.
///
/// # Errors
/// The file cannot be opened or read; the error names it.
pub fn hash_file(path: &Path, algorithms: &[Algorithm]) -> io::Result<Digests> {
    let file = fs_err::File::open(path)?;
    let length = file.metadata()?.len();
    let mut hasher = Hasher::new(algorithms, Some(length));
    hasher.read_all(file)?;
    Ok(hasher.finish())
}

#[derive(Debug, Clone)]
enum State {
    Md5(Box<Md5>),
    Sha256(Box<Sha256>),
    Sha512(Box<Sha512>),
}

impl State {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(Box::default()),
            Algorithm::Sha256 => Self::Sha256(Box::default()),
            Algorithm::Sha512 => Self::Sha512(Box::default()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(state) => state.update(bytes),
            Self::Sha256(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
        }
    }

    fn finish(self) -> (Algorithm, String) {
        match self {
            Self::Md5(state) => (Algorithm::Md5, hex(&state.finalize())),
            Self::Sha256(state) => (Algorithm::Sha256, hex(&state.finalize())),
            Self::Sha512(state) => (Algorithm::Sha512, hex(&state.finalize())),
        }
    }
}

struct Worker {
    chunks: SyncSender<Arc<[u8]>>,
    thread: JoinHandle<State>,
}

/// Computes several digests of one stream.
pub struct Hasher {
    inline: Vec<State>,
    workers: Vec<Worker>,
}

impl Hasher {
    /// `expected` is the length of the stream where known: it decides whether threads are worth their start.
    pub fn new(algorithms: &[Algorithm], expected: Option<u64>) -> Self {
        let mut states: Vec<State> = algorithms.iter().map(|&algorithm| State::new(algorithm)).collect();
        let mut workers = Vec::new();
        if expected.is_none_or(|length| length >= PARALLEL_FROM) {
            // The last state stays on this thread, which would only wait otherwise.
            while states.len() > 1 {
                if let Some(state) = states.pop() {
                    workers.push(spawn(state));
                }
            }
        }
        Self { inline: states, workers }
    }

    /// Feeds `bytes` to every digest.
    pub fn update(&mut self, bytes: &[u8]) {
        if !self.workers.is_empty() {
            let shared: Arc<[u8]> = Arc::from(bytes);
            for worker in &self.workers {
                // A worker ends before its channel only by a panic, which `finish` reports.
                let _ = worker.chunks.send(Arc::clone(&shared));
            }
        }
        for state in &mut self.inline {
            state.update(bytes);
        }
    }

    /// Feeds all of `reader`; returns the number of bytes.
    pub fn read_all(&mut self, mut reader: impl Read) -> io::Result<u64> {
        let mut buffer = vec![0; CHUNK];
        let mut total = 0;
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(count) => {
                    self.update(&buffer[..count]);
                    total += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The digests of what was fed.
    pub fn finish(self) -> Digests {
        let mut digests = Digests::default();
        for state in self.inline {
            let (algorithm, text) = state.finish();
            digests.set(algorithm, text);
        }
        for worker in self.workers {
            drop(worker.chunks);
            let state = worker.thread.join().expect("hashing does not panic");
            let (algorithm, text) = state.finish();
            digests.set(algorithm, text);
        }
        digests
    }
}

fn spawn(mut state: State) -> Worker {
    let (chunks, queue) = sync_channel::<Arc<[u8]>>(QUEUE);
    let thread = std::thread::spawn(move || {
        for chunk in queue {
            state.update(&chunk);
        }
        state
    });
    Worker { chunks, thread }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        assert_eq!(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(sha512_hex("abc").starts_with("ddaf35a193617aba"));
    }

    #[test]
    fn threads_and_inline_agree() {
        let data: Vec<u8> = (0..PARALLEL_FROM + 12345).map(|i| (i * 31 % 251) as u8).collect();
        let all = [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512];
        let mut parallel = Hasher::new(&all, None);
        parallel.read_all(&data[..]).unwrap();
        let mut inline = Hasher::new(&all, Some(1));
        inline.read_all(&data[..]).unwrap();
        assert!(inline.workers.is_empty());
        assert_eq!(parallel.finish(), inline.finish());
    }
}
