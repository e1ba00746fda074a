//! The last lines of many logs in one read.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Binary, Text};

use super::log_text::{LogLines, decompress};
use crate::db::DbError;
use crate::domain::LogId;
use crate::json;

/// The chunks that hold the last lines. A chunk has at least a line, so no more chunks than lines are looked at.
const TAILS: &str = "SELECT chunk.log_id, chunk.first_line, chunk.n_lines, chunk.n_bytes, chunk.ansi, chunk.body \
    FROM (SELECT last.log_id, MAX(last.seq) AS seq, MAX(last.first_line + last.n_lines) AS n_lines \
        FROM json_each(?) AS wanted JOIN log_chunks AS last ON last.log_id = wanted.value GROUP BY last.log_id) AS ends \
    JOIN log_chunks AS chunk ON chunk.log_id = ends.log_id AND chunk.seq > ends.seq - ? \
    WHERE chunk.first_line + chunk.n_lines > ends.n_lines - ? ORDER BY chunk.log_id, chunk.seq";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    log_id: i64,
    #[diesel(sql_type = BigInt)]
    first_line: i64,
    #[diesel(sql_type = BigInt)]
    n_lines: i64,
    #[diesel(sql_type = BigInt)]
    n_bytes: i64,
    #[diesel(sql_type = Text)]
    ansi: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
}

/// The last `n_lines` lines of each log that has any.
pub fn read(conn: &mut SqliteConnection, logs: &[LogId], n_lines: i64) -> Result<HashMap<LogId, LogLines>, DbError> {
    let ids: Vec<i64> = logs.iter().map(|log| log.0).collect();
    let rows: Vec<Row> = sql_query(TAILS)
        .bind::<Text, _>(json::to_string(&ids))
        .bind::<BigInt, _>(n_lines)
        .bind::<BigInt, _>(n_lines)
        .load(conn)?;
    let mut found: HashMap<LogId, LogLines> = HashMap::new();
    for row in rows {
        let text = decompress(&row.body, row.n_bytes)?;
        let tail = found.entry(LogId(row.log_id)).or_insert_with(|| LogLines {
            first_line: row.first_line,
            ansi: row.ansi,
            ..LogLines::default()
        });
        tail.text.push_str(&text);
        tail.n_lines = tail.n_lines.saturating_add(row.n_lines);
    }
    for tail in found.values_mut() {
        keep_last(tail, n_lines);
    }
    Ok(found)
}

fn keep_last(tail: &mut LogLines, n_lines: i64) {
    let surplus = tail.n_lines.saturating_sub(n_lines).max(0);
    let skipped: usize =
        tail.text.split_inclusive('\n').take(usize::try_from(surplus).unwrap_or(0)).map(str::len).sum();
    tail.text.drain(..skipped);
    tail.first_line = tail.first_line.saturating_add(surplus);
    tail.n_lines = tail.n_lines.saturating_sub(surplus);
}
