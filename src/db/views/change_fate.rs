//! What became of a change: the buildsets that hold it, and the schedulers that made them.

use diesel::prelude::*;

use super::changes;
use crate::db::DbError;
use crate::db::schema::{buildset_changes, buildsets};
use crate::domain::{BuildsetId, Change, ChangeId};

/// A change with the buildsets that hold it, oldest first, each with the name of its scheduler.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeFate {
    pub change: Change,
    pub buildsets: Vec<(String, BuildsetId)>,
}

/// `None` if there is no such change.
pub fn find(conn: &mut SqliteConnection, id: ChangeId) -> Result<Option<ChangeFate>, DbError> {
    let Some(change) = changes::find(conn, id)? else { return Ok(None) };
    let rows: Vec<(String, i64)> = buildset_changes::table
        .inner_join(buildsets::table.on(buildsets::id.eq(buildset_changes::buildset_id)))
        .filter(buildset_changes::change_id.eq(id.0))
        .order(buildsets::id)
        .select((buildsets::scheduler, buildsets::id))
        .load(conn)?;
    let buildsets = rows.into_iter().map(|(scheduler, id)| (scheduler, BuildsetId(id))).collect();
    Ok(Some(ChangeFate { change, buildsets }))
}
