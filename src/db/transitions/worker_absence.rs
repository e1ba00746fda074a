//! Since when workers have been away, and that somebody is told.

use diesel::prelude::*;

use crate::db::schema::{worker_absences, workers};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{Event, WorkerId};

/// Begins the absence of every configured worker that is not attached and of which none is noted, and ends all others.
pub struct NoteAbsences;

impl Transition for NoteAbsences {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let away: Vec<i64> = workers::table
            .filter(workers::active.ne(0).and(workers::connected.eq(0)))
            .select(workers::id)
            .load(tx.conn())?;
        diesel::delete(worker_absences::table.filter(worker_absences::worker_id.ne_all(&away))).execute(tx.conn())?;
        for worker in away {
            begin(tx, WorkerId(worker))?;
        }
        Ok(())
    }
}

/// Says that a worker is missing, once in each absence.
pub struct TellMissing {
    pub worker: WorkerId,
}

impl Transition for TellMissing {
    /// Whether it was said now.
    type Outcome = bool;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<bool, DbError> {
        let now = tx.now_us();
        let untold = worker_absences::table.find(self.worker.0).filter(worker_absences::told_at_us.is_null());
        if diesel::update(untold).set(worker_absences::told_at_us.eq(now)).execute(tx.conn())? == 0 {
            return Ok(false);
        }
        tx.emit(Event::WorkerMissing { worker: self.worker });
        Ok(true)
    }
}

/// A worker has come or gone.
pub(super) fn note(tx: &mut Transaction<'_>, worker: WorkerId, connected: bool) -> Result<(), DbError> {
    if !connected {
        return begin(tx, worker);
    }
    diesel::delete(worker_absences::table.find(worker.0)).execute(tx.conn())?;
    Ok(())
}

fn begin(tx: &mut Transaction<'_>, worker: WorkerId) -> Result<(), DbError> {
    let now = tx.now_us();
    diesel::insert_into(worker_absences::table)
        .values((worker_absences::worker_id.eq(worker.0), worker_absences::since_us.eq(now)))
        .on_conflict_do_nothing()
        .execute(tx.conn())?;
    Ok(())
}
