//! The decompressed bytes of a file, made on a thread of their own.
//!
//! Chunks travel over a bounded channel, and come back over another one to be filled again: no allocation per chunk,
//! and no more than a few megabytes in flight however slow the writer is.

use std::ffi::OsStr;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use super::ArchiveError;
use super::detect::Compression;

const CHUNK: usize = 256 * 1024;
/// Chunks that may wait for the writer.
const QUEUE: usize = 16;
/// Memory a decoder may use: the largest dictionary of xz is 1.5 GiB.
const MEMORY: u64 = 2 << 30;

/// Decompressed bytes.
pub(super) struct Stream {
    source: Source,
    child: Option<(Child, &'static str)>,
}

enum Source {
    Direct(BufReader<fs_err::File>),
    Thread(Pipe),
}

struct Pipe {
    /// `None` after the end.
    chunks: Option<Receiver<io::Result<Vec<u8>>>>,
    back: Sender<Vec<u8>>,
    current: Vec<u8>,
    used: usize,
    thread: Option<JoinHandle<()>>,
}

/// Starts to decompress `path`.
pub(super) fn open(path: &Path, compression: Compression, path_env: Option<&OsStr>) -> Result<Stream, ArchiveError> {
    if compression == Compression::Lzip
        && let Some(stream) = lunzip(path, path_env)?
    {
        return Ok(stream);
    }
    let file = BufReader::with_capacity(CHUNK, fs_err::File::open(path)?);
    let codec = |error: liblzma::stream::Error| ArchiveError::Unsupported {
        path: path.to_owned(),
        reason: format!("the decoder can't start: {error}"),
    };
    let decoder: Box<dyn Read + Send> = match compression {
        Compression::None => {
            return Ok(Stream { source: Source::Direct(file), child: None });
        }
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
        Compression::Xz => {
            let stream = liblzma::stream::Stream::new_stream_decoder(MEMORY, liblzma::stream::CONCATENATED);
            Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream.map_err(codec)?))
        }
        Compression::Lzma => {
            let stream = liblzma::stream::Stream::new_lzma_decoder(MEMORY).map_err(codec)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream))
        }
        Compression::Lzip => {
            let stream = liblzma::stream::Stream::new_lzip_decoder(MEMORY, liblzma::stream::CONCATENATED);
            Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream.map_err(codec)?))
        }
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(file)?),
    };
    Ok(Stream { source: Source::Thread(Pipe::start(decoder)), child: None })
}

/// Decompression by the external program; `None` if there is none.
fn lunzip(path: &Path, path_env: Option<&OsStr>) -> Result<Option<Stream>, ArchiveError> {
    const PROGRAM: &str = "lunzip";
    let mut command = Command::new(PROGRAM);
    command.arg("-c").arg("--").arg(fs_err::canonicalize(path)?).stdin(Stdio::null()).stdout(Stdio::piped());
    if let Some(value) = path_env {
        command.env("PATH", value);
    }
    match command.spawn() {
        Ok(mut child) => {
            let output = child.stdout.take().expect("the output was asked to be a pipe");
            let source = Source::Thread(Pipe::start(Box::new(output)));
            Ok(Some(Stream { source, child: Some((child, PROGRAM)) }))
        }
        // A directory in the path that may not be searched hides whatever is in it.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => Ok(None),
        Err(error) => Err(ArchiveError::Tool { path: path.to_owned(), program: PROGRAM, reason: error.to_string() }),
    }
}

impl Stream {
    /// Reads the rest, so that a checksum at the end is looked at and a program can end, and judges both.
    pub(super) fn finish(mut self, path: &Path) -> Result<(), ArchiveError> {
        let drained = match &self.source {
            Source::Direct(_) => Ok(0),
            Source::Thread(_) => io::copy(&mut self, &mut io::sink()),
        };
        if let Some((mut child, program)) = self.child.take() {
            let status = child.wait()?;
            if !status.success() {
                return Err(ArchiveError::Tool { path: path.to_owned(), program, reason: status.to_string() });
            }
        }
        match drained {
            // Something that is no further member follows the compressed data: gzip ignores that too.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput) => Ok(()),
            Err(error) => Err(ArchiveError::Damaged { path: path.to_owned(), reason: error.to_string() }),
            Ok(_) => Ok(()),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.child.take() {
            // Given up early: the program would wait for a reader.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Direct(file) => file.read(buffer),
            Source::Thread(pipe) => pipe.read(buffer),
        }
    }
}

impl Pipe {
    fn start(decoder: Box<dyn Read + Send>) -> Self {
        let (filled, chunks) = sync_channel(QUEUE);
        let (back, empty) = channel();
        let thread = std::thread::spawn(move || pump(decoder, &filled, &empty));
        Self { chunks: Some(chunks), back, current: Vec::new(), used: 0, thread: Some(thread) }
    }
}

/// Fills chunks until the end, an error, or until nobody wants them.
fn pump(mut decoder: Box<dyn Read + Send>, filled: &SyncSender<io::Result<Vec<u8>>>, empty: &Receiver<Vec<u8>>) {
    loop {
        let mut chunk = empty.try_recv().unwrap_or_default();
        chunk.resize(CHUNK, 0);
        let mut length = 0;
        let outcome = loop {
            match decoder.read(&mut chunk[length..]) {
                Ok(0) => break Ok(false),
                Ok(count) => {
                    length += count;
                    if length == CHUNK {
                        break Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        chunk.truncate(length);
        if length > 0 && filled.send(Ok(chunk)).is_err() {
            return;
        }
        match outcome {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                // Nobody to tell means nobody cares.
                let _ = filled.send(Err(error));
                return;
            }
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.current.len() {
            let Some(chunks) = &self.chunks else {
                return Ok(0);
            };
            match chunks.recv() {
                Ok(Ok(chunk)) => {
                    let old = std::mem::replace(&mut self.current, chunk);
                    self.used = 0;
                    // The other side may have ended already.
                    let _ = self.back.send(old);
                }
                Ok(Err(error)) => {
                    self.chunks = None;
                    return Err(error);
                }
                Err(_) => {
                    self.chunks = None;
                    return Ok(0);
                }
            }
        }
        let count = buffer.len().min(self.current.len() - self.used);
        buffer[..count].copy_from_slice(&self.current[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.chunks = None;
        if let Some(thread) = self.thread.take() {
            // Its panic would be one of a decoder; the stream has then ended early, which the reader noticed.
            let _ = thread.join();
        }
    }
}
