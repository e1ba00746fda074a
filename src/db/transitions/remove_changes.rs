//! Old changes go, unless something waits that needs them.

use diesel::prelude::*;

use super::remove_buildsets::remove_stamps;
use crate::db::schema::{buildset_changes, buildsets, changes, scheduler_changes};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::ChangeId;

/// Removes those of these changes that wait for no scheduler and belong to no buildset that is open.
pub struct RemoveChanges {
    pub changes: Vec<ChangeId>,
}

impl Transition for RemoveChanges {
    /// How many were removed.
    type Outcome = usize;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<usize, DbError> {
        let waiting = scheduler_changes::table.filter(scheduler_changes::change_id.eq(changes::id));
        let building = buildset_changes::table
            .inner_join(buildsets::table.on(buildsets::id.eq(buildset_changes::buildset_id)))
            .filter(buildset_changes::change_id.eq(changes::id))
            .filter(buildsets::complete_at_us.is_null());
        let free: Vec<i64> = changes::table
            .filter(changes::id.eq_any(self.changes.iter().map(|change| change.0)))
            .filter(diesel::dsl::not(diesel::dsl::exists(waiting)))
            .filter(diesel::dsl::not(diesel::dsl::exists(building)))
            .select(changes::id)
            .load(tx.conn())?;
        diesel::delete(buildset_changes::table.filter(buildset_changes::change_id.eq_any(&free))).execute(tx.conn())?;
        let stamps: Vec<i64> = diesel::delete(changes::table.filter(changes::id.eq_any(&free)))
            .returning(changes::source_stamp_id)
            .get_results(tx.conn())?;
        let n_removed = stamps.len();
        remove_stamps(tx, stamps)?;
        Ok(n_removed)
    }
}
