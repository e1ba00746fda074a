//! All workers with what they do.

use std::collections::HashMap;

use diesel::SqliteConnection;

use super::build_lines::{BuildLine, describe};
use super::select::Select;
use super::{builders, builds, workers};
use crate::db::DbError;
use crate::domain::Worker;

/// One worker of the list.
#[derive(Debug)]
pub struct WorkerLine {
    pub worker: Worker,
    pub builders: Vec<String>,
    pub running: Vec<BuildLine>,
}

/// All workers of the present configuration, by name.
pub fn read(conn: &mut SqliteConnection) -> Result<Vec<WorkerLine>, DbError> {
    let names: HashMap<_, _> = builders::active(conn)?.into_iter().map(|builder| (builder.id, builder.name)).collect();
    let running = builds::select(conn, &Select::scoped(builds::RUNNING, Vec::new()))?;
    let mut running_on: HashMap<_, Vec<BuildLine>> = HashMap::new();
    for line in describe(conn, running)? {
        running_on.entry(line.build.worker_id).or_default().push(line);
    }
    let line = |worker: Worker| {
        let mut builders: Vec<String> =
            worker.configured_on.iter().filter_map(|builder| names.get(builder).cloned()).collect();
        builders.sort_unstable();
        WorkerLine { builders, running: running_on.remove(&worker.id).unwrap_or_default(), worker }
    };
    Ok(workers::active(conn)?.into_iter().map(line).collect())
}
