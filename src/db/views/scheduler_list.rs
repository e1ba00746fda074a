//! All schedulers with what they did last and what they hold back.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};

use crate::db::DbError;
use crate::domain::{BuildsetId, Results, SchedulerId, Timestamp};

const LIST: &str = "SELECT schedulers.id, schedulers.name, schedulers.enabled, \
        (SELECT COUNT(*) FROM scheduler_changes AS kept WHERE kept.scheduler_id = schedulers.id) AS n_kept, \
        (SELECT COUNT(*) FROM scheduler_changes AS kept WHERE kept.scheduler_id = schedulers.id \
            AND kept.important <> 0) AS n_important, \
        (SELECT MAX(kept.classified_at_us) FROM scheduler_changes AS kept \
            WHERE kept.scheduler_id = schedulers.id) AS newest_kept_us, \
        last.id AS last_id, last.reason, last.submitted_at_us, last.complete_at_us, last.results \
    FROM schedulers LEFT JOIN buildsets AS last ON last.id = \
        (SELECT MAX(other.id) FROM buildsets AS other WHERE other.scheduler = schedulers.name) \
    WHERE schedulers.active <> 0 ORDER BY schedulers.name";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = SmallInt)]
    enabled: i16,
    #[diesel(sql_type = BigInt)]
    n_kept: i64,
    #[diesel(sql_type = BigInt)]
    n_important: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    newest_kept_us: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    submitted_at_us: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    complete_at_us: Option<i64>,
    #[diesel(sql_type = Nullable<Integer>)]
    results: Option<i32>,
}

/// A scheduler of the present configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulerState {
    pub id: SchedulerId,
    pub name: String,
    pub enabled: bool,
    /// Changes that it holds until the tree is stable.
    pub n_kept: i64,
    pub n_important: i64,
    /// When the newest of them was looked at.
    pub newest_kept: Option<Timestamp>,
    pub last: Option<LastBuildset>,
}

/// The newest buildset of a scheduler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastBuildset {
    pub id: BuildsetId,
    pub reason: String,
    pub submitted_at: Timestamp,
    pub is_complete: bool,
    pub results: Option<Results>,
}

/// All schedulers of the present configuration, by name.
pub fn read(conn: &mut SqliteConnection) -> Result<Vec<SchedulerState>, DbError> {
    let rows: Vec<Row> = sql_query(LIST).load(conn)?;
    Ok(rows.into_iter().map(state).collect())
}

fn state(row: Row) -> SchedulerState {
    let last = row.last_id.zip(row.submitted_at_us).map(|(id, submitted)| LastBuildset {
        id: BuildsetId(id),
        reason: row.reason.unwrap_or_default(),
        submitted_at: Timestamp::from_micros(submitted),
        is_complete: row.complete_at_us.is_some(),
        results: row.results.and_then(Results::from_code),
    });
    SchedulerState {
        id: SchedulerId(row.id),
        name: row.name,
        enabled: row.enabled != 0,
        n_kept: row.n_kept,
        n_important: row.n_important,
        newest_kept: row.newest_kept_us.map(Timestamp::from_micros),
        last,
    }
}
