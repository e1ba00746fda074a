//! The text of logs goes: first nobody reaches it any more, then its chunks leave the log store.
//!
//! The two files cannot change together, so the state keeps a list of what is still to be removed; after a crash the
//! rest of it is.

use diesel::prelude::*;

use crate::db::schema::{builds, chunks_to_remove, logs, logs_db::log_chunks, steps};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{BuildId, LogId, LogKind};

/// Takes the text of the logs of ended builds away; their rows stay.
pub struct RemoveLogs {
    pub builds: Vec<BuildId>,
}

/// Removes chunks of logs; runs in the lane of logs. Answers the logs that have none left.
pub struct RemoveChunks {
    pub logs: Vec<LogId>,
    /// Chunks that may be removed in this transaction.
    pub most: i64,
}

/// Strikes logs off the list of those whose chunks are to go.
pub struct ForgetChunks {
    pub logs: Vec<LogId>,
}

impl Transition for RemoveLogs {
    /// How many logs lost their text.
    type Outcome = usize;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<usize, DbError> {
        let now = tx.now_us();
        let ended: Vec<i64> = diesel::update(
            builds::table
                .filter(builds::id.eq_any(self.builds.iter().map(|build| build.0)))
                .filter(builds::complete_at_us.is_not_null())
                .filter(builds::logs_removed_at_us.is_null()),
        )
        .set(builds::logs_removed_at_us.eq(now))
        .returning(builds::id)
        .get_results(tx.conn())?;
        let removed = list_chunks(tx, &ended)?;
        diesel::update(logs::table.filter(logs::id.eq_any(&removed)))
            .set(logs::kind.eq(LogKind::Deleted.letter()))
            .execute(tx.conn())?;
        Ok(removed.len())
    }
}

/// Puts the logs of builds on the list; answers which had a text.
pub(super) fn list_chunks(tx: &mut Transaction<'_>, builds: &[i64]) -> Result<Vec<i64>, DbError> {
    let of_builds: Vec<i64> = logs::table
        .inner_join(steps::table)
        .filter(steps::build_id.eq_any(builds))
        .filter(logs::kind.ne(LogKind::Deleted.letter()))
        .select(logs::id)
        .load(tx.conn())?;
    let rows: Vec<_> = of_builds.iter().map(|log| chunks_to_remove::log_id.eq(*log)).collect();
    diesel::insert_or_ignore_into(chunks_to_remove::table).values(rows).execute(tx.conn())?;
    Ok(of_builds)
}

impl Transition for RemoveChunks {
    type Outcome = Vec<LogId>;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Vec<LogId>, DbError> {
        let (mut left, mut done) = (self.most, Vec::new());
        for log in &self.logs {
            // From the end, so that what is there in between is the beginning of a log and no log with a hole.
            let last: Vec<i64> = log_chunks::table
                .filter(log_chunks::log_id.eq(log.0))
                .order(log_chunks::seq.desc())
                .limit(left)
                .select(log_chunks::seq)
                .load(tx.conn())?;
            if let Some(first) = last.last() {
                let tail = log_chunks::table.filter(log_chunks::log_id.eq(log.0).and(log_chunks::seq.ge(first)));
                diesel::delete(tail).execute(tx.conn())?;
            }
            left -= i64::try_from(last.len()).unwrap_or(left);
            if left <= 0 {
                break;
            }
            done.push(*log);
        }
        Ok(done)
    }
}

impl Transition for ForgetChunks {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let ids = self.logs.iter().map(|log| log.0);
        diesel::delete(chunks_to_remove::table.filter(chunks_to_remove::log_id.eq_any(ids))).execute(tx.conn())?;
        Ok(())
    }
}
