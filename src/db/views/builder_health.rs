//! How builders stand: their newest finished build, since when they are broken, how long their builds usually take.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::id_list;
use crate::db::DbError;
use crate::domain::{BuildId, BuilderId, Results, Timestamp};

/// The newest finished build of a builder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub builder: BuilderId,
    pub build: BuildId,
    pub number: i64,
    pub results: Results,
}

impl Standing {
    /// Whether somebody should do something about it.
    pub fn is_broken(&self) -> bool {
        matches!(self.results, Results::Failure | Results::Exception)
    }
}

/// The first bad build after the last good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenSince {
    pub number: i64,
    pub at: Timestamp,
}

#[derive(QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = BigInt)]
    builder_id: i64,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Integer)]
    results: i32,
}

#[derive(QueryableByName)]
struct SinceRow {
    #[diesel(sql_type = BigInt)]
    builder_id: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    at_us: i64,
}

#[derive(QueryableByName)]
struct TypicalRow {
    #[diesel(sql_type = BigInt)]
    builder_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    typical_us: Option<i64>,
}

/// Answered from the index alone, which the planner does not find out by itself.
const NEWEST: &str = "SELECT newest.builder_id, newest.id, newest.number, newest.results FROM builders \
    JOIN builds AS newest INDEXED BY builds_by_number ON newest.builder_id = builders.id AND newest.number = \
        (SELECT other.number FROM builds AS other WHERE other.builder_id = builders.id AND other.results IS NOT NULL \
         ORDER BY other.number DESC LIMIT 1) \
    WHERE builders.active = 1";

const SINCE: &str = "SELECT bad.builder_id, bad.number, bad.complete_at_us AS at_us FROM json_each(?) AS wanted \
    JOIN builds AS bad ON bad.builder_id = wanted.value AND bad.number = \
        (SELECT MIN(first.number) FROM builds AS first \
         WHERE first.builder_id = wanted.value AND first.results IN (2, 4) AND first.number > MAX( \
             COALESCE((SELECT MAX(good.number) FROM builds AS good \
                 WHERE good.builder_id = wanted.value AND good.results = 0), 0), \
             COALESCE((SELECT MAX(good.number) FROM builds AS good \
                 WHERE good.builder_id = wanted.value AND good.results = 1), 0))) \
    WHERE bad.complete_at_us IS NOT NULL";

const TYPICAL: &str = "SELECT wanted.value AS builder_id, \
    (SELECT CAST(AVG(took_us) AS INTEGER) FROM ( \
        SELECT done.complete_at_us - done.started_at_us AS took_us FROM builds AS done \
        WHERE done.builder_id = wanted.value AND done.results IN (0, 1) ORDER BY done.number DESC LIMIT 10)) AS typical_us \
    FROM json_each(?) AS wanted";

/// The newest finished build of every builder of the present configuration that has one.
pub fn newest(conn: &mut SqliteConnection) -> Result<Vec<Standing>, DbError> {
    let rows: Vec<StandingRow> = sql_query(NEWEST).load(conn)?;
    let standing = |row: StandingRow| {
        Some(Standing {
            builder: BuilderId(row.builder_id),
            build: BuildId(row.id),
            number: row.number,
            results: Results::from_code(row.results)?,
        })
    };
    Ok(rows.into_iter().filter_map(standing).collect())
}

/// Since when these builders are broken; those that are not are left out.
pub fn broken_since(
    conn: &mut SqliteConnection,
    builders: &[BuilderId],
) -> Result<HashMap<BuilderId, BrokenSince>, DbError> {
    let rows: Vec<SinceRow> = sql_query(SINCE).bind::<Text, _>(id_list(builders.iter().map(|id| id.0))).load(conn)?;
    let since = |row: SinceRow| {
        (BuilderId(row.builder_id), BrokenSince { number: row.number, at: Timestamp::from_micros(row.at_us) })
    };
    Ok(rows.into_iter().map(since).collect())
}

/// The mean duration of the last ten good builds of these builders.
pub fn typical_durations(
    conn: &mut SqliteConnection,
    builders: &[BuilderId],
) -> Result<HashMap<BuilderId, Duration>, DbError> {
    let rows: Vec<TypicalRow> =
        sql_query(TYPICAL).bind::<Text, _>(id_list(builders.iter().map(|id| id.0))).load(conn)?;
    let typical = |row: TypicalRow| {
        let micros = u64::try_from(row.typical_us?).ok().filter(|micros| *micros != 0)?;
        Some((BuilderId(row.builder_id), Duration::from_micros(micros)))
    };
    Ok(rows.into_iter().filter_map(typical).collect())
}
