//! Reads of the log store, for pages and REST alike.

use std::collections::HashMap;

use crate::db::Db;
use crate::db::views::keys::LogKey;
use crate::db::views::log_text::{self, LogLines, Span};
use crate::db::views::logs;
use crate::domain::{Log, LogId};

use super::error::WebError;

/// Fills in how many lines each log has, in one read.
pub async fn count_lines(db: &Db, logs: &mut [Log]) -> Result<(), WebError> {
    if logs.is_empty() {
        return Ok(());
    }
    let ids: Vec<LogId> = logs.iter().map(|log| log.id).collect();
    let counts = db.read_logs(move |conn| log_text::line_counts(conn, &ids)).await?;
    let counts: HashMap<LogId, i64> = counts.into_iter().collect();
    for log in logs {
        log.n_lines = counts.get(&log.id).copied().unwrap_or(0);
    }
    Ok(())
}

/// Some lines, each ended by `\n` and, in stream logs, begun by its letter; empty beyond the end.
pub async fn lines(db: &Db, log: LogId, first: i64, n_lines: i64) -> Result<String, WebError> {
    let span = Span { first_line: first, n_lines, most_bytes: usize::MAX };
    Ok(page(db, log, span).await?.text)
}

/// As [`lines`], with their number, what is in force before them, and their times.
pub async fn page(db: &Db, log: LogId, span: Span) -> Result<LogLines, WebError> {
    Ok(db.read_logs(move |conn| log_text::lines(conn, log, span)).await?)
}

/// A log with its number of lines.
pub async fn find(db: &Db, id: LogId) -> Result<Option<Log>, WebError> {
    let found = db.read(move |conn| logs::find(conn, &LogKey::Id(id.0))).await?;
    let Some(mut log) = found else { return Ok(None) };
    count_lines(db, std::slice::from_mut(&mut log)).await?;
    Ok(Some(log))
}

/// The next piece of a log, of whole lines, and its number; begin with -1.
pub async fn next_chunk(db: &Db, log: LogId, after: i64) -> Result<Option<(i64, String)>, WebError> {
    Ok(db.read_logs(move |conn| log_text::next_chunk(conn, log, after)).await?)
}
