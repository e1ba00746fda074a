//! Users are added, changed and removed.

use diesel::prelude::*;

use crate::db::schema::{changes, user_attributes, users};
use crate::db::{DbError, Transaction, Transition};

/// What is said of a user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserFacts {
    pub identifier: String,
    /// Such as `git` or `email`.
    pub attributes: Vec<(String, String)>,
    /// Name and hash of the password for the web pages.
    pub login: Option<(String, String)>,
}

/// Makes a user, or adds to the one who is known by this identifier or by one of these attributes already.
pub struct AddUser(pub UserFacts);

impl Transition for AddUser {
    /// The user's id.
    type Outcome = i64;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<i64, DbError> {
        let id = match self.known(tx)? {
            Some(id) => id,
            None => diesel::insert_into(users::table)
                .values(users::identifier.eq(&self.0.identifier))
                .returning(users::id)
                .get_result(tx.conn())?,
        };
        set(tx, id, &self.0)?;
        Ok(id)
    }
}

impl AddUser {
    fn known(&self, tx: &mut Transaction<'_>) -> Result<Option<i64>, DbError> {
        for (name, value) in &self.0.attributes {
            let same = user_attributes::table
                .filter(user_attributes::name.eq(name).and(user_attributes::value.eq(value)))
                .select(user_attributes::user_id);
            if let Some(id) = same.first(tx.conn()).optional()? {
                return Ok(Some(id));
            }
        }
        by_identifier(tx, &self.0.identifier)
    }
}

/// Changes what is said of a user.
pub struct UpdateUser(pub UserFacts);

impl Transition for UpdateUser {
    /// Whether there is such a user.
    type Outcome = bool;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<bool, DbError> {
        let Some(id) = by_identifier(tx, &self.0.identifier)? else { return Ok(false) };
        set(tx, id, &self.0)?;
        Ok(true)
    }
}

/// Forgets a user; changes keep the name of their author.
pub struct RemoveUser {
    pub identifier: String,
}

impl Transition for RemoveUser {
    /// Whether there was such a user.
    type Outcome = bool;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<bool, DbError> {
        let Some(id) = by_identifier(tx, &self.identifier)? else { return Ok(false) };
        diesel::update(changes::table.filter(changes::user_id.eq(id)))
            .set(changes::user_id.eq(None::<i64>))
            .execute(tx.conn())?;
        diesel::delete(user_attributes::table.filter(user_attributes::user_id.eq(id))).execute(tx.conn())?;
        diesel::delete(users::table.find(id)).execute(tx.conn())?;
        Ok(true)
    }
}

/// Joins somebody who was only known by this name, from changes, with the user who goes by it now.
fn adopt(tx: &mut Transaction<'_>, id: i64, name: &str) -> Result<(), DbError> {
    let described = user_attributes::table.select(user_attributes::user_id);
    let other: Option<i64> = users::table
        .filter(users::identifier.eq(name).and(users::id.ne(id)).and(users::bb_username.is_null()))
        .filter(users::id.ne_all(described))
        .select(users::id)
        .first(tx.conn())
        .optional()?;
    let Some(other) = other else { return Ok(()) };
    diesel::update(changes::table.filter(changes::user_id.eq(other)))
        .set(changes::user_id.eq(id))
        .execute(tx.conn())?;
    diesel::delete(users::table.find(other)).execute(tx.conn())?;
    Ok(())
}

fn by_identifier(tx: &mut Transaction<'_>, identifier: &str) -> Result<Option<i64>, DbError> {
    Ok(users::table.filter(users::identifier.eq(identifier)).select(users::id).first(tx.conn()).optional()?)
}

fn set(tx: &mut Transaction<'_>, id: i64, facts: &UserFacts) -> Result<(), DbError> {
    for (name, value) in &facts.attributes {
        adopt(tx, id, value)?;
        diesel::insert_into(user_attributes::table)
            .values((user_attributes::user_id.eq(id), user_attributes::name.eq(name), user_attributes::value.eq(value)))
            .on_conflict((user_attributes::user_id, user_attributes::name))
            .do_update()
            .set(user_attributes::value.eq(value))
            .execute(tx.conn())?;
    }
    if let Some((name, password)) = &facts.login {
        diesel::update(users::table.find(id))
            .set((users::bb_username.eq(name), users::bb_password.eq(password)))
            .execute(tx.conn())?;
    }
    Ok(())
}
