/// Is told what a download does. Called from any thread, several downloads mixed; URLs come without passwords.
pub trait Progress: Send + Sync {
    /// A URL is about to be asked (the reference's `Downloading URL`). Called once a request, whatever the number of
    /// attempts, and not for local files and cache hits.
    fn downloading(&self, url: &str) {
        let _ = url;
    }

    /// A body starts to arrive; `total` is its size in bytes where the server told it. Called again for each attempt.
    fn started(&self, url: &str, total: Option<u64>) {
        let _ = (url, total);
    }

    /// This many bytes more have arrived, or were there from an interrupted transfer.
    fn advanced(&self, url: &str, bytes: u64) {
        let _ = (url, bytes);
    }

    /// The body is complete or given up.
    fn finished(&self, url: &str) {
        let _ = url;
    }

    /// Something the user may want to know: a retry, a mirror, a wait.
    fn note(&self, text: &str) {
        let _ = text;
    }

    /// What the reference logs at its debug level.
    fn debug(&self, text: &str) {
        let _ = text;
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
