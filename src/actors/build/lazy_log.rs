//! A log whose row is added with its first chunk, and never if it stays empty (`lazylogfiles`).

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::rows::BuildRows;
use super::secrets::Masked;
use crate::domain::log::LogChunk;
use crate::domain::{LogId, LogKind, StepId};
use crate::wire::LogSink;

/// What the row will be.
#[derive(Clone)]
pub struct LogDraft {
    pub step: StepId,
    pub name: Masked<String>,
    pub kind: LogKind,
}

/// Takes chunks under a number that stands in for the row's, and stores them under the row's.
pub struct LazyLog {
    rows: BuildRows,
    draft: LogDraft,
    sink: Arc<dyn LogSink>,
    row: Arc<Mutex<Option<LogId>>>,
}

impl LazyLog {
    pub fn new(rows: BuildRows, draft: LogDraft, sink: Arc<dyn LogSink>) -> Self {
        Self { rows, draft, sink, row: Arc::default() }
    }

    /// The row, if there is one.
    pub fn row(&self) -> Option<LogId> {
        *self.row.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogSink for LazyLog {
    /// Chunks of one log come one after the other.
    fn store(&self, chunk: LogChunk) -> BoxFuture<'static, Result<(), String>> {
        let (rows, draft, sink) = (self.rows.clone(), self.draft.clone(), Arc::clone(&self.sink));
        let row = Arc::clone(&self.row);
        Box::pin(async move {
            let known = *row.lock().unwrap_or_else(PoisonError::into_inner);
            let log = match known {
                Some(log) => log,
                None => {
                    let added = rows.add_log(draft.step, draft.name, draft.kind).await;
                    added.map_err(|error| error.to_string())?.id
                }
            };
            *row.lock().unwrap_or_else(PoisonError::into_inner) = Some(log);
            sink.store(LogChunk { log, ..chunk }).await
        })
    }
}
