//! Whether a worker is attached, and whether it may take builds.

use diesel::prelude::*;

use crate::db::schema::workers;
use crate::db::{DbError, Transaction, Transition};
use crate::domain::worker::WorkerInfo;
use crate::domain::{Event, WorkerId};
use crate::json::{self, json};

/// Stores that a worker came or went.
pub struct SetWorkerState {
    pub worker: WorkerId,
    pub connected: bool,
    /// What it said of itself; kept from the last time if not given.
    pub info: Option<WorkerInfo>,
}

/// Stores that a worker may take no builds, or may again.
pub struct SetWorkerPaused {
    pub worker: WorkerId,
    pub paused: bool,
    pub reason: Option<String>,
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
        diesel::update(workers::table.find(self.worker.0))
            .set((workers::connected.eq(i16::from(self.connected)), info.map(|info| workers::info.eq(info))))
            .execute(tx.conn())?;
        let worker = self.worker;
        tx.emit(if self.connected { Event::WorkerConnected { worker } } else { Event::WorkerDisconnected { worker } });
        Ok(())
    }
}

impl Transition for SetWorkerPaused {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        diesel::update(workers::table.find(self.worker.0))
            .set((workers::paused.eq(i16::from(self.paused)), workers::pause_reason.eq(&self.reason)))
            .execute(tx.conn())?;
        tx.emit(Event::WorkerStateUpdated { worker: self.worker });
        Ok(())
    }
}
