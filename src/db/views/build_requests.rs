//! Build requests, as lists show them.

use diesel::prelude::*;

use super::select::{Column, Kind, Select, Table};
use crate::db::DbError;
use crate::db::schema::{build_requests, builders, buildsets};
use crate::domain::{BuildRequestId, BuilderId, BuildsetId, MasterId, ProjectId, Results, Timestamp};

pub const TABLE: Table = Table {
    name: "build_requests",
    columns: &[
        Column { field: "buildrequestid", sql: "build_requests.id", kind: Kind::Int },
        Column { field: "buildsetid", sql: "build_requests.buildset_id", kind: Kind::Int },
        Column { field: "builderid", sql: "build_requests.builder_id", kind: Kind::Int },
        Column { field: "priority", sql: "build_requests.priority", kind: Kind::Int },
        Column { field: "claimed", sql: "build_requests.claimed_at_us", kind: Kind::Present },
        Column { field: "claimed_at", sql: "build_requests.claimed_at_us", kind: Kind::Seconds },
        Column { field: "claimed_by_masterid", sql: "build_requests.claimed_by", kind: Kind::Int },
        Column { field: "complete", sql: "build_requests.complete_at_us", kind: Kind::Present },
        Column { field: "complete_at", sql: "build_requests.complete_at_us", kind: Kind::Seconds },
        Column { field: "results", sql: "COALESCE(build_requests.results, -1)", kind: Kind::Int },
        Column { field: "submitted_at", sql: "build_requests.submitted_at_us", kind: Kind::Seconds },
        Column { field: "waited_for", sql: "build_requests.waited_for", kind: Kind::Flag },
    ],
};

/// The one with this id.
pub const IS: &str = "build_requests.id = ?";
pub const OF_BUILDER: &str = "build_requests.builder_id = ?";

/// A request without what only merging needs.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestLine {
    pub id: BuildRequestId,
    pub buildset_id: BuildsetId,
    pub builder_id: BuilderId,
    pub priority: i32,
    pub claimed: Option<(MasterId, Timestamp)>,
    pub complete_at: Option<Timestamp>,
    pub results: Option<Results>,
    pub submitted_at: Timestamp,
    pub waited_for: bool,
}

/// A waiting request with what a person wants to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingRequest {
    pub id: BuildRequestId,
    pub builder_id: BuilderId,
    pub builder: String,
    pub reason: String,
    pub priority: i32,
    pub submitted_at: Timestamp,
}

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = build_requests)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct RequestRow {
    id: i64,
    buildset_id: i64,
    builder_id: i64,
    priority: i32,
    submitted_at_us: i64,
    waited_for: i16,
    claimed_by: Option<i64>,
    claimed_at_us: Option<i64>,
    complete_at_us: Option<i64>,
    results: Option<i32>,
}

impl From<RequestRow> for RequestLine {
    fn from(row: RequestRow) -> Self {
        let claimed = row.claimed_by.zip(row.claimed_at_us);
        Self {
            id: BuildRequestId(row.id),
            buildset_id: BuildsetId(row.buildset_id),
            builder_id: BuilderId(row.builder_id),
            priority: row.priority,
            claimed: claimed.map(|(by, at)| (MasterId(by), Timestamp::from_micros(at))),
            complete_at: row.complete_at_us.map(Timestamp::from_micros),
            results: row.results.and_then(Results::from_code),
            submitted_at: Timestamp::from_micros(row.submitted_at_us),
            waited_for: row.waited_for != 0,
        }
    }
}

pub fn select(conn: &mut SqliteConnection, select: &Select) -> Result<Vec<RequestLine>, DbError> {
    let rows: Vec<RequestRow> = select.rows(conn, &TABLE)?;
    Ok(rows.into_iter().map(RequestLine::from).collect())
}

pub fn find(conn: &mut SqliteConnection, id: BuildRequestId) -> Result<Option<RequestLine>, DbError> {
    let row: Option<RequestRow> =
        build_requests::table.find(id.0).select(RequestRow::as_select()).first(conn).optional()?;
    Ok(row.map(RequestLine::from))
}

/// The requests of these ids, oldest first.
pub fn by_ids(conn: &mut SqliteConnection, ids: &[i64]) -> Result<Vec<RequestLine>, DbError> {
    let rows = build_requests::table
        .filter(build_requests::id.eq_any(ids))
        .order(build_requests::id)
        .select(RequestRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(RequestLine::from).collect())
}

type WaitingRow = (i64, i64, String, String, i32, i64);

/// Which rows of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    pub offset: i64,
    pub limit: i64,
}

impl Rows {
    pub fn first(limit: i64) -> Self {
        Self { offset: 0, limit }
    }
}

/// The waiting requests, most urgent first, of one builder or of all.
pub fn waiting(
    conn: &mut SqliteConnection,
    builder: Option<BuilderId>,
    rows: Rows,
) -> Result<Vec<WaitingRequest>, DbError> {
    let mut query = build_requests::table
        .inner_join(builders::table.on(builders::id.eq(build_requests::builder_id)))
        .inner_join(buildsets::table)
        .filter(build_requests::complete_at_us.is_null().and(build_requests::claimed_by.is_null()))
        .order((build_requests::priority.desc(), build_requests::submitted_at_us, build_requests::id))
        .offset(rows.offset)
        .limit(rows.limit)
        .select((
            build_requests::id,
            build_requests::builder_id,
            builders::name,
            buildsets::reason,
            build_requests::priority,
            build_requests::submitted_at_us,
        ))
        .into_boxed();
    if let Some(builder) = builder {
        query = query.filter(build_requests::builder_id.eq(builder.0));
    }
    let rows: Vec<WaitingRow> = query.load(conn)?;
    let waiting = |(id, builder_id, builder, reason, priority, submitted_at): WaitingRow| WaitingRequest {
        id: BuildRequestId(id),
        builder_id: BuilderId(builder_id),
        builder,
        reason,
        priority,
        submitted_at: Timestamp::from_micros(submitted_at),
    };
    Ok(rows.into_iter().map(waiting).collect())
}

/// How many requests wait, for each builder that has any.
pub fn waiting_counts(conn: &mut SqliteConnection) -> Result<Vec<(BuilderId, i64)>, DbError> {
    let counts: Vec<(i64, i64)> = build_requests::table
        .filter(build_requests::complete_at_us.is_null().and(build_requests::claimed_by.is_null()))
        .group_by(build_requests::builder_id)
        .select((build_requests::builder_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(counts.into_iter().map(|(builder, count)| (BuilderId(builder), count)).collect())
}

/// How many requests wait for the builders of a project.
pub fn n_waiting_for_project(conn: &mut SqliteConnection, project: ProjectId) -> Result<i64, DbError> {
    let waiting = build_requests::complete_at_us.is_null().and(build_requests::claimed_by.is_null());
    let of_project = builders::table.filter(builders::project_id.eq(project.0)).select(builders::id);
    let query = build_requests::table.filter(waiting.and(build_requests::builder_id.eq_any(of_project)));
    Ok(query.count().get_result(conn)?)
}

/// How many requests of one builder, or of all, wait.
pub fn n_waiting(conn: &mut SqliteConnection, builder: Option<BuilderId>) -> Result<i64, DbError> {
    let waiting = build_requests::complete_at_us.is_null().and(build_requests::claimed_by.is_null());
    let mut query = build_requests::table.filter(waiting).count().into_boxed();
    if let Some(builder) = builder {
        query = query.filter(build_requests::builder_id.eq(builder.0));
    }
    Ok(query.get_result(conn)?)
}
