//! Why a transfer did not come to its end.

use std::io;
use std::path::{Path, PathBuf};

/// Names of entries are shown up to this length, in characters.
const SHOWN: usize = 200;

#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error("file '{0}' not available at master")]
    NotAvailable(String),
    #[error("'{0}' names no file on the master")]
    NoName(String),
    #[error("cannot {what} '{}' on the master: {source}", path.display())]
    Disk { what: &'static str, path: PathBuf, source: io::Error },
    #[error("the worker sent more than {0} bytes")]
    TooLarge(u64),
    #[error("the worker sent something out of turn: {0}")]
    OutOfTurn(&'static str),
    #[error("the archive unpacks to more than {0} bytes")]
    UnpacksTooLarge(u64),
    #[error("the archive has more than {0} entries")]
    TooManyEntries(u64),
    #[error("the archive is cut off")]
    CutOff,
    #[error("the archive cannot be read: {0}")]
    Unreadable(String),
    #[error("the archive's entry {name} is refused: {why}")]
    Entry { name: String, why: String },
    #[error("the transfer was given up")]
    GivenUp,
    #[error("the transfer failed inside the master")]
    Broken,
}

impl TransferError {
    pub(super) fn disk(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Disk { what, path: path.to_owned(), source }
    }

    pub(super) fn entry(name: &[u8], why: impl Into<String>) -> Self {
        let shown: String = String::from_utf8_lossy(name).chars().take(SHOWN).collect();
        Self::Entry { name: format!("{shown:?}"), why: why.into() }
    }
}
