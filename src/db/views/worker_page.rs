//! One worker: what it builds, what it built, how busy it is.

use diesel::prelude::*;

use super::build_lines::{BuildLine, describe};
use super::keys::WorkerKey;
use super::select::Select;
use super::{builders, builds, workers};
use crate::db::DbError;
use crate::db::schema::builds as table;
use crate::domain::{Builder, Timestamp, Worker};

/// Builds of which the load is made.
const MOST_SPANS: i64 = 3_000;

const RUNNING: &str = "builds.worker_id = ? AND builds.complete_at_us IS NULL";
const FINISHED_BEFORE: &str = "builds.worker_id = ? AND builds.id < ? AND builds.complete_at_us IS NOT NULL";

/// What the page of a worker shows.
#[derive(Debug)]
pub struct WorkerPage {
    pub worker: Worker,
    pub builders: Vec<Builder>,
    pub running: Vec<BuildLine>,
    pub finished: Vec<BuildLine>,
    pub has_older: bool,
    /// From when to when it built, newest first; a running build has no end.
    pub spans: Vec<(Timestamp, Option<Timestamp>)>,
}

/// The newest `limit` finished builds, or those with ids below `before`; spans that touch the time after `since`.
pub fn read(
    conn: &mut SqliteConnection,
    key: &WorkerKey,
    before: Option<i64>,
    limit: i64,
    since: Timestamp,
) -> Result<Option<WorkerPage>, DbError> {
    let Some(worker) = workers::find(conn, key)? else { return Ok(None) };
    let id = worker.id.0;
    let running = builds::select(conn, &Select::scoped(RUNNING, vec![id]).newest(&builds::TABLE, 100))?;
    let finished = Select::scoped(FINISHED_BEFORE, vec![id, before.unwrap_or(i64::MAX)]);
    let mut finished = builds::select(conn, &finished.newest(&builds::TABLE, limit.saturating_add(1)))?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_older = most < finished.len();
    finished.truncate(most);
    Ok(Some(WorkerPage {
        builders: builders::of_worker(conn, worker.id)?,
        running: describe(conn, running)?,
        finished: describe(conn, finished)?,
        has_older,
        spans: spans(conn, id, since)?,
        worker,
    }))
}

fn spans(
    conn: &mut SqliteConnection,
    worker: i64,
    since: Timestamp,
) -> Result<Vec<(Timestamp, Option<Timestamp>)>, DbError> {
    let rows: Vec<(i64, Option<i64>)> = table::table
        .filter(table::worker_id.eq(worker))
        .order(table::id.desc())
        .limit(MOST_SPANS)
        .select((table::started_at_us, table::complete_at_us))
        .load(conn)?;
    let touches = |(_, end): &(i64, Option<i64>)| end.is_none_or(|end| since.micros() < end);
    let span = |(start, end): (i64, Option<i64>)| (Timestamp::from_micros(start), end.map(Timestamp::from_micros));
    Ok(rows.into_iter().filter(touches).map(span).collect())
}
