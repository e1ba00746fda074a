//! Whether a worker is attached, and whether it may take builds.

use diesel::prelude::*;

use super::worker_absence;
use crate::db::schema::workers;
use crate::db::{DbError, Transaction, Transition};
use crate::domain::worker::WorkerInfo;
use crate::domain::{Event, WorkerId, WorkerMode};
use crate::json::{self, json};

/// Stores that a worker came or went.
pub struct SetWorkerState {
    pub worker: WorkerId,
    pub connected: bool,
    /// What it said of itself; kept from the last time if not given.
    pub info: Option<WorkerInfo>,
}

/// Stores whether a worker is given builds.
pub struct SetWorkerMode {
    pub worker: WorkerId,
    pub mode: WorkerMode,
}

impl Transition for SetWorkerState {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let info = self.info.as_ref().map(|info| {
            json::to_string(&json!({
                "admin": info.admin,
                "host": info.host,
                "access_uri": info.access_uri,
                "version": info.version,
            }))
        });
        let now = tx.now_us();
        diesel::update(workers::table.find(self.worker.0))
            .set((
                workers::connected.eq(i16::from(self.connected)),
                workers::connection_changed_at_us.eq(now),
                info.map(|info| workers::info.eq(info)),
            ))
            .execute(tx.conn())?;
        let worker = self.worker;
        worker_absence::note(tx, worker, self.connected)?;
        tx.emit(if self.connected { Event::WorkerConnected { worker } } else { Event::WorkerDisconnected { worker } });
        Ok(())
    }
}

impl Transition for SetWorkerMode {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        diesel::update(workers::table.find(self.worker.0))
            .set((
                workers::paused.eq(i16::from(self.mode.paused)),
                workers::pause_reason.eq(&self.mode.pause_reason),
                workers::graceful.eq(i16::from(self.mode.graceful)),
            ))
            .execute(tx.conn())?;
        tx.emit(Event::WorkerStateUpdated { worker: self.worker });
        Ok(())
    }
}
