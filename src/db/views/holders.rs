//! Running builds as people know them, with how long they may take: for the reasons why others wait.

use std::time::Duration;

use diesel::prelude::*;

use super::builder_health;
use crate::db::DbError;
use crate::db::schema::{builders, builds};
use crate::domain::{BuildId, BuildNumber, BuilderId, Timestamp};

/// A build that others wait for.
#[derive(Clone, Debug, PartialEq)]
pub struct HolderLine {
    pub build: BuildId,
    pub builder: String,
    pub number: BuildNumber,
    pub started_at: Timestamp,
    pub state_string: String,
    /// How long good builds of its builder take; `None` if none is known.
    pub typical: Option<Duration>,
}

/// The builds of these ids, in no order.
pub fn lines(conn: &mut SqliteConnection, ids: &[BuildId]) -> Result<Vec<HolderLine>, DbError> {
    let rows: Vec<(i64, i64, String, i64, i64, String)> = builds::table
        .inner_join(builders::table.on(builders::id.eq(builds::builder_id)))
        .filter(builds::id.eq_any(ids.iter().take(super::MOST_IDS).map(|id| id.0)))
        .select((builds::id, builders::id, builders::name, builds::number, builds::started_at_us, builds::state_string))
        .load(conn)?;
    let of: Vec<BuilderId> = rows.iter().map(|row| BuilderId(row.1)).collect();
    let typical = builder_health::typical_durations(conn, &of)?;
    let line = |(build, id, builder, number, started, state_string): (i64, i64, String, i64, i64, String)| HolderLine {
        state_string,
        build: BuildId(build),
        builder,
        number,
        started_at: Timestamp::from_micros(started),
        typical: typical.get(&BuilderId(id)).copied(),
    };
    Ok(rows.into_iter().map(line).collect())
}
