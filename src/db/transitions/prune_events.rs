//! Old events go: nobody reads them any more.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use crate::db::{DbError, Transaction, Transition};
use crate::domain::Timestamp;

/// Those that every reporter of the configuration has dealt with, or that no reporter is to deal with any more. The newest
/// stays: the next start counts on from it, and a number that came again would be taken for one that was dealt with.
const PRUNE: &str = "DELETE FROM events WHERE (at_us < ? OR (at_us < ? AND seq <= COALESCE( \
     (SELECT MIN(cursor.seq) FROM reporter_cursors AS cursor WHERE cursor.master_id = events.master_id), events.seq))) \
     AND seq < (SELECT MAX(newest.seq) FROM events AS newest WHERE newest.master_id = events.master_id)";

/// Deletes events; answers how many.
pub struct PruneEvents {
    /// Older ones go, whoever has not read them.
    pub before: Timestamp,
    /// Older ones go if all reporters have dealt with them.
    pub read_before: Timestamp,
}

impl Transition for PruneEvents {
    type Outcome = usize;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<usize, DbError> {
        let (before, read_before) = (self.before.micros(), self.read_before.micros());
        let prune = sql_query(PRUNE).bind::<BigInt, _>(before).bind::<BigInt, _>(read_before);
        Ok(prune.execute(tx.conn())?)
    }
}
