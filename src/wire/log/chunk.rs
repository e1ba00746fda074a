//! Lines on their way into the log store: merged while they wait, then numbered and compressed.

use std::cell::RefCell;
use std::collections::VecDeque;

use zstd::bulk::Compressor;

use super::ansi::AnsiState;
use crate::domain::log::LogChunk;
use crate::domain::{LogId, Stream, Timestamp};

/// Lines are merged up to about this size, in bytes before compression: a reader decompresses whole chunks.
const CHUNK_BYTES: usize = 256 * 1024;

/// The fastest level; logs still shrink to a tenth.
const COMPRESSION_LEVEL: i32 = 1;

thread_local! {
    /// A compressor has tables of some hundred kilobytes: one for each thread, not for each log.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// Lines that wait together.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) text: Vec<u8>,
    pub(super) n_lines: i64,
    first_at: Timestamp,
    last_at: Timestamp,
}

/// All lines that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pieces: VecDeque<Piece>,
}

impl Waiting {
    /// Adds a line, begun by the letter of its stream if `letters`.
    pub(super) fn push(&mut self, letter: Option<Stream>, line: &str, at: Timestamp) -> usize {
        let piece = match self.pieces.back_mut() {
            Some(last) if last.text.len() < CHUNK_BYTES => last,
            _ => {
                self.pieces.push_back(Piece { text: Vec::new(), n_lines: 0, first_at: at, last_at: at });
                self.pieces.back_mut().expect("a piece was added just now")
            }
        };
        let before = piece.text.len();
        if let Some(stream) = letter {
            // Letters are ASCII.
            piece.text.push(stream.letter() as u8);
        }
        piece.text.extend_from_slice(line.as_bytes());
        piece.text.push(b'\n');
        piece.n_lines += 1;
        piece.last_at = at;
        piece.text.len() - before
    }

    pub(super) fn pop(&mut self) -> Option<Piece> {
        self.pieces.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }
}

/// Where the next chunk of a log begins.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    seq: i64,
    first_line: i64,
    first_byte: i64,
    ansi: AnsiState,
}

impl Cursor {
    /// How many lines were sealed so far.
    pub(super) fn n_lines(&self) -> i64 {
        self.first_line
    }

    /// Turns a piece into the next chunk.
    pub(super) fn seal(&mut self, log: LogId, piece: Piece) -> Result<LogChunk, std::io::Error> {
        let n_bytes = i64::try_from(piece.text.len()).unwrap_or(i64::MAX);
        let chunk = LogChunk {
            log,
            seq: self.seq,
            first_line: self.first_line,
            n_lines: piece.n_lines,
            first_byte: self.first_byte,
            n_bytes,
            first_at: piece.first_at,
            last_at: piece.last_at,
            ansi: self.ansi.sequence(),
            body: compress(&piece.text)?,
        };
        self.seq += 1;
        self.first_line += piece.n_lines;
        self.first_byte += n_bytes;
        self.ansi.advance(&piece.text);
        Ok(chunk)
    }
}

fn compress(text: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(Compressor::new(COMPRESSION_LEVEL)?),
        };
        compressor.compress(text)
    })
}
