//! Times one operation of the crate: `measure unpack ARCHIVE DEST`, `measure clone SRC DEST`, `measure copy SRC DEST`,
//! `measure remove PATH`, `measure hash FILE`, `measure fetch JOBS DIR URL...`.
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rbuildout_cache::hash::{Algorithm, hash_file};
use rbuildout_cache::{CacheSettings, DownloadSettings, Downloader, Request, Silent, archive, tree};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let started = Instant::now();
    match words.as_slice() {
        ["unpack", path, dest] => {
            archive::unpack(Path::new(path), Path::new(dest), &archive::Limits::default(), None)?;
        }
        ["clone", src, dest] => tree::clone_by_links(Path::new(src), Path::new(dest))?,
        ["copy", src, dest] => tree::copy(Path::new(src), Path::new(dest))?,
        ["remove", path] => tree::remove(Path::new(path))?,
        ["hash", path] => {
            let digests = hash_file(Path::new(path), &[Algorithm::Md5, Algorithm::Sha512])?;
            println!("{digests:?}");
        }
        ["fetch", jobs, dir, urls @ ..] => {
            let mut settings = DownloadSettings::new(Path::new(dir).join("spool"));
            settings.cache = Some(CacheSettings::new(dir, "download-cache"));
            let downloader = Downloader::new(settings);
            // An md5 that is wrong only costs the mismatch at the end, as hashing is what is timed.
            let requests: Vec<Request> = urls.iter().map(|url| Request::new(*url)).collect();
            let prefetch = downloader.prefetch(requests.clone(), jobs.parse()?, Arc::new(Silent));
            for request in &requests {
                downloader.fetch(request, &Silent)?;
            }
            prefetch.wait();
        }
        _ => return Err("usage: measure unpack|clone|copy|remove|hash|fetch ...".into()),
    }
    println!("{:.3} s", started.elapsed().as_secs_f64());
    Ok(())
}
