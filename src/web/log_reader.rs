//! Reads of the log store, for pages and REST alike.

use std::collections::HashMap;

use crate::db::Db;
use crate::db::views::log_text::{self, LogLines};
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
    Ok(db.read_logs(move |conn| log_text::lines(conn, log, first, n_lines)).await?.text)
}

/// As [`lines`], with their number and the escape that is in force before them.
pub async fn page(db: &Db, log: LogId, first: i64, n_lines: i64) -> Result<LogLines, WebError> {
    Ok(db.read_logs(move |conn| log_text::lines(conn, log, first, n_lines)).await?)
}

/// The next piece of a log, of whole lines, and its number; begin with -1.
pub async fn next_chunk(db: &Db, log: LogId, after: i64) -> Result<Option<(i64, String)>, WebError> {
    Ok(db.read_logs(move |conn| log_text::next_chunk(conn, log, after)).await?)
}
