//! Which temporary files there are: a note for each below the master's base directory, made before the file and removed
//! after it. So the next master knows what one that was killed has left, wherever that is.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::PREFIX;
use super::error::TransferError;

/// The directory of notes, below the base directory.
const NOTES: &str = ".buildbot-transfers";

/// Where notes are made.
#[derive(Clone, Debug)]
pub(super) struct Journal(PathBuf);

/// That a temporary file, or a directory, may exist. The note is gone when this is dropped: after the file.
#[derive(Debug)]
pub(super) struct Note {
    /// What the file is to be called.
    pub(super) name: OsString,
    _path: TempPath,
}

impl Journal {
    pub(super) fn below(base_dir: &Path) -> Self {
        Self(base_dir.join(NOTES))
    }

    /// Chooses the name of a temporary file in a directory, and notes it.
    pub(super) fn note(&self, directory: &Path) -> Result<Note, TransferError> {
        self.try_note(directory).map_err(|error| TransferError::disk("write to the directory", &self.0, error))
    }

    fn try_note(&self, directory: &Path) -> io::Result<Note> {
        fs::create_dir_all(&self.0)?;
        let mut note = tempfile::Builder::new().prefix("").rand_bytes(12).tempfile_in(&self.0)?;
        let mut name = OsString::from(PREFIX);
        name.extend(note.path().file_name());
        let path = std::path::absolute(directory)?.join(&name);
        note.write_all(path.as_os_str().as_bytes())?;
        Ok(Note { name, _path: note.into_temp_path() })
    }
}

/// Removes what a master that was killed has left: temporary files of uploads that were under way. To be called before
/// the first transfer begins; answers how many there were.
pub fn clear_interrupted(base_dir: &Path) -> Result<usize, TransferError> {
    let notes = base_dir.join(NOTES);
    let failed = |error| TransferError::disk("read the directory", &notes, error);
    let entries = match fs::read_dir(&notes) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error)),
    };
    let mut n_removed = 0;
    for entry in entries {
        let note = entry.map_err(failed)?.path();
        let read = fs::read(&note).map_err(|error| TransferError::disk("read", &note, error))?;
        n_removed += usize::from(remove(&PathBuf::from(OsString::from_vec(read)))?);
        fs::remove_file(&note).map_err(|error| TransferError::disk("remove", &note, error))?;
    }
    Ok(n_removed)
}

/// Whether there was something. Nothing is removed that is not called as a temporary file is.
fn remove(path: &Path) -> Result<bool, TransferError> {
    let is_ours = path.file_name().is_some_and(|name| name.as_bytes().starts_with(PREFIX.as_bytes()));
    if !is_ours {
        return Ok(false);
    }
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(TransferError::disk("remove", path, error)),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn n_notes(base: &TempDir) -> usize {
        fs::read_dir(base.path().join(NOTES)).unwrap().count()
    }

    #[test]
    fn a_note_is_there_as_long_as_its_transfer() {
        let base = TempDir::new().unwrap();
        let note = Journal::below(base.path()).note(base.path()).unwrap();
        assert!(note.name.as_bytes().starts_with(PREFIX.as_bytes()));
        assert_eq!(n_notes(&base), 1);
        drop(note);
        assert_eq!(n_notes(&base), 0);
    }

    #[test]
    fn what_was_noted_and_is_still_there_is_removed() {
        let base = TempDir::new().unwrap();
        let public = base.path().join("public");
        fs::create_dir(&public).unwrap();
        let journal = Journal::below(base.path());
        let notes: Vec<Note> = (0..3).map(|_| journal.note(&public).unwrap()).collect();
        fs::write(public.join(&notes[0].name), "half").unwrap();
        fs::create_dir_all(public.join(&notes[1].name).join("tree")).unwrap();
        fs::write(public.join("kept"), "").unwrap();
        // As a process that is killed does.
        notes.into_iter().for_each(std::mem::forget);
        assert_eq!(clear_interrupted(base.path()).unwrap(), 2);
        let left: Vec<_> = fs::read_dir(&public).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!((left, n_notes(&base)), (vec![OsString::from("kept")], 0));
        assert_eq!(clear_interrupted(base.path()).unwrap(), 0);
    }

    #[test]
    fn a_note_of_something_else_removes_nothing() {
        let base = TempDir::new().unwrap();
        fs::create_dir(base.path().join(NOTES)).unwrap();
        fs::write(base.path().join("precious"), "").unwrap();
        let text = base.path().join("precious");
        fs::write(base.path().join(NOTES).join("a"), text.as_os_str().as_bytes()).unwrap();
        fs::write(base.path().join(NOTES).join("b"), "").unwrap();
        assert_eq!(clear_interrupted(base.path()).unwrap(), 0);
        assert!(text.exists());
        assert_eq!(n_notes(&base), 0);
    }

    #[test]
    fn a_base_directory_without_notes_is_fine() {
        assert_eq!(clear_interrupted(TempDir::new().unwrap().path()).unwrap(), 0);
    }
}
