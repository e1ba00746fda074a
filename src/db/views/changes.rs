//! Changes, for lists and single pages.

use std::collections::HashMap;

use diesel::prelude::*;

use super::select::{Column, Kind, Select, Table};
use super::source_stamps::{self, StampLine};
use crate::db::schema::{buildset_changes, changes, scheduler_changes};
use crate::db::{DbError, text};
use crate::domain::{Change, ChangeId, SchedulerId, SourceStampId, Timestamp};

pub const TABLE: Table = Table {
    name: "changes",
    columns: &[
        Column { field: "changeid", sql: "changes.id", kind: Kind::Int },
        Column { field: "author", sql: "changes.author", kind: Kind::Text },
        Column { field: "committer", sql: "changes.committer", kind: Kind::Text },
        Column { field: "comments", sql: "changes.comments", kind: Kind::Text },
        Column { field: "files", sql: "changes.files", kind: Kind::TextList },
        Column { field: "revision", sql: "changes.revision", kind: Kind::Text },
        Column { field: "when_timestamp", sql: "changes.when_us", kind: Kind::Seconds },
        Column { field: "branch", sql: "changes.branch", kind: Kind::Text },
        Column { field: "category", sql: "changes.category", kind: Kind::Text },
        Column { field: "revlink", sql: "changes.revlink", kind: Kind::Text },
        Column { field: "repository", sql: "changes.repository", kind: Kind::Text },
        Column { field: "project", sql: "changes.project", kind: Kind::Text },
        Column { field: "codebase", sql: "changes.codebase", kind: Kind::Text },
    ],
};

/// The one with this id.
pub const IS: &str = "changes.id = ?";
pub const OF_STAMP: &str = "changes.source_stamp_id = ?";
/// Changes that led to a build, by any of the requests it serves.
pub const OF_BUILD: &str = "changes.id IN (SELECT led.change_id FROM build_build_requests AS served \
     JOIN build_requests AS request ON request.id = served.request_id \
     JOIN buildset_changes AS led ON led.buildset_id = request.buildset_id WHERE served.build_id = ?)";
/// Changes of a user.
pub const OF_USER: &str = "changes.user_id = ?";
/// A change with its source stamp.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeLine {
    pub change: Change,
    pub stamp: Option<StampLine>,
}

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = changes)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct ChangeRow {
    id: i64,
    source_stamp_id: i64,
    parent_change_id: Option<i64>,
    author: String,
    committer: Option<String>,
    comments: String,
    files: String,
    revision: Option<String>,
    branch: Option<String>,
    category: Option<String>,
    revlink: Option<String>,
    repository: String,
    project: String,
    codebase: String,
    properties: String,
    when_us: i64,
}

impl TryFrom<ChangeRow> for Change {
    type Error = DbError;

    fn try_from(row: ChangeRow) -> Result<Self, DbError> {
        Ok(Self {
            id: ChangeId(row.id),
            source_stamp_id: SourceStampId(row.source_stamp_id),
            parent_ids: row.parent_change_id.map(ChangeId).into_iter().collect(),
            author: row.author,
            committer: row.committer,
            comments: row.comments,
            files: text::to_strings(&row.files)?,
            revision: row.revision,
            branch: row.branch,
            category: row.category,
            revlink: row.revlink,
            repository: row.repository,
            project: row.project,
            codebase: row.codebase,
            properties: text::to_properties(&row.properties)?,
            when: Timestamp::from_micros(row.when_us),
        })
    }
}

fn all(rows: Vec<ChangeRow>) -> Result<Vec<Change>, DbError> {
    rows.into_iter().map(Change::try_from).collect()
}

pub fn select(conn: &mut SqliteConnection, select: &Select) -> Result<Vec<Change>, DbError> {
    all(select.rows(conn, &TABLE)?)
}

pub fn find(conn: &mut SqliteConnection, id: ChangeId) -> Result<Option<Change>, DbError> {
    let row: Option<ChangeRow> = changes::table.find(id.0).select(ChangeRow::as_select()).first(conn).optional()?;
    row.map(Change::try_from).transpose()
}

/// These changes, oldest first.
pub fn by_ids(conn: &mut SqliteConnection, ids: &[ChangeId]) -> Result<Vec<Change>, DbError> {
    let mut found = Vec::new();
    for part in ids.chunks(super::MOST_IDS) {
        let rows = changes::table.filter(changes::id.eq_any(part.iter().map(|id| id.0)));
        found.extend(all(rows.select(ChangeRow::as_select()).load(conn)?)?);
    }
    found.sort_by_key(|change| change.id);
    Ok(found)
}

/// The changes that follow, oldest first.
pub fn after(conn: &mut SqliteConnection, after: ChangeId, limit: i64) -> Result<Vec<Change>, DbError> {
    let following = changes::table.filter(changes::id.gt(after.0)).order(changes::id).limit(limit);
    all(following.select(ChangeRow::as_select()).load(conn)?)
}

/// The changes that buildsets name, oldest first.
pub fn of_buildsets(conn: &mut SqliteConnection, buildsets: &[i64]) -> Result<Vec<Change>, DbError> {
    let named = buildset_changes::table
        .filter(buildset_changes::buildset_id.eq_any(buildsets))
        .select(buildset_changes::change_id);
    let rows = changes::table.filter(changes::id.eq_any(named)).order(changes::id);
    all(rows.select(ChangeRow::as_select()).load(conn)?)
}

/// The changes that a scheduler keeps, oldest first, whether each is important, and when it was looked at.
pub fn kept_by(conn: &mut SqliteConnection, scheduler: SchedulerId) -> Result<Vec<(Change, bool, Timestamp)>, DbError> {
    let rows: Vec<(ChangeRow, i16, i64)> = scheduler_changes::table
        .inner_join(changes::table.on(changes::id.eq(scheduler_changes::change_id)))
        .filter(scheduler_changes::scheduler_id.eq(scheduler.0))
        .order(changes::id)
        .select((ChangeRow::as_select(), scheduler_changes::important, scheduler_changes::classified_at_us))
        .load(conn)?;
    rows.into_iter()
        .map(|(row, important, at)| Ok((Change::try_from(row)?, important != 0, Timestamp::from_micros(at))))
        .collect()
}

/// Adds the source stamps, in one query.
pub fn with_stamps(conn: &mut SqliteConnection, changes: Vec<Change>) -> Result<Vec<ChangeLine>, DbError> {
    let ids: Vec<i64> = changes.iter().map(|change| change.source_stamp_id.0).collect();
    let stamps: HashMap<i64, StampLine> = source_stamps::by_ids(conn, &ids)?;
    let line = |change: Change| ChangeLine { stamp: stamps.get(&change.source_stamp_id.0).cloned(), change };
    Ok(changes.into_iter().map(line).collect())
}
