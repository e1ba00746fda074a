//! `twistd.log`: what the worker has to say, in files of a limited size.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::EnvFilter;

/// When a log is set aside, and how many of those are kept: `twistd.log.1` is the newest of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// 0 for never.
    pub max_bytes: u64,
    /// All of them if not given.
    pub kept: Option<u32>,
}

/// A file that is renamed when it is full. Clones write to the same file.
#[derive(Clone)]
pub struct LogFile(Arc<Mutex<Open>>);

struct Open {
    path: PathBuf,
    file: File,
    n_bytes: u64,
    rotation: Rotation,
}

impl LogFile {
    pub fn open(path: PathBuf, rotation: Rotation) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let n_bytes = file.metadata()?.len();
        Ok(Self(Arc::new(Mutex::new(Open { path, file, n_bytes, rotation }))))
    }
}

impl Open {
    fn rotate(&mut self) -> io::Result<()> {
        let numbered = |number: u32| PathBuf::from(format!("{}.{number}", self.path.display()));
        let n_old = (1..u32::MAX).take_while(|number| numbered(*number).exists()).last().unwrap_or(0);
        let kept = self.rotation.kept.unwrap_or(u32::MAX);
        for number in (1..=n_old).rev() {
            // What cannot be moved or removed is overwritten or kept; neither is worth losing the new message.
            let _ = if number < kept {
                fs::rename(numbered(number), numbered(number + 1))
            } else {
                fs::remove_file(numbered(number))
            };
        }
        if kept == 0 {
            fs::remove_file(&self.path)?;
        } else {
            fs::rename(&self.path, numbered(1))?;
        }
        self.file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        self.n_bytes = 0;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.rotation.max_bytes != 0 && open.rotation.max_bytes < open.n_bytes {
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

/// Sends all messages to the file, or to the terminal if there is none; those of this level, unless `BUILDBOT_LOG` says
/// otherwise.
pub fn init(file: Option<LogFile>, level: &str) {
    let filter = EnvFilter::try_from_env("BUILDBOT_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_ansi(false);
    match file {
        Some(file) => subscriber.with_writer(move || file.clone()).init(),
        None => subscriber.with_writer(io::stderr).init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the logs that are there after a message each, for a log that is full after one.
    fn logs(kept: Option<u32>, n_messages: usize) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("twistd.log");
        let mut log = LogFile::open(path.clone(), Rotation { max_bytes: 3, kept }).unwrap();
        for number in 0..n_messages {
            log.write_all(format!("message {number}\n").as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("message {}\n", n_messages - 1));
        let mut names: Vec<String> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn full_files_are_set_aside_and_so_many_are_kept() {
        assert_eq!(logs(Some(2), 5), ["twistd.log", "twistd.log.1", "twistd.log.2"]);
        assert_eq!(logs(Some(0), 5), ["twistd.log"]);
        assert_eq!(logs(None, 5).len(), 5);
    }

    #[test]
    fn a_log_without_a_limit_grows() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("twistd.log");
        let mut log = LogFile::open(path.clone(), Rotation { max_bytes: 0, kept: None }).unwrap();
        log.write_all(&[b'x'; 100]).unwrap();
        log.write_all(b"y").unwrap();
        assert_eq!(fs::metadata(path).unwrap().len(), 101);
    }
}
