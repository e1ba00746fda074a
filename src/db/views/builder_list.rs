//! All builders with how they stand.

use std::collections::HashMap;

use diesel::SqliteConnection;

use super::select::Select;
use super::{build_requests, builders, builds, workers};
use crate::db::DbError;
use crate::domain::{Build, Builder};

/// One builder of the list.
#[derive(Debug)]
pub struct BuilderLine {
    pub builder: Builder,
    pub newest_finished: Option<Build>,
    /// The last builds, newest first, running ones included.
    pub recent: Vec<Build>,
    pub n_waiting: i64,
    pub n_workers: usize,
    pub n_connected: usize,
}

/// All builders of the present configuration, each with its last `n_recent` builds.
pub fn read(conn: &mut SqliteConnection, n_recent: i64) -> Result<Vec<BuilderLine>, DbError> {
    let newest = builds::select(conn, &Select::scoped(builds::NEWEST_FINISHED, Vec::new()))?;
    let mut newest: HashMap<_, _> = newest.into_iter().map(|build| (build.builder_id, build)).collect();
    let mut recent: HashMap<_, Vec<Build>> = HashMap::new();
    for build in builds::select(conn, &Select::scoped(builds::RECENT, vec![n_recent]))? {
        recent.entry(build.builder_id).or_default().push(build);
    }
    let waiting: HashMap<_, _> = build_requests::waiting_counts(conn)?.into_iter().collect();
    let mut n_workers: HashMap<_, (usize, usize)> = HashMap::new();
    for worker in workers::active(conn)? {
        for builder in &worker.configured_on {
            let (all, connected) = n_workers.entry(*builder).or_default();
            *all += 1;
            *connected += usize::from(worker.connected);
        }
    }
    let line = |builder: Builder| {
        let mut recent = recent.remove(&builder.id).unwrap_or_default();
        recent.sort_by_key(|build| std::cmp::Reverse(build.number));
        let (n_workers, n_connected) = n_workers.get(&builder.id).copied().unwrap_or_default();
        BuilderLine {
            newest_finished: newest.remove(&builder.id),
            recent,
            n_waiting: waiting.get(&builder.id).copied().unwrap_or(0),
            n_workers,
            n_connected,
            builder,
        }
    };
    Ok(builders::active(conn)?.into_iter().map(line).collect())
}
