//! What steps have left with their builds.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::build_data;
use crate::domain::BuildId;

/// A datum without its value.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct BuildDatum {
    pub name: String,
    /// In bytes.
    pub length: i64,
    pub source: String,
}

/// All of a build, by name.
pub fn of_build(conn: &mut SqliteConnection, build: BuildId) -> Result<Vec<BuildDatum>, DbError> {
    let found = build_data::table
        .filter(build_data::build_id.eq(build.0))
        .order(build_data::name)
        .select((build_data::name, build_data::length, build_data::source))
        .load(conn)?;
    Ok(found)
}

/// The value of one.
pub fn value(conn: &mut SqliteConnection, build: BuildId, name: &str) -> Result<Option<Vec<u8>>, DbError> {
    let found = build_data::table.find((build.0, name)).select(build_data::value).first(conn).optional()?;
    Ok(found)
}
