//! Users: who is known, and by which names.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::{user_attributes, users};

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
    let row: Option<(i64, Option<String>)> = users::table
        .filter(users::identifier.eq(identifier))
        .select((users::id, users::bb_username))
        .first(conn)
        .optional()?;
    let Some((id, bb_username)) = row else { return Ok(None) };
    let attributes = user_attributes::table
        .filter(user_attributes::user_id.eq(id))
        .order(user_attributes::name)
        .select((user_attributes::name, user_attributes::value))
        .load(conn)?;
    Ok(Some(User { id, identifier: identifier.to_owned(), bb_username, attributes }))
}
