//! Logs of steps.

use super::{LogId, StepId, Timestamp};

/// Where a line of a stream log came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    Stdout,
    Stderr,
    Header,
}

impl Stream {
    /// The character that begins such a line in REST's `contents` (`o`, `e`, `h`).
    pub const fn letter(self) -> char {
        match self {
            Self::Stdout => 'o',
            Self::Stderr => 'e',
            Self::Header => 'h',
        }
    }
}

/// What a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// Lines of several streams, each begun by its letter.
    Stream,
    Text,
    Html,
    Deleted,
}

impl LogKind {
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Stream => "s",
            Self::Text => "t",
            Self::Html => "h",
            Self::Deleted => "d",
        }
    }

    pub fn from_letter(letter: &str) -> Option<Self> {
        [Self::Stream, Self::Text, Self::Html, Self::Deleted].into_iter().find(|kind| kind.letter() == letter)
    }
}

/// A stored log.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    pub id: LogId,
    pub step_id: StepId,
    pub name: String,
    /// The name as it appears in URLs; unique within the step.
    pub slug: String,
    pub kind: LogKind,
    pub complete: bool,
    pub n_lines: i64,
}

/// Sees every line of a running command, without line end, after secrets were masked.
///
/// Runs on a wire thread; must be quick.
pub trait LineObserver: Send {
    fn line(&mut self, stream: Stream, line: &str);
}

/// A piece of a log as it is stored: whole lines, compressed.
#[derive(Clone, Debug, PartialEq)]
pub struct LogChunk {
    pub log: LogId,
    /// 0, 1, 2 ... within the log; storing a number twice keeps the first.
    pub seq: i64,
    pub first_line: i64,
    pub n_lines: i64,
    /// Offset of its first byte in the uncompressed log.
    pub first_byte: i64,
    /// Uncompressed length.
    pub n_bytes: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// The ANSI state (an SGR sequence or nothing) before its first character.
    pub ansi: String,
    /// zstd of the lines, each ended by `\n`; in stream logs each begins with its stream's letter.
    pub body: Vec<u8>,
}
