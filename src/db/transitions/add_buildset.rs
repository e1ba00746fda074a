//! Somebody wants something built without a scheduler.

use super::fire_scheduler::{Fired, add_buildset};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::NewBuildset;

/// Stores a buildset that no scheduler decided on; its `scheduler` is a name only.
pub struct AddBuildset {
    pub buildset: NewBuildset,
}

impl Transition for AddBuildset {
    type Outcome = Fired;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Fired, DbError> {
        add_buildset(tx, &self.buildset)
    }
}
