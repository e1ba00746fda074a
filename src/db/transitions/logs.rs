//! The life of a log: its row in the state, its chunks in `logs.sqlite`.

use diesel::prelude::*;

use super::steps::unique;
use crate::db::schema::{logs, logs_db::log_chunks};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::log::LogChunk;
use crate::domain::{Event, Log, LogId, LogKind, StepId};

/// Adds a log; its slug is made of the name and unique within the step.
pub struct AddLog {
    pub step: StepId,
    pub name: String,
    pub kind: LogKind,
}

/// Records that nothing more will be added.
pub struct FinishLog {
    pub log: LogId,
}

/// Stores chunks; runs in the lane of logs.
pub struct StoreChunk {
    pub chunks: Vec<LogChunk>,
}

impl Transition for AddLog {
    type Outcome = Log;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Log, DbError> {
        let taken: Vec<String> =
            logs::table.filter(logs::step_id.eq(self.step.0)).select(logs::slug).load(tx.conn())?;
        let slug = unique(&slug(&self.name), &taken, '_');
        let id: i64 = diesel::insert_into(logs::table)
            .values((
                logs::step_id.eq(self.step.0),
                logs::name.eq(&self.name),
                logs::slug.eq(&slug),
                logs::kind.eq(self.kind.letter()),
            ))
            .returning(logs::id)
            .get_result(tx.conn())?;
        tx.emit(Event::LogAdded { log: LogId(id), step: self.step });
        Ok(Log {
            id: LogId(id),
            step_id: self.step,
            name: self.name.clone(),
            slug,
            kind: self.kind,
            complete: false,
            n_lines: 0,
        })
    }
}

/// The name as an identifier: letters, digits, `.`, `_` and `-`, not beginning with a digit, at most 50 characters.
fn slug(name: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut slug: String = name.chars().take(50).map(|c| if keep(c) { c } else { '_' }).collect();
    if slug.chars().next().is_none_or(|first| first.is_ascii_digit() || first == '.') {
        slug.insert(0, '_');
    }
    slug
}

impl Transition for FinishLog {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let step: Option<i64> = diesel::update(logs::table.find(self.log.0).filter(logs::complete.eq(0)))
            .set(logs::complete.eq(1))
            .returning(logs::step_id)
            .get_result(tx.conn())
            .optional()?;
        if let Some(step) = step {
            tx.emit(Event::LogFinished { log: self.log, step: StepId(step) });
        }
        Ok(())
    }
}

impl Transition for StoreChunk {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        for chunk in &self.chunks {
            diesel::insert_or_ignore_into(log_chunks::table)
                .values((
                    log_chunks::log_id.eq(chunk.log.0),
                    log_chunks::seq.eq(chunk.seq),
                    log_chunks::first_line.eq(chunk.first_line),
                    log_chunks::n_lines.eq(chunk.n_lines),
                    log_chunks::first_byte.eq(chunk.first_byte),
                    log_chunks::n_bytes.eq(chunk.n_bytes),
                    log_chunks::first_at_us.eq(chunk.first_at.micros()),
                    log_chunks::last_at_us.eq(chunk.last_at.micros()),
                    log_chunks::ansi.eq(&chunk.ansi),
                    log_chunks::body.eq(&chunk.body),
                ))
                .execute(tx.conn())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_an_identifier() {
        assert_eq!(slug("stdio"), "stdio");
        assert_eq!(slug("warnings (3)"), "warnings__3_");
        assert_eq!(slug("1st"), "_1st");
        assert_eq!(slug(""), "_");
    }
}
