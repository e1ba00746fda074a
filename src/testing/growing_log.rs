//! A log that is still written, for rooms that may not write themselves.

use crate::db::transitions::{AddLog, FinishLog};
use crate::db::{Db, DbError};
use crate::domain::{Log, LogId, LogKind, StepId};

/// Adds a log of lines from several streams to a step.
pub async fn begin_log(db: &Db, step: StepId, name: &str) -> Result<Log, DbError> {
    db.write(AddLog { step, name: name.to_owned(), kind: LogKind::Stream }).await
}

/// No more lines will come.
pub async fn end_log(db: &Db, log: LogId) -> Result<(), DbError> {
    db.write(FinishLog { log }).await.map(drop)
}
