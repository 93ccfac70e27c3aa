//! One end of the socket to a Python process.

use std::io::{self, IoSlice, Read as _};
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::protocol::Message;

/// How often somebody who waits for a message looks for an interruption.
const TICK: Duration = Duration::from_millis(100);
/// The longest message, in bytes: more than any profile, less than memory.
const MAX_MESSAGE: usize = 256 << 20;
/// Most descriptors that go with one message.
const MAX_DESCRIPTORS: usize = 2;

/// A channel. Calls on it nest strictly, so that one thread uses it at a time.
pub(super) struct Channel {
    stream: UnixStream,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    buffer: Vec<u8>,
    /// How much of the buffer is known to have no end of a line.
    scanned: usize,
    next_id: u64,
}

/// What came.
pub(super) enum Received {
    Message(Box<Message>),
    /// Nothing yet.
    Nothing,
    /// The other side is gone.
    End,
}

impl Channel {
    /// A channel and the other process's end of it.
    pub(super) fn pair() -> io::Result<(Self, UnixStream)> {
        let (stream, other) = UnixStream::pair()?;
        stream.set_read_timeout(Some(TICK))?;
        Ok((Self { stream, state: Mutex::default() }, other))
    }

    pub(super) fn next_id(&self) -> u64 {
        let mut state = self.state.lock().expect("no panic while locked");
        state.next_id += 1;
        state.next_id
    }

    /// Sends a message, and open files with it.
    pub(super) fn send(&self, message: &Message, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let line = message.encode().map_err(io::Error::other)?;
        let mut rest = line.as_slice();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        while !rest.is_empty() {
            let sent = sendmsg(&self.stream, &[IoSlice::new(rest)], &mut ancillary, SendFlags::NOSIGNAL);
            match sent {
                Ok(length) => {
                    rest = &rest[length..];
                    ancillary.clear();
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The next message, if it comes within a tick.
    pub(super) fn receive(&self) -> io::Result<Received> {
        let mut state = self.state.lock().expect("no panic while locked");
        loop {
            if let Some(end) = state.buffer[state.scanned..].iter().position(|byte| *byte == b'\n') {
                let end = state.scanned + end;
                let message = Message::decode(&state.buffer[..end]).map_err(|error| {
                    let line = String::from_utf8_lossy(&state.buffer[..end.min(200)]).into_owned();
                    io::Error::new(io::ErrorKind::InvalidData, format!("it sent what is no message: {line} ({error})"))
                })?;
                state.buffer.drain(..=end);
                state.scanned = 0;
                return Ok(Received::Message(Box::new(message)));
            }
            state.scanned = state.buffer.len();
            if state.scanned > MAX_MESSAGE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it sent a message without end"));
            }
            let mut piece = [0; 16 * 1024];
            match (&self.stream).read(&mut piece) {
                Ok(0) => return Ok(Received::End),
                Ok(length) => state.buffer.extend_from_slice(&piece[..length]),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Ok(Received::Nothing),
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::ConnectionReset => return Ok(Received::End),
                    _ => return Err(error),
                },
            }
        }
    }
}
