//! An HTTP/1.1 server on a free port, one thread per connection, one request per connection.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub path: String,
    pub headers: HashMap<String, String>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first byte that is asked for.
    pub fn range(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// The `Content-Length` that is told.
#[derive(Debug, Clone, Default)]
pub enum Length {
    #[default]
    True,
    False(usize),
    Untold,
}

/// What the server does with one request.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub status: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub length: Length,
    /// Ends the connection after this many bytes of the body.
    pub cut: Option<usize>,
    /// Sends no more after this many bytes of the body, but keeps the connection for a while.
    pub stall: Option<usize>,
    /// Waits this long between pieces of 64 kB.
    pub slow: Option<Duration>,
}

impl Answer {
    pub fn ok(body: &[u8]) -> Self {
        Self { status: "200 OK", body: body.to_vec(), ..Self::default() }
    }

    pub fn status(status: &'static str) -> Self {
        Self { status, body: b"no".to_vec(), ..Self::default() }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn cut(mut self, at: usize) -> Self {
        self.cut = Some(at);
        self
    }

    /// The answer of a good server to `seen`: a range where one is asked for and `tag` still holds.
    pub fn ranged(seen: &Seen, body: &[u8], tag: &str) -> Self {
        let whole = Self::ok(body).header("ETag", tag);
        match seen.range() {
            Some(from) if seen.header("if-range").is_none_or(|known| known == tag) => {
                if from >= body.len() {
                    return Self::status("416 Range Not Satisfiable");
                }
                let range = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
                Self { status: "206 Partial Content", body: body[from..].to_vec(), ..whole }
                    .header("Content-Range", range)
            }
            _ => whole,
        }
    }
}

type Handler = dyn Fn(&Seen, usize) -> Answer + Send + Sync;

/// The server. It ends when dropped.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves what `handler` says to a request; its second argument counts the requests before.
    pub fn start(handler: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
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

    /// Serves `body` at every path.
    pub fn of(body: &[u8]) -> Self {
        let body = body.to_vec();
        Self::start(move |_, _| Answer::ok(&body))
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
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

fn serve(stream: TcpStream, all: &Mutex<Vec<Seen>>, handler: &Handler) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let seen = Seen { path, headers };
    let count = {
        let mut all = all.lock().unwrap();
        all.push(seen.clone());
        all.len() - 1
    };
    answer(stream, &handler(&seen, count))
}

fn answer(mut stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", answer.status);
    let length = match answer.length {
        Length::True => Some(answer.body.len()),
        Length::False(length) => Some(length),
        Length::Untold => None,
    };
    if let Some(length) = length {
        write!(head, "Content-Length: {length}\r\n").unwrap();
    }
    for (name, value) in &answer.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    let end = answer.cut.or(answer.stall).unwrap_or(answer.body.len()).min(answer.body.len());
    for piece in answer.body[..end].chunks(65536) {
        stream.write_all(piece)?;
        if let Some(wait) = answer.slow {
            std::thread::sleep(wait);
        }
    }
    if answer.stall.is_some() {
        std::thread::sleep(Duration::from_secs(3));
    }
    stream.shutdown(Shutdown::Write)
}
