//! Builds, for lists of any length and by every key a URL may use.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::builders;
use super::keys::BuildKey;
use super::select::{Column, Kind, Select, Table};
use crate::db::DbError;
use crate::db::schema::{build_requests, builds};
use crate::domain::{Build, BuildId, BuildRequestId, BuilderId, MasterId, Results, Timestamp, WorkerId};

/// By what builds can be filtered and sorted.
pub const TABLE: Table = Table {
    name: "builds",
    columns: &[
        Column { field: "buildid", sql: "builds.id", kind: Kind::Int },
        Column { field: "number", sql: "builds.number", kind: Kind::Int },
        Column { field: "builderid", sql: "builds.builder_id", kind: Kind::Int },
        Column { field: "buildrequestid", sql: "builds.request_id", kind: Kind::Int },
        Column { field: "workerid", sql: "builds.worker_id", kind: Kind::Int },
        Column { field: "masterid", sql: "builds.master_id", kind: Kind::Int },
        Column { field: "started_at", sql: "builds.started_at_us", kind: Kind::Seconds },
        Column { field: "complete", sql: "builds.complete_at_us", kind: Kind::Present },
        Column { field: "complete_at", sql: "builds.complete_at_us", kind: Kind::Seconds },
        Column { field: "locks_duration_s", sql: "builds.locks_duration_s", kind: Kind::Int },
        Column { field: "results", sql: "builds.results", kind: Kind::Int },
        Column { field: "state_string", sql: "builds.state_string", kind: Kind::Text },
    ],
};

/// The one with this id.
pub const IS: &str = "builds.id = ?";
/// Builds of a builder.
pub const OF_BUILDER: &str = "builds.builder_id = ?";
/// Builds on a worker.
pub const OF_WORKER: &str = "builds.worker_id = ?";
/// Builds that have not ended.
pub const RUNNING: &str = "builds.complete_at_us IS NULL";
/// Builds that have ended.
pub const FINISHED: &str = "builds.complete_at_us IS NOT NULL";
const RECENT: &str = "SELECT builds.* FROM json_each(?) AS wanted JOIN builders ON builders.id = wanted.value \
     JOIN builds ON builds.builder_id = builders.id AND builds.number > builders.last_build_number - ? \
     ORDER BY builds.builder_id, builds.number DESC";
/// Finished builds of a builder below a number.
pub const FINISHED_OF_BUILDER_BEFORE: &str =
    "builds.builder_id = ? AND builds.number < ? AND builds.complete_at_us IS NOT NULL";
/// A build by its number within a builder.
pub const OF_BUILDER_NUMBER: &str = "builds.builder_id = ? AND builds.number = ?";
/// Running builds of a builder.
pub const RUNNING_OF_BUILDER: &str = "builds.builder_id = ? AND builds.complete_at_us IS NULL";
/// Builds that serve a request, merged ones included.
pub const OF_REQUEST: &str =
    "builds.id IN (SELECT served.build_id FROM build_build_requests AS served WHERE served.request_id = ?)";
/// Builds that a change led to.
pub const OF_CHANGE: &str = "builds.id IN (SELECT served.build_id FROM buildset_changes AS led \
     JOIN build_requests AS request ON request.buildset_id = led.buildset_id \
     JOIN build_build_requests AS served ON served.request_id = request.id WHERE led.change_id = ?)";
/// The last build of each request of a buildset.
pub const LAST_OF_BUILDSET: &str = "builds.id IN (SELECT MAX(served.build_id) FROM build_build_requests AS served \
     JOIN build_requests AS request ON request.id = served.request_id WHERE request.buildset_id = ? GROUP BY request.id)";
/// Builds that a build triggered.
pub const TRIGGERED_BY: &str = "builds.id IN (SELECT served.build_id FROM buildsets AS child \
     JOIN build_requests AS request ON request.buildset_id = child.id \
     JOIN build_build_requests AS served ON served.request_id = request.id WHERE child.parent_build_id = ?)";
#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = builds)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct BuildRow {
    id: i64,
    number: i64,
    builder_id: i64,
    request_id: i64,
    worker_id: i64,
    master_id: i64,
    started_at_us: i64,
    complete_at_us: Option<i64>,
    results: Option<i32>,
    state_string: String,
    locks_duration_s: i64,
}

impl From<BuildRow> for Build {
    fn from(row: BuildRow) -> Self {
        Self {
            id: BuildId(row.id),
            number: row.number,
            builder_id: BuilderId(row.builder_id),
            request_id: BuildRequestId(row.request_id),
            worker_id: WorkerId(row.worker_id),
            master_id: MasterId(row.master_id),
            started_at: Timestamp::from_micros(row.started_at_us),
            complete_at: row.complete_at_us.map(Timestamp::from_micros),
            results: row.results.and_then(Results::from_code),
            state_string: row.state_string,
            locks_duration_s: row.locks_duration_s,
        }
    }
}

pub fn select(conn: &mut SqliteConnection, select: &Select) -> Result<Vec<Build>, DbError> {
    let rows: Vec<BuildRow> = select.rows(conn, &TABLE)?;
    Ok(rows.into_iter().map(Build::from).collect())
}

/// Builds without an end, of every master.
pub fn running(conn: &mut SqliteConnection) -> Result<Vec<Build>, DbError> {
    let rows = builds::table.filter(builds::complete_at_us.is_null()).select(BuildRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Build::from).collect())
}

/// Builds without an end that a builder builds on a master, wherever they are shown.
pub fn running_of(conn: &mut SqliteConnection, master: MasterId, builder: BuilderId) -> Result<Vec<Build>, DbError> {
    let rows = builds::table
        .inner_join(build_requests::table.on(build_requests::id.eq(builds::request_id)))
        .filter(builds::complete_at_us.is_null())
        .filter(builds::master_id.eq(master.0))
        .filter(build_requests::builder_id.eq(builder.0))
        .select(BuildRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Build::from).collect())
}

/// The builds of these ids, in no order.
pub fn by_ids(conn: &mut SqliteConnection, ids: &[BuildId]) -> Result<Vec<Build>, DbError> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(super::MOST_IDS) {
        let rows = builds::table
            .filter(builds::id.eq_any(ids.iter().map(|id| id.0)))
            .select(BuildRow::as_select())
            .load(conn)?;
        found.extend(rows.into_iter().map(Build::from));
    }
    Ok(found)
}

/// The last `count` builds of each of these builders, newest first within each.
pub fn recent(conn: &mut SqliteConnection, of: &[BuilderId], count: i64) -> Result<Vec<Build>, DbError> {
    let rows: Vec<BuildRow> = sql_query(RECENT)
        .bind::<Text, _>(super::id_list(of.iter().map(|id| id.0)))
        .bind::<BigInt, _>(count)
        .load(conn)?;
    Ok(rows.into_iter().map(Build::from).collect())
}

pub fn find(conn: &mut SqliteConnection, key: &BuildKey) -> Result<Option<Build>, DbError> {
    let row: Option<BuildRow> = match key {
        BuildKey::Id(id) => builds::table.find(id).select(BuildRow::as_select()).first(conn).optional()?,
        BuildKey::Number(builder, number) => {
            let Some(builder) = builders::find(conn, builder)? else { return Ok(None) };
            builds::table
                .filter(builds::builder_id.eq(builder.id.0).and(builds::number.eq(number)))
                .select(BuildRow::as_select())
                .first(conn)
                .optional()?
        }
    };
    Ok(row.map(Build::from))
}
