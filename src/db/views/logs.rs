//! Logs of steps: their rows. The number of lines and the text are in the log store ([`super::log_text`]).

use diesel::prelude::*;

use super::keys::LogKey;
use super::steps;
use crate::db::DbError;
use crate::db::schema::logs;
use crate::domain::{Log, LogId, LogKind, StepId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = logs)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct LogRow {
    id: i64,
    step_id: i64,
    name: String,
    slug: String,
    kind: String,
    complete: i16,
}

impl From<LogRow> for Log {
    fn from(row: LogRow) -> Self {
        Self {
            id: LogId(row.id),
            step_id: StepId(row.step_id),
            name: row.name,
            slug: row.slug,
            kind: LogKind::from_letter(&row.kind).unwrap_or(LogKind::Text),
            complete: row.complete != 0,
            n_lines: 0,
        }
    }
}

/// The logs of these steps, without their number of lines.
pub fn of_steps(conn: &mut SqliteConnection, steps: &[i64]) -> Result<Vec<Log>, DbError> {
    let mut found = Vec::new();
    for steps in steps.chunks(super::MOST_IDS) {
        let rows =
            logs::table.filter(logs::step_id.eq_any(steps)).order(logs::id).select(LogRow::as_select()).load(conn)?;
        found.extend(rows.into_iter().map(Log::from));
    }
    Ok(found)
}

/// The logs of these ids, without their number of lines.
pub fn by_ids(conn: &mut SqliteConnection, ids: &[i64]) -> Result<Vec<Log>, DbError> {
    let rows = logs::table.filter(logs::id.eq_any(ids)).order(logs::id).select(LogRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Log::from).collect())
}

/// One log, without its number of lines.
pub fn find(conn: &mut SqliteConnection, key: &LogKey) -> Result<Option<Log>, DbError> {
    let query = logs::table.select(LogRow::as_select()).into_boxed();
    let query = match key {
        LogKey::Id(id) => query.filter(logs::id.eq(id)),
        LogKey::Slug(step, slug) => {
            let Some(step) = steps::find(conn, step)? else { return Ok(None) };
            query.filter(logs::step_id.eq(step.id.0).and(logs::slug.eq(slug)))
        }
    };
    let row: Option<LogRow> = query.first(conn).optional()?;
    Ok(row.map(Log::from))
}
