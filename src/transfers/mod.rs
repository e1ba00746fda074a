//! The master's end of files that travel: what workers send is stored, what they fetch is read.
//!
//! A worker is not trusted: what it sends lands in something new, within limits, and is moved to its place only when
//! its command went well. All disk work runs on blocking threads, a block at a time; a worker that is slow holds none.

mod archive;
mod directory_writer;
mod error;
mod file_writer;
mod journal;
mod limits;
mod name;
mod place;
mod publish;
mod reader;
mod unpack;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::watch;

pub use self::error::TransferError;
pub use self::journal::clear_interrupted;
pub use self::limits::Limits;

use self::directory_writer::DirectoryWriter;
use self::file_writer::FileWriter;
use self::journal::Journal;
use self::place::place;
use self::reader::Reader;
use crate::domain::MasterFile;
use crate::wire::{Transfer, TransferStep};

/// What files and directories are called while they are not complete.
const PREFIX: &str = ".buildbot-transfer-";

/// The master's end of one transfer.
pub struct MasterTransfer {
    shared: Arc<Shared>,
}

struct Shared {
    end: Mutex<End>,
    /// The first thing that went wrong.
    problem: watch::Sender<Option<String>>,
    given_up: AtomicBool,
}

enum End {
    File(FileWriter),
    Directory(DirectoryWriter),
    Reader(Reader),
    /// It is over, for good or bad.
    Over,
}

impl MasterTransfer {
    /// Opens the file, or makes room for it, on a thread that may block. Uploads appear in their place by
    /// [`MasterTransfer::commit`] only; one that is dropped leaves nothing behind, and what is left when the process is
    /// killed is known to [`clear_interrupted`].
    pub async fn open(base_dir: PathBuf, file: MasterFile, limits: Limits) -> Result<Arc<Self>, TransferError> {
        let end = blocking(move || End::open(base_dir, file, limits)).await?;
        let (problem, given_up) = (watch::Sender::new(None), AtomicBool::new(false));
        Ok(Arc::new(Self { shared: Arc::new(Shared { end: Mutex::new(end), problem, given_up }) }))
    }

    /// What went wrong on this side, if anything did.
    pub fn problem(&self) -> Option<String> {
        self.shared.problem.borrow().clone()
    }

    /// Returns once something went wrong on this side: nothing more is taken then.
    pub async fn refused(&self) {
        // The sender lives as long as this.
        let _ = self.shared.problem.subscribe().wait_for(Option::is_some).await;
    }

    /// The command went well: moves what was received to its place.
    pub async fn commit(&self) -> Result<(), TransferError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let end = std::mem::replace(&mut *shared.end(), End::Over);
            match end {
                End::File(writer) => writer.commit(),
                End::Directory(writer) => writer.commit(),
                End::Reader(_) | End::Over => Ok(()),
            }
        })
        .await
    }
}

impl Transfer for MasterTransfer {
    fn step(&self, step: TransferStep) -> BoxFuture<'static, Result<Vec<u8>, String>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let taken = blocking(move || shared.take(step)).await;
            taken.map_err(|error| error.to_string())
        })
    }
}

impl Drop for MasterTransfer {
    /// What is left behind is removed where disk work may be done.
    fn drop(&mut self) {
        self.shared.given_up.store(true, Ordering::Relaxed);
        let shared = Arc::clone(&self.shared);
        let forget = move || drop(std::mem::replace(&mut *shared.end(), End::Over));
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(forget)),
            Err(_) => forget(),
        }
    }
}

impl Shared {
    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out one step. After the first error nothing more is taken, and what was received is gone.
    fn take(&self, step: TransferStep) -> Result<Vec<u8>, TransferError> {
        let mut end = self.end();
        let taken = end.take(step, &self.given_up);
        if let Err(error) = &taken {
            *end = End::Over;
            self.problem.send_if_modified(|problem| {
                let is_first = problem.is_none();
                problem.get_or_insert_with(|| error.to_string());
                is_first
            });
        }
        taken
    }
}

impl End {
    fn open(base_dir: PathBuf, file: MasterFile, limits: Limits) -> Result<Self, TransferError> {
        let journal = Journal::below(&base_dir);
        Ok(match file {
            MasterFile::StoreFile(wanted) => {
                let max_bytes = limits.arriving(wanted.max_bytes);
                Self::File(FileWriter::open(place(&base_dir, &wanted.path), &journal, max_bytes, wanted.mode)?)
            }
            MasterFile::StoreDirectory(wanted) => {
                Self::Directory(DirectoryWriter::open(place(&base_dir, &wanted.path), &journal, &wanted, limits)?)
            }
            MasterFile::Send(path) => Self::Reader(Reader::open(&place(&base_dir, &path), &path)?),
            MasterFile::SendBytes(bytes) => Self::Reader(Reader::bytes(bytes)),
        })
    }

    fn take(&mut self, step: TransferStep, given_up: &AtomicBool) -> Result<Vec<u8>, TransferError> {
        match (self, step) {
            (Self::File(writer), TransferStep::WriteFile(block)) => writer.write(&block)?,
            (Self::File(writer), TransferStep::CloseFile) => writer.close(),
            (Self::File(writer), TransferStep::SetTimes { access, modified }) => writer.set_times(access, modified)?,
            (Self::Directory(writer), TransferStep::WriteDirectory(block)) => writer.write(&block)?,
            (Self::Directory(writer), TransferStep::Unpack) => writer.unpack(given_up)?,
            (Self::Reader(reader), TransferStep::Read { length }) => return reader.read(length),
            // After an error, workers close all the same.
            (Self::Reader(_) | Self::Over, TransferStep::CloseRead) | (Self::Over, TransferStep::CloseFile) => {}
            (Self::Over, _) => return Err(TransferError::OutOfTurn("more, after the transfer was over")),
            _ => return Err(TransferError::OutOfTurn("something that does not belong to its command")),
        }
        Ok(Vec::new())
    }
}

/// Runs disk work where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TransferError> + Send + 'static,
) -> Result<T, TransferError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(TransferError::Broken))
}
