//! Source stamps with their patches.

use std::collections::HashMap;

use diesel::prelude::*;

use super::select::{Column, Kind, Select, Table};
use crate::db::DbError;
use crate::db::schema::{buildset_stamps, patches, source_stamps};
use crate::domain::{Patch, SourceStamp, SourceStampId, StampSpec, Timestamp};

pub const TABLE: Table = Table {
    name: "source_stamps",
    columns: &[
        Column { field: "ssid", sql: "source_stamps.id", kind: Kind::Int },
        Column { field: "revision", sql: "source_stamps.revision", kind: Kind::Text },
        Column { field: "branch", sql: "source_stamps.branch", kind: Kind::Text },
        Column { field: "repository", sql: "source_stamps.repository", kind: Kind::Text },
        Column { field: "project", sql: "source_stamps.project", kind: Kind::Text },
        Column { field: "codebase", sql: "source_stamps.codebase", kind: Kind::Text },
        Column { field: "created_at", sql: "source_stamps.created_at_us", kind: Kind::Seconds },
    ],
};

/// The one with this id.
pub const IS: &str = "source_stamps.id = ?";
pub const OF_BUILDSET: &str =
    "source_stamps.id IN (SELECT used.source_stamp_id FROM buildset_stamps AS used WHERE used.buildset_id = ?)";
/// A stamp with the id of its patch, which REST shows.
#[derive(Clone, Debug, PartialEq)]
pub struct StampLine {
    pub stamp: SourceStamp,
    pub patch_id: Option<i64>,
}

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = source_stamps)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct StampRow {
    id: i64,
    codebase: String,
    repository: String,
    project: String,
    branch: Option<String>,
    revision: Option<String>,
    patch_id: Option<i64>,
    created_at_us: i64,
}

pub fn select(conn: &mut SqliteConnection, select: &Select) -> Result<Vec<StampLine>, DbError> {
    let rows: Vec<StampRow> = select.rows(conn, &TABLE)?;
    with_patches(conn, rows)
}

/// The stamps of these ids, in the order of their ids.
pub fn by_ids(conn: &mut SqliteConnection, ids: &[i64]) -> Result<HashMap<i64, StampLine>, DbError> {
    let mut lines = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(super::MOST_IDS) {
        let rows =
            source_stamps::table.filter(source_stamps::id.eq_any(ids)).select(StampRow::as_select()).load(conn)?;
        lines.extend(with_patches(conn, rows)?.into_iter().map(|line| (line.stamp.id.0, line)));
    }
    Ok(lines)
}

/// The stamps of each of these buildsets.
pub fn by_buildset(conn: &mut SqliteConnection, buildsets: &[i64]) -> Result<HashMap<i64, Vec<StampLine>>, DbError> {
    let mut pairs: Vec<(i64, i64)> = Vec::new();
    for buildsets in buildsets.chunks(super::MOST_IDS) {
        let more: Vec<(i64, i64)> = buildset_stamps::table
            .filter(buildset_stamps::buildset_id.eq_any(buildsets))
            .order(buildset_stamps::source_stamp_id)
            .select((buildset_stamps::buildset_id, buildset_stamps::source_stamp_id))
            .load(conn)?;
        pairs.extend(more);
    }
    let mut ids: Vec<i64> = pairs.iter().map(|(_, stamp)| *stamp).collect();
    ids.sort_unstable();
    ids.dedup();
    let lines = by_ids(conn, &ids)?;
    let mut stamps: HashMap<i64, Vec<StampLine>> = HashMap::new();
    for (buildset, stamp) in pairs {
        stamps.entry(buildset).or_default().extend(lines.get(&stamp).cloned());
    }
    Ok(stamps)
}

fn with_patches(conn: &mut SqliteConnection, rows: Vec<StampRow>) -> Result<Vec<StampLine>, DbError> {
    let ids: Vec<i64> = rows.iter().filter_map(|row| row.patch_id).collect();
    let mut patches = HashMap::new();
    for ids in ids.chunks(super::MOST_IDS) {
        patches.extend(load_patches(conn, ids)?);
    }
    Ok(rows.into_iter().map(|row| line(row, &patches)).collect())
}

fn load_patches(conn: &mut SqliteConnection, ids: &[i64]) -> Result<Vec<(i64, Patch)>, DbError> {
    type Row = (i64, Vec<u8>, i32, String, String, String);
    let rows: Vec<Row> = patches::table
        .filter(patches::id.eq_any(ids))
        .select((patches::id, patches::body, patches::level, patches::subdir, patches::author, patches::comment))
        .load(conn)?;
    let patch = |(id, body, level, subdir, author, comment): Row| (id, Patch { body, level, subdir, author, comment });
    Ok(rows.into_iter().map(patch).collect())
}

fn line(row: StampRow, patches: &HashMap<i64, Patch>) -> StampLine {
    let spec = StampSpec {
        codebase: row.codebase,
        repository: row.repository,
        project: row.project,
        branch: row.branch,
        revision: row.revision,
        patch: row.patch_id.and_then(|id| patches.get(&id).cloned()),
    };
    let created_at = Timestamp::from_micros(row.created_at_us);
    StampLine { stamp: SourceStamp { id: SourceStampId(row.id), spec, created_at }, patch_id: row.patch_id }
}
