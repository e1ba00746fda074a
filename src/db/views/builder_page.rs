//! One builder: its builds, what waits for it, its workers.

use std::time::Duration;

use diesel::SqliteConnection;

use super::build_lines::{BuildLine, describe};
use super::build_requests::{self, WaitingRequest};
use super::builder_health::{self, BrokenSince};
use super::keys::{BuilderKey, ProjectKey};
use super::schedulers::{self, SchedulerLine};
use super::select::{Column, Order, Select};
use super::worker_counts::{self, WorkerCounts};
use super::{builders, builds, projects, workers};
use crate::db::DbError;
use crate::domain::{Build, Builder, Worker};

/// Waiting requests that are shown at most.
const MOST_WAITING: i64 = 200;

/// Virtual builders of a builder that are shown at most.
const MOST_SHOWN_FOR: i64 = 50;

/// What the page of a builder shows.
#[derive(Debug)]
pub struct BuilderPage {
    pub builder: Builder,
    /// The name of its project.
    pub project: Option<String>,
    /// Of a virtual builder: the builder that builds for it.
    pub base: Option<Builder>,
    /// Virtual builders that it builds for, and how many there are.
    pub shown_for: (Vec<Builder>, i64),
    pub running: Vec<BuildLine>,
    pub finished: Vec<BuildLine>,
    /// The number of the newest build, running ones included; 0 if there is none.
    pub newest_number: i64,
    /// Whether there are older builds than those.
    pub has_older: bool,
    /// The last finished builds from the newest down, for a plot; they begin with those of `finished`.
    pub plotted: Vec<Build>,
    pub broken_since: Option<BrokenSince>,
    /// How long a good build usually takes.
    pub typical: Option<Duration>,
    pub waiting: Vec<WaitingRequest>,
    pub workers: Vec<Worker>,
    pub worker_counts: WorkerCounts,
    pub schedulers: Vec<SchedulerLine>,
}

/// How many builds are read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In the list.
    pub listed: usize,
    /// In the plot.
    pub plotted: usize,
}

/// The newest finished builds, or those with numbers below `before`.
pub fn read(
    conn: &mut SqliteConnection,
    key: &BuilderKey,
    before: Option<i64>,
    limits: Limits,
) -> Result<Option<BuilderPage>, DbError> {
    let Some(builder) = builders::find(conn, key)? else { return Ok(None) };
    let mut running = builds::select(conn, &Select::scoped(builds::RUNNING_OF_BUILDER, vec![builder.id.0]))?;
    running.reverse();
    let plotted = finished(conn, &builder, before, limits.plotted.max(limits.listed + 1))?;
    let listed: Vec<Build> = plotted.iter().take(limits.listed).cloned().collect();
    // what is only shown has the workers of the builder behind it
    let base = builder.base.map(|base| builders::find(conn, &BuilderKey::Id(base.0))).transpose()?.flatten();
    let at_work = base.as_ref().unwrap_or(&builder).id;
    let workers = workers::of_builder(conn, at_work)?;
    let project = builder.project.map(|id| projects::find(conn, &ProjectKey::Id(id.0))).transpose()?.flatten();
    Ok(Some(BuilderPage {
        running: describe(conn, running)?,
        finished: describe(conn, listed)?,
        has_older: limits.listed < plotted.len(),
        plotted: plotted.into_iter().take(limits.plotted).collect(),
        broken_since: builder_health::broken_since(conn, &[builder.id])?.remove(&builder.id),
        typical: builder_health::typical_durations(conn, &[builder.id])?.remove(&builder.id),
        waiting: build_requests::waiting(conn, Some(builder.id), build_requests::Rows::first(MOST_WAITING))?,
        workers,
        worker_counts: worker_counts::of(conn, [at_work].into_iter())?.remove(&at_work).unwrap_or_default(),
        schedulers: schedulers::all(conn)?,
        newest_number: builders::last_number(conn, builder.id)?,
        shown_for: builders::shown_for(conn, builder.id, MOST_SHOWN_FOR)?,
        project: project.map(|project| project.name),
        base,
        builder,
    }))
}

fn finished(
    conn: &mut SqliteConnection,
    builder: &Builder,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Build>, DbError> {
    const NUMBER: &Column = &builds::TABLE.columns[1];
    let before = before.unwrap_or(i64::MAX);
    let mut select = Select::scoped(builds::FINISHED_OF_BUILDER_BEFORE, vec![builder.id.0, before]);
    select.order = vec![Order { column: NUMBER, descending: true }];
    select.limit = i64::try_from(limit).ok();
    builds::select(conn, &select)
}
