use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::downloader::Downloader;
use super::progress::Progress;
use super::request::Request;

/// Downloads under way in the background. Dropping it lets them go on.
pub struct Prefetch {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Prefetch {
    /// Starts no further download; those under way go on.
    pub fn cancel(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for all of them.
    pub fn wait(self) {
        for thread in self.threads {
            // A panic there is reported by the thread, and whoever fetches does the work again.
            let _ = thread.join();
        }
    }
}

impl Downloader {
    /// Starts to download `requests` in the background, in order and `jobs` at a time. A later fetch of the same
    /// request waits for the transfer, or finds its result or its error.
    ///
    /// Local files and requests that may not use the network are left alone.
    pub fn prefetch(&self, requests: Vec<Request>, jobs: usize, progress: Arc<dyn Progress>) -> Prefetch {
        let stop = Arc::new(AtomicBool::new(false));
        let jobs = jobs.min(requests.len());
        let queue = Arc::new(Mutex::new(VecDeque::from(requests)));
        let threads = (0..jobs)
            .map(|_| {
                let (downloader, queue, stop, progress) =
                    (self.clone(), Arc::clone(&queue), Arc::clone(&stop), Arc::clone(&progress));
                std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                        let Some(request) = next else { break };
                        downloader.obtain_ahead(&request, progress.as_ref());
                    }
                })
            })
            .collect();
        Prefetch { stop, threads }
    }
}
