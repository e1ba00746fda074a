//! The entries of a tar stream, one after the other, without ever holding more than a block of it.
//!
//! The crate `tar` reads the fields of headers. The loop around them is ours, because whoever made the stream is
//! hostile: names and extended headers of any length would otherwise be read into memory.

use std::io::{ErrorKind, Read, Write};

use tar::{EntryType, Header, PaxExtensions};

use super::error::TransferError;

/// What headers are made of, and what contents are padded to, in bytes.
const BLOCK: u64 = 512;

/// Contents are copied by so many bytes.
const COPIED: u64 = 64 << 10;

/// A long name or an extended header may have so many bytes.
const MAX_HEADER: u64 = 64 << 10;

/// Headers that an entry may take: its own, an extended one, a long name.
const HEADERS_OF_ENTRY: u64 = 3;

/// Bits that make a program run as somebody else.
const SET_ID: u32 = 0o6000;

/// A file or directory of an archive.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub name: Vec<u8>,
    pub kind: EntryKind,
}

#[derive(Debug, PartialEq)]
pub(super) enum EntryKind {
    Directory,
    File {
        mode: u32,
        /// Unix seconds.
        modified: Option<f64>,
    },
}

pub(super) struct Archive<R> {
    input: R,
    max_bytes: u64,
    /// Bytes that may still be read.
    left: u64,
    max_entries: u64,
    n_entries: u64,
    n_headers: u64,
    /// Of the entry that was returned last: its content, and what it is padded with.
    content: u64,
    padding: u64,
}

/// What headers before an entry say of it.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<f64>,
}

impl<R: Read> Archive<R> {
    pub(super) fn new(input: R, max_bytes: u64, max_entries: u64) -> Self {
        Self { input, max_bytes, left: max_bytes, max_entries, n_entries: 0, n_headers: 0, content: 0, padding: 0 }
    }

    /// The next file or directory; nothing at the end. What is left of the one before is skipped.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, TransferError> {
        let mut extension = Extension::default();
        loop {
            self.skip_content()?;
            let Some(header) = self.header()? else { return Ok(None) };
            let kind = header.entry_type();
            let size = header.entry_size().map_err(|error| TransferError::Unreadable(error.to_string()))?;
            match kind {
                EntryType::XHeader => {
                    let text = self.extended(size)?;
                    extension.read(&text);
                }
                EntryType::GNULongName => {
                    let mut name = self.extended(size)?;
                    while name.last() == Some(&0) {
                        name.pop();
                    }
                    extension.name = Some(name);
                }
                // These belong to links, which are refused, and to everybody, which helps nobody.
                EntryType::GNULongLink | EntryType::XGlobalHeader => {
                    self.extended(size)?;
                }
                _ => return self.entry(&header, extension.size.unwrap_or(size), extension).map(Some),
            }
        }
    }

    /// Copies what is left of the entry's content, by blocks; `go_on` is asked before each.
    pub(super) fn copy_content(
        &mut self,
        output: &mut impl Write,
        go_on: impl Fn() -> Result<(), TransferError>,
        failed: impl Fn(std::io::Error) -> TransferError,
    ) -> Result<(), TransferError> {
        let mut block = vec![0; usize::try_from(self.content.min(COPIED)).unwrap_or_default()];
        while self.content != 0 {
            go_on()?;
            let n = usize::try_from(self.content).unwrap_or(block.len()).min(block.len());
            let piece = &mut block[..n];
            self.fill(piece)?;
            self.content -= u64::try_from(n).unwrap_or(self.content);
            output.write_all(piece).map_err(&failed)?;
        }
        Ok(())
    }

    fn entry(&mut self, header: &Header, size: u64, extension: Extension) -> Result<Entry, TransferError> {
        let name = extension.name.unwrap_or_else(|| header.path_bytes().into_owned());
        let refused = |why: &str| Err(TransferError::entry(&name, why));
        self.n_entries += 1;
        if self.max_entries < self.n_entries {
            return Err(TransferError::TooManyEntries(self.max_entries));
        }
        let mode = header.mode().map_err(|error| TransferError::Unreadable(error.to_string()))?;
        let kind = match header.entry_type() {
            EntryType::Directory => EntryKind::Directory,
            EntryType::Regular if mode & SET_ID != 0 => {
                return refused("it would run with the rights of its owner (set-user-id or set-group-id)");
            }
            EntryType::Regular => {
                let modified = extension.modified.or_else(|| header.mtime().ok().map(seconds));
                EntryKind::File { mode: mode & 0o777, modified }
            }
            EntryType::Symlink => return refused("it is a symbolic link"),
            EntryType::Link => return refused("it is a hard link"),
            EntryType::Char | EntryType::Block => return refused("it is a device"),
            EntryType::Fifo => return refused("it is a named pipe"),
            _ => return refused("it is neither a file nor a directory"),
        };
        // A size that cannot come is not worth the beginning.
        if self.left < size {
            return Err(TransferError::UnpacksTooLarge(self.max_bytes));
        }
        self.expect_content(size);
        Ok(Entry { name, kind })
    }

    fn expect_content(&mut self, size: u64) {
        self.content = size;
        self.padding = (BLOCK - size % BLOCK) % BLOCK;
    }

    /// The content of a header that is about the next one.
    fn extended(&mut self, size: u64) -> Result<Vec<u8>, TransferError> {
        if MAX_HEADER < size {
            return Err(TransferError::Unreadable(format!("a header of {size} bytes")));
        }
        self.expect_content(size);
        let mut content = vec![0; usize::try_from(size).unwrap_or_default()];
        self.fill(&mut content)?;
        self.content = 0;
        Ok(content)
    }

    fn skip_content(&mut self) -> Result<(), TransferError> {
        self.copy_content(&mut std::io::sink(), || Ok(()), |error| TransferError::Unreadable(error.to_string()))?;
        let mut padding = [0; 512];
        let n = usize::try_from(std::mem::take(&mut self.padding)).unwrap_or_default();
        self.fill(&mut padding[..n])
    }

    /// The next header; nothing if the archive ends here.
    fn header(&mut self) -> Result<Option<Header>, TransferError> {
        let mut header = Header::new_old();
        self.fill(header.as_mut_bytes())?;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        self.n_headers += 1;
        if self.max_entries.saturating_mul(HEADERS_OF_ENTRY) < self.n_headers {
            return Err(TransferError::TooManyEntries(self.max_entries));
        }
        if header.cksum().ok() != Some(checksum(&header)) {
            return Err(TransferError::Unreadable("a header has a wrong checksum".to_owned()));
        }
        Ok(Some(header))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), TransferError> {
        let n = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(n).ok_or(TransferError::UnpacksTooLarge(self.max_bytes))?;
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => TransferError::CutOff,
            _ => TransferError::Unreadable(error.to_string()),
        })
    }
}

impl Extension {
    /// Reads an extended header; what cannot be read says nothing.
    fn read(&mut self, content: &[u8]) {
        for record in PaxExtensions::new(content).flatten() {
            let text = record.value().ok();
            match record.key_bytes() {
                b"path" => self.name = Some(record.value_bytes().to_vec()),
                b"size" => self.size = text.and_then(|text| text.parse().ok()),
                b"mtime" => self.modified = text.and_then(|text| text.parse().ok()),
                _ => {}
            }
        }
    }
}

/// The sum of all bytes, those of the sum itself as blanks.
fn checksum(header: &Header) -> u32 {
    let is_sum = |at: usize| (148..156).contains(&at);
    let bytes = header.as_bytes().iter().enumerate();
    bytes.map(|(at, byte)| u32::from(if is_sum(at) { b' ' } else { *byte })).sum()
}

#[expect(clippy::cast_precision_loss, reason = "no date of a file is that far away")]
fn seconds(seconds: u64) -> f64 {
    seconds as f64
}
