//! What must hold whenever nobody is in the middle of a transaction; tests check it after everything they do.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::DbError;

#[derive(QueryableByName)]
struct Violation {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Each query finds rows that must not be, and says what is wrong with them.
const STATE: [&str; 6] = [
    "SELECT 'build ' || b.id || ' runs, but its request ' || r.id || ' is not claimed' AS value
     FROM builds b JOIN build_build_requests x ON x.build_id = b.id JOIN build_requests r ON r.id = x.request_id
     WHERE b.complete_at_us IS NULL AND (r.claimed_by IS NULL OR r.complete_at_us IS NOT NULL)",
    "SELECT 'request ' || r.id || ' is claimed without a running build' AS value FROM build_requests r
     WHERE r.claimed_by IS NOT NULL AND r.complete_at_us IS NULL AND NOT EXISTS (
         SELECT 1 FROM build_build_requests x JOIN builds b ON b.id = x.build_id
         WHERE x.request_id = r.id AND b.complete_at_us IS NULL)",
    "SELECT 'buildset ' || s.id || ' is ' || iif(s.complete_at_us IS NULL, 'open', 'complete') || ', unlike its requests'
     AS value FROM buildsets s WHERE (s.complete_at_us IS NULL) <> EXISTS (
         SELECT 1 FROM build_requests r WHERE r.buildset_id = s.id AND r.complete_at_us IS NULL)
     AND EXISTS (SELECT 1 FROM build_requests r WHERE r.buildset_id = s.id)",
    "SELECT 'step ' || p.id || ' is open in the finished build ' || b.id AS value FROM steps p
     JOIN builds b ON b.id = p.build_id WHERE p.complete_at_us IS NULL AND b.complete_at_us IS NOT NULL",
    "SELECT 'log ' || l.id || ' is open in the finished step ' || p.id AS value FROM logs l
     JOIN steps p ON p.id = l.step_id WHERE l.complete = 0 AND p.complete_at_us IS NOT NULL",
    "SELECT 'request ' || id || ' is complete without results' AS value FROM build_requests
     WHERE (complete_at_us IS NULL) <> (results IS NULL)",
];

const LOGS: [&str; 1] = ["SELECT 'log ' || c.log_id || ' has a gap before chunk ' || c.seq AS value FROM log_chunks c
     LEFT JOIN log_chunks p ON p.log_id = c.log_id AND p.seq = c.seq - 1
     WHERE c.seq > 0 AND (p.seq IS NULL OR p.first_line + p.n_lines <> c.first_line
                          OR p.first_byte + p.n_bytes <> c.first_byte)"];

/// What is wrong in the state database; nothing if all is well.
pub fn check(conn: &mut SqliteConnection) -> Result<Vec<String>, DbError> {
    run(conn, &STATE)
}

/// What is wrong in the store of logs.
pub fn check_logs(conn: &mut SqliteConnection) -> Result<Vec<String>, DbError> {
    run(conn, &LOGS)
}

fn run(conn: &mut SqliteConnection, queries: &[&str]) -> Result<Vec<String>, DbError> {
    let mut wrong = Vec::new();
    for query in queries {
        let violations: Vec<Violation> = diesel::sql_query(*query).load(conn)?;
        wrong.extend(violations.into_iter().map(|violation| violation.value));
    }
    Ok(wrong)
}
