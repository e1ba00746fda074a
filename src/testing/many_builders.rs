//! Many builders with a build each, for tests of lists.

use diesel::connection::SimpleConnection;

use crate::db::{DbError, Transaction, Transition};
use crate::domain::WorkerId;

/// Adds builders `many-0000`, `many-0001` and so on to a filled database, in one statement for each table.
///
/// Every fifth one has failed in its builds 2 and 3 after a good build 1; the others have one good build. Even ones have
/// the tag `even`, all have `many`. Builds start a second apart, from the time 1,794,000,000 on.
pub struct ManyBuilders {
    pub count: i64,
    pub on: WorkerId,
}

/// Ids of what is added begin here.
const FIRST: i64 = 5_000_000;

impl Transition for ManyBuilders {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let Self { count, on } = self;
        let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count} - 1) ");
        let (at, id) = ("(1794000000 + n.i) * 1000000", format!("{FIRST} + n.i * 10 + k.number"));
        let each = format!(
            "{numbers} , k(number) AS (VALUES (1), (2), (3)) \
             SELECT {id} AS id, k.number AS number, {FIRST} + n.i AS builder, {at} + k.number * 10000 AS at, \
             CASE k.number WHEN 1 THEN 0 ELSE 2 END AS results FROM n, k WHERE k.number = 1 OR n.i % 5 = 0"
        );
        let sql = format!(
            "{numbers} INSERT INTO builders (id, name, description, tags, active, last_build_number) \
             SELECT {FIRST} + i, printf('many-%04d', i), 'the builder ' || i, \
             CASE i % 2 WHEN 0 THEN '[\"even\",\"many\"]' ELSE '[\"many\"]' END, 1, \
             CASE i % 5 WHEN 0 THEN 3 ELSE 1 END FROM n; \
             {numbers} INSERT INTO worker_builders (worker_id, builder_id) SELECT {on}, {FIRST} + i FROM n; \
             INSERT INTO buildsets (id, scheduler, reason, submitted_at_us, complete_at_us, results) \
             SELECT id, 'force', 'many', at, at, results FROM ({each}); \
             INSERT INTO build_requests (id, buildset_id, builder_id, submitted_at_us, claimed_by, claimed_epoch, \
             claimed_at_us, complete_at_us, results) SELECT id, id, builder, at, 1, 1, at, at, results FROM ({each}); \
             INSERT INTO builds (id, number, builder_id, request_id, worker_id, master_id, epoch, started_at_us, \
             complete_at_us, results, state_string) \
             SELECT id, number, builder, id, {on}, 1, 1, at, at + 90000000, results, 'made ' || id FROM ({each}); \
             INSERT INTO build_build_requests (build_id, request_id) SELECT id, id FROM ({each});"
        );
        Ok(tx.conn().batch_execute(&sql)?)
    }
}
