//! Removes what a survey found, a little at a time, and gives the space back to the file system.
//!
//! Every step is a transaction of some milliseconds, and after each of them the janitor pauses for longer than it took:
//! so the writer is free for builds most of the time, however much there is to remove.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::survey::{Survey, idle_buildsets};
use crate::db::transitions::{
    ForgetChunks, ReclaimSpace, RemoveBuildData, RemoveBuilds, RemoveBuildsets, RemoveChanges, RemoveChunks, RemoveLogs,
};
use crate::db::views::lifetime;
use crate::db::{Db, DbError};
use crate::domain::Timestamp;

/// What a round removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub builds: usize,
    /// Logs of other builds.
    pub logs: usize,
    pub buildsets: usize,
    pub changes: usize,
    /// By how much the files became smaller, in bytes.
    pub bytes: i64,
}

/// Builds have dozens of rows each.
const BUILDS_AT_ONCE: usize = 10;
const ROWS_AT_ONCE: usize = 100;
/// Chunks of logs have some ten kilobytes each.
const CHUNKS_AT_ONCE: i64 = 50;
const LOGS_AT_ONCE: i64 = 100;
const PAGES_AT_ONCE: i64 = 256;
/// A pause is this many times as long as what was done before it, within these bounds.
const REST: u32 = 4;
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Removes all that the survey lists and that may still go, and what an earlier round left.
pub async fn carry_out(db: &Db, survey: &Survey, now: Timestamp) -> Result<Removed, DbError> {
    let before = total_bytes(db).await?;
    let mut removed = Removed::default();
    for part in survey.logs_of().chunks(BUILDS_AT_ONCE) {
        removed.logs += gently(db.write(RemoveLogs { builds: part.to_vec() })).await?;
    }
    for part in survey.data_of().chunks(BUILDS_AT_ONCE) {
        gently(db.write(RemoveBuildData { builds: part.to_vec() })).await?;
    }
    for part in survey.builds().chunks(BUILDS_AT_ONCE) {
        removed.builds += gently(db.write(RemoveBuilds { builds: part.to_vec() })).await?;
    }
    if survey.builds_end {
        for part in idle_buildsets(db, now, Vec::new()).await?.chunks(ROWS_AT_ONCE) {
            removed.buildsets += gently(db.write(RemoveBuildsets { buildsets: part.to_vec() })).await?;
        }
    }
    for part in survey.changes.chunks(ROWS_AT_ONCE) {
        removed.changes += gently(db.write(RemoveChanges { changes: part.to_vec() })).await?;
    }
    remove_chunks(db).await?;
    reclaim_space(db).await?;
    removed.bytes = before - total_bytes(db).await?;
    Ok(removed)
}

/// Empties the list of logs whose chunks are to go.
async fn remove_chunks(db: &Db) -> Result<(), DbError> {
    loop {
        let logs = db.read(|conn| lifetime::chunks_to_remove(conn, LOGS_AT_ONCE)).await?;
        if logs.is_empty() {
            return Ok(());
        }
        let gone = gently(db.write_logs(RemoveChunks { logs, most: CHUNKS_AT_ONCE })).await?;
        if !gone.is_empty() {
            gently(db.write(ForgetChunks { logs: gone })).await?;
        }
    }
}

async fn reclaim_space(db: &Db) -> Result<(), DbError> {
    let mut left = i64::MAX;
    while is_progress(&mut left, gently(db.write(ReclaimSpace { most_pages: PAGES_AT_ONCE })).await?) {}
    let mut left = i64::MAX;
    while is_progress(&mut left, gently(db.write_logs(ReclaimSpace { most_pages: PAGES_AT_ONCE })).await?) {}
    Ok(())
}

/// Whether there is more to do. Builds that free pages meanwhile, and a file that was made without the means to become
/// shorter, must not keep the janitor busy for ever.
fn is_progress(left: &mut i64, now: i64) -> bool {
    let goes_on = now != 0 && now < *left;
    *left = now;
    goes_on
}

async fn total_bytes(db: &Db) -> Result<i64, DbError> {
    let state = db.read(lifetime::space).await?.bytes;
    Ok(state.saturating_add(db.read_logs(lifetime::space).await?.bytes))
}

/// Does one thing and pauses.
async fn gently<T>(write: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
    let began = Instant::now();
    let outcome = write.await?;
    sleep((began.elapsed() * REST).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)).await;
    Ok(outcome)
}
