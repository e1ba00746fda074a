//! Buildsets with their source stamps.

use diesel::prelude::*;

use super::select::{Column, Kind, Select, Table};
use super::source_stamps::{self, StampLine};
use crate::db::DbError;
use crate::db::schema::buildsets;
use crate::domain::{BuildId, BuildsetId, Results, Timestamp};

pub const TABLE: Table = Table {
    name: "buildsets",
    columns: &[
        Column { field: "bsid", sql: "buildsets.id", kind: Kind::Int },
        Column { field: "external_idstring", sql: "buildsets.external_id", kind: Kind::Text },
        Column { field: "reason", sql: "buildsets.reason", kind: Kind::Text },
        Column { field: "rebuilt_buildid", sql: "buildsets.rebuilt_build_id", kind: Kind::Int },
        Column { field: "submitted_at", sql: "buildsets.submitted_at_us", kind: Kind::Seconds },
        Column { field: "complete", sql: "buildsets.complete_at_us", kind: Kind::Present },
        Column { field: "complete_at", sql: "buildsets.complete_at_us", kind: Kind::Seconds },
        Column { field: "results", sql: "COALESCE(buildsets.results, -1)", kind: Kind::Int },
        Column { field: "parent_buildid", sql: "buildsets.parent_build_id", kind: Kind::Int },
        Column { field: "parent_relationship", sql: "buildsets.parent_relationship", kind: Kind::Text },
    ],
};

/// The one with this id.
pub const IS: &str = "buildsets.id = ?";

/// A buildset as REST shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildsetLine {
    pub id: BuildsetId,
    pub scheduler: String,
    pub external_id: Option<String>,
    pub reason: String,
    pub submitted_at: Timestamp,
    pub complete_at: Option<Timestamp>,
    pub results: Option<Results>,
    pub source_stamps: Vec<StampLine>,
    pub parent_build: Option<BuildId>,
    pub parent_relationship: Option<String>,
    pub rebuilt_build: Option<BuildId>,
}

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = buildsets)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct BuildsetRow {
    id: i64,
    scheduler: String,
    external_id: Option<String>,
    reason: String,
    submitted_at_us: i64,
    complete_at_us: Option<i64>,
    results: Option<i32>,
    parent_build_id: Option<i64>,
    parent_relationship: Option<String>,
    rebuilt_build_id: Option<i64>,
}

pub fn select(conn: &mut SqliteConnection, select: &Select) -> Result<Vec<BuildsetLine>, DbError> {
    let rows: Vec<BuildsetRow> = select.rows(conn, &TABLE)?;
    with_stamps(conn, rows)
}

pub fn find(conn: &mut SqliteConnection, id: BuildsetId) -> Result<Option<BuildsetLine>, DbError> {
    let row: Option<BuildsetRow> =
        buildsets::table.find(id.0).select(BuildsetRow::as_select()).first(conn).optional()?;
    Ok(with_stamps(conn, row.into_iter().collect())?.into_iter().next())
}

fn with_stamps(conn: &mut SqliteConnection, rows: Vec<BuildsetRow>) -> Result<Vec<BuildsetLine>, DbError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut stamps = source_stamps::by_buildset(conn, &ids)?;
    Ok(rows.into_iter().map(|row| line(stamps.remove(&row.id).unwrap_or_default(), row)).collect())
}

fn line(source_stamps: Vec<StampLine>, row: BuildsetRow) -> BuildsetLine {
    BuildsetLine {
        id: BuildsetId(row.id),
        scheduler: row.scheduler,
        external_id: row.external_id,
        reason: row.reason,
        submitted_at: Timestamp::from_micros(row.submitted_at_us),
        complete_at: row.complete_at_us.map(Timestamp::from_micros),
        results: row.results.and_then(Results::from_code),
        source_stamps,
        parent_build: row.parent_build_id.map(BuildId),
        parent_relationship: row.parent_relationship,
        rebuilt_build: row.rebuilt_build_id.map(BuildId),
    }
}
