//! The end of `twistd.log`, for a person who wants to know why a master did not start.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::telemetry::MASTER_LOG;

/// Most that is read, in bytes.
const WINDOW: u64 = 32 * 1024;

/// The size of the log now, in bytes.
pub(super) fn end_of_log(base_dir: &Path) -> u64 {
    base_dir.join(MASTER_LOG).metadata().map_or(0, |metadata| metadata.len())
}

/// The last lines that were written after `from`.
pub(super) fn last_lines(base_dir: &Path, from: u64, n_lines: usize) -> io::Result<Vec<String>> {
    let mut log = File::open(base_dir.join(MASTER_LOG))?;
    let end = log.metadata()?.len();
    // A log that is shorter than it was has been rotated meanwhile.
    let from = if end < from { 0 } else { from };
    log.seek(SeekFrom::Start(from.max(end.saturating_sub(WINDOW))))?;
    let mut bytes = Vec::new();
    log.take(WINDOW).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let n_skipped = lines.len().saturating_sub(n_lines);
    Ok(lines.into_iter().skip(n_skipped).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_the_last_lines_written_since_are_shown() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join(MASTER_LOG);
        fs::write(&log, "old\n").unwrap();
        let from = end_of_log(dir.path());
        fs::write(&log, "old\none\ntwo\nthree\n").unwrap();
        assert_eq!(last_lines(dir.path(), from, 10).unwrap(), ["one", "two", "three"]);
        assert_eq!(last_lines(dir.path(), from, 2).unwrap(), ["two", "three"]);
        assert_eq!(last_lines(dir.path(), 1000, 1).unwrap(), ["three"]);
    }

    #[test]
    fn a_master_without_a_log_has_an_end_of_log() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(end_of_log(dir.path()), 0);
        assert!(last_lines(dir.path(), 0, 1).is_err());
    }
}
