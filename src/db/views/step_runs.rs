//! The same step in the builds before.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::{builds, steps};
use crate::domain::{Build, Results, Timestamp};

/// Builds that are looked through.
const MOST_BUILDS: i64 = 40;

/// A step of the same name in an earlier build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRun {
    pub build_number: i64,
    pub step_number: i32,
    pub started_at: Timestamp,
    pub complete_at: Timestamp,
    pub results: Option<Results>,
}

/// The newest `limit` runs of this step before a build, newest first.
pub fn before(conn: &mut SqliteConnection, build: &Build, name: &str, limit: i64) -> Result<Vec<StepRun>, DbError> {
    type Row = (i64, i32, Option<i64>, Option<i64>, Option<i32>);
    let rows: Vec<Row> = builds::table
        .inner_join(steps::table.on(steps::build_id.eq(builds::id).and(steps::name.eq(name))))
        .filter(builds::builder_id.eq(build.builder_id.0))
        .filter(builds::number.lt(build.number).and(builds::number.ge(build.number.saturating_sub(MOST_BUILDS))))
        .order(builds::number.desc())
        .limit(limit)
        .select((builds::number, steps::number, steps::started_at_us, steps::complete_at_us, steps::results))
        .load(conn)?;
    let run = |(build_number, step_number, started, complete, results): Row| {
        Some(StepRun {
            build_number,
            step_number,
            started_at: Timestamp::from_micros(started?),
            complete_at: Timestamp::from_micros(complete?),
            results: results.and_then(Results::from_code),
        })
    };
    Ok(rows.into_iter().filter_map(run).collect())
}
