//! An HTTP server on a free port of this machine, one thread for each connection, one request for each connection.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What the server says to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    status: &'static str,
    body: Vec<u8>,
    /// Only so many bytes are sent, though all are announced.
    cut: Option<usize>,
}

impl Answer {
    pub fn ok(body: impl AsRef<[u8]>) -> Self {
        Self { status: "200 OK", body: body.as_ref().to_vec(), cut: None }
    }

    pub fn not_found() -> Self {
        Self { status: "404 Not Found", body: b"nothing here\n".to_vec(), cut: None }
    }

    #[must_use]
    pub fn cut(mut self, after: usize) -> Self {
        self.cut = Some(after);
        self
    }
}

type Handler = dyn Fn(&str) -> Answer + Send + Sync;

/// The server. It ends when dropped.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves what `handler` says to a path.
    pub fn start(handler: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let stop = Arc::new(AtomicBool::new(false));
        let handler: Arc<Handler> = Arc::new(handler);
        let (all, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (all, handler) = (Arc::clone(&all), Arc::clone(&handler));
                // A client that goes away is no concern of the server.
                std::thread::spawn(move || stream.map(|stream| serve(stream, &all, &*handler)));
            }
        });
        Self { address, seen, stop, thread: Some(thread) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// The address, to be replaced in outputs.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Paths that were asked for so far.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic while locked").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, all: &Mutex<Vec<String>>, handler: &Handler) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
    }
    all.lock().expect("no panic while locked").push(path.clone());
    let answer = handler(&path);
    let length = answer.body.len();
    let head = format!("HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n", answer.status);
    stream.write_all(head.as_bytes())?;
    stream.write_all(&answer.body[..answer.cut.unwrap_or(length).min(length)])?;
    stream.shutdown(Shutdown::Write)
}
