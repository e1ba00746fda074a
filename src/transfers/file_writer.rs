//! A file that a worker sends: written beside its place, and moved there when all is well.

use std::fs::{self, FileTimes, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::error::TransferError;
use super::journal::{Journal, Note};

pub(super) struct FileWriter {
    destination: PathBuf,
    /// Gone when this is dropped, and the note of it after that.
    temporary: NamedTempFile,
    _note: Note,
    max_bytes: u64,
    n_bytes: u64,
    mode: Option<u32>,
    is_closed: bool,
}

impl FileWriter {
    /// Directories that are missing are made.
    pub(super) fn open(
        destination: PathBuf,
        journal: &Journal,
        max_bytes: u64,
        mode: Option<u32>,
    ) -> Result<Self, TransferError> {
        let no_name = || TransferError::NoName(destination.display().to_string());
        if destination.file_name().is_none() || destination.is_dir() {
            return Err(no_name());
        }
        let parent = destination.parent().ok_or_else(no_name)?;
        fs::create_dir_all(parent).map_err(|error| TransferError::disk("make the directory", parent, error))?;
        let note = journal.note(parent)?;
        let temporary = tempfile::Builder::new()
            .prefix(&note.name)
            .rand_bytes(0)
            .tempfile_in(parent)
            .map_err(|error| TransferError::disk("write to the directory", parent, error))?;
        Ok(Self { destination, temporary, _note: note, max_bytes, n_bytes: 0, mode, is_closed: false })
    }

    pub(super) fn write(&mut self, block: &[u8]) -> Result<(), TransferError> {
        if self.is_closed {
            return Err(TransferError::OutOfTurn("a block after the end of the file"));
        }
        let n_bytes = self.n_bytes.saturating_add(u64::try_from(block.len()).unwrap_or(u64::MAX));
        if self.max_bytes < n_bytes {
            return Err(TransferError::TooLarge(self.max_bytes));
        }
        self.n_bytes = n_bytes;
        let written = self.temporary.write_all(block);
        written.map_err(|error| TransferError::disk("write", &self.destination, error))
    }

    /// No more blocks come.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Unix seconds.
    pub(super) fn set_times(&mut self, access: f64, modified: f64) -> Result<(), TransferError> {
        let (Some(access), Some(modified)) = (unix_time(access), unix_time(modified)) else {
            return Err(TransferError::OutOfTurn("a time that does not exist"));
        };
        let times = FileTimes::new().set_accessed(access).set_modified(modified);
        let set = self.temporary.as_file().set_times(times);
        set.map_err(|error| TransferError::disk("set the times of", &self.destination, error))
    }

    /// Moves the file to its place; whatever was there is replaced at once.
    pub(super) fn commit(self) -> Result<(), TransferError> {
        if !self.is_closed {
            return Err(TransferError::OutOfTurn("the end of the command before the end of the file"));
        }
        let destination: &Path = &self.destination;
        if let Some(mode) = self.mode {
            let set = self.temporary.as_file().set_permissions(Permissions::from_mode(mode));
            set.map_err(|error| TransferError::disk("set the mode of", destination, error))?;
        }
        let moved = self.temporary.persist(destination);
        moved.map_err(|error| TransferError::disk("replace", destination, error.error)).map(drop)
    }
}

/// A time of the file system; nothing for numbers that are none.
pub(super) fn unix_time(seconds: f64) -> Option<SystemTime> {
    let distance = Duration::try_from_secs_f64(seconds.abs()).ok()?;
    if seconds < 0.0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use tempfile::TempDir;

    use super::*;

    fn open(path: PathBuf, max_bytes: u64, mode: Option<u32>) -> Result<FileWriter, TransferError> {
        let base = TempDir::new().unwrap();
        FileWriter::open(path, &Journal::below(base.path()), max_bytes, mode)
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_at_the_end_with_its_mode_and_times() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("new/deep/file");
        let mut writer = open(path.clone(), 100, Some(0o640)).unwrap();
        writer.write(b"one ").unwrap();
        writer.write(b"two").unwrap();
        writer.close();
        writer.set_times(1_000_000.5, 2_000_000.25).unwrap();
        assert!(!path.exists(), "nobody sees half a file");
        writer.commit().unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(metadata.mode() & 0o7777, 0o640);
        assert_eq!((metadata.mtime(), metadata.mtime_nsec(), metadata.atime()), (2_000_000, 250_000_000, 1_000_000));
        assert_eq!(
            (names(path.parent().unwrap()), fs::read(&path).unwrap()),
            (vec!["file".to_owned()], b"one two".to_vec())
        );
    }

    #[test]
    fn an_upload_that_is_dropped_leaves_what_was_there() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "old").unwrap();
        let mut writer = open(path.clone(), 100, None).unwrap();
        writer.write(b"new").unwrap();
        drop(writer);
        assert_eq!((fs::read(&path).unwrap(), names(dir.path())), (b"old".to_vec(), vec!["file".to_owned()]));
    }

    #[test]
    fn more_than_was_allowed_is_refused() {
        let dir = TempDir::new().unwrap();
        let mut writer = open(dir.path().join("file"), 5, None).unwrap();
        writer.write(b"12345").unwrap();
        assert!(matches!(writer.write(b"6"), Err(TransferError::TooLarge(5))));
    }

    #[test]
    fn what_comes_out_of_turn_is_refused() {
        let dir = TempDir::new().unwrap();
        let named = |name: &str| open(dir.path().join(name), 5, None).unwrap();
        let mut closed = named("a");
        closed.close();
        assert!(matches!(closed.write(b"x"), Err(TransferError::OutOfTurn(_))));
        assert!(matches!(named("b").commit(), Err(TransferError::OutOfTurn(_))));
        for seconds in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
            assert!(matches!(named("c").set_times(0.0, seconds), Err(TransferError::OutOfTurn(_))), "{seconds}");
        }
    }

    #[test]
    fn a_link_at_the_destination_is_replaced_and_not_followed() {
        let dir = TempDir::new().unwrap();
        let (victim, path) = (dir.path().join("victim"), dir.path().join("file"));
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let mut writer = open(path.clone(), 100, None).unwrap();
        writer.write(b"new").unwrap();
        writer.close();
        writer.commit().unwrap();
        assert_eq!((fs::read(&victim).unwrap(), fs::read(&path).unwrap()), (b"precious".to_vec(), b"new".to_vec()));
    }

    #[test]
    fn a_directory_is_no_place_for_a_file() {
        let dir = TempDir::new().unwrap();
        for path in [dir.path().to_owned(), PathBuf::from("/"), dir.path().join("..")] {
            assert!(matches!(open(path, 5, None), Err(TransferError::NoName(_))));
        }
    }
}
