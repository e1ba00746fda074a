//! The front page: what is broken, what runs, what waits, what ended.

use diesel::SqliteConnection;

use super::build_lines::{BuildLine, describe};
use super::build_requests::{self, WaitingRequest};
use super::select::Select;
use super::{builds, workers};
use crate::db::DbError;
use crate::domain::{Results, Worker};

/// What the front page shows.
#[derive(Debug)]
pub struct Home {
    /// The newest finished builds of builders whose newest finished build went wrong.
    pub broken: Vec<BuildLine>,
    /// The newest of them.
    pub running: Vec<BuildLine>,
    pub n_running: i64,
    /// The most urgent of them.
    pub waiting: Vec<WaitingRequest>,
    pub n_waiting: i64,
    pub finished: Vec<BuildLine>,
    /// Builders that have ended a build.
    pub n_built: usize,
    pub workers: Vec<Worker>,
}

/// At most `limit` rows in each part but the broken ones.
pub fn read(conn: &mut SqliteConnection, limit: i64) -> Result<Home, DbError> {
    let newest = builds::select(conn, &Select::scoped(builds::NEWEST_FINISHED, Vec::new()))?;
    let n_built = newest.len();
    let went_wrong = |results: Option<Results>| matches!(results, Some(Results::Failure | Results::Exception));
    let mut broken: Vec<_> = newest.into_iter().filter(|build| went_wrong(build.results)).collect();
    broken.sort_by_key(|build| std::cmp::Reverse(build.complete_at));
    let running = Select::scoped(builds::RUNNING, Vec::new()).newest(&builds::TABLE, limit);
    let finished = Select::scoped(builds::FINISHED, Vec::new()).newest(&builds::TABLE, limit);
    let n_running = running.count(conn, &builds::TABLE)?;
    let running = builds::select(conn, &running)?;
    let finished = builds::select(conn, &finished)?;
    Ok(Home {
        broken: describe(conn, broken)?,
        running: describe(conn, running)?,
        n_running,
        waiting: build_requests::waiting(conn, None, limit)?,
        n_waiting: build_requests::waiting_counts(conn)?.iter().map(|(_, count)| count).sum(),
        finished: describe(conn, finished)?,
        n_built,
        workers: workers::active(conn)?,
    })
}
