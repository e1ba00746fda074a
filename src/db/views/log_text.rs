//! The text of logs, out of its compressed chunks.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::logs_db::log_chunks;
use crate::domain::LogId;

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
}

/// How many lines are stored.
pub fn line_count(conn: &mut SqliteConnection, log: LogId) -> Result<i64, DbError> {
    let end: Option<Option<i64>> = log_chunks::table
        .filter(log_chunks::log_id.eq(log.0))
        .order(log_chunks::seq.desc())
        .select((log_chunks::first_line + log_chunks::n_lines).nullable())
        .first(conn)
        .optional()?;
    Ok(end.flatten().unwrap_or(0))
}

/// As [`line_count`], for many logs; those without text are left out.
pub fn line_counts(conn: &mut SqliteConnection, logs: &[LogId]) -> Result<Vec<(LogId, i64)>, DbError> {
    let ids = logs.iter().map(|log| log.0);
    let rows: Vec<(i64, Option<i64>)> = log_chunks::table
        .filter(log_chunks::log_id.eq_any(ids))
        .group_by(log_chunks::log_id)
        .select((log_chunks::log_id, diesel::dsl::max(log_chunks::first_line + log_chunks::n_lines)))
        .load(conn)?;
    Ok(rows.into_iter().map(|(log, end)| (LogId(log), end.unwrap_or(0))).collect())
}

/// At most `n_lines` lines from `first_line` on; fewer at the end. Only the chunks that hold them are read.
pub fn lines(conn: &mut SqliteConnection, log: LogId, first_line: i64, n_lines: i64) -> Result<LogLines, DbError> {
    let end = first_line.saturating_add(n_lines);
    let rows: Vec<(i64, i64, i64, String, Vec<u8>)> = log_chunks::table
        .filter(log_chunks::log_id.eq(log.0))
        .filter(log_chunks::first_line.lt(end))
        .filter((log_chunks::first_line + log_chunks::n_lines).gt(first_line))
        .order(log_chunks::seq)
        .select((log_chunks::first_line, log_chunks::n_lines, log_chunks::n_bytes, log_chunks::ansi, log_chunks::body))
        .load(conn)?;
    let mut found = LogLines { first_line, ..LogLines::default() };
    for (position, (first, n, n_bytes, ansi, body)) in rows.into_iter().enumerate() {
        let text = decompress(&body, n_bytes)?;
        let skip = usize::try_from(first_line.saturating_sub(first)).unwrap_or(0);
        let take = usize::try_from(end.saturating_sub(first).min(n)).unwrap_or(0).saturating_sub(skip);
        for line in text.split_inclusive('\n').skip(skip).take(take) {
            found.text.push_str(line);
            found.n_lines = found.n_lines.saturating_add(1);
        }
        if position == 0 {
            found.ansi = ansi;
        }
    }
    Ok(found)
}

/// The next chunk of a log: its number and text. Begin with `after` -1; `None` is the end.
pub fn next_chunk(conn: &mut SqliteConnection, log: LogId, after: i64) -> Result<Option<(i64, String)>, DbError> {
    let row: Option<(i64, i64, Vec<u8>)> = log_chunks::table
        .filter(log_chunks::log_id.eq(log.0))
        .filter(log_chunks::seq.gt(after))
        .order(log_chunks::seq)
        .select((log_chunks::seq, log_chunks::n_bytes, log_chunks::body))
        .first(conn)
        .optional()?;
    row.map(|(seq, n_bytes, body)| Ok((seq, decompress(&body, n_bytes)?))).transpose()
}

fn decompress(body: &[u8], n_bytes: i64) -> Result<String, DbError> {
    let capacity = usize::try_from(n_bytes).unwrap_or(0);
    let bytes = zstd::bulk::decompress(body, capacity).map_err(|error| DbError::Row(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| DbError::Row(error.to_string()))
}
