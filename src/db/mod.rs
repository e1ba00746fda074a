//! The only room that knows SQL: one file per table or page, one per state change that spans tables.
//!
//! Reads go through a pool, writes through the writer (`writer.rs`). Whoever writes hands in a [`Transition`] and is
//! answered after the commit.

mod error;
pub mod invariants;
mod open;
mod readers;
pub mod schema;
mod text;
mod transaction;
pub mod transitions;
pub mod url;
pub mod views;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use diesel::SqliteConnection;

pub use self::error::DbError;
pub use self::open::{OpenError, OpenOptions, open, open_with};
use self::readers::Readers;
pub use self::transaction::{MasterIdentity, Transaction, Transition};
pub use self::writer::{CommittedEvent, WriterLoop};
use self::writer::{LaneSender, Outage};
use crate::db::transitions::StoreChunk;
use crate::domain::Event;
use crate::domain::log::LogChunk;
use crate::json::json;

/// The database of one master. Cheap to clone, usable from every thread.
#[derive(Clone)]
pub struct Db {
    master: MasterIdentity,
    reads: Readers,
    log_reads: Readers,
    state: LaneSender,
    logs: LaneSender,
    outage: Outage,
    /// Kept as long as anybody uses the database.
    _lock: Arc<open::BaseDirLock>,
}

impl Db {
    pub fn master(&self) -> MasterIdentity {
        self.master
    }

    /// Reads the state on a thread that may block; the connection cannot write.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut SqliteConnection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        self.reads.read(read).await
    }

    /// Reads the text of logs.
    pub async fn read_logs<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut SqliteConnection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        self.log_reads.read(read).await
    }

    /// Runs a state change; the answer comes after the commit. While the database is out of order, it waits.
    pub async fn write<J: Transition>(&self, job: J) -> Result<J::Outcome, DbError> {
        self.state.run(job).await
    }

    /// Runs a change of the log store; the answer comes after the commit.
    pub async fn write_logs<J: Transition>(&self, job: J) -> Result<J::Outcome, DbError> {
        self.logs.run(job).await
    }

    /// Stores chunks of logs, each unless it is there already.
    pub async fn store_chunks(&self, chunks: Vec<LogChunk>) -> Result<(), DbError> {
        self.logs.run(StoreChunk { chunks }).await
    }

    /// Jobs that wait: for the state, for logs.
    pub fn queue_depths(&self) -> (usize, usize) {
        (self.state.depth(), self.logs.depth())
    }

    /// What is wrong with the database at present.
    pub fn degraded(&self) -> Option<String> {
        self.outage.text()
    }
}

/// The payload of a stored event: what it is about. Viewers read the rest.
fn json_of_event(event: &Event) -> String {
    crate::json::to_string(&json!({"key": event.key()}))
}
