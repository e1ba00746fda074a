//! Masters that share this database.

use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::masters;
use crate::domain::{MasterId, Timestamp};

/// A master as the database knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Master {
    pub id: MasterId,
    /// Host name and base directory.
    pub name: String,
    pub active: bool,
    pub last_active: Timestamp,
}

pub fn all(conn: &mut SqliteConnection) -> Result<Vec<Master>, DbError> {
    let rows: Vec<(i64, String, i16, i64)> = masters::table
        .order(masters::id)
        .select((masters::id, masters::name, masters::active, masters::last_active_us))
        .load(conn)?;
    let master = |(id, name, active, last_active): (i64, String, i16, i64)| Master {
        id: MasterId(id),
        name,
        active: active != 0,
        last_active: Timestamp::from_micros(last_active),
    };
    Ok(rows.into_iter().map(master).collect())
}
