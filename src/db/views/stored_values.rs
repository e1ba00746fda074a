//! Values that configurations keep, read while one is loaded: before the database is opened, and by processes that are no
//! masters. So each read has a connection of its own, as the file is.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::db::DbError;
use crate::db::schema::stored_values;

/// The JSON of a value; nothing if it was never stored, or if there is no such database (yet). Blocks.
pub fn read_file(database: &Path, store: &str, name: &str) -> Result<Option<String>, DbError> {
    if !database.is_file() {
        return Ok(None);
    }
    let no_connection = |error: ConnectionError| DbError::Connection(error.to_string());
    let mut conn = SqliteConnection::establish(&database.display().to_string()).map_err(no_connection)?;
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA query_only = 1")?;
    let found = stored_values::table.find((store, name)).select(stored_values::value).first(&mut conn).optional();
    match found {
        // Made by an earlier version, or by Buildbot.
        Err(error) if error.to_string().contains("no such table") => Ok(None),
        found => Ok(found?),
    }
}
