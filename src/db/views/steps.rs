//! Steps of builds.

use diesel::prelude::*;

use super::builds;
use super::keys::StepKey;
use super::select::{Column, Kind, Select, Table};
use crate::db::schema::steps;
use crate::db::{DbError, text};
use crate::domain::{BuildId, Pace, Results, Step, StepGroup, StepId, Timestamp};

pub const TABLE: Table = Table {
    name: "steps",
    columns: &[
        Column { field: "stepid", sql: "steps.id", kind: Kind::Int },
        Column { field: "number", sql: "steps.number", kind: Kind::Int },
        Column { field: "name", sql: "steps.name", kind: Kind::Text },
        Column { field: "buildid", sql: "steps.build_id", kind: Kind::Int },
        Column { field: "started_at", sql: "steps.started_at_us", kind: Kind::Seconds },
        Column { field: "locks_acquired_at", sql: "steps.locks_acquired_at_us", kind: Kind::Seconds },
        Column { field: "complete", sql: "steps.complete_at_us", kind: Kind::Present },
        Column { field: "complete_at", sql: "steps.complete_at_us", kind: Kind::Seconds },
        Column { field: "results", sql: "steps.results", kind: Kind::Int },
        Column { field: "state_string", sql: "steps.state_string", kind: Kind::Text },
        Column { field: "hidden", sql: "steps.hidden", kind: Kind::Flag },
    ],
};

/// The one with this id.
pub const IS: &str = "steps.id = ?";
pub const OF_BUILD: &str = "steps.build_id = ?";
#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = steps)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct StepRow {
    id: i64,
    number: i32,
    name: String,
    build_id: i64,
    started_at_us: Option<i64>,
    locks_acquired_at_us: Option<i64>,
    complete_at_us: Option<i64>,
    results: Option<i32>,
    state_string: String,
    urls: String,
    hidden: i16,
    group_first: Option<i32>,
    group_name: Option<String>,
    group_serial: Option<i16>,
}

impl From<StepRow> for Step {
    fn from(row: StepRow) -> Self {
        Self {
            id: StepId(row.id),
            number: row.number,
            name: row.name,
            build_id: BuildId(row.build_id),
            started_at: row.started_at_us.map(Timestamp::from_micros),
            locks_acquired_at: row.locks_acquired_at_us.map(Timestamp::from_micros),
            complete_at: row.complete_at_us.map(Timestamp::from_micros),
            results: row.results.and_then(Results::from_code),
            state_string: row.state_string,
            urls: text::to_links(&row.urls).unwrap_or_default(),
            hidden: row.hidden != 0,
            group: row.group_first.map(|first| StepGroup {
                first,
                name: row.group_name.unwrap_or_default(),
                pace: if row.group_serial == Some(1) { Pace::OneByOne } else { Pace::Together },
            }),
        }
    }
}

pub fn select(conn: &mut SqliteConnection, select: &Select) -> Result<Vec<Step>, DbError> {
    let rows: Vec<StepRow> = select.rows(conn, &TABLE)?;
    Ok(rows.into_iter().map(Step::from).collect())
}

/// The steps of many builds, in order within each build.
pub fn of_builds(conn: &mut SqliteConnection, builds: &[i64]) -> Result<Vec<Step>, DbError> {
    let mut found = Vec::new();
    for builds in builds.chunks(super::MOST_IDS) {
        let rows = steps::table
            .filter(steps::build_id.eq_any(builds))
            .order((steps::build_id, steps::number))
            .select(StepRow::as_select())
            .load(conn)?;
        found.extend(rows.into_iter().map(Step::from));
    }
    Ok(found)
}

pub fn find(conn: &mut SqliteConnection, key: &StepKey) -> Result<Option<Step>, DbError> {
    let query = steps::table.select(StepRow::as_select()).into_boxed();
    let query = match key {
        StepKey::Id(id) => query.filter(steps::id.eq(id)),
        StepKey::Number(build, number) => {
            let Some(build) = builds::find(conn, build)? else { return Ok(None) };
            let Ok(number) = i32::try_from(*number) else { return Ok(None) };
            query.filter(steps::build_id.eq(build.id.0).and(steps::number.eq(number)))
        }
        StepKey::Name(build, name) => {
            let Some(build) = builds::find(conn, build)? else { return Ok(None) };
            query.filter(steps::build_id.eq(build.id.0).and(steps::name.eq(name)))
        }
    };
    let row: Option<StepRow> = query.first(conn).optional()?;
    Ok(row.map(Step::from))
}
