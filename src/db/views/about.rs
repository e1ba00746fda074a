//! Facts about the database and what is in it.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use crate::db::DbError;

/// Facts about the database.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DatabaseFacts {
    #[diesel(sql_type = Text)]
    pub sqlite: String,
    /// Size of the file, in bytes.
    #[diesel(sql_type = BigInt)]
    pub n_bytes: i64,
    #[diesel(sql_type = BigInt)]
    pub n_builds: i64,
    #[diesel(sql_type = BigInt)]
    pub n_changes: i64,
}

/// Builds are counted by their numbers and changes by their ids, which costs nothing on a large site.
const FACTS: &str = "SELECT sqlite_version() AS sqlite, \
    (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) AS n_bytes, \
    (SELECT COALESCE(SUM(last_build_number), 0) FROM builders) AS n_builds, \
    (SELECT COALESCE(MAX(id), 0) FROM changes) AS n_changes";

pub fn read(conn: &mut SqliteConnection) -> Result<DatabaseFacts, DbError> {
    Ok(sql_query(FACTS).get_result(conn)?)
}

/// Size of the log store, in bytes; for its own connection.
pub fn log_bytes(conn: &mut SqliteConnection) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Size {
        #[diesel(sql_type = BigInt)]
        n_bytes: i64,
    }
    let sql = "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) AS n_bytes";
    let size: Size = sql_query(sql).get_result(conn)?;
    Ok(size.n_bytes)
}
