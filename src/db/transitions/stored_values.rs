//! Values that a configuration keeps: stored when it comes into force.

use diesel::prelude::*;

use crate::db::schema::stored_values;
use crate::db::{DbError, Transaction};

/// One value of a `util.DbConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreValue {
    /// Name of the store.
    pub store: String,
    pub name: String,
    /// As JSON.
    pub value: String,
}

/// Stores values in the place of those of the same names.
pub(super) fn store(tx: &mut Transaction<'_>, values: &[StoreValue]) -> Result<(), DbError> {
    let now = tx.now_us();
    for StoreValue { store, name, value } in values {
        let changes = (stored_values::value.eq(value), stored_values::stored_at_us.eq(now));
        diesel::insert_into(stored_values::table)
            .values((stored_values::store.eq(store), stored_values::name.eq(name), changes))
            .on_conflict((stored_values::store, stored_values::name))
            .do_update()
            .set(changes)
            .execute(tx.conn())?;
    }
    Ok(())
}
