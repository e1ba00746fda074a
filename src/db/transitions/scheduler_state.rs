//! Whether a scheduler is switched on.

use diesel::prelude::*;

use crate::db::schema::schedulers;
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{Event, SchedulerId};

/// Switches a scheduler on or off; answers whether there is such a one.
pub struct SwitchScheduler {
    pub scheduler: SchedulerId,
    pub enabled: bool,
}

impl Transition for SwitchScheduler {
    type Outcome = bool;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<bool, DbError> {
        let n_rows = diesel::update(schedulers::table.find(self.scheduler.0))
            .set(schedulers::enabled.eq(i16::from(self.enabled)))
            .execute(tx.conn())?;
        if n_rows != 0 {
            tx.emit(Event::SchedulerUpdated { scheduler: self.scheduler });
        }
        Ok(n_rows != 0)
    }
}
