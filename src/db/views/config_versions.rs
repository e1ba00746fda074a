//! Configurations that were in force.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::{config_texts, config_version_files, config_versions};
use crate::domain::Timestamp;

/// One of them, without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigVersion {
    /// 1, 2, 3 ... in the order in which they came into force.
    pub number: i64,
    pub applied_at: Timestamp,
    /// `start`, `reconfig`, `back to 3`.
    pub cause: String,
    /// What it changed, a line each.
    pub changes: Vec<String>,
}

/// The newest of them, the newest first.
pub fn newest(conn: &mut SqliteConnection, most: i64) -> Result<Vec<ConfigVersion>, DbError> {
    let rows: Vec<(i64, i64, String, String)> = config_versions::table
        .order(config_versions::id.desc())
        .limit(most)
        .select((config_versions::id, config_versions::applied_at_us, config_versions::cause, config_versions::changes))
        .load(conn)?;
    let version = |(number, applied_at, cause, changes): (i64, i64, String, String)| ConfigVersion {
        number,
        applied_at: Timestamp::from_micros(applied_at),
        cause,
        changes: changes.lines().map(str::to_owned).collect(),
    };
    Ok(rows.into_iter().map(version).collect())
}

/// Names and texts of the files of a version; empty if there is no such version.
pub fn files(conn: &mut SqliteConnection, number: i64) -> Result<Vec<(String, String)>, DbError> {
    Ok(config_version_files::table
        .inner_join(config_texts::table.on(config_texts::digest.eq(config_version_files::digest)))
        .filter(config_version_files::version_id.eq(number))
        .order(config_version_files::name)
        .select((config_version_files::name, config_texts::body))
        .load(conn)?)
}

/// Whether a text is kept in any version.
pub fn is_kept(conn: &mut SqliteConnection, text: &str) -> Result<bool, DbError> {
    let same = config_texts::table.filter(config_texts::body.eq(text));
    Ok(diesel::select(diesel::dsl::exists(same)).get_result(conn)?)
}
