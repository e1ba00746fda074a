//! `twistd.log`: what the worker has to say, in files of at most ten megabytes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::EnvFilter;

const MAX_BYTES: u64 = 10_000_000;
/// Older files that are kept: `twistd.log.1` is the newest of them.
const KEPT: u32 = 5;

/// A file that is renamed when it is full. Clones write to the same file.
#[derive(Clone)]
pub struct LogFile(Arc<Mutex<Open>>);

struct Open {
    path: PathBuf,
    file: File,
    n_bytes: u64,
}

impl LogFile {
    pub fn open(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let n_bytes = file.metadata()?.len();
        Ok(Self(Arc::new(Mutex::new(Open { path, file, n_bytes }))))
    }
}

impl Open {
    fn rotate(&mut self) -> io::Result<()> {
        let numbered = |number: u32| PathBuf::from(format!("{}.{number}", self.path.display()));
        for number in (1..KEPT).rev() {
            // The older ones may not exist yet.
            let _ = fs::rename(numbered(number), numbered(number + 1));
        }
        fs::rename(&self.path, numbered(1))?;
        self.file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        self.n_bytes = 0;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if MAX_BYTES < open.n_bytes {
            open.rotate()?;
        }
        open.n_bytes = open.n_bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
        open.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends all messages to the file, or to the terminal if there is none.
pub fn init(file: Option<LogFile>) {
    let filter = EnvFilter::try_from_env("BUILDBOT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_ansi(false);
    match file {
        Some(file) => subscriber.with_writer(move || file.clone()).init(),
        None => subscriber.with_writer(io::stderr).init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_set_aside() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("twistd.log");
        fs::write(&path, vec![b'x'; usize::try_from(MAX_BYTES).unwrap() + 1]).unwrap();
        let mut log = LogFile::open(path.clone()).unwrap();
        log.write_all(b"new\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new\n");
        assert_eq!(fs::metadata(directory.path().join("twistd.log.1")).unwrap().len(), MAX_BYTES + 1);
    }
}
