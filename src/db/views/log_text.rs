//! The text of logs, out of its compressed chunks.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::logs_db::log_chunks;
use crate::domain::{LogId, Timestamp};

/// Some lines of a log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogLines {
    /// Number of the first, from 0.
    pub first_line: i64,
    pub n_lines: i64,
    /// Each ended by `\n`; in stream logs each begins with its stream's letter.
    pub text: String,
    /// The ANSI state before the chunk that the first line is in.
    pub ansi: String,
    /// The lines of that chunk before the first; left empty where they have no escapes.
    pub lead: String,
    /// When they came, piece by piece.
    pub arrivals: Vec<Arrival>,
}

/// How many lines are stored of each log; those without text are left out. Looks at one chunk of each.
pub fn line_counts(conn: &mut SqliteConnection, logs: &[LogId]) -> Result<Vec<(LogId, i64)>, DbError> {
    let mut counts = Vec::with_capacity(logs.len());
    for log in logs {
        let (seq, n_lines) = end(conn, *log)?;
        if 0 <= seq {
            counts.push((*log, n_lines));
        }
    }
    Ok(counts)
}

/// How many bytes of text are stored of each log, uncompressed; those without text are left out.
pub fn sizes(conn: &mut SqliteConnection, logs: &[LogId]) -> Result<Vec<(LogId, i64)>, DbError> {
    let mut sizes = Vec::with_capacity(logs.len());
    for log in logs {
        let last: Option<(i64, i64)> = log_chunks::table
            .filter(log_chunks::log_id.eq(log.0))
            .order(log_chunks::seq.desc())
            .select((log_chunks::first_byte, log_chunks::n_bytes))
            .first(conn)
            .optional()?;
        sizes.extend(last.map(|(first, n_bytes)| (*log, first.saturating_add(n_bytes))));
    }
    Ok(sizes)
}

/// What is asked of [`lines`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first_line: i64,
    pub n_lines: i64,
    /// No further line is taken once there are so many bytes; at least one line is.
    pub most_bytes: usize,
}

/// The lines of a span; fewer at the end. Only the chunks that hold them are read, one at a time.
pub fn lines(conn: &mut SqliteConnection, log: LogId, span: Span) -> Result<LogLines, DbError> {
    let first_line = span.first_line.max(0);
    let end = first_line.saturating_add(span.n_lines);
    let mut found = LogLines { first_line, ..LogLines::default() };
    let mut seq = chunk_of_line(conn, log, first_line)?;
    while let Some(chunk) = seq.map(|seq| chunk(conn, log, seq)).transpose()?.flatten() {
        let next = first_line.saturating_add(found.n_lines);
        if end <= chunk.first_line || end <= next || span.most_bytes <= found.text.len() {
            break;
        }
        found.add(&chunk, usize::try_from(end.saturating_sub(next)).unwrap_or(0), span.most_bytes);
        seq = seq.map(|seq| seq.saturating_add(1));
    }
    Ok(found)
}

/// The number of the chunk that holds a line, or of the last chunk before it.
pub fn chunk_of_line(conn: &mut SqliteConnection, log: LogId, line: i64) -> Result<Option<i64>, DbError> {
    let seq = log_chunks::table
        .filter(log_chunks::log_id.eq(log.0))
        .filter(log_chunks::first_line.le(line))
        .order(log_chunks::first_line.desc())
        .select(log_chunks::seq)
        .first(conn)
        .optional()?;
    Ok(seq)
}

/// A stored piece of a log, of whole lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    pub seq: i64,
    /// Number of its first line, from 0.
    pub first_line: i64,
    pub n_lines: i64,
    /// When its first and its last line came.
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// The ANSI state before its first character.
    pub ansi: String,
    /// Lines as in [`LogLines::text`].
    pub text: String,
}

/// When some lines came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub first_line: i64,
    pub n_lines: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl LogLines {
    /// Takes the lines of `chunk` that follow those which are here.
    fn add(&mut self, chunk: &Chunk, most_lines: usize, most_bytes: usize) {
        let next = self.first_line.saturating_add(self.n_lines);
        let skip = usize::try_from(next.saturating_sub(chunk.first_line)).unwrap_or(0);
        let mut lines = chunk.text.split_inclusive('\n');
        let lead: usize = lines.by_ref().take(skip).map(str::len).sum();
        if self.n_lines == 0 {
            self.ansi.clone_from(&chunk.ansi);
            chunk
                .text
                .get(..lead)
                .filter(|lead| lead.contains('\u{1b}'))
                .unwrap_or_default()
                .clone_into(&mut self.lead);
        }
        let before = self.n_lines;
        for line in lines.take(most_lines) {
            if most_bytes <= self.text.len() {
                break;
            }
            self.text.push_str(line);
            self.n_lines = self.n_lines.saturating_add(1);
        }
        if before < self.n_lines {
            self.arrivals.push(Arrival {
                first_line: self.first_line.saturating_add(before),
                n_lines: self.n_lines.saturating_sub(before),
                first_at: chunk.first_at,
                last_at: chunk.last_at,
            });
        }
    }
}

type ChunkRow = (i64, i64, i64, i64, i64, i64, String, Vec<u8>);

/// One chunk of a log; `None` if there is no such.
fn chunk(conn: &mut SqliteConnection, log: LogId, seq: i64) -> Result<Option<Chunk>, DbError> {
    chunk_after(conn, log, seq.saturating_sub(1)).map(|found| found.filter(|chunk| chunk.seq == seq))
}

/// The next chunk of a log. Begin with `after` -1; `None` is the end.
pub fn chunk_after(conn: &mut SqliteConnection, log: LogId, after: i64) -> Result<Option<Chunk>, DbError> {
    let row: Option<ChunkRow> = log_chunks::table
        .filter(log_chunks::log_id.eq(log.0))
        .filter(log_chunks::seq.gt(after))
        .order(log_chunks::seq)
        .select((
            log_chunks::seq,
            log_chunks::first_line,
            log_chunks::n_lines,
            log_chunks::n_bytes,
            log_chunks::first_at_us,
            log_chunks::last_at_us,
            log_chunks::ansi,
            log_chunks::body,
        ))
        .first(conn)
        .optional()?;
    let Some((seq, first_line, n_lines, n_bytes, first_at, last_at, ansi, body)) = row else { return Ok(None) };
    let (first_at, last_at) = (Timestamp::from_micros(first_at), Timestamp::from_micros(last_at));
    Ok(Some(Chunk { seq, first_line, n_lines, first_at, last_at, ansi, text: decompress(&body, n_bytes)? }))
}

/// The number of the last chunk and of the line after it; -1 and 0 while there is none.
pub fn end(conn: &mut SqliteConnection, log: LogId) -> Result<(i64, i64), DbError> {
    let end: Option<(i64, i64, i64)> = log_chunks::table
        .filter(log_chunks::log_id.eq(log.0))
        .order(log_chunks::seq.desc())
        .select((log_chunks::seq, log_chunks::first_line, log_chunks::n_lines))
        .first(conn)
        .optional()?;
    Ok(end.map_or((-1, 0), |(seq, first, n)| (seq, first.saturating_add(n))))
}

/// As [`chunk_after`]: number and text.
pub fn next_chunk(conn: &mut SqliteConnection, log: LogId, after: i64) -> Result<Option<(i64, String)>, DbError> {
    Ok(chunk_after(conn, log, after)?.map(|chunk| (chunk.seq, chunk.text)))
}

pub(super) fn decompress(body: &[u8], n_bytes: i64) -> Result<String, DbError> {
    let capacity = usize::try_from(n_bytes).unwrap_or(0);
    let bytes = zstd::bulk::decompress(body, capacity).map_err(|error| DbError::Row(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| DbError::Row(error.to_string()))
}
