//! One builder: its builds, what waits for it, its workers.

use diesel::SqliteConnection;

use super::build_lines::{BuildLine, describe};
use super::build_requests::{self, WaitingRequest};
use super::keys::BuilderKey;
use super::schedulers::{self, SchedulerLine};
use super::select::{Column, Order, Select};
use super::{builders, builds, workers};
use crate::db::DbError;
use crate::domain::{Build, Builder, Worker};

/// What the page of a builder shows.
#[derive(Debug)]
pub struct BuilderPage {
    pub builder: Builder,
    pub running: Vec<BuildLine>,
    pub finished: Vec<BuildLine>,
    /// Whether there are older builds than those.
    pub has_older: bool,
    pub waiting: Vec<WaitingRequest>,
    pub workers: Vec<Worker>,
    pub schedulers: Vec<SchedulerLine>,
}

/// The newest `limit` finished builds, or those with numbers below `before`.
pub fn read(
    conn: &mut SqliteConnection,
    key: &BuilderKey,
    before: Option<i64>,
    limit: i64,
) -> Result<Option<BuilderPage>, DbError> {
    let Some(builder) = builders::find(conn, key)? else { return Ok(None) };
    let mut running = builds::select(conn, &Select::scoped(builds::RUNNING_OF_BUILDER, vec![builder.id.0]))?;
    running.reverse();
    let mut finished = finished(conn, &builder, before, limit + 1)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_older = limit < finished.len();
    finished.truncate(limit);
    let mut of_builder = workers::active(conn)?;
    of_builder.retain(|worker| worker.configured_on.contains(&builder.id));
    Ok(Some(BuilderPage {
        running: describe(conn, running)?,
        finished: describe(conn, finished)?,
        has_older,
        waiting: build_requests::waiting(conn, Some(builder.id), 200)?,
        workers: of_builder,
        schedulers: schedulers::all(conn)?,
        builder,
    }))
}

fn finished(
    conn: &mut SqliteConnection,
    builder: &Builder,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Build>, DbError> {
    const NUMBER: &Column = &builds::TABLE.columns[1];
    let before = before.unwrap_or(i64::MAX);
    let mut select = Select::scoped(builds::FINISHED_OF_BUILDER_BEFORE, vec![builder.id.0, before]);
    select.order = vec![Order { column: NUMBER, descending: true }];
    select.limit = Some(limit);
    builds::select(conn, &select)
}
