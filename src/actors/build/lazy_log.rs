//! A log whose row is added with its first chunk, and never if it stays empty (`lazylogfiles`).

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use crate::db::Db;
use crate::db::transitions::AddLog;
use crate::domain::log::LogChunk;
use crate::domain::{LogId, LogKind, StepId};
use crate::wire::LogSink;

/// Takes chunks under a number that stands in for the row's, and stores them under the row's.
pub struct LazyLog {
    db: Db,
    step: StepId,
    name: String,
    kind: LogKind,
    sink: Arc<dyn LogSink>,
    row: Arc<Mutex<Option<LogId>>>,
}

impl LazyLog {
    pub fn new(db: Db, add: AddLog, sink: Arc<dyn LogSink>) -> Self {
        Self { db, step: add.step, name: add.name, kind: add.kind, sink, row: Arc::default() }
    }

    /// The row, if there is one.
    pub fn row(&self) -> Option<LogId> {
        *self.row.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogSink for LazyLog {
    /// Chunks of one log come one after the other.
    fn store(&self, chunk: LogChunk) -> BoxFuture<'static, Result<(), String>> {
        let (db, sink, row) = (self.db.clone(), Arc::clone(&self.sink), Arc::clone(&self.row));
        let add = AddLog { step: self.step, name: self.name.clone(), kind: self.kind };
        Box::pin(async move {
            let known = *row.lock().unwrap_or_else(PoisonError::into_inner);
            let log = match known {
                Some(log) => log,
                None => db.write(add).await.map_err(|error| error.to_string())?.id,
            };
            *row.lock().unwrap_or_else(PoisonError::into_inner) = Some(log);
            sink.store(LogChunk { log, ..chunk }).await
        })
    }
}
