//! A file of the master that a worker fetches, block by block.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use super::error::TransferError;

pub(super) struct Reader {
    source: Box<dyn Read + Send>,
    /// As configured.
    name: String,
}

impl Reader {
    /// `name` is what the configuration calls it. Only plain files can be fetched.
    pub(super) fn open(path: &Path, name: &str) -> Result<Self, TransferError> {
        let not_available = |_| TransferError::NotAvailable(name.to_owned());
        // Opening a pipe would wait for somebody to write to it.
        if !std::fs::metadata(path).map_err(not_available)?.is_file() {
            return Err(TransferError::NotAvailable(name.to_owned()));
        }
        let file = File::open(path).map_err(not_available)?;
        Ok(Self { source: Box::new(file), name: name.to_owned() })
    }

    pub(super) fn bytes(bytes: Vec<u8>) -> Self {
        Self { source: Box::new(Cursor::new(bytes)), name: String::new() }
    }

    /// The next block of at most `length` bytes; an empty one is the end.
    pub(super) fn read(&mut self, length: usize) -> Result<Vec<u8>, TransferError> {
        let mut block = Vec::new();
        let limit = u64::try_from(length).unwrap_or(u64::MAX);
        let read = self.source.by_ref().take(limit).read_to_end(&mut block);
        read.map_err(|error| TransferError::disk("read", Path::new(&self.name), error))?;
        Ok(block)
    }
}
