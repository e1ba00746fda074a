//! Users: who is known, and by which names.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::{changes, user_attributes, users};
use crate::domain::ChangeId;

/// A user without the password.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: i64,
    pub identifier: String,
    pub bb_username: Option<String>,
    /// Name to value, sorted by name.
    pub attributes: Vec<(String, String)>,
}

pub fn find(conn: &mut SqliteConnection, identifier: &str) -> Result<Option<User>, DbError> {
    let id: Option<i64> =
        users::table.filter(users::identifier.eq(identifier)).select(users::id).first(conn).optional()?;
    id.map_or(Ok(None), |id| by_id(conn, id))
}

pub fn by_id(conn: &mut SqliteConnection, id: i64) -> Result<Option<User>, DbError> {
    let row: Option<(String, Option<String>)> =
        users::table.find(id).select((users::identifier, users::bb_username)).first(conn).optional()?;
    let Some((identifier, bb_username)) = row else { return Ok(None) };
    let attributes = user_attributes::table
        .filter(user_attributes::user_id.eq(id))
        .order(user_attributes::name)
        .select((user_attributes::name, user_attributes::value))
        .load(conn)?;
    Ok(Some(User { id, identifier, bb_username, attributes }))
}

/// Whose change it is; `None` if that is not known any more.
pub fn of_change(conn: &mut SqliteConnection, change: ChangeId) -> Result<Option<i64>, DbError> {
    let user: Option<Option<i64>> = changes::table.find(change.0).select(changes::user_id).first(conn).optional()?;
    Ok(user.flatten())
}

pub fn n_changes(conn: &mut SqliteConnection, id: i64) -> Result<i64, DbError> {
    Ok(changes::table.filter(changes::user_id.eq(id)).count().get_result(conn)?)
}
