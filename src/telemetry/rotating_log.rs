//! A log file that never grows beyond a limit: when it would, it is renamed to `NAME.1`, what was `NAME.1` to
//! `NAME.2`, and so on; the oldest is dropped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// When to rotate, and how much to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Size in bytes that the file does not pass, unless a single write is longer.
    pub max_bytes: u64,
    /// Rotated files that are kept beside the current one.
    pub n_kept: u32,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { max_bytes: 10_000_000, n_kept: 10 }
    }
}

/// Writable from every thread. A write is never divided between two files.
#[derive(Debug)]
pub struct RotatingLog {
    path: PathBuf,
    rotation: Rotation,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    file: File,
    n_bytes: u64,
}

impl RotatingLog {
    /// Appends to the file at `path`, which is made if it does not exist.
    pub fn open(path: PathBuf, rotation: Rotation) -> io::Result<Self> {
        let current = Mutex::new(Current::open(&path)?);
        Ok(Self { path, rotation, current })
    }

    /// Writes one line; `line` has no line end of its own. Errors are dropped: there is nowhere to log them.
    pub fn write_line(&self, line: &str) {
        let mut log = self;
        let _ = log.write_all(format!("{line}\n").as_bytes());
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let n_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if 0 < current.n_bytes && self.rotation.max_bytes < current.n_bytes.saturating_add(n_bytes) {
            match rotate(&self.path, self.rotation.n_kept).and_then(|()| Current::open(&self.path)) {
                Ok(fresh) => *current = fresh,
                // A log that is too long is better than none. It is tried again after as many bytes.
                Err(_) => current.n_bytes = 0,
            }
        }
        current.file.write_all(bytes)?;
        current.n_bytes = current.n_bytes.saturating_add(n_bytes);
        Ok(())
    }
}

impl Write for &RotatingLog {
    /// Takes all of `bytes` or fails.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Current {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let n_bytes = file.metadata()?.len();
        Ok(Self { file, n_bytes })
    }
}

/// Moves every file one number up, from the oldest; a gap in the numbers does no harm.
fn rotate(path: &Path, n_kept: u32) -> io::Result<()> {
    if n_kept == 0 {
        return fs::remove_file(path);
    }
    for n in (1..n_kept).rev() {
        match fs::rename(numbered(path, n), numbered(path, n + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => (),
        }
    }
    fs::rename(path, numbered(path, 1))
}

fn numbered(path: &Path, n: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{n}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn contents(dir: &Path) -> BTreeMap<String, String> {
        let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
        entries
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
            .collect()
    }

    fn expect_contents(dir: &Path, expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(contents(dir), expected);
    }

    #[test]
    fn a_full_log_is_rotated_and_the_oldest_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let rotation = Rotation { max_bytes: 8, n_kept: 2 };
        let log = RotatingLog::open(dir.path().join("x.log"), rotation).unwrap();
        for line in ["one", "two", "three", "four", "five"] {
            log.write_line(line);
        }
        expect_contents(dir.path(), &[("x.log", "five\n"), ("x.log.1", "four\n"), ("x.log.2", "three\n")]);
    }

    #[test]
    fn a_log_is_continued_and_its_old_size_counts() {
        let dir = tempfile::tempdir().unwrap();
        let rotation = Rotation { max_bytes: 8, n_kept: 2 };
        for line in ["one", "two", "three"] {
            RotatingLog::open(dir.path().join("x.log"), rotation).unwrap().write_line(line);
        }
        expect_contents(dir.path(), &[("x.log", "three\n"), ("x.log.1", "one\ntwo\n")]);
    }

    #[test]
    fn a_line_longer_than_the_limit_is_kept_whole() {
        let dir = tempfile::tempdir().unwrap();
        let log = RotatingLog::open(dir.path().join("x.log"), Rotation { max_bytes: 2, n_kept: 1 }).unwrap();
        log.write_line("long");
        log.write_line("longer");
        expect_contents(dir.path(), &[("x.log", "longer\n"), ("x.log.1", "long\n")]);
    }

    #[test]
    fn a_log_that_cannot_be_rotated_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let log = RotatingLog::open(path.clone(), Rotation { max_bytes: 4, n_kept: 1 }).unwrap();
        fs::create_dir_all(dir.path().join("x.log.1/in the way")).unwrap();
        log.write_line("one");
        log.write_line("two");
        assert_eq!(fs::read_to_string(path).unwrap(), "one\ntwo\n");
    }
}
