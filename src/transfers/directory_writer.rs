//! A directory that a worker sends: its archive is kept until it is complete, unpacked into a new directory, and moved
//! to its place when all is well.
//!
//! The archive goes to a file first, so that a worker that is slow to send holds no thread.

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use bzip2::read::MultiBzDecoder;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use flate2::read::MultiGzDecoder;
use tempfile::TempDir;

use super::archive::Archive;
use super::error::TransferError;
use super::journal::{Journal, Note};
use super::limits::Limits;
use super::publish::publish;
use super::unpack::unpack;
use crate::domain::{Compression, StoreDirectory};

pub(super) struct DirectoryWriter {
    destination: PathBuf,
    compression: Compression,
    /// Beside or within the destination, gone when this is dropped, and the note of it after that.
    temporary: TempDir,
    _note: Note,
    archive: File,
    n_bytes: u64,
    max_bytes: u64,
    max_unpacked: u64,
    max_entries: u64,
    is_unpacked: bool,
}

/// What the temporary directory holds.
const ARCHIVE: &str = "archive";
const TREE: &str = "tree";

impl DirectoryWriter {
    /// Directories that are missing are made, but for the destination itself.
    pub(super) fn open(
        destination: PathBuf,
        journal: &Journal,
        wanted: &StoreDirectory,
        limits: Limits,
    ) -> Result<Self, TransferError> {
        let no_name = || TransferError::NoName(wanted.path.clone());
        // What is there may be on a file system of its own, where nothing can be moved to from outside.
        let beside = if destination.is_dir() {
            destination.clone()
        } else {
            destination.file_name().ok_or_else(no_name)?;
            destination.parent().ok_or_else(no_name)?.to_owned()
        };
        let failed = |error| TransferError::disk("write to the directory", &beside, error);
        fs::create_dir_all(&beside).map_err(|error| TransferError::disk("make the directory", &beside, error))?;
        let note = journal.note(&beside)?;
        let temporary =
            tempfile::Builder::new().prefix(&note.name).rand_bytes(0).tempdir_in(&beside).map_err(failed)?;
        fs::create_dir(temporary.path().join(TREE)).map_err(failed)?;
        let archive = File::create_new(temporary.path().join(ARCHIVE)).map_err(failed)?;
        Ok(Self {
            destination,
            compression: wanted.compression,
            temporary,
            _note: note,
            archive,
            n_bytes: 0,
            max_bytes: limits.arriving(wanted.max_bytes),
            max_unpacked: limits.unpacked(wanted.max_bytes),
            max_entries: limits.entries,
            is_unpacked: false,
        })
    }

    pub(super) fn write(&mut self, block: &[u8]) -> Result<(), TransferError> {
        if self.is_unpacked {
            return Err(TransferError::OutOfTurn("a block after the end of the archive"));
        }
        let n_bytes = self.n_bytes.saturating_add(u64::try_from(block.len()).unwrap_or(u64::MAX));
        if self.max_bytes < n_bytes {
            return Err(TransferError::TooLarge(self.max_bytes));
        }
        self.n_bytes = n_bytes;
        let written = self.archive.write_all(block);
        written.map_err(|error| TransferError::disk("write the archive for", &self.destination, error))
    }

    /// The archive is complete.
    pub(super) fn unpack(&mut self, given_up: &AtomicBool) -> Result<(), TransferError> {
        if self.is_unpacked {
            return Err(TransferError::OutOfTurn("the end of the archive, again"));
        }
        self.is_unpacked = true;
        let failed = |error| TransferError::disk("unpack the archive for", &self.destination, error);
        let tree = self.temporary.path().join(TREE);
        let root = Dir::open_ambient_dir(tree, ambient_authority()).map_err(failed)?;
        self.archive.rewind().map_err(failed)?;
        let input = BufReader::with_capacity(64 << 10, &self.archive);
        let input: Box<dyn Read + '_> = match self.compression {
            Compression::None => Box::new(input),
            Compression::Gzip => Box::new(MultiGzDecoder::new(input)),
            Compression::Bzip2 => Box::new(MultiBzDecoder::new(input)),
        };
        let mut archive = Archive::new(input, self.max_unpacked, self.max_entries);
        unpack(&mut archive, &root, given_up)
    }

    /// Moves the directory to its place.
    pub(super) fn commit(self) -> Result<(), TransferError> {
        if !self.is_unpacked {
            return Err(TransferError::OutOfTurn("the end of the command before the end of the archive"));
        }
        let moved = publish(&self.temporary.path().join(TREE), &self.destination);
        moved.map_err(|error| TransferError::disk("replace", &self.destination, error))
    }
}
