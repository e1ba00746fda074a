//! Schedulers and change sources: small tables, read whole.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::{change_sources, schedulers};
use crate::domain::{ChangeSourceId, SchedulerId};

/// A scheduler that exists or once existed.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulerLine {
    pub id: SchedulerId,
    pub name: String,
    pub enabled: bool,
    /// Whether the present configuration has it.
    pub active: bool,
}

/// A change source that exists or once existed.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSourceLine {
    pub id: ChangeSourceId,
    pub name: String,
    pub active: bool,
}

pub fn all(conn: &mut SqliteConnection) -> Result<Vec<SchedulerLine>, DbError> {
    let rows: Vec<(i64, String, i16, i16)> = schedulers::table
        .order(schedulers::id)
        .select((schedulers::id, schedulers::name, schedulers::enabled, schedulers::active))
        .load(conn)?;
    let line = |(id, name, enabled, active): (i64, String, i16, i16)| SchedulerLine {
        id: SchedulerId(id),
        name,
        enabled: enabled != 0,
        active: active != 0,
    };
    Ok(rows.into_iter().map(line).collect())
}

pub fn change_sources(conn: &mut SqliteConnection) -> Result<Vec<ChangeSourceLine>, DbError> {
    let rows: Vec<(i64, String, i16)> = change_sources::table
        .order(change_sources::id)
        .select((change_sources::id, change_sources::name, change_sources::active))
        .load(conn)?;
    let line =
        |(id, name, active): (i64, String, i16)| ChangeSourceLine { id: ChangeSourceId(id), name, active: active != 0 };
    Ok(rows.into_iter().map(line).collect())
}
