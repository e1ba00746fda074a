//! Old events go: nobody reads them any more.

use diesel::prelude::*;

use crate::db::schema::events;
use crate::db::{DbError, Transaction, Transition};
use crate::domain::Timestamp;

/// Deletes events from before a moment; answers how many.
pub struct PruneEvents {
    pub before: Timestamp,
}

impl Transition for PruneEvents {
    type Outcome = usize;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<usize, DbError> {
        let old = events::table.filter(events::at_us.lt(self.before.micros()));
        Ok(diesel::delete(old).execute(tx.conn())?)
    }
}
